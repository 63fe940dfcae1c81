package sigv4check

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// read takes the request from net/http. It fails if the query has an invalid escape.
func (c *check) read(r *http.Request) (err error) {
	c.method = r.Method
	path, query := r.URL.EscapedPath(), r.URL.RawQuery
	if strings.HasPrefix(r.RequestURI, "/") {
		// These are the bytes that were sent. net/url may have normalized its copy.
		path, query, _ = strings.Cut(r.RequestURI, "?")
	}
	c.path = path
	c.headers = map[string][]string{"host": {r.Host}}
	if r.ContentLength >= 0 {
		c.headers["content-length"] = []string{strconv.FormatInt(r.ContentLength, 10)}
	}
	for name, values := range r.Header {
		if name = strings.ToLower(name); name != "host" && name != "content-length" {
			c.headers[name] = append(c.headers[name], values...)
		}
	}
	for text := range strings.SplitSeq(query, "&") {
		if text == "" {
			continue
		}
		// A "+" is not a space: Signature Version 4 encodes a space as %20.
		var p pair
		name, value, _ := strings.Cut(text, "=")
		if p.name, err = url.PathUnescape(name); err == nil {
			p.value, err = url.PathUnescape(value)
		}
		if err != nil {
			return err
		}
		c.query = append(c.query, p)
	}
	return nil
}

func (c *check) header(name string) string {
	if values := c.headers[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// param returns the first value of a query parameter.
func (c *check) param(name string) (value string, ok bool) {
	for _, p := range c.query {
		if p.name == name {
			return p.value, true
		}
	}
	return "", false
}

// claimsSignature reports whether the request claims to be signed in any way.
func (c *check) claimsSignature() bool {
	names := []string{"X-Amz-Signature", "X-Amz-Algorithm", "X-Amz-Credential"}
	return c.headers["authorization"] != nil || slices.ContainsFunc(c.query, func(p pair) bool {
		return slices.Contains(names, p.name)
	})
}

// parse reads the Authorization header, or the query of a presigned URL.
func (c *check) parse() *Refusal {
	authorization := c.headers["authorization"]
	c.presigned = authorization == nil
	c.amzDate = c.header("x-amz-date")
	c.token = c.header("x-amz-security-token")
	fields := make(map[string]string)
	read := c.parseHeader
	if c.presigned {
		read = c.parseQuery
	}
	_, algorithmInQuery := c.param("X-Amz-Algorithm")
	_, signatureInQuery := c.param("X-Amz-Signature")
	if len(authorization) > 1 || !c.presigned && (algorithmInQuery || signatureInQuery) {
		return c.refuse(
			Refuse(400, "InvalidArgument", "Only one auth mechanism allowed"),
			Refuse(400, "IncompleteSignature", "Only one way to authenticate is allowed"))
	}
	if refusal := read(fields); refusal != nil {
		return refusal
	}
	if fields["Algorithm"] != algorithm {
		return c.refuse(
			Refuse(400, "InvalidRequest", "The authorization mechanism you have provided "+
				"is not supported. Please use AWS4-HMAC-SHA256."),
			Refuse(400, "IncompleteSignature",
				"The request signature does not conform to AWS standards."))
	}
	credential := strings.Split(fields["Credential"], "/")
	if len(credential) != 5 {
		return c.malformed("the Credential is mal-formed; " +
			`expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`)
	}
	c.accessKeyID = credential[0]
	c.scope = credential[1:]
	c.signed = strings.Split(fields["SignedHeaders"], ";")
	c.signature = fields["Signature"]
	var err error
	c.time, err = time.Parse(basicFormat, c.amzDate)
	if err != nil || len(c.amzDate) != len(basicFormat) {
		return c.refuse(
			Refuse(403, "AccessDenied",
				"AWS authentication requires a valid Date or x-amz-date header"),
			Refuse(400, "IncompleteSignature", "Date must be in ISO-8601 'basic format'."))
	}
	return nil
}

// parseHeader reads the Authorization header.
func (c *check) parseHeader(fields map[string]string) *Refusal {
	var rest string
	fields["Algorithm"], rest, _ = strings.Cut(c.header("authorization"), " ")
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.Trim(part, " "), "=")
		known := slices.Contains([]string{"Credential", "SignedHeaders", "Signature"}, name)
		if _, duplicate := fields[name]; duplicate || !known {
			return c.malformed("the authorization header requires three components: " +
				"Credential, SignedHeaders, and Signature.")
		}
		fields[name] = value
	}
	if c.amzDate == "" {
		if t, err := http.ParseTime(c.header("date")); err == nil {
			c.amzDate = t.UTC().Format(basicFormat)
		}
	}
	return nil
}

// parseQuery reads the query of a presigned URL.
func (c *check) parseQuery(fields map[string]string) *Refusal {
	required := "Algorithm Credential Date Expires SignedHeaders Signature"
	for name := range strings.FieldsSeq(required) {
		if fields[name], _ = c.param("X-Amz-" + name); fields[name] == "" {
			return c.malformed(
				"Query-string authentication version 4 requires the X-Amz-%s parameter.", name)
		}
	}
	c.amzDate = fields["Date"]
	c.token, _ = c.param("X-Amz-Security-Token")
	seconds, err := strconv.ParseUint(fields["Expires"], 10, 31)
	c.expires = time.Duration(seconds) * time.Second
	if err != nil || seconds == 0 || c.expires > maxExpires {
		return c.malformed("X-Amz-Expires must be a number from 1 to 604800 (seconds)")
	}
	return nil
}
