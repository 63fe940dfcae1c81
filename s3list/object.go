package s3list

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

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
		n, err := strconv.ParseUint(string(size), 10, 63)
		if err != nil {
			fail(fmt.Errorf("Size %.40q of %.100q is not a number of bytes", size, key))
			return
		}
		o.Size = int64(n)
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
			var c [1]byte
			hexadecimal := text[i+1 : min(i+3, len(text))]
			if n, err := hex.Decode(c[:], hexadecimal); (err != nil || n == 0) && p.undecodable == nil {
				p.undecodable = fmt.Errorf("the server says EncodingType url but %.100q is not URL encoded", text)
			}
			b.Write(text[done:i])
			b.WriteByte(c[0])
			i += len(hexadecimal)
		default:
			continue
		}
		done = i + 1
	}
	b.Write(text[done:])
}

// again is text as a string: the one from last time if it is the same.
func again(last *string, text []byte) string {
	if *last != string(text) {
		*last = string(text)
	}
	return *last
}

// parseTime reads an RFC 3339 time.
func parseTime(text []byte) (t time.Time, err error) {
	if t.UnmarshalText(text) != nil { // strict, and without a copy
		if t, err = time.Parse(time.RFC3339, string(text)); err != nil {
			return t, fmt.Errorf("%.40q is not an RFC 3339 time", text)
		}
	}
	return t.UTC(), nil
}
