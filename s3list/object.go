package s3list

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// What an object has of its own. The rest is most often the same in many objects.
const (
	keyValue = iota
	modifiedValue
	etagValue
	quotedValue // ETag, if it is in quotes, without them
	sizeValue
	versionValue
	values
)

// A shape is how an object was written: all of its element but its values. Nearly every object of a page is written as
// the one before, so that it is enough to compare the literal texts and read the values between them.
type shape struct {
	text     []byte // the literals are in it
	literals [values + 1][]byte
	values   [values]int // what follows each of them but the last
	n        int         // how many values there are
	common   int32       // of the object
	ok       bool
}

// alike reads one object that is written as the one before. It reports whether there is one; if not, or if it is
// wrong, nothing was read.
//
// The literal texts were read by the scanner, in the same place of the document, so that they mean the same again.
func (p *parser) alike() bool {
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
	whole := p.Take(s.literals[s.n]) && p.Err == nil
	if whole {
		p.add(s.common, &v)
	}
	if !whole || p.Err != nil { // an error is found again from start, also if it is undone; see listing
		p.At = start
		return false
	}
	return true
}

// object reads one object, if it is wanted. It begins at start.
func (p *parser) object(start int, wanted bool, element string) {
	p.Forget()
	if !wanted {
		p.Skip()
		return
	}
	p.element = element
	o := Object{DeleteMarker: element == "DeleteMarker"}
	var v [values][]byte
	var expiry []byte
	quote := []byte("&quot;")
	s, plain, literal := shape{text: p.shape.text, common: int32(len(p.common))}, true, start
	value := func(i int) {
		begin, twice := p.At, v[i] != nil
		v[i] = p.Text()
		end := begin + max(0, bytes.IndexByte(p.Body[begin:], '<'))
		if twice || p.At == begin || !bytes.HasPrefix(p.Body[end:], []byte("</")) {
			plain = false // there is more than text in it, or it is not the only one
			return
		}
		if raw := p.Body[begin:end]; i == etagValue && len(raw) >= 2*len(quote) && bytes.HasPrefix(raw, quote) && bytes.HasSuffix(raw, quote) {
			i, begin, end = quotedValue, begin+len(quote), end-len(quote)
		}
		s.literals[s.n], s.values[s.n] = p.Body[literal:begin], i
		s.n++
		literal = end
	}
	for name := p.Child(); name != nil; name = p.Child() {
		switch string(name) {
		case "Key":
			value(keyValue)
		case "LastModified":
			value(modifiedValue)
		case "ETag":
			value(etagValue)
		case "Size":
			value(sizeValue)
		case "StorageClass":
			o.StorageClass = again(&p.class, p.Text())
		case "ChecksumAlgorithm":
			o.ChecksumAlgorithm = append(o.ChecksumAlgorithm, again(&p.algorithm, p.Text()))
		case "ChecksumType":
			o.ChecksumType = again(&p.checksum, p.Text())
		case "VersionId":
			value(versionValue)
		case "IsLatest":
			o.IsLatest = string(p.Text()) == "true"
		case "Owner":
			for name := p.Child(); name != nil; name = p.Child() {
				switch string(name) {
				case "ID":
					o.Owner.ID = again(&p.ownerID, p.Text())
				case "DisplayName":
					o.Owner.DisplayName = again(&p.ownerName, p.Text())
				default:
					p.Skip()
				}
			}
		case "RestoreStatus":
			for name := p.Child(); name != nil; name = p.Child() {
				switch string(name) {
				case "IsRestoreInProgress":
					o.RestoreStatus.IsRestoreInProgress = string(p.Text()) == "true"
				case "RestoreExpiryDate":
					expiry = p.Text()
				default:
					p.Skip()
				}
			}
		default:
			p.Skip()
		}
	}
	if p.Err != nil {
		return
	}
	if len(expiry) > 0 {
		seconds, nanosecond, err := parseTime(expiry)
		if err != nil {
			p.refuse("RestoreExpiryDate of %.100q: %w", v[keyValue], err)
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
	for i, l := range s.literals[:s.n+1] { // Body will be another one
		s.text = append(s.text, l...)
		s.literals[i] = s.text[len(s.text)-len(l):]
	}
	s.ok = plain
	p.shape = s
}

// refuse notes what is wrong with an object.
func (p *parser) refuse(format string, a ...any) {
	p.Fail(fmt.Errorf("%s %d of the page: %w", p.element, len(p.entries)+1, fmt.Errorf(format, a...)))
}

// add makes an entry of the values of an object.
func (p *parser) add(common int32, v *[values][]byte) {
	e := entry{common: common, at: int32(len(p.text))}
	if len(v[keyValue]) == 0 {
		p.refuse("no Key")
		return
	}
	var err error
	if e.modified, e.nanosecond, err = parseTime(v[modifiedValue]); err != nil {
		p.refuse("LastModified of %.100q: %w", v[keyValue], err)
		return
	}
	if !p.common[common].DeleteMarker {
		n, err := strconv.ParseUint(string(v[sizeValue]), 10, 63)
		if err != nil {
			p.refuse("Size %.40q of %.100q is not a number of bytes", v[sizeValue], v[keyValue])
			return
		}
		e.size = int64(n)
	}
	text := append(p.text, v[keyValue]...)
	if v[quotedValue] != nil {
		text = append(append(append(text, '"'), v[quotedValue]...), '"')
	} else {
		text = append(text, v[etagValue]...)
	}
	e.key, e.version = int32(len(v[keyValue])), int32(len(v[versionValue]))
	e.etag = int32(len(text)) - e.at - e.key
	p.text = append(text, v[versionValue]...)
	p.entries = append(p.entries, e)
}

func (p *parser) commonPrefix() {
	p.Forget()
	var prefix []byte
	for name := p.Child(); name != nil; name = p.Child() {
		if string(name) == "Prefix" {
			prefix = p.Text()
		} else {
			p.Skip()
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

// again is text as a string: the one from last time if it is the same.
func again(last *string, text []byte) string {
	if *last != string(text) {
		*last = string(text)
	}
	return *last
}
