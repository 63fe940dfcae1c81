package s3list

import "time"

// A page holds one response. Pages wait in memory and are reused, so they are compact: apart from
// the few Objects in common, they contain nothing that the garbage collector must scan.
type page struct {
	entries []entry  // keys and common prefixes, in key order
	text    []byte   // the strings of the entries, one after the other
	common  []Object // the fields that entries share; the first one is that of common prefixes
	next    cursor
	sorted  bool // set by call.check
}

// An entry is an Object without the fields that it shares with others. Its key, ETag and version ID
// follow each other in the text of the page.
type entry struct {
	at                 int32 // where they begin
	key, etag, version int32 // their lengths
	common             int32 // index
	nanosecond         int32
	modified           int64 // seconds since 1970
	size               int64
}

func (e *entry) end() int32 { return e.at + e.key + e.etag + e.version }

// key returns the key of an entry. It is valid until the page is reused.
func (p *page) key(e entry) []byte { return p.text[e.at : e.at+e.key] }

// chunkSize is the length of the strings that hold the texts of several objects. Longer ones need
// fewer allocations, but stay in memory longer if a caller keeps one of the objects.
const chunkSize = 1 << 10

// objects ranges over the objects of a page. It is an iter.Seq.
func (p *page) objects(yield func(Object) bool) {
	var o Object
	common := int32(-1)  // of o
	chunk, from := "", 0 // chunk is a copy of the text from there on
	for _, e := range p.entries {
		at, end := int(e.at), int(e.end())
		if end > from+len(chunk) {
			from = at
			chunk = string(p.text[at:max(end, min(at+chunkSize, len(p.text)))])
		}
		text := chunk[at-from:]
		if e.common != common { // copying an Object is a noticeable part of the time
			common, o = e.common, p.common[e.common]
		}
		o.Key = text[:e.key]
		o.ETag = text[e.key:][:e.etag]
		o.VersionID = text[e.key+e.etag:][:e.version]
		if !o.CommonPrefix {
			o.Size = e.size
			o.LastModified = time.Unix(e.modified, int64(e.nanosecond)).UTC()
		}
		if !yield(o) {
			return
		}
	}
}
