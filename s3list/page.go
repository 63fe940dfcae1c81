package s3list

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/loginwithcognito/cognito/internal/transport"
)

// maxToken is the longest NextContinuationToken that is sent back, in a URL. S3's have about a hundred bytes; other
// servers put a key of up to 1024 bytes into theirs.
const maxToken = 8 << 10

// page is one answer to ListObjectsV2.
type page struct {
	objects []Object // keys and common prefixes, merged in key order
	next    string   // NextContinuationToken; empty on the last page
}

// parsePage reads a ListObjectsV2 answer, the whole of it: exactly one root element, with nothing but white space,
// comments and processing instructions around it. An answer that was cut anywhere is an error, because a listing that
// ends early looks like a bucket with fewer objects.
//
// Namespaces are ignored: S3 sends one, many compatible servers do not. An <Error> document is returned as an
// *errorDocument, whatever the status of the answer was.
func parsePage(body []byte) (page, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	root, err := outside(d)
	if err == nil && root == nil {
		err = malformed(io.EOF)
	}
	if err != nil {
		return page{}, err
	}
	var p page
	var doc *errorDocument
	switch root.Name.Local {
	case "ListBucketResult":
		p, err = parseListBucketResult(d)
	case "Error":
		if err = d.DecodeElement(&doc, root); err != nil {
			err = malformed(err)
		}
	default:
		err = fmt.Errorf("the answer is a <%s> document, not <ListBucketResult>: is this an S3 endpoint?", transport.Clean(root.Name.Local, 40))
	}
	if err != nil {
		return page{}, err
	}
	if more, err := outside(d); err != nil || more != nil {
		return page{}, cmp.Or(err, errors.New("the answer goes on after the end of its root element"))
	}
	if doc != nil {
		return page{}, doc
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

func parseListBucketResult(d *xml.Decoder) (page, error) {
	var contents, prefixes []Object
	var truncated, encoding, next string
	for {
		t, err := d.Token()
		if err != nil {
			return page{}, malformed(err)
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
			err = d.DecodeElement(&next, &start)
		case "Contents":
			var c contentsElement
			if err = d.DecodeElement(&c, &start); err != nil {
				break
			}
			o, convErr := c.object()
			if convErr != nil {
				return page{}, fmt.Errorf("Contents %d of the page: %w", len(contents)+1, convErr)
			}
			contents = append(contents, o)
		case "CommonPrefixes":
			var c struct{ Prefix string }
			if err = d.DecodeElement(&c, &start); err == nil && c.Prefix == "" {
				return page{}, fmt.Errorf("CommonPrefixes %d of the page has no Prefix", len(prefixes)+1)
			}
			prefixes = append(prefixes, Object{Key: c.Prefix, CommonPrefix: true})
		default:
			err = d.Skip()
		}
		if err != nil {
			return page{}, malformed(err)
		}
	}

	// The server says whether it encoded; that we asked for it means nothing. EncodingType may stand after the keys,
	// so they are decoded last. Tokens are never encoded (botocore handlers.py, decode_list_object_v2).
	//
	// Some servers encode the keys and not the common prefixes. Where that shows, it is an error: to take such a text
	// as it is would be right for that server, and wrong for every text that happens to look encoded.
	switch encoding {
	case "":
	case "url":
		for _, list := range [][]Object{contents, prefixes} {
			for i := range list {
				key, err := url.QueryUnescape(list[i].Key) // "+" is a space
				if err != nil {
					return page{}, fmt.Errorf("the server says EncodingType url but %.100q is not URL encoded: %w", list[i].Key, err)
				}
				list[i].Key = key
			}
		}
	default:
		return page{}, fmt.Errorf("EncodingType %.40q in the answer is not known", encoding)
	}

	switch truncated {
	case "false":
		next = ""
	case "true":
		if next == "" {
			return page{}, errors.New("the server says there are more keys but sends no NextContinuationToken")
		}
		if len(next) > maxToken {
			return page{}, fmt.Errorf("the NextContinuationToken has %d bytes: the limit is %d", len(next), maxToken)
		}
	default:
		return page{}, fmt.Errorf("IsTruncated is %.40q in the answer, not true or false", truncated)
	}
	return page{merge(contents, prefixes), next}, nil
}

// contentsElement is one <Contents> as it is on the wire.
type contentsElement struct {
	Key, LastModified, ETag, Size, StorageClass, ChecksumType string
	ChecksumAlgorithm                                         []string
	Owner                                                     Owner
	RestoreStatus                                             struct{ IsRestoreInProgress, RestoreExpiryDate string }
}

func (c *contentsElement) object() (Object, error) {
	if c.Key == "" {
		return Object{}, errors.New("no Key")
	}
	size, err := strconv.ParseUint(c.Size, 10, 63)
	if err != nil {
		return Object{}, fmt.Errorf("Size %.40q of %.100q is not a number of bytes", c.Size, c.Key)
	}
	o := Object{
		Key: c.Key, Size: int64(size), ETag: c.ETag, StorageClass: c.StorageClass,
		ChecksumAlgorithm: c.ChecksumAlgorithm, ChecksumType: c.ChecksumType, Owner: c.Owner,
	}
	if o.LastModified, err = parseTime(c.LastModified); err != nil {
		return Object{}, fmt.Errorf("LastModified of %.100q: %w", c.Key, err)
	}
	o.RestoreStatus.IsRestoreInProgress = c.RestoreStatus.IsRestoreInProgress == "true"
	if s := c.RestoreStatus.RestoreExpiryDate; s != "" {
		if o.RestoreStatus.RestoreExpiryDate, err = parseTime(s); err != nil {
			return Object{}, fmt.Errorf("RestoreExpiryDate of %.100q: %w", c.Key, err)
		}
	}
	return o, nil
}

func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%.40q is not an RFC 3339 time", s)
	}
	return t.UTC(), nil
}

// merge puts two lists that are each in key order into one. S3 sends the keys and the common prefixes of a page apart,
// but pages through both together in the order of their UTF-8 bytes.
func merge(a, b []Object) []Object {
	if len(b) == 0 {
		return a
	}
	all := make([]Object, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if a[0].Key <= b[0].Key {
			all, a = append(all, a[0]), a[1:]
		} else {
			all, b = append(all, b[0]), b[1:]
		}
	}
	return append(append(all, a...), b...)
}

// malformed is an error of encoding/xml, which may quote the answer at any length.
func malformed(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return errors.New("the answer is not complete, well-formed XML: " + transport.Clean(err.Error(), 200))
}
