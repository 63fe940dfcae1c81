package s3list

import (
	"bytes"
	"fmt"
	"slices"
	"time"
)

// The texts of an object's element. Those before values differ between objects. The others are the
// same in many objects.
const (
	keyText = iota
	modifiedText
	etagText
	quotedText // the ETag without its quotes, if they are written as &quot;
	sizeText
	versionText
	latestText
	classText
	checksumText
	algorithmText
	ownerIDText
	ownerNameText
	restoringText
	expiryText
	texts // their number

	values = latestText
	nested = ownerIDText // those from here on are in Owner or RestoreStatus
)

// textOf returns the number of the text with the given name, or texts if there is none.
func textOf(name []byte) int {
	switch string(name) {
	case "Key":
		return keyText
	case "LastModified":
		return modifiedText
	case "ETag":
		return etagText
	case "Size":
		return sizeText
	case "VersionId":
		return versionText
	case "IsLatest":
		return latestText
	case "StorageClass":
		return classText
	case "ChecksumType":
		return checksumText
	case "ChecksumAlgorithm":
		return algorithmText
	case "ID":
		return ownerIDText
	case "DisplayName":
		return ownerNameText
	case "IsRestoreInProgress":
		return restoringText
	case "RestoreExpiryDate":
		return expiryText
	}
	return texts
}

// maxKey is the longest key, in bytes (Amazon S3 User Guide, "Naming Amazon S3 objects"). A version
// ID is not longer either. Other texts that are longer are ignored.
const maxKey = 1024

// A shape is the text of an object's element without the values that differ between objects:
//
//	<Contents><Key>photos/1.jpg</Key><Size>41</Size></Contents>
//	literal 0      keyValue    literal 1   sizeValue         literal 2
//
// Nearly all objects of a page have the shape of the object before. Then it is sufficient to
// compare the literals, and to read the values between them.
type shape struct {
	text     []byte             // holds the literals
	literals [values + 1][]byte // the texts before, between and after the values
	values   [values]int        // the value after each literal but the last
	n        int                // the number of values
	common   int32              // index of the fields that are in the literals
	ok       bool               // the shape can be used: each value is a single text
}

// sameShape reads an object that has the shape of the object before. If the next element is
// different, or has an error, sameShape reads nothing and returns false.
//
// The scanner accepted the same literals at the same place in the document, between two children of
// the root, so they have the same meaning again.
func (p *parser) sameShape() bool {
	s, start := &p.shape, p.At
	if !s.ok || p.Err != nil {
		return false
	}
	p.Forget()
	var v [values][]byte
	for i := range s.n {
		if !p.Take(s.literals[i]) {
			p.At = start
			return false
		}
		if i = s.values[i]; i == quotedText {
			v[i] = p.Plain()
		} else {
			v[i] = p.Chars()
		}
	}
	if p.Take(s.literals[s.n]) && p.Err == nil {
		if p.add(s.common, &v); p.Err == nil {
			return true
		}
	}
	p.At = start // an error of the scanner is found again from there; see listing
	return false
}

// object reads an object whose element is open and begins at start.
func (p *parser) object(start int, element string) {
	p.Forget()
	p.element = element
	if p.versions == (element == "Contents") { // of the other operation
		p.invalid("unexpected in this listing")
		return
	}
	o := Object{DeleteMarker: element == "DeleteMarker"}
	var v [texts][]byte
	s := shape{text: p.shape.text, common: int32(len(p.common)), ok: true}
	literal := start // where the current literal begins
	read := func(i int, name []byte) {
		begin := p.At
		text := p.Text()
		if i == keyText {
			p.refuseMixed(name)
		}
		switch {
		case i == algorithmText: // the only one that may be repeated
			o.ChecksumAlgorithm = append(o.ChecksumAlgorithm, p.same(i, text))
			return
		case v[i] != nil:
			p.invalid("more than one %s", name)
			return
		case text == nil:
			text = p.Body[:0]
		}
		v[i] = text
		if i >= values {
			return
		}
		end := begin + max(0, bytes.IndexByte(p.Body[begin:], '<'))
		if p.At == begin || !bytes.HasPrefix(p.Body[end:], []byte("</")) {
			s.ok = false
			return
		}
		quote := []byte("&quot;")
		inner, quoted := bytes.CutPrefix(p.Body[begin:end], quote)
		if i == etagText && quoted && bytes.HasSuffix(inner, quote) {
			i, begin, end = quotedText, begin+len(quote), end-len(quote)
		}
		s.literals[s.n], s.values[s.n] = p.Body[literal:begin], i
		s.n++
		literal = end
	}
	for name := range p.Children {
		switch string(name) {
		case "Owner", "RestoreStatus":
			for name := range p.Children {
				if i := textOf(name); i >= nested && i < texts {
					read(i, name)
				}
			}
		default:
			if i := textOf(name); i < nested {
				read(i, name)
			} else {
				p.skip(name, inEntry)
			}
		}
	}
	if p.Err != nil {
		return
	}
	o.IsLatest = string(v[latestText]) == "true"
	o.StorageClass = p.same(classText, v[classText])
	o.ChecksumType = p.same(checksumText, v[checksumText])
	o.ChecksumAlgorithm = slices.Clip(o.ChecksumAlgorithm)
	o.Owner.ID = p.same(ownerIDText, v[ownerIDText])
	o.Owner.DisplayName = p.same(ownerNameText, v[ownerNameText])
	o.RestoreStatus.IsRestoreInProgress = string(v[restoringText]) == "true"
	seconds, nanosecond := parseTime(v[expiryText])
	o.RestoreStatus.RestoreExpiryDate = time.Unix(seconds, int64(nanosecond)).UTC()
	p.common = append(p.common, o)
	if p.add(s.common, (*[values][]byte)(v[:])); p.Err != nil {
		return
	}
	s.literals[s.n] = p.Body[literal:p.At]
	s.text = s.text[:0]
	for i, l := range s.literals[:s.n+1] { // they are copied because Body changes
		s.text = append(s.text, l...)
		s.literals[i] = s.text[len(s.text)-len(l):]
	}
	p.shape = s
}

// add adds an entry with the given values to the page. Values that are missing, or that have an
// unknown form, are zero.
func (p *parser) add(common int32, v *[values][]byte) {
	key, version := v[keyText], short(v[versionText])
	if !p.validKey("Key", key) {
		return
	}
	e := entry{
		common:  common,
		at:      int32(len(p.text)),
		key:     int32(len(key)),
		version: int32(len(version)),
	}
	e.modified, e.nanosecond = parseTime(v[modifiedText])
	if !p.common[common].DeleteMarker {
		e.size = max(0, int64(number(v[sizeText])))
	}
	text := append(p.text, key...)
	if inner := v[quotedText]; inner == nil {
		text = append(text, short(v[etagText])...)
	} else if len(inner) <= maxKey-len(`""`) {
		text = append(text, '"')
		text = append(text, inner...)
		text = append(text, '"')
	}
	e.etag = int32(len(text)) - e.at - e.key
	p.text = append(text, version...)
	p.entries = append(p.entries, e)
}

// short returns text, or nil if it is too long to keep.
func short(text []byte) []byte {
	if len(text) > maxKey {
		return nil
	}
	return text
}

// validKey reports whether key can be the key of an entry. If not, the page is invalid.
func (p *parser) validKey(element string, key []byte) bool {
	switch n := len(key); {
	case n == 0:
		p.invalid("no %s", element)
	case n > len("%00")*maxKey: // call.check tests the decoded key
		p.invalid("%s has %d bytes: the limit is %d", element, n, maxKey)
	case len(p.entries)+len(p.prefixes) == maxEntries:
		p.invalid("the limit is %d", maxEntries)
	default:
		return true
	}
	return false
}

// invalid ends the page because of the element that is being read, or that would be the next entry.
func (p *parser) invalid(format string, a ...any) {
	n := len(p.entries) + 1
	if p.element == "CommonPrefixes" {
		n = len(p.prefixes) + 1
	}
	p.refuse(fmt.Errorf("%s %d of the page: %w", p.element, n, fmt.Errorf(format, a...)))
}

// commonPrefix reads a CommonPrefixes element that is open. Some servers put all prefixes of a page
// into one.
func (p *parser) commonPrefix() {
	p.Forget()
	element, n := p.element, len(p.prefixes)
	p.element = "CommonPrefixes"
	for name := range p.Children {
		if string(name) != "Prefix" {
			p.skip(name, inEntry)
			continue
		}
		text := p.Text()
		if p.refuseMixed(name); p.Err == nil && p.validKey("Prefix", text) {
			e := entry{at: int32(len(p.text)), key: int32(len(text))}
			p.prefixes = append(p.prefixes, e)
			p.text = append(p.text, text...)
		}
	}
	if len(p.prefixes) == n {
		p.invalid("no Prefix")
	}
	p.element = element
}

// same returns text i of an object as a string. If an earlier object has the same text, its string
// is used, to save an allocation.
func (p *parser) same(i int, text []byte) string {
	switch text = short(text); {
	case len(text) == 0:
		return ""
	case p.last[i] != string(text):
		p.last[i] = string(text)
	}
	return p.last[i]
}
