package cognitotest

import (
	"fmt"
	"net/http"
	"strings"
)

const (
	s3Namespace  = "http://s3.amazonaws.com/doc/2006-03-01/"
	stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"
)

// writeXML returns a function that writes a document.
func writeXML(w http.ResponseWriter, status int, contentType, root string) func() {
	return func() {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		w.Write([]byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + root))
	}
}

// element returns an XML element with the given content. The name may be followed by attributes.
func element(name string, content ...string) string {
	end, _, _ := strings.Cut(name, " ")
	return "<" + name + ">" + strings.Join(content, "") + "</" + end + ">"
}

// elements returns the elements of alternating names and texts.
func elements(namesAndTexts ...string) string {
	var b strings.Builder
	for i := 0; i < len(namesAndTexts); i += 2 {
		b.WriteString(element(namesAndTexts[i], escapeXML(namesAndTexts[i+1])))
	}
	return b.String()
}

// escapeXML escapes text as S3 does. XML 1.0 does not allow the reference &#x1;, but S3 sends it
// for a key with U+0001, which is the reason for encoding-type=url. encoding/xml would write
// U+FFFD.
func escapeXML(text string) string {
	var b strings.Builder
	for _, c := range text {
		switch {
		case c == '&':
			b.WriteString("&amp;")
		case c == '<':
			b.WriteString("&lt;")
		case c == '>':
			b.WriteString("&gt;")
		case c == '"':
			b.WriteString("&quot;")
		case c < ' ' || c == 0xFFFE || c == 0xFFFF:
			fmt.Fprintf(&b, "&#x%x;", c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// encodeName is S3's encoding-type=url: the encoding of an HTML form, except that "/" is kept.
func encodeName(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9',
			strings.IndexByte("-_.*/", c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
