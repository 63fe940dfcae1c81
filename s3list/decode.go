package s3list

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"time"
)

// decode decodes the keys and common prefixes of a page, in place.
func (p *parser) decode() error {
	if bytes.IndexByte(p.text, '%') < 0 && bytes.IndexByte(p.text, '+') < 0 {
		return nil
	}
	all := p.text
	p.text = all[:0]
	entries, prefixes := p.entries, p.prefixes
	for len(entries)+len(prefixes) > 0 {
		// In the order of the text, because it becomes shorter from its beginning on.
		e := shift(&entries, &prefixes, func(b, a entry) bool { return b.at < a.at })
		key, others := all[e.at:e.at+e.key], all[e.at+e.key:e.end()]
		e.at = int32(len(p.text))
		var err error
		if p.text, err = appendDecoded(p.text, key); err != nil {
			return err
		}
		e.key = int32(len(p.text)) - e.at
		p.text = append(p.text, others...)
	}
	return nil
}

// appendDecoded appends URL-encoded text to a slice, decoded. A "+" is a space and "%2B" is a "+"
// (botocore handlers.py, decode_list_object_v2).
//
// Some servers encode the keys but not the common prefixes. Where that can be seen, it is an error.
// To accept such a text unchanged would corrupt every other text that looks as if it were encoded.
func appendDecoded(to, text []byte) ([]byte, error) {
	for i := 0; i < len(text); i++ {
		c := [1]byte{text[i]}
		switch c[0] {
		case '+':
			c[0] = ' '
		case '%':
			if n, err := hex.Decode(c[:], text[i+1:min(i+3, len(text))]); err != nil || n == 0 {
				return to, fmt.Errorf("EncodingType is url, but %.100q is not URL encoded", text)
			}
			i += 2
		}
		to = append(to, c[0])
	}
	return to, nil
}

// parseTime parses an RFC 3339 time. It returns the seconds since 1970 and the nanoseconds.
func parseTime(text []byte) (seconds int64, nanosecond int32, err error) {
	// The format of S3 is parsed here, because package time takes several times as long.
	const format = "0000-00-00T00:00:00.000Z"
	var n [8]int // year, month, day, hour, minute, second, millisecond
	ok, field := len(text) == len(format), 0
	for i := 0; ok && i < len(format); i++ {
		if format[i] == '0' {
			digit := text[i] - '0'
			ok = digit <= 9
			n[field] = 10*n[field] + int(digit)
		} else {
			ok = text[i] == format[i]
			field++
		}
	}
	year, month, day := n[0], n[1], n[2] // the last days of a month are left to package time
	if ok && year > 0 && month > 0 && month <= 12 && day > 0 && day <= 28 &&
		n[3] < 24 && n[4] < 60 && n[5] < 60 {
		if month < 3 { // count years from March, so that a leap day is the last day of its year
			year, month = year-1, month+12
		}
		days := 365*year + year/4 - year/100 + year/400 + (153*month-457)/5 + day - 719469
		return int64(days)*86400 + int64(n[3]*3600+n[4]*60+n[5]), int32(n[6]) * 1e6, nil
	}
	var t time.Time
	if t.UnmarshalText(text) != nil { // strict and without a copy
		if t, err = time.Parse(time.RFC3339, string(text)); err != nil {
			return 0, 0, fmt.Errorf("%.40q is not an RFC 3339 time", text)
		}
	}
	return t.Unix(), int32(t.Nanosecond()), nil
}
