// Package bom decodes text that starts with a byte order mark (The Unicode Standard, section 23.8),
// as PowerShell and other Windows programs write it. It drops a UTF-8 mark and decodes UTF-16.
//
//	data, err = bom.Decode(data)  // a file
//	in := bom.NewReader(os.Stdin) // lines from a pipe
//
// Other text passes unchanged, except that a NUL character is an error: it is a sign of UTF-16
// without a mark. The errors quote no text, because it may be a password.
package bom

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Decode returns data as UTF-8 without a mark, if it starts with one.
func Decode(data []byte) ([]byte, error) {
	var text bytes.Buffer
	text.Grow(len(data) + bytes.MinRead)
	if _, err := text.ReadFrom(NewReader(bytes.NewReader(data))); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

// NewReader returns a reader that decodes r. It reads no more of r than the next Read needs:
// callers that read one byte at a time obtain a line before the writer sends the next one.
func NewReader(r io.Reader) io.Reader { return &reader{in: r} }

type reader struct {
	in      io.Reader
	started bool
	order   binary.ByteOrder // of UTF-16, or nil
	ready   []byte           // the rest of a decoded character
	err     error            // what follows ready
}

func (r *reader) Read(p []byte) (n int, err error) {
	if !r.started {
		r.started = true
		r.start()
	}
	if r.order != nil && r.err == nil && len(r.ready) == 0 && len(p) > 0 {
		r.readRune()
	}
	if len(r.ready) > 0 {
		n = copy(p, r.ready)
		r.ready = r.ready[n:]
	} else if r.err == nil && r.order == nil {
		n, r.err = r.in.Read(p)
	}
	if i := bytes.IndexByte(p[:n], 0); i >= 0 {
		n = i
		r.err = errors.New("the text has a NUL character, as UTF-16 without a byte order mark " +
			"has: save it as UTF-8")
	}
	if n > 0 {
		return n, nil
	}
	return 0, r.err
}

// start reads and drops the mark.
func (r *reader) start() {
	marks := []string{ // none comes before a longer one that starts with it
		"\x00\x00\xFE\xFF", // UTF-32BE
		"\xFF\xFE\x00\x00", // UTF-32LE
		"\xEF\xBB\xBF",     // UTF-8
		"\xFE\xFF",         // UTF-16BE
		"\xFF\xFE",         // UTF-16LE
	}
	var head []byte
	undecided := func(mark string) bool {
		return len(head) < len(mark) && strings.HasPrefix(mark, string(head))
	}
	one := make([]byte, 1)
	for r.err == nil && slices.ContainsFunc(marks, undecided) {
		if _, r.err = io.ReadFull(r.in, one); r.err == nil {
			head = append(head, one[0])
		}
	}
	if r.err == io.EOF {
		r.err = nil // it follows head
	}
	mark := slices.IndexFunc(marks, func(mark string) bool {
		return strings.HasPrefix(string(head), mark)
	})
	switch mark {
	case 0, 1:
		r.err = errors.New("the text is UTF-32, which is not supported: save it as UTF-8")
	case 3:
		r.order = binary.BigEndian
	case 4:
		r.order = binary.LittleEndian
	}
	if mark >= 0 {
		head = head[len(marks[mark]):]
	}
	r.in = io.MultiReader(bytes.NewReader(head), r.in)
}

// readRune reads a character of UTF-16.
func (r *reader) readRune() {
	c := r.readUnit()
	if utf16.IsSurrogate(c) && r.err == nil {
		c = utf16.DecodeRune(c, r.readUnit())
		if r.err == io.EOF || r.err == nil && c == utf8.RuneError {
			r.err = errUTF16
		}
	}
	if r.err == nil {
		r.ready = utf8.AppendRune(r.ready, c)
	}
}

var errUTF16 = errors.New("the text has the byte order mark of UTF-16, but half a character in " +
	"it: save it as UTF-8")

func (r *reader) readUnit() rune {
	var unit [2]byte
	if _, r.err = io.ReadFull(r.in, unit[:]); r.err == io.ErrUnexpectedEOF {
		r.err = errUTF16
	}
	return rune(r.order.Uint16(unit[:]))
}
