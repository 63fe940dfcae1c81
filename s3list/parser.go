package s3list

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/xmlscan"
)

// maxToken is the longest NextContinuationToken, NextKeyMarker or NextVersionIdMarker that is sent
// back, in a URL. The tokens of S3 have about a hundred bytes; those of other servers may contain a
// key of up to 1024 bytes.
const maxToken = 8 << 10

// bufferSize is the length of the buffer that responses are read through. It grows if a single
// element needs more.
const bufferSize = 64 << 10

// maxElement is about the longest element that is read. An object of S3 has less than 10 KB, and
// 1000 common prefixes in one element usually have less than 100 KB.
const maxElement = 1 << 20

// maxEntries is the limit for keys and common prefixes in a page. S3 sends at most 1000, and some
// servers several thousand.
const maxEntries = 10_000

// readPage reads a response into a page, which is overwritten. The response must consist of one
// root element, ListVersionsResult or ListBucketResult, and be complete. If it is an <Error>
// document, readPage returns an *errorDocument, whatever the status of the response was. An element
// that must not be repeated, but is, is an error, because one of the two would be lost.
//
// The response is read through *buffer, which may be replaced by a larger one.
func readPage(from io.Reader, versions bool, into *page, buffer *[]byte) error {
	*into = page{
		entries: into.entries[:0],
		text:    into.text[:0],
		common:  append(into.common[:0], Object{CommonPrefix: true}),
	}
	p := parser{
		page:     into,
		versions: versions,
		rest:     from,
		buffer:   *buffer,
		head:     map[string]string{},
	}
	p.document()
	*buffer = p.buffer
	if p.Err == nil {
		p.finish()
	}
	return p.Err
}

// A parser reads a response as it arrives:
//
//	...</Contents>|<Contents>...</Contents>|<Contents><Key>photos/1.j|pg</Key>...
//	 discarded     Body[:At], read          Body[At:]                 rest
//
// If an element ends in an error, it may only be incomplete. Then the method more moves it to the
// beginning of the buffer and fills the rest of the buffer, and the element is read again. The
// error is final only if there is no more of the response. An error that the parser finds in a
// complete element is final; see refuse.
type parser struct {
	xmlscan.Scanner // of the part that is in the buffer
	*page
	versions bool
	rest     io.Reader // the part that is not in the buffer yet; nil at its end
	buffer   []byte

	prefixes []entry           // common prefixes; see merge
	head     map[string]string // the texts that concern the page, by element

	element string // name of the last object's element, for error texts
	shape   shape  // of the last object

	last [texts]string // of earlier objects; see same
}

// more discards the part of the buffer before At and fills the buffer from rest. It returns false
// at the end of the response.
func (p *parser) more() bool {
	if p.rest == nil {
		return false
	}
	kept := p.Body[p.At:]
	if 2*len(kept) >= len(p.buffer) {
		if len(p.buffer) > maxElement {
			p.refuse(fmt.Errorf("an element has more than %d bytes", maxElement))
			return false
		}
		p.buffer = make([]byte, cmp.Or(2*len(p.buffer), bufferSize))
	}
	n := copy(p.buffer, kept)
	read, err := io.ReadFull(p.rest, p.buffer[n:]) // full, so that elements are rarely read again
	if err != nil {
		p.rest = nil // if it is not EOF, awshttp.Sender reports the error
	}
	p.Before += int64(p.At)
	p.Body, p.At = p.buffer[:n+read], 0
	return true
}

// document reads the response to its end.
func (p *parser) document() {
	var name []byte
	for p.more() {
		if name = p.Root(); p.Err == nil || p.rest == nil {
			break
		}
		p.Rewind(0, 0)
	}
	root := "ListBucketResult"
	if p.versions {
		root = "ListVersionsResult"
	}
	var doc *errorDocument
	switch {
	case p.Err != nil:
		return
	case string(name) == root:
		p.listing()
	case string(name) == "Error":
		for p.more() {
		}
		doc = new(errorDocument)
		p.Texts(doc.texts())
	default:
		found := awshttp.Clean(string(name), 40)
		p.Fail(fmt.Errorf("the response is a <%s>, not a <%s>: check the endpoint", found, root))
		return
	}
	for p.more() {
	}
	p.End()
	if doc != nil {
		p.Fail(doc)
	}
}

// listing reads the children of the root element.
func (p *parser) listing() {
	if p.rest != nil && p.entries == nil { // the response is probably a full page of S3
		p.entries, p.text = make([]entry, 0, 1000), make([]byte, 0, 64<<10)
	}
	for {
		for p.sameShape() {
		}
		start, before, prefixes := p.At, *p.page, p.prefixes
		more := p.child()
		switch {
		case p.Err != nil && p.rest != nil:
			p.Rewind(start, 1)
			*p.page, p.prefixes = before, prefixes
			p.more()
		case !more:
			return
		}
	}
}

// child reads one child of the root element. It returns false if there is none.
func (p *parser) child() bool {
	start := p.At
	name := p.Child()
	switch string(name) {
	case "":
		return false
	case "IsTruncated", "EncodingType", "NextContinuationToken", "NextMarker", "NextKeyMarker",
		"NextVersionIdMarker":
		element, text := string(name), string(p.Text())
		if _, twice := p.head[element]; twice && p.Err == nil {
			p.refuse(fmt.Errorf("the page has more than one %s", element))
		}
		p.refuseMixed(name)
		if p.Err == nil { // else it is read again
			p.head[element] = text
		}
	case "Contents":
		p.object(start, "Contents")
	case "Version":
		p.object(start, "Version")
	case "DeleteMarker":
		p.object(start, "DeleteMarker")
	case "CommonPrefixes":
		p.commonPrefix()
	case "Error": // the server failed after it had sent the first objects
		doc := new(errorDocument)
		p.Texts(doc.texts())
		p.refuse(fmt.Errorf("the page has an error of the server: %s: %s",
			awshttp.Clean(doc.Code, 100), awshttp.Clean(doc.Message, 500)))
	default:
		p.skip(name, inPage)
	}
	return true
}

// refuseMixed refuses the text that was read last if there were elements in it. name is that of its
// element.
func (p *parser) refuseMixed(name []byte) {
	if p.Mixed {
		p.refuse(fmt.Errorf("the text of %s has an element in it", name))
	}
}

// The places of elements that S3 does not send.
const (
	inPage  = iota // children of the root element
	inEntry        // their children
	inField        // below these
)

// skip closes an element that S3 does not send here. If it is one that decides which objects are
// listed, in another case or place, ignoring it could leave out objects or end the listing, so it
// is an error. Below the root, an element Version may be the version of the server, and deeper
// elements Key and Prefix may be those of a tag or a rule.
func (p *parser) skip(name []byte, place int) {
	for _, known := range pageElements {
		switch known {
		case "Key", "Prefix":
			if place != inEntry {
				continue
			}
		case "Version":
			if place != inPage && !p.versions {
				continue
			}
		}
		if p.Err == nil && strings.EqualFold(known, string(name)) {
			p.refuse(fmt.Errorf("the page has an element %.40q that is not the %s of S3", name,
				known))
		}
	}
	for inner := p.Child(); inner != nil; inner = p.Child() {
		p.skip(inner, min(place+1, inField))
	}
}

// pageElements are the children of a page that decide which objects are listed. KeyCount does not:
// some servers omit it, send 0, do not count common prefixes, or count one twice. Key and Prefix
// are children of their children.
var pageElements = [...]string{
	"IsTruncated", "EncodingType", "NextContinuationToken", "NextMarker", "NextKeyMarker",
	"NextVersionIdMarker", "Contents", "Version", "DeleteMarker", "CommonPrefixes",
	"Key", "Prefix",
}

// finish decodes the page, sets its cursor and checks both.
func (p *parser) finish() {
	next, marker := cursor{token: p.head["NextContinuationToken"]}, "NextContinuationToken"
	if p.versions {
		next, marker = cursor{
			keyMarker:       p.head["NextKeyMarker"],
			versionIDMarker: p.head["NextVersionIdMarker"],
		}, "NextKeyMarker"
	}
	switch encoding := p.head["EncodingType"]; encoding {
	case "":
	case "url": // requested, but some servers ignore that
		key, err := appendDecoded(nil, []byte(next.keyMarker)) // the others are never encoded
		next.keyMarker = string(key)
		p.Fail(cmp.Or(err, p.decode()))
	default:
		p.Fail(fmt.Errorf("unknown EncodingType %.40q in the response", encoding))
	}
	truncated := strings.TrimSpace(p.head["IsTruncated"])
	more, err := strconv.ParseBool(truncated)
	if truncated == "" { // some servers omit it: then a marker says that there is more
		more, err = next != cursor{} || p.head["NextMarker"] != "", nil
	}
	switch n := max(len(next.token), len(next.keyMarker), len(next.versionIDMarker)); {
	case err != nil:
		p.Fail(fmt.Errorf("IsTruncated is %.40q, which is neither true nor false", truncated))
	case !more:
	case next.token+next.keyMarker == "":
		p.Fail(fmt.Errorf("there are more keys, but the response has no %s", marker))
	case n > maxToken:
		p.Fail(fmt.Errorf("%s or NextVersionIdMarker has %d bytes: the limit is %d",
			marker, n, maxToken))
	default:
		p.next = next
	}
	if p.Err == nil && len(p.prefixes) > 0 {
		p.merge()
	}
}

// refuse ends the page with an error that reading more of the response cannot correct.
func (p *parser) refuse(err error) {
	if p.Err == nil {
		p.Fail(err)
		p.rest = nil
	}
}

// merge merges the keys and the common prefixes of a page. Each are in key order: S3 sends them
// separately, but divides the two together into pages.
func (p *parser) merge() {
	keys, prefixes := p.entries, p.prefixes
	p.entries = make([]entry, 0, len(keys)+len(prefixes))
	text := make([]byte, 0, len(p.text))
	for len(keys)+len(prefixes) > 0 {
		from := &keys
		if len(keys) == 0 || len(prefixes) > 0 &&
			bytes.Compare(p.key(prefixes[0]), p.key(keys[0])) < 0 {
			from = &prefixes
		}
		e := (*from)[0]
		*from = (*from)[1:]
		own := p.text[e.at:e.end()]
		e.at = int32(len(text))
		text = append(text, own...)
		p.entries = append(p.entries, e)
	}
	p.text = text
}
