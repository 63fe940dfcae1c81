package s3list

import (
	"bytes"
	"fmt"
	"slices"
	"time"
)

// The values that differ between objects. The other fields are the same in many objects.
const (
	keyValue = iota
	modifiedValue
	etagValue
	quotedValue // the ETag without its quotes, if they are written as &quot;
	sizeValue
	versionValue
	values // their number
)

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
		if i = s.values[i]; i == quotedValue {
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
	p.At = start // an error is found again from there; see listing
	return false
}

// object reads an object whose element is open and begins at start. It skips elements of the other
// operation.
func (p *parser) object(start int, element string) {
	p.Forget()
	if p.versions == (element == "Contents") {
		p.Skip()
		return
	}
	p.element = element
	o := Object{DeleteMarker: element == "DeleteMarker"}
	var v [values][]byte
	var expiry []byte
	s := shape{text: p.shape.text, common: int32(len(p.common)), ok: true}
	literal := start // where the current literal begins
	value := func(i int) {
		begin, repeated := p.At, v[i] != nil
		v[i] = p.Text()
		end := begin + max(0, bytes.IndexByte(p.Body[begin:], '<'))
		if repeated || p.At == begin || !bytes.HasPrefix(p.Body[end:], []byte("</")) {
			s.ok = false
			return
		}
		quote := []byte("&quot;")
		inner, quoted := bytes.CutPrefix(p.Body[begin:end], quote)
		if i == etagValue && quoted && bytes.HasSuffix(inner, quote) {
			i, begin, end = quotedValue, begin+len(quote), end-len(quote)
		}
		s.literals[s.n], s.values[s.n] = p.Body[literal:begin], i
		s.n++
		literal = end
	}
	for name := range p.Children {
		switch string(name) {
		case "Key":
			value(keyValue)
		case "LastModified":
			value(modifiedValue)
		case "ETag":
			value(etagValue)
		case "Size":
			value(sizeValue)
		case "VersionId":
			value(versionValue)
		case "IsLatest":
			o.IsLatest = string(p.Text()) == "true"
		case "StorageClass":
			o.StorageClass = reuse(&p.class, p.Text())
		case "ChecksumAlgorithm":
			o.ChecksumAlgorithm = append(o.ChecksumAlgorithm, reuse(&p.algorithm, p.Text()))
		case "ChecksumType":
			o.ChecksumType = reuse(&p.checksum, p.Text())
		case "Owner":
			for name := range p.Children {
				switch string(name) {
				case "ID":
					o.Owner.ID = reuse(&p.ownerID, p.Text())
				case "DisplayName":
					o.Owner.DisplayName = reuse(&p.ownerName, p.Text())
				}
			}
		case "RestoreStatus":
			for name := range p.Children {
				switch string(name) {
				case "IsRestoreInProgress":
					o.RestoreStatus.IsRestoreInProgress = string(p.Text()) == "true"
				case "RestoreExpiryDate":
					expiry = p.Text()
				}
			}
		}
	}
	if p.Err != nil {
		return
	}
	if len(expiry) > 0 {
		seconds, nanosecond, err := parseTime(expiry)
		if err != nil {
			p.invalid("RestoreExpiryDate of %.100q: %w", v[keyValue], err)
			return
		}
		o.RestoreStatus.RestoreExpiryDate = time.Unix(seconds, int64(nanosecond)).UTC()
	}
	o.ChecksumAlgorithm = slices.Clip(o.ChecksumAlgorithm)
	p.common = append(p.common, o)
	if p.add(s.common, &v); p.Err != nil {
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

// add adds an entry with the given values to the page.
func (p *parser) add(common int32, v *[values][]byte) {
	e := entry{common: common, at: int32(len(p.text))}
	if len(v[keyValue]) == 0 {
		p.invalid("no Key")
		return
	}
	var err error
	if e.modified, e.nanosecond, err = parseTime(v[modifiedValue]); err != nil {
		p.invalid("LastModified of %.100q: %w", v[keyValue], err)
		return
	}
	if size := v[sizeValue]; !p.common[common].DeleteMarker {
		if e.size = int64(number(size)); e.size < 0 || len(size) == 0 {
			p.invalid("Size %.40q of %.100q is not a number of bytes", size, v[keyValue])
			return
		}
	}
	text := append(p.text, v[keyValue]...)
	if v[quotedValue] != nil {
		text = append(text, '"')
		text = append(text, v[quotedValue]...)
		text = append(text, '"')
	} else {
		text = append(text, v[etagValue]...)
	}
	e.key, e.version = int32(len(v[keyValue])), int32(len(v[versionValue]))
	e.etag = int32(len(text)) - e.at - e.key
	p.text = append(text, v[versionValue]...)
	p.entries = append(p.entries, e)
}

// invalid fails because of the object that would be the next entry.
func (p *parser) invalid(format string, a ...any) {
	err := fmt.Errorf(format, a...)
	p.Fail(fmt.Errorf("%s %d of the page: %w", p.element, len(p.entries)+1, err))
}

// commonPrefix reads a CommonPrefixes element that is open.
func (p *parser) commonPrefix() {
	p.Forget()
	var prefix []byte
	for name := range p.Children {
		if string(name) == "Prefix" {
			prefix = p.Text()
		}
	}
	if len(prefix) == 0 {
		p.Fail(fmt.Errorf("CommonPrefixes %d of the page has no Prefix", len(p.prefixes)+1))
	}
	if p.Err != nil {
		return
	}
	p.prefixes = append(p.prefixes, entry{at: int32(len(p.text)), key: int32(len(prefix))})
	p.text = append(p.text, prefix...)
}

// reuse returns text as a string: *last if it is equal, to save an allocation.
func reuse(last *string, text []byte) string {
	if *last != string(text) {
		*last = string(text)
	}
	return *last
}
