package s3list

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"time"
)

// decode decodes the keys and common prefixes of a page.
func (p *parser) decode() error {
	if bytes.IndexByte(p.text, '%') < 0 && bytes.IndexByte(p.text, '+') < 0 {
		return nil
	}
	all := p.text
	p.text = all[:0] // in place: the text becomes shorter
	if len(p.prefixes) > 0 {
		p.text = make([]byte, 0, len(all)) // the texts of keys and prefixes may alternate
	}
	for _, list := range [][]entry{p.entries, p.prefixes} {
		for i := range list {
			e := &list[i]
			key, others := all[e.at:e.at+e.key], all[e.at+e.key:e.end()]
			e.at = int32(len(p.text))
			var err error
			if p.text, err = appendDecoded(p.text, key); err != nil {
				return err
			}
			e.key = int32(len(p.text)) - e.at
			p.text = append(p.text, others...)
		}
	}
	return nil
}

// appendDecoded appends URL-encoded text to a slice, decoded. A "+" is a space and "%2B" is a "+"
// (botocore handlers.py, decode_list_object_v2).
//
// Some servers encode the keys but not the common prefixes. Where that can be seen, it is an error.
// To accept such a text unchanged would corrupt every other text that looks as if it were encoded.
func appendDecoded(to, text []byte) ([]byte, error) {
	for i := 0; ; i++ {
		plain := i
		for i < len(text) && text[i] != '+' && text[i] != '%' {
			i++
		}
		to = append(to, text[plain:i]...)
		c := [1]byte{' '}
		switch {
		case i == len(text):
			return to, nil
		case text[i] == '%':
			n, err := hex.Decode(c[:], text[i+1:min(i+3, len(text))])
			if err != nil || n == 0 {
				return to, fmt.Errorf("%.100q is not URL encoded: EncodingType is url", text)
			}
			i += 2
		}
		to = append(to, c[0])
	}
}

// parseTime parses an RFC 3339 time. It returns the seconds since 1970 and the nanoseconds, which
// are those of the zero [time.Time] if the text has another form.
//
// The format of S3 is parsed by hand. Package time takes twice as long, which would be a tenth of
// the time for an object.
func parseTime(text []byte) (seconds int64, nanosecond int32) {
	const format = "2006-01-02T15:04:05.000Z"
	if len(text) == len(format) && string([]byte{
		text[4], text[7], text[10], text[13], text[16], text[19], text[23],
	}) == "--T::.Z" {
		year, month, day := number(text[:4]), number(text[5:7]), number(text[8:10])
		hour, minute, second := number(text[11:13]), number(text[14:16]), number(text[17:19])
		milli := number(text[20:23])
		if year-1 < 9999 && month-1 < 12 && day-1 < 28 && // the last days of a month: package time
			hour < 24 && minute < 60 && second < 60 && milli < 1000 {
			if month < 3 { // years begin in March, so that a leap day is the last day of its year
				year, month = year-1, month+12
			}
			days := 365*year + year/4 - year/100 + year/400 + (153*month-457)/5 + day - 719469
			return int64(days*86400 + hour*3600 + minute*60 + second), int32(milli) * 1e6
		}
	}
	var t time.Time
	if len(text) > 0 && t.UnmarshalText(text) != nil { // strict, and without a copy
		t, _ = time.Parse(time.RFC3339, string(short(text)))
	}
	return t.Unix(), int32(t.Nanosecond())
}

// number parses decimal digits. If the text has other characters, or the number is larger than an
// int64, the result is too.
func number(digits []byte) (n uint64) {
	for _, c := range digits {
		if c -= '0'; c > 9 || n > math.MaxInt64/10 {
			return math.MaxUint64
		}
		n = n*10 + uint64(c)
	}
	return n
}
