package xmlscan

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

var documents = []string{
	"<a/>", "<a></a>", "<a>b</a>", " <a> <b>c</b> d<e f='g'/> </a>\n", "<?xml version='1.0' encoding='UTF-8'?><a xmlns='u'><x:b xmlns:x='v'>&lt;&#65;&quot;</x:b></a><!-- c -->",
	"<a><![CDATA[<b>]]>c<!-- d -->e<?f g?>h\r\ni</a>", "<a>é\u2028\U0001f600</a>", "<a>]]</a>", "<a>" + strings.Repeat("b", 100) + "&amp;</a>",
	"", "a", "<a>", "<a", "</a>", "<a></b>", "<a/><b/>", "<a/>b", "<a>]]></a>", "<a>&b;</a>", "<a>\x00</a>", "<a>\xff</a>", "<a b=c/>", "<a b='<'/>", "<!-- -- --><a/>", "<?xml version='2.0'?><a/>", "<a:b:c/>",
	"<a>12345678&lt;</a>", "<a>1234567<b/></a>", "<a>1234567\x01</a>", "<a>1234567\x7f\xc3\xa9</a>",
}

// read writes down what a Scanner finds: names, and the texts before, between and behind.
func read(body []byte) (string, error) {
	var found strings.Builder
	s := Scanner{Body: body}
	var inside func(name []byte)
	inside = func(name []byte) {
		fmt.Fprintf(&found, "<%s", name)
		for {
			text, name, end := s.next()
			fmt.Fprintf(&found, "%q", text)
			if end {
				break
			}
			if name != nil {
				inside(name)
			}
		}
		found.WriteString(">")
	}
	if name := s.Root(); name != nil {
		inside(name)
	}
	s.End()
	return strings.ReplaceAll(strings.ReplaceAll(found.String(), `""`, ""), `""`, ""), s.Err
}

// readXML is read by way of encoding/xml, which refuses less: declarations, names that are not ASCII, deep nesting.
func readXML(body []byte) (string, error) {
	var found strings.Builder
	d := xml.NewDecoder(bytes.NewReader(body))
	depth, roots := 0, 0
	ascii := func(n xml.Name) bool {
		return strings.IndexFunc(n.Space+n.Local, func(r rune) bool { return r >= 0x80 }) < 0
	}
	for {
		t, err := d.RawToken()
		if err == io.EOF && depth == 0 && roots == 1 {
			return found.String(), nil
		}
		if err != nil {
			return "", err
		}
		ok := true
		switch t := t.(type) {
		case xml.StartElement:
			if depth++; depth == 1 {
				roots++
			}
			ok = depth <= MaxDepth && roots == 1 && ascii(t.Name)
			for _, a := range t.Attr {
				ok = ok && ascii(a.Name)
			}
			fmt.Fprintf(&found, "<%s", t.Name.Local)
		case xml.EndElement:
			depth--
			found.WriteString(">")
		case xml.CharData:
			if depth > 0 {
				fmt.Fprintf(&found, "%q", []byte(t))
			} else {
				ok = len(bytes.TrimSpace(t)) == 0
			}
		case xml.ProcInst:
			ok = ascii(xml.Name{Local: t.Target})
		case xml.Directive:
			ok = false
		}
		if !ok {
			return "", errors.New("refused")
		}
	}
}

// balanced reports whether end tags have the names of their start tags, which RawToken does not look at.
func balanced(body []byte) bool {
	d := xml.NewDecoder(bytes.NewReader(body))
	var open []xml.Name
	for {
		switch t, _ := d.RawToken(); t := t.(type) {
		case nil:
			return len(open) == 0
		case xml.StartElement:
			open = append(open, t.Name)
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != t.Name {
				return false
			}
			open = open[:len(open)-1]
		}
	}
}

// What the scanner reads is what encoding/xml reads, in whatever pieces both find the texts.
func FuzzScanner(f *testing.F) {
	for _, body := range documents {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := read(body)
		want, wantErr := readXML(body)
		if wantErr == nil && !balanced(body) {
			wantErr = errors.New("not balanced")
		}
		if (err == nil) != (wantErr == nil) || err == nil && strings.ReplaceAll(got, `""`, "") != strings.ReplaceAll(want, `""`, "") {
			t.Errorf("%q: %s, %v; want %s, %v", body, got, err, want, wantErr)
		}
	})
}

func TestTexts(t *testing.T) {
	for _, test := range []struct{ body, want, err string }{
		{"<a><b>1</b><c><d>2</d><e><d>3</d></e></c></a>", "1 2", ""},
		{"<a><c><d>2</d></c><b>1</b><b>4</b><d>5</d><b><c/></b></a>", " 2", ""},
		{"<x:a xmlns:x='u'><x:c/><x:b>&lt;</x:b></x:a>", "< ", ""},
		{"<a/>", " ", ""},
		{"<b><c><d>2</d></c></b>", "", "another document"},
		{"<a><b>1</b></a><a/>", "", "goes on"},
		{"<a><b>1</b>", "", "unexpected EOF, at byte 11"},
		{"", "", "unexpected EOF, at byte 0"},
		{strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100), "", "more than 64"},
	} {
		var b, d string
		err := Texts([]byte(test.body), "a", map[string]*string{"b": &b, "c/d": &d})
		if test.err == "" && (err != nil || b+" "+d != test.want) || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
			t.Errorf("%s: %q, %q, %v; want %s%s", test.body, b, d, err, test.want, test.err)
		}
	}
	var b string
	if err := Texts([]byte("<any><b>1</b></any>"), "", map[string]*string{"b": &b}); err != nil || b != "1" {
		t.Errorf("%q, %v", b, err)
	}
}

// A document that comes in parts is read as if it were there at once; see Back.
func TestBack(t *testing.T) {
	const document = "<?xml version='1.0'?><a><b>1&amp;2</b> <c><b>é</b></c><b><![CDATA[3]]></b></a> "
	want := "b: 1&2, c: , b: 3, "
	for first := range document {
		s := Scanner{Body: []byte(document[:first])}
		grow := func(depth, at int) {
			s.Back(at, depth)
			s.Before, s.Body, s.At = int64(at), []byte(document[at:]), 0
		}
		whole := false
		if s.Root(); s.Err != nil {
			grow(0, 0)
			s.Root()
			whole = true
		}
		got := ""
		for {
			at := s.At
			name := s.Child()
			if name != nil {
				text := s.Text()
				if s.Err == nil {
					got += string(name) + ": " + string(text) + ", "
					continue
				}
			}
			if s.Err == nil || whole {
				break
			}
			grow(1, at)
			whole = true
		}
		if !whole {
			grow(0, s.At)
		}
		if s.End(); s.Err != nil || got != want {
			t.Fatalf("first %d bytes, then all: %s, %v", first, got, s.Err)
		}
	}
}
