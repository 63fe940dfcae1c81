package s3list

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/loginwithcognito/cognito/internal/transport"
	"github.com/loginwithcognito/cognito/internal/xmlscan"
)

// maxToken is the longest NextContinuationToken, NextKeyMarker or NextVersionIdMarker that is sent back, in a URL. S3's
// tokens have about a hundred bytes; other servers put a key of up to 1024 bytes into theirs.
const maxToken = 8 << 10

// page is one answer. Pages wait in memory, so that they have nothing that the garbage collector looks into but what
// their entries have in common, and are used again.
type page struct {
	entries []entry  // keys and common prefixes, merged in key order
	text    []byte   // their keys, ETags and version ids, one after the other
	common  []Object // what several entries have in common; the first is that of common prefixes
	next    cursor   // zero on the last page
}

// entry is what an Object has of its own.
type entry struct {
	at                 int32 // in the page's text
	key, etag, version int32 // how long they are
	common             int32 // index
	nanosecond         int32
	modified           int64 // in seconds since 1970
	size               int64
}

// key is the key of an entry. It is valid until the page is used again.
func (p *page) key(e entry) []byte { return p.text[e.at : e.at+e.key] }

// chunk is how many bytes of text at least several objects have in one string, so that not every one is an allocation,
// and that a caller who keeps one of them keeps not much more.
const chunk = 1 << 10

// objects returns the objects of a page.
func (p *page) objects() iter.Seq[Object] {
	return func(yield func(Object) bool) {
		text, from := "", int32(0)
		var o Object
		common := int32(-1)
		for i, e := range p.entries {
			if end := e.at + e.key + e.etag + e.version; end > from+int32(len(text)) {
				from = e.at
				for _, later := range p.entries[i+1:] {
					if end-from >= chunk {
						break
					}
					end += later.key + later.etag + later.version
				}
				text = string(p.text[from:end])
			}
			t := text[e.at-from:]
			if e.common != common {
				common, o = e.common, p.common[e.common]
			}
			o.Key, o.ETag, o.VersionID = t[:e.key], t[e.key:e.key+e.etag], t[e.key+e.etag:e.key+e.etag+e.version]
			if !o.CommonPrefix {
				o.Size = e.size
				o.LastModified = time.Unix(e.modified, int64(e.nanosecond)).UTC()
			}
			if !yield(o) {
				return
			}
		}
	}
}

// cursor is where the next page begins: a token for objects, and the two others for versions.
type cursor struct {
	token, keyMarker, versionIDMarker string
}

// bufferSize is how much of an answer is in memory at a time, unless an object takes more.
const bufferSize = 64 << 10

// The root elements of the two listings.
const (
	objectsRoot  = "ListBucketResult"
	versionsRoot = "ListVersionsResult"
)

// readPage reads an answer whose root element is to have the given name, the whole of it: exactly one root element, with
// nothing but white space, comments and processing instructions around it. An answer that was cut anywhere is an error,
// because a listing that ends early looks like a bucket with fewer objects.
//
// Namespaces are ignored: S3 sends one, many compatible servers do not. An <Error> document is returned as an
// *errorDocument, whatever the status of the answer was.
//
// The page is put into what was one before. The answer is read through a buffer, which may become a larger one.
func readPage(from io.Reader, root string, into *page, buffer *[]byte) error {
	*into = page{entries: into.entries[:0], text: into.text[:0], common: append(into.common[:0], Object{CommonPrefix: true})}
	p := parser{page: into, rest: from, buffer: *buffer}
	p.document(root)
	*buffer = p.buffer
	if p.Err != nil {
		return p.Err
	}
	return p.finish(root)
}

// A parser reads one answer.
type parser struct {
	xmlscan.Scanner
	*page
	rest   io.Reader // what is not in Body yet; nil at the end
	buffer []byte    // Body is in it

	prefixes            []entry
	truncated, encoding string
	following           cursor // not yet decoded

	element string // of the object before
	shape   shape  // of it
	// The texts of the object before, which are most often those of the next one too.
	class, algorithm, checksum, ownerID, ownerName string
}

// more moves what is behind At to the beginning of Body, and adds to it. It returns false at the end of the answer.
func (p *parser) more() bool {
	if p.rest == nil {
		return false
	}
	have := p.Body[p.At:]
	if len(p.buffer) == 0 {
		p.buffer = make([]byte, bufferSize)
	} else if len(have) > len(p.buffer)/2 {
		p.buffer = make([]byte, 2*len(p.buffer))
	}
	n := copy(p.buffer, have)
	for n < len(p.buffer) && p.rest != nil { // full, so that nothing is tried more often than the buffer grows
		read, err := p.rest.Read(p.buffer[n:])
		if n += read; err != nil { // if it is not EOF, whoever gave the reader knows, and the document is cut
			p.rest = nil
		}
	}
	p.Before += int64(p.At)
	p.Body, p.At = p.buffer[:n], 0
	return true
}

// all makes Body all of the document behind At.
func (p *parser) all() {
	for p.more() {
	}
}

// document reads the document to its end.
func (p *parser) document(root string) {
	name := p.Root()
	for p.Err != nil && p.rest != nil {
		p.Rewind(0, 0)
		p.more()
		name = p.Root()
	}
	if p.rest != nil && p.entries == nil { // most likely it is one of S3's full pages
		p.entries, p.text = make([]entry, 0, 1000), make([]byte, 0, 64<<10)
	}
	var doc *errorDocument
	switch {
	case p.Err != nil:
	case string(name) == root:
		p.listing(root)
	case string(name) == "Error":
		p.all()
		doc = p.errorDocument()
	default:
		p.Fail(fmt.Errorf("the answer is a <%s> document, not <%s>: is this an S3 endpoint?", transport.Clean(string(name[:min(len(name), 40)]), 40), root))
		return
	}
	p.all()
	p.End()
	if doc != nil {
		p.Fail(doc)
	}
}

// listing reads the root element of a listing.
func (p *parser) listing(root string) {
	for {
		for p.alike() {
		}
		start, before := p.At, *p.page
		more := p.child(root)
		switch {
		case p.Err != nil && p.rest != nil: // perhaps because not all of it is there yet
			p.Rewind(start, 1)
			*p.page = before
			p.more()
		case !more:
			return
		}
	}
}

// child reads a child of the root element. It returns false if there is none.
func (p *parser) child(root string) bool {
	start := p.At
	name := p.Child()
	switch string(name) {
	case "":
		return false
	case "IsTruncated":
		p.truncated = string(p.Text())
	case "EncodingType":
		p.encoding = string(p.Text())
	case "NextContinuationToken":
		p.following.token = string(p.Text())
	case "NextKeyMarker":
		p.following.keyMarker = string(p.Text())
	case "NextVersionIdMarker":
		p.following.versionIDMarker = string(p.Text())
	case "Contents":
		p.object(start, root == objectsRoot, "Contents")
	case "Version":
		p.object(start, root == versionsRoot, "Version")
	case "DeleteMarker":
		p.object(start, root == versionsRoot, "DeleteMarker")
	case "CommonPrefixes":
		p.commonPrefix()
	default:
		p.Skip()
	}
	return true
}

// finish checks what stands beside the entries, when all of the answer has been read.
func (p *parser) finish(root string) error {
	if p.encoding != "" && p.encoding != "url" {
		return fmt.Errorf("EncodingType %.40q in the answer is not known", p.encoding)
	}
	next, marker := cursor{token: p.following.token}, "NextContinuationToken"
	if root == versionsRoot {
		next, marker = cursor{keyMarker: p.following.keyMarker, versionIDMarker: p.following.versionIDMarker}, "NextKeyMarker"
	}
	if p.encoding == "url" { // it says whether the server did; that we asked for it means nothing
		keyMarker, err := appendDecoded(nil, []byte(next.keyMarker)) // the others are never encoded
		if err == nil {
			next.keyMarker, err = string(keyMarker), p.decode()
		}
		if err != nil {
			return err
		}
	}
	switch p.truncated {
	case "false":
	case "true":
		if next.token == "" && next.keyMarker == "" {
			return fmt.Errorf("the server says there are more keys but sends no %s", marker)
		}
		if n := max(len(next.token), len(next.keyMarker), len(next.versionIDMarker)); n > maxToken {
			return fmt.Errorf("the %s or the NextVersionIdMarker has %d bytes: the limit is %d", marker, n, maxToken)
		}
		p.next = next
	default:
		return fmt.Errorf("IsTruncated is %.40q in the answer, not true or false", p.truncated)
	}
	if len(p.prefixes) > 0 {
		p.merge()
	}
	return nil
}

// merge puts the keys and the common prefixes, which are each in key order, into one. S3 sends those of a page apart,
// but pages through both together in the order of their UTF-8 bytes.
func (p *parser) merge() {
	keys, prefixes := p.entries, p.prefixes
	all, text := make([]entry, 0, len(keys)+len(prefixes)), make([]byte, 0, len(p.text))
	for len(keys)+len(prefixes) > 0 {
		from := &keys
		if len(keys) == 0 || len(prefixes) > 0 && bytes.Compare(p.key(keys[0]), p.key(prefixes[0])) > 0 {
			from = &prefixes
		}
		e := (*from)[0]
		*from = (*from)[1:]
		at := e.at
		e.at = int32(len(text))
		text = append(text, p.text[at:at+e.key+e.etag+e.version]...)
		all = append(all, e)
	}
	p.entries, p.text = all, text
}
