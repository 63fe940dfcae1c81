package cognitotest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// arrival is a request as it came over the wire.
type arrival struct {
	method, path, query string              // path and query as sent, still escaped
	headers             map[string][]string // by lower-case name, with host and content-length
	params              []param             // of the query, in the order sent
	body                []byte
}

// param is a parameter of a query, or a header, decoded.
type param struct{ name, value string }

// newArrival reads r as net/http handed it over. The error is that of an escape in the query that is none.
func newArrival(r *http.Request, body []byte) (*arrival, error) {
	a := &arrival{method: r.Method, path: r.URL.EscapedPath(), query: r.URL.RawQuery, body: body}
	if strings.HasPrefix(r.RequestURI, "/") { // the bytes themselves, which net/url may have tidied up
		a.path, a.query, _ = strings.Cut(r.RequestURI, "?")
	}
	if a.path == "" {
		a.path = "/"
	}
	a.headers = map[string][]string{"host": {r.Host}}
	if r.ContentLength >= 0 {
		a.headers["content-length"] = []string{strconv.FormatInt(r.ContentLength, 10)}
	}
	for name, values := range r.Header {
		if name = strings.ToLower(name); name != "host" && name != "content-length" {
			a.headers[name] = append(a.headers[name], values...)
		}
	}
	var err error
	a.params, err = parseQuery(a.query)
	return a, err
}

func (a *arrival) header(name string) string {
	if values := a.headers[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

func (a *arrival) param(name string) string {
	for _, p := range a.params {
		if p.name == name {
			return p.value
		}
	}
	return ""
}

func (a *arrival) has(name string) bool {
	return slices.ContainsFunc(a.params, func(p param) bool { return p.name == name })
}

// signed reports whether the request claims to be signed, in whatever way; if not it is an anonymous one.
func (a *arrival) signed() bool {
	return a.headers["authorization"] != nil || a.has("X-Amz-Signature") || a.has("X-Amz-Algorithm") || a.has("X-Amz-Credential")
}

// signature is what a request says about how it was signed.
type signature struct {
	query                               bool // in the query: a presigned URL
	accessKeyID, date, region, service  string
	terminal, amzDate, token, signature string
	headers                             []string // SignedHeaders
	time                                time.Time
	expires                             time.Duration // of a presigned URL, from time on
}

func (s *signature) scope() string {
	return s.date + "/" + s.region + "/" + s.service + "/" + s.terminal
}

// parse reads the Authorization header, or the query of a presigned URL.
func (v *verifier) parse(a *arrival) (*signature, *refusal) {
	fields := make(map[string]string)
	auth := a.headers["authorization"]
	sig := &signature{query: auth == nil, amzDate: a.header("x-amz-date"), token: a.header("x-amz-security-token")}
	switch {
	case len(auth) > 1 || auth != nil && (a.has("X-Amz-Algorithm") || a.has("X-Amz-Signature")):
		return nil, v.refuse(
			refusal{status: 400, code: "InvalidArgument", message: "Only one auth mechanism allowed"},
			refusal{status: 400, code: "IncompleteSignature", message: "Only one way to authenticate is allowed"})
	case sig.query:
		for _, name := range []string{"Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"} {
			if fields[name] = a.param("X-Amz-" + name); fields[name] == "" {
				return nil, v.incomplete(true, "Query-string authentication version 4 requires the X-Amz-%s parameter.", name)
			}
		}
		sig.amzDate, sig.token = fields["Date"], a.param("X-Amz-Security-Token")
		seconds, err := strconv.ParseUint(fields["Expires"], 10, 31)
		if sig.expires = time.Duration(seconds) * time.Second; err != nil || seconds == 0 || sig.expires > maxExpires {
			return nil, v.incomplete(true, "X-Amz-Expires must be a number from 1 to 604800 (seconds)")
		}
	default:
		var rest string
		fields["Algorithm"], rest, _ = strings.Cut(auth[0], " ")
		for part := range strings.SplitSeq(rest, ",") {
			name, value, _ := strings.Cut(strings.Trim(part, " "), "=")
			if _, again := fields[name]; again || !slices.Contains([]string{"Credential", "SignedHeaders", "Signature"}, name) {
				return nil, v.incomplete(false, "the authorization header requires three components: Credential, SignedHeaders, and Signature.")
			}
			fields[name] = value
		}
		if sig.amzDate == "" {
			if t, err := http.ParseTime(a.header("date")); err == nil {
				sig.amzDate = t.UTC().Format(basicFormat)
			}
		}
	}
	if fields["Algorithm"] != algorithm {
		return nil, v.refuse(
			refusal{status: 400, code: "InvalidRequest", message: "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."},
			refusal{status: 400, code: "IncompleteSignature", message: "The request signature does not conform to AWS standards."})
	}
	credential := strings.Split(fields["Credential"], "/")
	if len(credential) != 5 {
		return nil, v.incomplete(sig.query, `the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`)
	}
	sig.accessKeyID, sig.date, sig.region, sig.service, sig.terminal = credential[0], credential[1], credential[2], credential[3], credential[4]
	sig.headers, sig.signature = strings.Split(fields["SignedHeaders"], ";"), fields["Signature"]
	var err error
	if sig.time, err = time.Parse(basicFormat, sig.amzDate); err != nil || len(sig.amzDate) != len(basicFormat) {
		return nil, v.refuse(
			refusal{status: 403, code: "AccessDenied", message: "AWS authentication requires a valid Date or x-amz-date header"},
			refusal{status: 400, code: "IncompleteSignature", message: "Date must be in ISO-8601 'basic format'."})
	}
	return sig, v.checkScope(sig)
}

// canonicalRequest is the text whose hash is signed.
func (v *verifier) canonicalRequest(sig *signature, a *arrival, payload string) string {
	var headers strings.Builder
	for _, name := range sig.headers {
		values := a.headers[name]
		if values == nil {
			continue // signed but not sent: without its line the signature will not match
		}
		var trimmed []string
		for _, value := range values {
			words := strings.FieldsFunc(value, func(c rune) bool { return c == ' ' || c == '\t' })
			trimmed = append(trimmed, strings.Join(words, " "))
		}
		fmt.Fprintf(&headers, "%s:%s\n", name, strings.Join(trimmed, ","))
	}
	return strings.Join([]string{a.method, v.canonicalPath(a.path), canonicalQuery(a.params), headers.String(), strings.Join(sig.headers, ";"), payload}, "\n")
}

// canonicalPath is the path by the service's rule. S3: each segment percent-encoded once, nothing normalised, because
// "//" and ".." are good keys. All others: dot segments and empty ones removed, and what was sent encoded again.
func (v *verifier) canonicalPath(path string) string {
	var segments []string
	for segment := range strings.SplitSeq(path, "/") {
		if v.service == "s3" {
			if plain, err := url.PathUnescape(segment); err == nil {
				segment = plain
			}
			segments = append(segments, encode(segment))
			continue
		}
		switch segment {
		case "", ".":
		case "..":
			segments = segments[:max(len(segments)-1, 0)]
		default:
			segments = append(segments, encode(segment))
		}
	}
	if v.service == "s3" {
		return strings.Join(segments, "/")
	}
	if len(segments) > 0 && strings.HasSuffix(path, "/") {
		segments = append(segments, "")
	}
	return "/" + strings.Join(segments, "/")
}

// parseQuery splits a query as it was sent. A "+" stays one: Signature Version 4 knows %20 only.
func parseQuery(raw string) (params []param, err error) {
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		if name, err = url.PathUnescape(name); err == nil {
			value, err = url.PathUnescape(value)
		}
		if err != nil {
			return nil, err
		}
		params = append(params, param{name, value})
	}
	return params, nil
}

// canonicalQuery is the query without the signature, encoded, in the order of encoded names and then values.
func canonicalQuery(params []param) string {
	var encoded []string
	for _, p := range params {
		if p.name != "X-Amz-Signature" {
			encoded = append(encoded, encode(p.name)+" "+encode(p.value)) // a space is less than whatever is in them
		}
	}
	slices.Sort(encoded)
	return strings.ReplaceAll(strings.Join(encoded, "&"), " ", "=")
}

// encode is UriEncode: every byte but the unreserved characters of RFC 3986 as %XX.
func encode(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
