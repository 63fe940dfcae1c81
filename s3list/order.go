package s3list

import (
	"bytes"
	"fmt"
	"strings"
)

// maxEmpty is the limit for pages in a row that have no new keys. S3 sends such pages where many
// keys were deleted. The limit is generous: a server could send an empty page for each key of a
// full page that was deleted.
const maxEmpty = 1000

// The kinds of entries. Each kind is in key order, but not all servers sort them together.
const (
	objectKind = iota // or a version of one
	markerKind
	prefixKind
	kinds // their number
)

// A mark is the last entry of a kind.
type mark struct{ key, version []byte }

// check returns an error if keys of the page are too long, are repeated, are not in order or were
// not requested: the listing could be incomplete, or never end. It sets ask.following, where the
// next page begins.
//
// check removes an entry at the beginning of a page that was also at the end of the page before.
// Some servers list a common prefix twice if its keys are in two pages.
func (ask *call) check() error {
	p, next := ask.page, ask.position
	next.next = p.next
	var found [kinds]bool
	var before []byte
	kept := p.entries[:0]
	p.sorted = true
	for _, e := range p.entries {
		kind := objectKind
		switch o := &p.common[e.common]; {
		case o.CommonPrefix:
			kind = prefixKind
		case o.DeleteMarker:
			kind = markerKind
		}
		key, version := p.key(e), p.text[e.end()-e.version:e.end()]
		last := &next.last[kind]
		order := bytes.Compare(key, last.key)
		same := order == 0 && bytes.Equal(version, last.version)
		var wrong string
		switch {
		case len(key) > maxKey:
			wrong = "is longer than 1024 bytes"
		case len(key) < len(ask.Prefix) || string(key[:len(ask.Prefix)]) != ask.Prefix:
			wrong = "does not begin with ListInput.Prefix"
		case kind == prefixKind && string(key) == ask.StartAfter:
			continue // yielded by the listing that is resumed
		case kind == prefixKind && string(key) < ask.StartAfter &&
			!strings.HasPrefix(ask.StartAfter, string(key)):
			wrong = "does not sort after ListInput.StartAfter"
		case same && !found[kind] && (kind == prefixKind || len(version) > 0):
			continue
		case same:
			wrong = "is repeated"
		case order < 0 || order == 0 && len(last.version) == 0:
			wrong = fmt.Sprintf("follows %.100q: the server does not list keys in the order of "+
				"their UTF-8 bytes, or not from where requested", last.key)
		}
		if wrong != "" {
			p.entries = nil
			return fmt.Errorf("key %.100q %s", key, wrong)
		}
		p.sorted = p.sorted && bytes.Compare(before, key) <= 0
		before, found[kind], *last = key, true, mark{key, version}
		kept = append(kept, e)
	}
	p.entries = kept
	for i, m := range next.last { // the page is reused
		next.last[i] = mark{bytes.Clone(m.key), bytes.Clone(m.version)}
	}
	ask.following = next
	return nil
}
