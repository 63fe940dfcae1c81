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

// documents are the seeds of FuzzScanner.
var documents = []string{
	// Well-formed.
	"<a/>",
	"<a></a>",
	"<a>b</a>",
	" <a> <b>c</b> d<e f='g'/> </a>\n",
	"<?xml version='1.0' encoding='UTF-8'?><a xmlns='u'>" +
		"<x:b xmlns:x='v'>&lt;&#65;&quot;</x:b></a><!-- c -->",
	"<a><![CDATA[<b>]]>c<!-- d -->e<?f g?>h\r\ni</a>",
	"<a>é\u2028\U0001f600</a>",
	"<a>]]</a>",
	"<a>" + strings.Repeat("b", 100) + "&amp;</a>",

	// Malformed.
	"",
	"a",
	"<a>",
	"<a",
	"</a>",
	"<a></b>",
	"<a/><b/>",
	"<a/>b",
	"<a>]]></a>",
	"<a>&b;</a>",
	"<a>\x00</a>",
	"<a>\xff</a>",
	"<a b=c/>",
	"<a b='<'/>",
	"<!-- -- --><a/>",
	"<?xml version='2.0'?><a/>",
	"<a:b:c/>",

	// Texts whose first special byte is in each position of a word of eight bytes.
	"<a>12345678&lt;</a>",
	"<a>1234567<b/></a>",
	"<a>1234567\x01</a>",
	"<a>1234567\x7f\xc3\xa9</a>",
	"\uFEFF<a>b</a>",
	"\uFEFF\uFEFF<a>b</a>",
	" \uFEFF<a>b</a>",
}

// FuzzScanner compares a Scanner with encoding/xml: both accept the same documents, and find the
// same names and texts in them.
func FuzzScanner(f *testing.F) {
	for _, body := range documents {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := scan(body)
		want, wantErr := scanXML(body)
		if (err == nil) != (wantErr == nil) || err == nil && got != want {
			t.Errorf("Scanner on %q = %s, %v, want %s, %v", body, got, err, want, wantErr)
		}
	})
}

// scan returns the names and texts that a Scanner finds, in the form <name"text"<child...>"text">.
func scan(body []byte) (string, error) {
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
	return joinTexts(found.String()), s.Err
}

// joinTexts joins adjacent texts, because the two scanners may split them at different places.
func joinTexts(found string) string {
	for strings.Contains(found, `""`) {
		found = strings.ReplaceAll(found, `""`, "")
	}
	return found
}

// scanXML is scan with encoding/xml. It also refuses what a Scanner refuses and encoding/xml does
// not: declarations, names that are not ASCII, and deep nesting.
func scanXML(body []byte) (string, error) {
	var found strings.Builder
	body = bytes.TrimPrefix(body, []byte("\uFEFF")) // encoding/xml returns it as text
	d := xml.NewDecoder(bytes.NewReader(body))
	roots := 0
	var open []xml.Name // RawToken does not compare end tags with start tags
	ascii := func(n xml.Name) bool {
		return strings.IndexFunc(n.Space+n.Local, func(r rune) bool { return r >= 0x80 }) < 0
	}
	for {
		t, err := d.RawToken()
		if err == io.EOF && len(open) == 0 && roots == 1 {
			return joinTexts(found.String()), nil
		}
		if err != nil {
			return "", err
		}
		ok := true
		switch t := t.(type) {
		case xml.StartElement:
			if len(open) == 0 {
				roots++
			}
			open = append(open, t.Name)
			ok = len(open) <= MaxDepth && roots == 1 && ascii(t.Name)
			for _, a := range t.Attr {
				ok = ok && ascii(a.Name)
			}
			fmt.Fprintf(&found, "<%s", t.Name.Local)
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != t.Name {
				return "", errors.New("unexpected end tag")
			}
			open = open[:len(open)-1]
			found.WriteString(">")
		case xml.CharData:
			if len(open) > 0 {
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

func TestTexts(t *testing.T) {
	for _, test := range []struct{ name, body, want, err string }{
		{
			name: "at two levels",
			body: "<a><b>1</b><c><d>2</d><e><d>3</d></e></c></a>",
			want: "1 2",
		},
		{
			name: "without its children",
			body: "<a><c><d>2</d></c><b>1<d>3</d></b><d>5</d><d>6</d></a>",
			want: "1 2",
		},
		{
			name: "more than one",
			body: "<a><c><d>2</d></c><b>1</b><b>4</b></a>",
			err:  "more than one b",
		},
		{
			name: "more than one, below two parents",
			body: "<a><c><d>2</d></c><b>1</b><c><d/></c></a>",
			err:  "more than one c",
		},
		{
			name: "below the second of two parents",
			body: "<a><c/><b>1</b><c><d>2</d></c></a>",
			err:  "more than one c",
		},
		{
			name: "namespace prefix, reference, empty element",
			body: "<x:a xmlns:x='u'><x:c/><x:b>&lt;</x:b></x:a>",
			want: "< ",
		},
		{
			name: "both missing",
			body: "<a/>",
			want: " ",
		},
		{
			name: "another root",
			body: "<b><c><d>2</d></c></b>",
			err:  "not an XML document of type a",
		},
		{
			name: "two roots",
			body: "<a><b>1</b></a><a/>",
			err:  "continues after the end",
		},
		{
			name: "incomplete",
			body: "<a><b>1</b>",
			err:  "unexpected EOF at byte 11",
		},
		{
			name: "empty document",
			body: "",
			err:  "unexpected EOF at byte 0",
		},
		{
			name: "deep",
			body: strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100),
			err:  "more than 64 nested elements",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b, d string
			err := Texts([]byte(test.body), "a", map[string]*string{"b": &b, "c/d": &d})
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("Texts(%s) = %v, want an error with %q", test.body, err, test.err)
				}
				return
			}
			if got := b + " " + d; err != nil || got != test.want {
				t.Errorf("Texts(%s) = %q, %v, want %q", test.body, got, err, test.want)
			}
		})
	}
	var b string
	err := Texts([]byte("<any><b>1</b></any>"), "", map[string]*string{"b": &b})
	if err != nil || b != "1" {
		t.Errorf(`Texts for any root = %q, %v, want "1"`, b, err)
	}
}

// TestRewind reads a document whose first part is in memory at first, and the rest after the first
// error. The result must not depend on the length of the first part.
func TestRewind(t *testing.T) {
	const document = "<?xml version='1.0'?>" +
		"<a><b>1&amp;2</b> <c><b>é</b></c><b><![CDATA[3]]></b></a> "
	const want = "b: 1&2, c: , b: 3, "
	for first := range document {
		s := Scanner{Body: []byte(document[:first])}
		grow := func(depth, at int) {
			s.Rewind(at, depth)
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
			t.Fatalf("first %d bytes, then all = %s, %v, want %s", first, got, s.Err, want)
		}
	}
}
