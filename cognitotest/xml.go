package cognitotest

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
)

const (
	s3Namespace  = "http://s3.amazonaws.com/doc/2006-03-01/"
	stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"
)

// document is an XML document that is being written. (encoding/xml would turn what XML cannot hold into U+FFFD; S3
// does not, see escape.)
type document struct {
	b    bytes.Buffer
	root string // of an answer of STS
}

func (d *document) open(name, namespace string) {
	if d.b.Len() == 0 {
		d.b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
	}
	d.b.WriteString("<" + name)
	if namespace != "" {
		d.b.WriteString(` xmlns="` + namespace + `"`)
	}
	d.b.WriteByte('>')
}

func (d *document) close(name string) { d.b.WriteString("</" + name + ">") }

func (d *document) text(text string) {
	for _, c := range text {
		switch {
		case c == '&':
			d.b.WriteString("&amp;")
		case c == '<':
			d.b.WriteString("&lt;")
		case c == '>':
			d.b.WriteString("&gt;")
		case c == '"':
			d.b.WriteString("&quot;")
		case c < ' ' || c == 0xFFFE || c == 0xFFFF:
			// Not allowed in XML 1.0 even so, but what S3 sends for a key with U+0001: the reason for encoding-type=url.
			fmt.Fprintf(&d.b, "&#x%x;", c)
		default:
			d.b.WriteRune(c)
		}
	}
}

func (d *document) element(name, text string) {
	d.open(name, "")
	d.text(text)
	d.close(name)
}

func (d *document) send(w http.ResponseWriter, status int, contentType string) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	w.Write(d.b.Bytes())
}

// encodeName is S3's encoding-type=url: that of an HTML form, but with "/" left alone.
func encodeName(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', strings.IndexByte("-_.*/", c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
