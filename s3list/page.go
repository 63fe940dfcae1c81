package s3list

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

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
