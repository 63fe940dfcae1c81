package s3list

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/loginwithcognito/cognito/internal/longtest"
	"github.com/loginwithcognito/cognito/internal/xmlscan"
)

// compareXML reads a response with readPage and with encoding/xml, as a page of both operations,
// and fails if the results differ.
func compareXML(t *testing.T, body []byte) {
	t.Helper()
	for _, versions := range []bool{false, true} {
		got, err := parsePage(body, versions)
		want, wantErr := readXML(body, versions)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: error = %v, with encoding/xml %v", body, err, wantErr)
		}
		var doc, wantDoc *errorDocument
		errors.As(err, &doc)
		errors.As(wantErr, &wantDoc)
		if (doc == nil) != (wantDoc == nil) || doc != nil && *doc != *wantDoc {
			t.Fatalf("%q: error document = %+v, with encoding/xml %+v", body, doc, wantDoc)
		}
		if diff := diffParsed(want, got); diff != "" {
			t.Fatalf("%q (-encoding/xml +readPage):\n%s", body, diff)
		}
	}
}

// diffParsed returns the differences between two pages. Most are equal, and reflect.DeepEqual finds
// that much faster than go-cmp.
func diffParsed(want, got parsed) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return gocmp.Diff(want, got, gocmp.AllowUnexported(parsed{}, cursor{}))
}

// compareParts reads a response through small buffers of the given sizes, and fails if the result
// differs from that with the usual one.
func compareParts(t *testing.T, body []byte, sizes ...int) {
	t.Helper()
	for _, versions := range []bool{false, true} {
		want, wantErr := parsePage(body, versions)
		for _, size := range sizes {
			var got parsed
			ask := used.Get().(*call)
			buffer := make([]byte, size)
			from := iotest.OneByteReader(iotest.DataErrReader(bytes.NewReader(body)))
			err := readPage(from, versions, ask.page, &buffer)
			if err == nil {
				got = parsed{slices.Collect(ask.page.objects), ask.page.next}
			}
			used.Put(ask)
			if fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Fatalf("%q through %d bytes: error = %v, want %v", body, size, err, wantErr)
			}
			if diff := diffParsed(want, got); diff != "" {
				t.Fatalf("%q through %d bytes (-want +got):\n%s", body, size, diff)
			}
		}
	}
}

// TestParserLikeXML compares the parser with encoding/xml on all documents, complete and cut.
func TestParserLikeXML(t *testing.T) {
	step := longtest.Step(t, 16)
	for d, body := range documents() {
		compareXML(t, []byte(body))
		if len(body) > 2000 {
			continue
		}
		for i := d % step; i < len(body); i += step {
			compareXML(t, []byte(body[:i]))
		}
	}
}

// TestParserMutations compares the parser with encoding/xml on a page in which each byte is
// replaced by, or preceded by, each byte that has a meaning.
func TestParserMutations(t *testing.T) {
	page := root + "<a b='&lt;'/>" + encoded + notTruncated +
		contents("a+b&#65;<!--c--><![CDATA[d]]>") + commonPrefix("q%2F") + end
	const special = "<>/&;:!?-[]'\"= \r\n\x00\x01a0%+é\xff"
	step := longtest.Step(t, 16)
	for i := range page {
		before, after := page[:i], page[i+1:]
		compareXML(t, []byte(before+after))
		for j := i % step; j < len(special); j += step {
			c := special[j : j+1]
			compareXML(t, []byte(before+c+after))
			compareXML(t, []byte(before+c+page[i:]))
		}
	}
}

func TestParserInParts(t *testing.T) {
	for _, body := range documents() {
		compareParts(t, []byte(body), 1, 100, 700)
	}
	compareParts(t, fullPage(), 1, 100, 700)
}

// TestSameShape compares the parser with encoding/xml on random pages in which some objects have
// the shape of the object before, and some are invalid.
func TestSameShape(t *testing.T) {
	// For each part of an object, its forms; "@" stands for a number. The more frequent forms are
	// listed twice.
	parts := [][]string{
		{
			"<Key>@</Key>",
			"<Key>@</Key>",
			"<Key>@&amp;</Key>",
			"<Key>@\x01</Key>",
			"<Key>@]]></Key>",
			"<Key>@\xff</Key>",
			"<Key>%41+@</Key>",
			"<Key>@<b/></Key>",
			"<Key>1</Key><Key>@</Key>",
			"<Key><![CDATA[@]]></Key>",
			"<x:Key>@</x:Key>",
			"<Key a='b'>@</Key >",
			"<Key/>",
		},
		{
			"<LastModified>2026-01-02T03:04:05.@Z</LastModified>",
			"<LastModified>2026-01-02T03:04:05.@0Z</LastModified>",
			"<LastModified>2026-02-28T03:04:05.000Z</LastModified>",
			"<LastModified>2026-02-29T03:04:05.000Z</LastModified>",
			"<LastModified>2024-02-29T23:59:59.999Z</LastModified>",
			"<LastModified>1600-03-01T00:00:00.000Z</LastModified>",
			"<LastModified>2026-01-31T03:04:05+01:00</LastModified>",
		},
		{
			"<ETag>&quot;@&quot;</ETag>",
			"<ETag>&quot;@&quot;</ETag>",
			"<ETag>@</ETag>",
			"<ETag>&quot;@</ETag>",
			"<ETag>&quot;&quot;</ETag>",
			"<ETag>&quot;</ETag>",
			"<ETag>&quot;a&quot;@&quot;</ETag>",
			"<ETag>&#34;@&#34;</ETag>",
			"<ETag>&quot;@&quot;</ETag><ETag>x</ETag>",
			"<ETag>x</ETag><ETag>&quot;@&quot;</ETag>",
			"<ETag/>",
			"",
			"<ETag>&quot;@]]>&quot;</ETag>",
		},
		{
			"<Size>@</Size>",
			"<Size>12</Size>",
			"<Size>-1</Size>",
		},
		{
			"",
			"<StorageClass>STANDARD</StorageClass>",
			"<StorageClass>GLACIER</StorageClass>",
			"<!-- c --><Owner><ID>o</ID></Owner>",
			"<ChecksumAlgorithm>A</ChecksumAlgorithm>",
			"<IsLatest>true</IsLatest><VersionId>@</VersionId>",
		},
		{
			"</Contents>",
			"</Contents>\n  ",
		},
	}
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(from []string) string { return from[random.IntN(len(from))] }
	pages, valid := 400, 0
	if longtest.Enabled(t, "400 pages instead of 4000") {
		pages = 4000
	}
	for range pages {
		body := root + pick([]string{"", encoded}) + notTruncated
		usual := make([]string, len(parts))
		for i, part := range parts {
			usual[i] = pick(part)
		}
		for n := range 1 + random.IntN(5) {
			body += "<Contents>"
			for i, part := range usual {
				if random.IntN(12) == 0 {
					part = pick(parts[i])
				}
				body += strings.ReplaceAll(part, "@", fmt.Sprint(100+n))
			}
		}
		body += end
		compareXML(t, []byte(body))
		compareParts(t, []byte(body), 1, 100, 700)
		if p, err := parsePage([]byte(body), false); err == nil && len(p.objects) > 1 {
			valid++
		}
	}
	if valid < pages/40 {
		t.Errorf("%d of %d pages are valid, want at least %d", valid, pages, pages/40)
	}
}

// FuzzParser compares the parser with encoding/xml. The seeds are short, and so is each execution:
// otherwise the search spends its time on making inputs shorter.
func FuzzParser(f *testing.F) {
	for _, body := range documents() {
		if len(body) <= 1000 {
			f.Add([]byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > 4000 {
			return
		}
		compareXML(t, body)
		compareParts(t, body, 1+len(body)*7%100)
	})
}

// readXML is readPage with encoding/xml. It shares no code with the parser.
func readXML(body []byte, versions bool) (parsed, error) {
	body = bytes.TrimPrefix(body, []byte("\uFEFF")) // encoding/xml returns it as text
	d := xml.NewTokenDecoder(&strictTokens{Decoder: xml.NewDecoder(bytes.NewReader(body))})
	start, err := outsideXML(d)
	if err == nil && start == nil {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return parsed{}, err
	}
	want := "ListBucketResult"
	if versions {
		want = "ListVersionsResult"
	}
	var p parsed
	var doc error
	switch start.Name.Local {
	case want:
		p, err = readXMLListing(d, versions)
	case "Error":
		var e struct{ Code, Message, RequestId, HostId, Region, ArgumentName []string }
		err = d.DecodeElement(&e, start)
		one := func(texts []string) string {
			if len(texts) > 1 {
				err = errors.New("repeated")
			}
			return strings.Join(texts, "")
		}
		doc = &errorDocument{one(e.Code), one(e.Message), one(e.RequestId), one(e.HostId),
			one(e.Region), one(e.ArgumentName)}
	default:
		err = fmt.Errorf("a <%s> document, not <%s>", start.Name.Local, want)
	}
	if err != nil {
		return parsed{}, err
	}
	if more, err := outsideXML(d); err != nil || more != nil {
		return parsed{}, cmp.Or(err, errors.New("two root elements"))
	}
	if doc != nil {
		return parsed{}, doc
	}
	var root unknownXML
	if err := xml.Unmarshal(body, &root); err != nil || root.loses(versions) {
		return parsed{}, cmp.Or(err, errors.New("an object would be lost"))
	}
	return p, nil
}

// outsideXML reads what may precede and follow the root element. It returns the next element, or
// nil at the end.
func outsideXML(d *xml.Decoder) (*xml.StartElement, error) {
	for {
		t, err := d.Token()
		if err == io.EOF {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			return &t, nil
		case xml.CharData:
			if len(bytes.TrimSpace(t)) != 0 {
				return nil, errors.New("text outside the root element")
			}
		}
	}
}

// An unknownXML is an element that S3 does not send.
type unknownXML struct {
	XMLName xml.Name
	Below   []unknownXML `xml:",any"`
}

// lists reports whether a child of a page that decides which objects are listed is below e.
func (e unknownXML) lists(versions bool) bool {
	return slices.ContainsFunc(e.Below, func(b unknownXML) bool {
		switch name := strings.ToLower(b.XMLName.Local); name {
		case "version":
			if versions {
				return true
			}
		case "istruncated", "encodingtype", "nextcontinuationtoken", "nextmarker",
			"nextkeymarker", "nextversionidmarker", "contents", "deletemarker", "commonprefixes":
			return true
		}
		return b.lists(versions)
	})
}

// loses reports whether e, a page, has elements in a text that decides what is listed, an element
// with the name of such a text in another place, or an error.
func (e unknownXML) loses(versions bool) bool {
	isKey := func(e unknownXML) bool {
		name := strings.ToLower(e.XMLName.Local)
		return name == "key" || name == "prefix"
	}
	return slices.ContainsFunc(e.Below, func(e unknownXML) bool {
		name := e.XMLName.Local
		switch name {
		case "Error":
			return true
		case "IsTruncated", "EncodingType", "NextContinuationToken", "NextMarker",
			"NextKeyMarker", "NextVersionIdMarker":
			return len(e.Below) > 0
		case "Contents", "Version", "DeleteMarker", "CommonPrefixes":
			return slices.ContainsFunc(e.Below, func(e unknownXML) bool {
				switch field := e.XMLName.Local; {
				case name == "CommonPrefixes" && field == "Prefix",
					name != "CommonPrefixes" && field == "Key":
					return len(e.Below) > 0
				case name != "CommonPrefixes" && textOf([]byte(field)) < nested,
					name != "CommonPrefixes" && (field == "Owner" || field == "RestoreStatus"):
					return false
				}
				return isKey(e) || unknownXML{Below: []unknownXML{e}}.lists(versions)
			})
		}
		return slices.ContainsFunc(e.Below, isKey)
	})
}

func readXMLListing(d *xml.Decoder, versions bool) (parsed, error) {
	var objects, prefixes []Object
	head := map[string]string{}
	for {
		t, err := d.Token()
		if err != nil {
			return parsed{}, err
		}
		if _, end := t.(xml.EndElement); end {
			break
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue // white space, comments
		}
		switch start.Name.Local {
		case "IsTruncated", "EncodingType", "NextContinuationToken", "NextMarker",
			"NextKeyMarker", "NextVersionIdMarker":
			if _, ok := head[start.Name.Local]; ok {
				return parsed{}, errors.New("repeated")
			}
			var text string
			err = d.DecodeElement(&text, &start)
			head[start.Name.Local] = text
		case "Contents", "Version", "DeleteMarker":
			if versions == (start.Name.Local == "Contents") {
				return parsed{}, errors.New("of the other listing")
			}
			var e xmlObject
			if err = d.DecodeElement(&e, &start); err == nil {
				var o Object
				o, err = e.object(start.Name.Local == "DeleteMarker")
				objects = append(objects, o)
			}
		case "CommonPrefixes":
			var e struct{ Prefix []string }
			if err = d.DecodeElement(&e, &start); err == nil && len(e.Prefix) == 0 {
				err = errors.New("no Prefix")
			}
			for _, prefix := range e.Prefix {
				if prefix == "" || len(prefix) > 3*maxKey {
					err = errors.New("empty or long Prefix")
				}
				prefixes = append(prefixes, Object{Key: prefix, CommonPrefix: true})
			}
		default:
			for name := range strings.FieldsSeq("IsTruncated EncodingType NextContinuationToken " +
				"NextMarker NextKeyMarker NextVersionIdMarker Contents Version DeleteMarker " +
				"CommonPrefixes") {
				if strings.EqualFold(name, start.Name.Local) {
					return parsed{}, errors.New("in another case")
				}
			}
			var e unknownXML
			if err = d.DecodeElement(&e, &start); err == nil && e.lists(versions) {
				err = errors.New("inside an unknown element")
			}
		}
		if err != nil {
			return parsed{}, err
		}
	}

	next := cursor{token: head["NextContinuationToken"]}
	if versions {
		next = cursor{
			keyMarker:       head["NextKeyMarker"],
			versionIDMarker: head["NextVersionIdMarker"],
		}
	}
	var decodeErr error
	decode := func(text *string) {
		decoded, err := url.QueryUnescape(*text) // "+" is a space
		*text = decoded
		decodeErr = cmp.Or(decodeErr, err)
	}
	switch head["EncodingType"] {
	case "":
	case "url":
		for i := range objects {
			decode(&objects[i].Key)
		}
		for i := range prefixes {
			decode(&prefixes[i].Key)
		}
		decode(&next.keyMarker)
	default:
		return parsed{}, errors.New("unknown encoding")
	}
	if decodeErr != nil {
		return parsed{}, decodeErr
	}

	marker := next.token + next.keyMarker
	truncated := strings.TrimSpace(head["IsTruncated"])
	more, err := strconv.ParseBool(truncated)
	switch {
	case truncated == "":
		more = marker+next.versionIDMarker+head["NextMarker"] != ""
	case err != nil:
		return parsed{}, fmt.Errorf("IsTruncated is %q", truncated)
	}
	switch {
	case !more:
		next = cursor{}
	case marker == "":
		return parsed{}, errors.New("more keys and no marker")
	case max(len(next.token), len(next.keyMarker), len(next.versionIDMarker)) > maxToken:
		return parsed{}, errors.New("a long marker")
	}
	return parsed{mergeObjects(objects, prefixes), next}, nil
}

// mergeObjects merges two lists, each of which is in key order.
func mergeObjects(a, b []Object) (all []Object) {
	for len(a) > 0 && len(b) > 0 {
		if a[0].Key <= b[0].Key {
			all, a = append(all, a[0]), a[1:]
		} else {
			all, b = append(all, b[0]), b[1:]
		}
	}
	all = append(all, a...)
	return append(all, b...)
}

// An xmlObject is a <Contents>, <Version> or <DeleteMarker> before its values are parsed.
type xmlObject struct {
	Key, LastModified, ETag, Size, StorageClass, ChecksumType []string
	VersionId, IsLatest                                       []string
	ChecksumAlgorithm                                         []string
	Owner                                                     []struct{ ID, DisplayName []string }
	RestoreStatus                                             []struct {
		IsRestoreInProgress, RestoreExpiryDate []string
	}
}

func (e *xmlObject) object(deleteMarker bool) (Object, error) {
	var id, name, restoring, expiry []string
	for _, owner := range e.Owner {
		id = append(id, owner.ID...)
		name = append(name, owner.DisplayName...)
	}
	for _, status := range e.RestoreStatus {
		restoring = append(restoring, status.IsRestoreInProgress...)
		expiry = append(expiry, status.RestoreExpiryDate...)
	}
	var err error
	one := func(texts []string) string {
		if len(texts) > 1 {
			err = errors.New("repeated")
		}
		if len(texts) == 0 || len(texts[0]) > maxKey {
			return ""
		}
		return texts[0]
	}
	at := func(texts []string) time.Time {
		t, _ := time.Parse(time.RFC3339, one(texts))
		return t.UTC()
	}
	o := Object{
		LastModified: at(e.LastModified),
		ETag:         one(e.ETag),
		StorageClass: one(e.StorageClass),
		ChecksumType: one(e.ChecksumType),
		Owner:        Owner{one(id), one(name)},
		VersionID:    one(e.VersionId),
		IsLatest:     one(e.IsLatest) == "true",
		DeleteMarker: deleteMarker,
		RestoreStatus: RestoreStatus{
			IsRestoreInProgress: one(restoring) == "true",
			RestoreExpiryDate:   at(expiry),
		},
	}
	for _, algorithm := range e.ChecksumAlgorithm {
		o.ChecksumAlgorithm = append(o.ChecksumAlgorithm, one([]string{algorithm}))
	}
	if size, err := strconv.ParseUint(one(e.Size), 10, 63); err == nil && !deleteMarker {
		o.Size = int64(size)
	}
	if one(e.Key); err == nil {
		switch {
		case len(e.Key) == 0 || e.Key[0] == "":
			err = errors.New("no Key")
		case len(e.Key[0]) > 3*maxKey:
			err = errors.New("long Key")
		default:
			o.Key = e.Key[0]
		}
	}
	return o, err
}

// strictTokens refuses what xmlscan refuses and encoding/xml does not: declarations, names that are
// not ASCII, and deep nesting.
type strictTokens struct {
	*xml.Decoder
	depth int
}

func (s *strictTokens) Token() (xml.Token, error) {
	t, err := s.RawToken()
	if err != nil {
		return nil, err
	}
	names := ""
	switch t := t.(type) {
	case xml.StartElement:
		if s.depth++; s.depth > xmlscan.MaxDepth {
			return nil, errors.New("too deep")
		}
		names = t.Name.Space + t.Name.Local
		for _, a := range t.Attr {
			names += a.Name.Space + a.Name.Local
		}
	case xml.EndElement:
		s.depth--
	case xml.ProcInst:
		names = t.Target
	case xml.Directive:
		return nil, errors.New("a declaration")
	}
	if strings.IndexFunc(names, func(r rune) bool { return r >= 0x80 }) >= 0 {
		return nil, errors.New("a name that is not ASCII")
	}
	return t, nil
}
