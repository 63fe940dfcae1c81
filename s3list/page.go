package s3list

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito/internal/transport"
)

// maxToken is the longest NextContinuationToken, NextKeyMarker or NextVersionIdMarker that is sent back, in a URL. S3's
// tokens have about a hundred bytes; other servers put a key of up to 1024 bytes into theirs.
const maxToken = 8 << 10

// page is one answer.
type page struct {
	objects []Object // keys and common prefixes, merged in key order
	next    cursor   // zero on the last page
}

// cursor is where the next page begins: a token for objects, and the two others for versions.
type cursor struct {
	token, keyMarker, versionIDMarker string
}

// The root elements of the two listings.
const (
	objectsRoot  = "ListBucketResult"
	versionsRoot = "ListVersionsResult"
)

// parsePage reads an answer whose root element is to have the given name, the whole of it: exactly one root element,
// with nothing but white space, comments and processing instructions around it. An answer that was cut anywhere is an
// error, because a listing that ends early looks like a bucket with fewer objects.
//
// Namespaces are ignored: S3 sends one, many compatible servers do not. An <Error> document is returned as an
// *errorDocument, whatever the status of the answer was.
//
// The objects are put into the given slice, as far as there is room.
func parsePage(body []byte, root string, into []Object) (page, error) {
	p := parser{scanner: scanner{body: body}, encoded: true, objects: into[:0]}
	p.document(root)
	if p.encoded != (p.encoding == "url") && p.err == nil {
		// The server says whether it encoded; that we asked for it means nothing. Where it did not, start again.
		p = parser{scanner: scanner{body: body}, objects: into[:0]}
		p.document(root)
	}
	if p.err != nil {
		return page{}, p.err
	}
	return p.page(root)
}

// A parser reads one answer.
type parser struct {
	scanner
	encoded bool // keys and prefixes are taken for URL encoded

	objects, prefixes   []Object
	truncated, encoding string
	following           cursor // not yet decoded
	undecodable         error  // about the first text that is not URL encoded

	// The texts of the object before, which are most often those of the next one too.
	class, algorithm, checksum, ownerID, ownerName string
}

// document reads the document to its end.
func (p *parser) document(root string) {
	name := p.outside()
	var doc *errorDocument
	switch {
	case p.err != nil:
	case name == nil:
		p.fail("unexpected EOF")
	case string(name) == root:
		p.listing(root)
	case string(name) == "Error":
		doc = p.errorDocument()
	default:
		p.failWith(fmt.Errorf("the answer is a <%s> document, not <%s>: is this an S3 endpoint?", transport.Clean(string(name[:min(len(name), 40)]), 40), root))
	}
	if name = p.outside(); name != nil {
		p.failWith(errors.New("the answer goes on after the end of its root element"))
	}
	if doc != nil {
		p.failWith(doc)
	}
}

// outside reads what may stand before and after the root element, and the start of the next element if there is one.
func (p *parser) outside() []byte {
	for p.err == nil && p.at < len(p.body) {
		text, name, _ := p.next()
		if name != nil {
			return name
		}
		if len(bytes.TrimSpace(text)) != 0 {
			p.failWith(errors.New("the answer has text outside of its root element"))
		}
	}
	return nil
}

// listing reads the root element of a listing.
func (p *parser) listing(root string) {
	for name := p.child(); name != nil; name = p.child() {
		switch string(name) {
		case "IsTruncated":
			p.truncated = string(p.text())
		case "EncodingType":
			p.encoding = string(p.text())
		case "NextContinuationToken":
			p.following.token = string(p.text())
		case "NextKeyMarker":
			p.following.keyMarker = string(p.text())
		case "NextVersionIdMarker":
			p.following.versionIDMarker = string(p.text())
		case "Contents":
			p.object(root == objectsRoot, "Contents")
		case "Version":
			p.object(root == versionsRoot, "Version")
		case "DeleteMarker":
			p.object(root == versionsRoot, "DeleteMarker")
		case "CommonPrefixes":
			p.commonPrefix()
		default:
			p.skip()
		}
	}
}

// object reads one object, if it is wanted.
func (p *parser) object(wanted bool, element string) {
	p.own = p.own[:0]
	if !wanted {
		p.skip()
		return
	}
	o := Object{DeleteMarker: element == "DeleteMarker"}
	var key, modified, etag, size, version, expiry []byte
	for name := p.child(); name != nil; name = p.child() {
		switch string(name) {
		case "Key":
			key = p.text()
		case "LastModified":
			modified = p.text()
		case "ETag":
			etag = p.text()
		case "Size":
			size = p.text()
		case "StorageClass":
			o.StorageClass = again(&p.class, p.text())
		case "ChecksumAlgorithm":
			o.ChecksumAlgorithm = append(o.ChecksumAlgorithm, again(&p.algorithm, p.text()))
		case "ChecksumType":
			o.ChecksumType = again(&p.checksum, p.text())
		case "VersionId":
			version = p.text()
		case "IsLatest":
			o.IsLatest = string(p.text()) == "true"
		case "Owner":
			for name := p.child(); name != nil; name = p.child() {
				switch string(name) {
				case "ID":
					o.Owner.ID = again(&p.ownerID, p.text())
				case "DisplayName":
					o.Owner.DisplayName = again(&p.ownerName, p.text())
				default:
					p.skip()
				}
			}
		case "RestoreStatus":
			for name := p.child(); name != nil; name = p.child() {
				switch string(name) {
				case "IsRestoreInProgress":
					o.RestoreStatus.IsRestoreInProgress = string(p.text()) == "true"
				case "RestoreExpiryDate":
					expiry = p.text()
				default:
					p.skip()
				}
			}
		default:
			p.skip()
		}
	}
	if p.err == nil {
		p.add(o, element, key, modified, etag, size, version, expiry)
	}
}

// add makes an Object of the texts. What no other object has is one string, copied from the answer once.
func (p *parser) add(o Object, element string, key, modified, etag, size, version, expiry []byte) {
	fail := func(err error) {
		p.failWith(fmt.Errorf("%s %d of the page: %w", element, len(p.objects)+1, err))
	}
	if len(key) == 0 {
		fail(errors.New("no Key"))
		return
	}
	var err error
	if o.LastModified, err = parseTime(modified); err != nil {
		fail(fmt.Errorf("LastModified of %.100q: %w", key, err))
		return
	}
	if len(expiry) > 0 {
		if o.RestoreStatus.RestoreExpiryDate, err = parseTime(expiry); err != nil {
			fail(fmt.Errorf("RestoreExpiryDate of %.100q: %w", key, err))
			return
		}
	}
	if !o.DeleteMarker {
		var ok bool
		if o.Size, ok = parseSize(size); !ok {
			fail(fmt.Errorf("Size %.40q of %.100q is not a number of bytes", size, key))
			return
		}
	}
	var b strings.Builder
	b.Grow(len(key) + len(etag) + len(version))
	p.decode(&b, key)
	k := b.Len()
	b.Write(etag)
	e := b.Len()
	b.Write(version)
	text := b.String()
	o.Key, o.ETag, o.VersionID = text[:k], text[k:e], text[e:]
	p.objects = append(p.objects, o)
}

func (p *parser) commonPrefix() {
	p.own = p.own[:0]
	var prefix []byte
	for name := p.child(); name != nil; name = p.child() {
		if string(name) == "Prefix" {
			prefix = p.text()
		} else {
			p.skip()
		}
	}
	if p.err == nil && len(prefix) == 0 {
		p.failWith(fmt.Errorf("CommonPrefixes %d of the page has no Prefix", len(p.prefixes)+1))
	}
	var b strings.Builder
	b.Grow(len(prefix))
	p.decode(&b, prefix)
	p.prefixes = append(p.prefixes, Object{Key: b.String(), CommonPrefix: true})
}

// decode writes a key, or part of one, as it is: "+" is a space, "%2B" is "+" (botocore handlers.py,
// decode_list_object_v2).
//
// Some servers encode the keys and not the common prefixes. Where that shows, it is an error: to take such a text as it
// is would be right for that server, and wrong for every text that happens to look encoded.
func (p *parser) decode(b *strings.Builder, text []byte) {
	done := 0
	for i := 0; i < len(text) && p.encoded; i++ {
		switch text[i] {
		case '+':
			b.Write(text[done:i])
			b.WriteByte(' ')
		case '%':
			c, ok := unhex(text[i+1:])
			if !ok && p.undecodable == nil {
				p.undecodable = fmt.Errorf("the server says EncodingType url but %.100q is not URL encoded", text)
			}
			b.Write(text[done:i])
			b.WriteByte(c)
			i = min(i+2, len(text)-1)
		default:
			continue
		}
		done = i + 1
	}
	b.Write(text[done:])
}

// unhex is the byte that the first two characters of text stand for.
func unhex(text []byte) (b byte, ok bool) {
	if len(text) < 2 {
		return 0, false
	}
	for _, c := range text[:2] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		default:
			return 0, false
		}
		b = b<<4 | c
	}
	return b, true
}

// page is the answer, when all of it has been read.
func (p *parser) page(root string) (page, error) {
	if p.encoding != "" && p.encoding != "url" {
		return page{}, fmt.Errorf("EncodingType %.40q in the answer is not known", p.encoding)
	}
	next, marker := p.following, "NextContinuationToken"
	if root == versionsRoot {
		var b strings.Builder
		p.decode(&b, []byte(next.keyMarker)) // a key; the others are never encoded
		next, marker = cursor{keyMarker: b.String(), versionIDMarker: next.versionIDMarker}, "NextKeyMarker"
	} else {
		next = cursor{token: next.token}
	}
	if p.undecodable != nil {
		return page{}, p.undecodable
	}
	switch p.truncated {
	case "false":
		next = cursor{}
	case "true":
		if next.token == "" && next.keyMarker == "" {
			return page{}, fmt.Errorf("the server says there are more keys but sends no %s", marker)
		}
		if n := max(len(next.token), len(next.keyMarker), len(next.versionIDMarker)); n > maxToken {
			return page{}, fmt.Errorf("the %s or the NextVersionIdMarker has %d bytes: the limit is %d", marker, n, maxToken)
		}
	default:
		return page{}, fmt.Errorf("IsTruncated is %.40q in the answer, not true or false", p.truncated)
	}
	return page{merge(p.objects, p.prefixes), next}, nil
}

// again is text as a string: the one from last time if it is the same.
func again(last *string, text []byte) string {
	if *last != string(text) {
		*last = string(text)
	}
	return *last
}

// parseSize reads a number of bytes: digits, and at most 1<<63-1.
func parseSize(text []byte) (n int64, ok bool) {
	for _, c := range text {
		if c < '0' || c > '9' || n > (math.MaxInt64-int64(c-'0'))/10 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, len(text) > 0
}

// parseTime reads an RFC 3339 time. S3's are all of the form 2009-10-12T17:50:30.000Z.
func parseTime(text []byte) (time.Time, error) {
	if t, ok := parseUTC(text); ok {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return time.Time{}, fmt.Errorf("%.40q is not an RFC 3339 time", text)
	}
	return t.UTC(), nil
}

// parseUTC reads the most usual form of an RFC 3339 time, ten times faster than time.Parse. ok is false for all else.
func parseUTC(text []byte) (t time.Time, ok bool) {
	const form = "0000-00-00T00:00:00.000Z"
	if len(text) != len(form) {
		return t, false
	}
	for i, c := range text {
		if form[i] != '0' && c != form[i] || form[i] == '0' && (c < '0' || c > '9') {
			return t, false
		}
	}
	two := func(i int) int { return int(text[i]-'0')*10 + int(text[i+1]-'0') }
	year, month, day := two(0)*100+two(2), two(5), two(8)
	hour, minute, second, milli := two(11), two(14), two(17), two(20)*10+int(text[22]-'0')
	if month < 1 || month > 12 || day < 1 || day > 28 || hour > 23 || minute > 59 || second > 59 {
		return t, false // the last days of a month too are for time.Parse
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, milli*1e6, time.UTC), true
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
