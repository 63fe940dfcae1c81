package s3list

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	transport "github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/xmlscan"
)

// oracle is a page as encoding/xml reads it.
type oracle struct {
	objects []Object
	next    cursor
}

// used is what pages are read into, after other ones.
var used = sync.Pool{New: func() any { return new(page) }}

// parsePage is readPage with all objects.
func parsePage(body []byte, root string) (oracle, error) {
	into := used.Get().(*page)
	defer used.Put(into)
	var buffer []byte
	if err := readPage(bytes.NewReader(body), root, into, &buffer); err != nil {
		return oracle{}, err
	}
	return oracle{slices.Collect(into.objects()), into.next}, nil
}

// mergeObjects puts two lists that are each in key order into one.
func mergeObjects(a, b []Object) (all []Object) {
	for len(a) > 0 && len(b) > 0 {
		if a[0].Key <= b[0].Key {
			all, a = append(all, a[0]), a[1:]
		} else {
			all, b = append(all, b[0]), b[1:]
		}
	}
	return append(append(all, a...), b...)
}

// oraclePage is readPage by way of encoding/xml, as it once was. It shares no code with the scanner.
func oraclePage(body []byte, want string) (oracle, error) {
	d := xml.NewTokenDecoder(&strictTokens{Decoder: xml.NewDecoder(bytes.NewReader(body))})
	root, err := outside(d)
	if err == nil && root == nil {
		err = malformed(io.EOF)
	}
	if err != nil {
		return oracle{}, err
	}
	var p oracle
	var doc *errorDocument
	switch root.Name.Local {
	case want:
		p, err = oracleListing(d, want == "ListVersionsResult")
	case "Error":
		if err = d.DecodeElement(&doc, root); err != nil {
			err = malformed(err)
		}
	default:
		err = fmt.Errorf("a <%s> document, not <%s>", transport.Clean(root.Name.Local, 40), want)
	}
	if err != nil {
		return oracle{}, err
	}
	if more, err := outside(d); err != nil || more != nil {
		return oracle{}, cmp.Or(err, errors.New("the answer goes on after the end of its root element"))
	}
	if doc != nil {
		return oracle{}, doc
	}
	return p, nil
}

// outside reads what may stand before and after the root element. It returns the next element, nil at the end.
func outside(d *xml.Decoder) (*xml.StartElement, error) {
	for {
		t, err := d.Token()
		if err == io.EOF {
			return nil, nil
		}
		if err != nil {
			return nil, malformed(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			return &t, nil
		case xml.CharData:
			if len(bytes.TrimSpace(t)) != 0 {
				return nil, errors.New("the answer has text outside of its root element")
			}
		case xml.Directive: // S3 sends no document type, and entities are not wanted
			return nil, errors.New("the answer has a document type: it is no S3 document")
		}
	}
}

func oracleListing(d *xml.Decoder, versions bool) (oracle, error) {
	var contents, prefixes []Object
	var truncated, encoding, token, keyMarker, versionIDMarker string
	for {
		t, err := d.Token()
		if err != nil {
			return oracle{}, malformed(err)
		}
		if _, end := t.(xml.EndElement); end {
			break
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue // white space, comments
		}
		switch start.Name.Local {
		case "IsTruncated":
			err = d.DecodeElement(&truncated, &start)
		case "EncodingType":
			err = d.DecodeElement(&encoding, &start)
		case "NextContinuationToken":
			err = d.DecodeElement(&token, &start)
		case "NextKeyMarker":
			err = d.DecodeElement(&keyMarker, &start)
		case "NextVersionIdMarker":
			err = d.DecodeElement(&versionIDMarker, &start)
		case "Contents", "Version", "DeleteMarker":
			if versions == (start.Name.Local == "Contents") {
				err = d.Skip()
				break
			}
			var c contentsElement
			if err = d.DecodeElement(&c, &start); err != nil {
				break
			}
			o, convErr := c.object(start.Name.Local == "DeleteMarker")
			if convErr != nil {
				return oracle{}, fmt.Errorf("Contents %d of the page: %w", len(contents)+1, convErr)
			}
			contents = append(contents, o)
		case "CommonPrefixes":
			var c struct{ Prefix string }
			if err = d.DecodeElement(&c, &start); err == nil && c.Prefix == "" {
				return oracle{}, fmt.Errorf("CommonPrefixes %d of the page has no Prefix", len(prefixes)+1)
			}
			prefixes = append(prefixes, Object{Key: c.Prefix, CommonPrefix: true})
		default:
			err = d.Skip()
		}
		if err != nil {
			return oracle{}, malformed(err)
		}
	}

	switch encoding {
	case "":
	case "url":
		for _, list := range [][]Object{contents, prefixes} {
			for i := range list {
				key, err := url.QueryUnescape(list[i].Key) // "+" is a space
				if err != nil {
					return oracle{}, fmt.Errorf("the server says EncodingType url but %.100q is not URL encoded: %w", list[i].Key, err)
				}
				list[i].Key = key
			}
		}
		var err error
		if keyMarker, err = url.QueryUnescape(keyMarker); err != nil && versions {
			return oracle{}, err
		}
	default:
		return oracle{}, fmt.Errorf("EncodingType %.40q in the answer is not known", encoding)
	}

	next := cursor{token: token}
	if versions {
		next = cursor{keyMarker: keyMarker, versionIDMarker: versionIDMarker}
	}
	switch truncated {
	case "false":
		next = cursor{}
	case "true":
		if next.token+next.keyMarker == "" {
			return oracle{}, errors.New("more keys and no marker")
		}
		if len(next.token) > maxToken || len(next.keyMarker) > maxToken || len(next.versionIDMarker) > maxToken {
			return oracle{}, errors.New("a long marker")
		}
	default:
		return oracle{}, fmt.Errorf("IsTruncated is %.40q", truncated)
	}
	return oracle{mergeObjects(contents, prefixes), next}, nil
}

// contentsElement is one <Contents> as it is on the wire.
type contentsElement struct {
	Key, LastModified, ETag, Size, StorageClass, ChecksumType string
	VersionId, IsLatest                                       string
	ChecksumAlgorithm                                         []string
	Owner                                                     Owner
	RestoreStatus                                             struct{ IsRestoreInProgress, RestoreExpiryDate string }
}

func (c *contentsElement) object(marker bool) (Object, error) {
	if c.Key == "" {
		return Object{}, errors.New("no Key")
	}
	if marker {
		c.Size = "0"
	}
	size, err := strconv.ParseUint(c.Size, 10, 63)
	if err != nil {
		return Object{}, fmt.Errorf("Size %.40q of %.100q is not a number of bytes", c.Size, c.Key)
	}
	o := Object{
		Key: c.Key, Size: int64(size), ETag: c.ETag, StorageClass: c.StorageClass,
		ChecksumAlgorithm: c.ChecksumAlgorithm, ChecksumType: c.ChecksumType, Owner: c.Owner,
		VersionID: c.VersionId, IsLatest: c.IsLatest == "true", DeleteMarker: marker,
	}
	if o.LastModified, err = oracleTime(c.LastModified); err != nil {
		return Object{}, fmt.Errorf("LastModified of %.100q: %w", c.Key, err)
	}
	o.RestoreStatus.IsRestoreInProgress = c.RestoreStatus.IsRestoreInProgress == "true"
	if s := c.RestoreStatus.RestoreExpiryDate; s != "" {
		if o.RestoreStatus.RestoreExpiryDate, err = oracleTime(s); err != nil {
			return Object{}, fmt.Errorf("RestoreExpiryDate of %.100q: %w", c.Key, err)
		}
	}
	return o, nil
}

func oracleTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	return t.UTC(), err
}

func malformed(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// strictTokens refuses what the scanner refuses and encoding/xml does not: declarations anywhere, names that are not
// ASCII, and deep nesting.
type strictTokens struct {
	*xml.Decoder
	depth int
}

func (s *strictTokens) Token() (xml.Token, error) {
	t, err := s.RawToken()
	if err != nil {
		return nil, err
	}
	ascii := true
	name := func(n xml.Name) {
		ascii = ascii && strings.IndexFunc(n.Space+n.Local, func(r rune) bool { return r >= 0x80 }) < 0
	}
	switch t := t.(type) {
	case xml.StartElement:
		if s.depth++; s.depth > xmlscan.MaxDepth {
			return nil, errors.New("too deep")
		}
		name(t.Name)
		for _, a := range t.Attr {
			name(a.Name)
		}
	case xml.EndElement:
		s.depth--
	case xml.ProcInst:
		name(xml.Name{Local: t.Target})
	case xml.Directive:
		return nil, errors.New("a declaration")
	}
	if !ascii {
		return nil, errors.New("a name that is not ASCII")
	}
	return t, nil
}
