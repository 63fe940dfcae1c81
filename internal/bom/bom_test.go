package bom

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
)

const (
	utf32Text = "the text is UTF-32, which is not supported: save it as UTF-8"
	nulText   = "the text has a NUL character, as UTF-16 without a byte order mark has: " +
		"save it as UTF-8"
)

func TestDecode(t *testing.T) {
	const half = "\xFF\xFEa\x00\x3D\xD8" // a high surrogate at the end
	for _, test := range []struct{ name, data, want, err string }{
		{"empty", "", "", ""},
		{"ASCII", "secret\r\n", "secret\r\n", ""},
		{"UTF-8", "paß😀\uFEFF", "paß😀\uFEFF", ""},
		{"not UTF-8", "p\xE4ss\xFF\xFE", "p\xE4ss\xFF\xFE", ""},
		{"UTF-8 mark", "\xEF\xBB\xBFsecret", "secret", ""},
		{"UTF-8 mark alone", "\xEF\xBB\xBF", "", ""},
		{"two marks", "\xEF\xBB\xBF\xEF\xBB\xBFx", "\uFEFFx", ""},
		{"half of a UTF-8 mark", "\xEF\xBB", "\xEF\xBB", ""},
		{"like a UTF-8 mark", "\xEF\xBB\xBDx", "\xEF\xBB\xBDx", ""},
		{"half of a UTF-16 mark", "\xFF", "\xFF", ""},
		{"like a UTF-16 mark", "\xFE\xFEx", "\xFE\xFEx", ""},
		{"UTF-16LE", "\xFF\xFEa\x00\xE9\x00\xAC\x20\x3D\xD8\x00\xDE", "aé€😀", ""},
		{"UTF-16BE", "\xFE\xFF\x00a\x00\xE9\x20\xAC\xD8\x3D\xDE\x00", "aé€😀", ""},
		{"UTF-16LE mark alone", "\xFF\xFE", "", ""},
		{"UTF-16BE mark alone", "\xFE\xFF", "", ""},
		{"one character", "\xFF\xFEa\x00", "a", ""},
		{"U+FFFD", "\xFF\xFE\xFD\xFF", "\uFFFD", ""},
		{"odd length", "\xFF\xFEa\x00b", "", errUTF16.Error()},
		{"odd length, mark and a byte", "\xFE\xFFa", "", errUTF16.Error()},
		{"high surrogate at the end", half, "", errUTF16.Error()},
		{"high surrogate and a byte", half + "\x00", "", errUTF16.Error()},
		{"high surrogate and another character", half + "b\x00", "", errUTF16.Error()},
		{"two high surrogates", half + "\x3D\xD8", "", errUTF16.Error()},
		{"low surrogate", "\xFE\xFF\xDE\x00\x00a", "", errUTF16.Error()},
		{"UTF-32LE", "\xFF\xFE\x00\x00a\x00\x00\x00", "", utf32Text},
		{"UTF-32BE", "\x00\x00\xFE\xFF\x00\x00\x00a", "", utf32Text},
		{"UTF-16LE without a mark", "a\x00b\x00", "", nulText},
		{"UTF-16BE without a mark", "\x00a\x00b", "", nulText},
		{"UTF-16 without a mark, not ASCII", "\xAC\x20\x0A\x00", "", nulText},
		{"NUL at the end", "secret\x00", "", nulText},
		{"NUL in UTF-16", "\xFF\xFEa\x00\x00\x00b\x00", "", nulText},
		{"NUL after a UTF-8 mark", "\xEF\xBB\xBF\x00", "", nulText},
	} {
		check := func(how string, got []byte, err error) {
			t.Helper()
			problem := ""
			if err != nil {
				problem = err.Error()
			}
			if problem != test.err || err == nil && string(got) != test.want {
				t.Errorf("%s: %s = %q, %q, want %q, %q", test.name, how, got, problem, test.want,
					test.err)
			}
		}
		got, err := Decode([]byte(test.data))
		check("Decode", got, err)
		if err != nil && got != nil {
			t.Errorf("%s: Decode returns both %q and an error", test.name, got)
		}
		for how, r := range map[string]io.Reader{
			"one byte":       iotest.OneByteReader(strings.NewReader(test.data)),
			"EOF with data":  iotest.DataErrReader(strings.NewReader(test.data)),
			"half the bytes": iotest.HalfReader(strings.NewReader(test.data)),
		} {
			got, err := io.ReadAll(NewReader(r))
			check("ReadAll, "+how, got, err)
			r = NewReader(iotest.OneByteReader(strings.NewReader(test.data)))
			got, err = io.ReadAll(iotest.OneByteReader(r))
			check("ReadAll by bytes", got, err)
		}
	}
}

// A password ends with its line: the reader must not wait for the next one.
func TestReaderDoesNotWait(t *testing.T) {
	for name, lines := range map[string][]string{
		"UTF-8":       {"a\n", "bc\n", "\n", "d\n"},
		"UTF-8 mark":  {"\xEF\xBB\xBFa\n", "bc\n", "\n", "d\n"},
		"UTF-16LE":    {"\xFF\xFEa\x00\n\x00", "b\x00c\x00\n\x00", "\n\x00", "d\x00\n\x00"},
		"UTF-16BE":    {"\xFE\xFF\x00a\x00\n", "\x00b\x00c\x00\n", "\x00\n", "\x00d\x00\n"},
		"no password": {"\n", "a\n"},
	} {
		for _, how := range []string{"by bytes", "by lines"} {
			in, out := io.Pipe() // a write returns only after everything was read
			r := NewReader(in)
			lineReader := bufio.NewReader(r)
			for _, line := range lines {
				written := make(chan error, 1)
				go func() {
					_, err := io.WriteString(out, line)
					written <- err
				}()
				var got []byte
				var err error
				if how == "by lines" {
					got, err = lineReader.ReadBytes('\n')
				}
				for one := make([]byte, 1); how == "by bytes" && err == nil &&
					!bytes.HasSuffix(got, []byte("\n")); {
					var n int
					n, err = r.Read(one)
					got = append(got, one[:n]...)
				}
				want := strings.NewReplacer("\xEF\xBB\xBF", "", "\xFF\xFE", "", "\xFE\xFF", "",
					"\x00", "").Replace(line)
				if err != nil || string(got) != want {
					t.Errorf("%s %s: line %q, %v, want %q", name, how, got, err, want)
				}
				if err := <-written; err != nil {
					t.Errorf("%s %s: WriteString: %v", name, how, err)
				}
			}
			in.Close()
		}
	}
}

func TestReaderKeepsErrors(t *testing.T) {
	broken := errors.New("broken pipe")
	for _, head := range []string{"", "\xEF", "abc", "\xFF\xFEa\x00", "\xFF\xFEa\x00b",
		"\xFF\xFE\x3D\xD8"} {
		r := NewReader(io.MultiReader(strings.NewReader(head), iotest.ErrReader(broken)))
		if _, err := io.ReadAll(r); err != broken {
			t.Errorf("ReadAll after %q: %v, want %v", head, err, broken)
		}
		if n, err := r.Read(make([]byte, 9)); n != 0 || err == nil {
			t.Errorf("Read after the error: %d, %v", n, err)
		}
	}
	r := NewReader(strings.NewReader("\xFE\xFF\x00a"))
	if n, err := r.Read(nil); n != 0 || err != nil {
		t.Errorf("Read(nil) = %d, %v", n, err)
	}
}

// FuzzDecode: text in UTF-16 is decoded as package utf16 does, and all other text is unchanged.
func FuzzDecode(f *testing.F) {
	f.Add("", []byte("{}"))
	f.Add("\xFF\xFE", []byte("{\x00\"\x00a\x00\"\x00:\x003\xD8\x00\xDE}\x00"))
	f.Add("\xFE\xFF", []byte("\x00{\xD8\x3D\xDE\x00\x00}"))
	f.Add("\xEF\xBB\xBF", []byte("paß"))
	f.Fuzz(func(t *testing.T, mark string, text []byte) {
		got, err := Decode(append([]byte(mark), text...))
		if err != nil || mark != "\xFF\xFE" && mark != "\xFE\xFF" {
			if mark == "\xEF\xBB\xBF" && err == nil && !bytes.Equal(got, text) {
				t.Fatalf("Decode = %q, want %q", got, text)
			}
			return
		}
		var units []uint16
		for i := 0; i+1 < len(text); i += 2 {
			a, b := uint16(text[i]), uint16(text[i+1])
			if mark == "\xFF\xFE" {
				a, b = b, a
			}
			units = append(units, a<<8|b)
		}
		if want := string(utf16.Decode(units)); string(got) != want || len(text)%2 != 0 {
			t.Fatalf("Decode = %q, want %q", got, want)
		}
	})
}
