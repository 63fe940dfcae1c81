package s3list

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"time"
)

// decode decodes all keys and common prefixes. It does so in place, as they become shorter.
func (p *parser) decode() error {
	if bytes.IndexByte(p.text, '%') < 0 && bytes.IndexByte(p.text, '+') < 0 {
		return nil
	}
	all := p.text
	p.text = all[:0]
	entries, prefixes := p.entries, p.prefixes
	for len(entries)+len(prefixes) > 0 { // as they lie in text
		from := &entries
		if len(entries) == 0 || len(prefixes) > 0 && prefixes[0].at < entries[0].at {
			from = &prefixes
		}
		e := &(*from)[0]
		*from = (*from)[1:]
		key := all[e.at : e.at+e.key]
		others := all[e.at+e.key : e.at+e.key+e.etag+e.version]
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

// appendDecoded appends a key, or part of one, as it is: "+" is a space, "%2B" is "+" (botocore handlers.py,
// decode_list_object_v2).
//
// Some servers encode the keys and not the common prefixes. Where that shows, it is an error: to take such a text as it
// is would be right for that server, and wrong for every text that happens to look encoded.
func appendDecoded(to, text []byte) ([]byte, error) {
	for i := 0; i < len(text); i++ {
		c := [1]byte{text[i]}
		switch c[0] {
		case '+':
			c[0] = ' '
		case '%':
			if n, err := hex.Decode(c[:], text[i+1:min(i+3, len(text))]); err != nil || n == 0 {
				return to, fmt.Errorf("the server says EncodingType url but %.100q is not URL encoded", text)
			}
			i += 2
		}
		to = append(to, c[0])
	}
	return to, nil
}

// parseTime reads an RFC 3339 time, as seconds since 1970 and nanoseconds. What S3 sends is read by hand, except for the
// last days of months.
func parseTime(text []byte) (seconds int64, nanosecond int32, err error) {
	if len(text) == len("2006-01-02T15:04:05.000Z") && text[4] == '-' && text[7] == '-' && text[10] == 'T' && text[13] == ':' && text[16] == ':' && text[19] == '.' && text[23] == 'Z' {
		year, month, day := number(text[:4]), number(text[5:7]), number(text[8:10])
		hour, minute, second, milli := number(text[11:13]), number(text[14:16]), number(text[17:19]), number(text[20:23])
		if year > 0 && month > 0 && month <= 12 && day > 0 && day <= 28 && hour|minute|second|milli >= 0 && hour < 24 && minute < 60 && second < 60 {
			if month < 3 { // the year begins with March, so that the day that some years have more is its last
				year, month = year-1, month+12
			}
			days := 365*year + year/4 - year/100 + year/400 + (153*month-457)/5 + day - 719469
			return int64(days)*86400 + int64(hour*3600+minute*60+second), int32(milli) * 1e6, nil
		}
	}
	var t time.Time
	if t.UnmarshalText(text) != nil { // strict, and without a copy
		if t, err = time.Parse(time.RFC3339, string(text)); err != nil {
			return 0, 0, fmt.Errorf("%.40q is not an RFC 3339 time", text)
		}
	}
	return t.Unix(), int32(t.Nanosecond()), nil
}

// number is the number that digits are, or negative if they are not digits.
func number(digits []byte) (n int) {
	for _, c := range digits {
		if c -= '0'; c > 9 {
			return -1
		}
		n = n*10 + int(c)
	}
	return n
}
