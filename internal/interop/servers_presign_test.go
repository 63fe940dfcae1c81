package interop

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/sigv4"
)

// MinIO and versitygw accept requests that sigv4 signs, in headers and in URLs, and refuse them if
// they were changed in transit. gofakes3 does not check signatures.

// signedBody is the body of uploads.
const signedBody = "the body, 20 bytes.\n"

// presigned returns a request for the URL that Presign returns, with the headers that Presign
// signs.
func (s store) presigned(t *testing.T, method, target, body string, header http.Header,
	at time.Time, expires time.Duration) *http.Request {
	t.Helper()
	request := s.request(t, method, target, body, header)
	signer := &sigv4.Signer{Region: region, Service: "s3"}
	signedURL, err := signer.Presign(request, s.root, expires, at)
	if err != nil {
		t.Fatal(err)
	}
	signed := s.request(t, method, strings.TrimPrefix(signedURL, s.endpoint), body, header)
	if signed.URL.String() != signedURL {
		t.Fatalf("the URL in the request is %s, want %s", signed.URL, signedURL)
	}
	return signed
}

// signed returns a request with a signature by Sign in its headers.
func (s store) signed(t *testing.T, method, target, body string, header http.Header, at time.Time,
	_ time.Duration) *http.Request {
	t.Helper()
	request := s.request(t, method, target, body, header)
	request.Header.Del("X-Amz-Content-Sha256") // Sign sets it
	signer := &sigv4.Signer{Region: region, Service: "s3"}
	if err := signer.Sign(request, s.root, "", at); err != nil {
		t.Fatal(err)
	}
	return request
}

// request returns an unsigned request.
func (s store) request(t *testing.T, method, target, body string,
	header http.Header) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.endpoint+target,
		strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header.Clone()
	return request
}

// sendSigned sends a signed request unchanged, and returns the status, the body and the header of
// the response. It does not follow redirects.
func sendSigned(t *testing.T, request *http.Request) (int, string, http.Header) {
	t.Helper()
	client := &http.Client{
		Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(data), response.Header
}

// checksum is the header that fixes the body of an upload whose payload is not signed, such as that
// of a presigned URL.
const checksum = "X-Amz-Checksum-Sha256"

// uploadHeader returns the headers of an upload, all of which are signed. hash names the header
// with the hash of the body.
func uploadHeader(hash string) http.Header {
	return http.Header{
		"Content-Type":    {"text/plain; charset=utf-8"},
		"X-Amz-Meta-Note": {"one  two"},
		hash:              {bodyHash(hash, signedBody)},
	}
}

// bodyHash returns the value of a header that holds the hash of a body.
func bodyHash(header, body string) string {
	sum := sha256.Sum256([]byte(body))
	if header == checksum {
		return base64.StdEncoding.EncodeToString(sum[:])
	}
	return hex.EncodeToString(sum[:])
}

// otherBody is the body that an attacker substitutes. It has the same length.
var otherBody = strings.ToUpper(signedBody)

// changes are changes to a signed upload by an attacker. The server must refuse each with one of
// the codes, which are separated by "|".
var changes = []struct {
	name, codes string
	change      func(t *testing.T, r *http.Request)
}{
	{"a byte of the path", "SignatureDoesNotMatch", func(t *testing.T, r *http.Request) {
		r.URL.Path, r.URL.RawPath = strings.Replace(r.URL.Path, "+", "-", 1),
			strings.Replace(r.URL.RawPath, "%2B", "-", 1)
	}},
	{"a parameter added", "SignatureDoesNotMatch", func(t *testing.T, r *http.Request) {
		r.URL.RawQuery += "&x-id=GetObject"
	}},
	{"a parameter changed", "SignatureDoesNotMatch", func(t *testing.T, r *http.Request) {
		r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "x-id=PutObject", "x-id=PutObjecu", 1)
	}},
	{"a parameter removed", "SignatureDoesNotMatch", func(t *testing.T, r *http.Request) {
		r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "x-id=PutObject", "", 1)
		r.URL.RawQuery = strings.TrimPrefix(r.URL.RawQuery, "&")
	}},
	{"a byte of a header", "SignatureDoesNotMatch", func(t *testing.T, r *http.Request) {
		r.Header.Set("X-Amz-Meta-Note", "one twp")
	}},
	{"a header removed", "SignatureDoesNotMatch|AccessDenied", func(t *testing.T, r *http.Request) {
		r.Header.Del("X-Amz-Meta-Note")
	}},
	{"the content type", "SignatureDoesNotMatch", func(t *testing.T, r *http.Request) {
		r.Header.Set("Content-Type", "text/html")
	}},
	{"a byte of the body", "XAmzContentSHA256Mismatch|XAmzContentChecksumMismatch|BadDigest",
		func(t *testing.T, r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader(otherBody))
		}},
	{"the body's hash", "SignatureDoesNotMatch|XAmzContentSHA256Mismatch",
		func(t *testing.T, r *http.Request) {
			rehash(r, otherBody)
		}},
	{"the body and its hash", "SignatureDoesNotMatch", func(t *testing.T, r *http.Request) {
		rehash(r, otherBody)
		r.Body = io.NopCloser(strings.NewReader(otherBody))
	}},
	{"the method", "SignatureDoesNotMatch", func(t *testing.T, r *http.Request) {
		r.Method, r.Body, r.ContentLength = http.MethodDelete, nil, 0
	}},
	{"the host", "SignatureDoesNotMatch", func(t *testing.T, r *http.Request) {
		r.Host = strings.Replace(r.URL.Host, "127.0.0.1", "localhost", 1)
	}},
	{"the signature", "SignatureDoesNotMatch", func(t *testing.T, r *http.Request) {
		if a := r.Header.Get("Authorization"); a != "" {
			r.Header.Set("Authorization", changeLast(a))
		} else {
			r.URL.RawQuery = changeLast(r.URL.RawQuery)
		}
	}},
	{"the date", "SignatureDoesNotMatch", func(t *testing.T, r *http.Request) {
		const layout = "20060102T150405Z"
		q := r.URL.Query()
		date := r.Header.Get("X-Amz-Date") + q.Get("X-Amz-Date")
		at, err := time.Parse(layout, date)
		if err != nil {
			t.Fatal(err)
		}
		later := at.Add(time.Second).Format(layout)
		if r.Header.Get("X-Amz-Date") != "" {
			r.Header.Set("X-Amz-Date", later)
		} else {
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "X-Amz-Date="+date,
				"X-Amz-Date="+later, 1)
		}
	}},
}

// rehash changes the hash in a request to that of another body.
func rehash(r *http.Request, body string) {
	for _, header := range []string{checksum, "X-Amz-Content-Sha256"} {
		if r.Header.Get(header) != "" {
			r.Header.Set(header, bodyHash(header, body))
		}
	}
}

// TestSignedObjects signs uploads and downloads with sigv4. The servers must accept them, and
// refuse them if they were changed or have expired.
func TestSignedObjects(t *testing.T) {
	for _, test := range stores {
		if test.name == "gofakes3" {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := test.start(t)
			status, code, err := s.do(s.client(t), http.MethodPut, "/signed", "")
			if err != nil || status != http.StatusOK {
				t.Fatalf("create bucket: %d %s, %v", status, code, err)
			}
			t.Run("header", func(t *testing.T) {
				s.checkObjects(t, "h", "X-Amz-Content-Sha256", s.signed, 20*time.Minute,
					"RequestTimeTooSkewed")
			})
			t.Run("presigned", func(t *testing.T) {
				s.checkObjects(t, "p", checksum, s.presigned, 2*time.Minute,
					"AccessDenied|ExpiredPresignRequest")
				t.Run("longer expiry", func(t *testing.T) {
					r := s.presigned(t, http.MethodGet, "/signed/p"+escapePath(xmlKeys[0]), "",
						http.Header{}, time.Now(), time.Minute)
					r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "X-Amz-Expires=60",
						"X-Amz-Expires=3600", 1)
					checkRefused(t, r, "SignatureDoesNotMatch")
				})
			})
		})
	}
}

// checkObjects uploads and downloads objects with requests that sign returns. hash names the header
// that protects the body of an upload. The server must refuse a request that was signed for a
// minute at the time expired ago, with one of expiredCodes.
func (s store) checkObjects(t *testing.T, prefix, hash string,
	sign func(t *testing.T, method, target, body string, header http.Header, at time.Time,
		expires time.Duration) *http.Request,
	expired time.Duration, expiredCodes string) {
	const disposition = `attachment; filename="a b+c.txt"`
	query := "?response-content-disposition=" +
		strings.ReplaceAll(url.QueryEscape(disposition), "+", "%20")
	for _, key := range xmlKeys {
		target := "/signed/" + prefix + escapePath(key)
		put := sign(t, http.MethodPut, target, signedBody, uploadHeader(hash), time.Now(),
			time.Minute)
		if status, text, _ := sendSigned(t, put); status != http.StatusOK {
			t.Errorf("PUT of %q = %d %s, want 200", key, status, text)
		}
		get := sign(t, http.MethodGet, target+query, "", http.Header{}, time.Now(), time.Minute)
		status, text, header := sendSigned(t, get)
		if status != http.StatusOK || text != signedBody {
			t.Errorf("GET of %q = %d %s, want 200 %s", key, status, text, signedBody)
		}
		if got := header.Get("Content-Disposition"); got != disposition {
			t.Errorf("GET of %q: Content-Disposition = %q, want %q", key, got, disposition)
		}
		if got, want := header.Get("Content-Type"), "text/plain; charset=utf-8"; got != want {
			t.Errorf("GET of %q: Content-Type = %q, want %q", key, got, want)
		}
	}
	for i, c := range changes {
		t.Run(c.name, func(t *testing.T) {
			target := "/signed/" + prefix + "a%2Bb%20" + strconv.Itoa(i)
			r := sign(t, http.MethodPut, target+"?x-id=PutObject", signedBody, uploadHeader(hash),
				time.Now(), time.Minute)
			c.change(t, r)
			checkRefused(t, r, c.codes)
			status, _, err := s.do(s.client(t), http.MethodGet, target, "")
			if err != nil || status != http.StatusNotFound {
				t.Errorf("GET after the refusal = %d, %v, want 404", status, err)
			}
		})
	}
	t.Run("expired", func(t *testing.T) {
		get := sign(t, http.MethodGet, "/signed/"+prefix+"plain", "", http.Header{},
			time.Now().Add(-expired), time.Minute)
		checkRefused(t, get, expiredCodes)
	})
}

// checkRefused sends a request that the server must refuse with one of the codes, which are
// separated by "|".
func checkRefused(t *testing.T, request *http.Request, codes string) {
	t.Helper()
	status, text, _ := sendSigned(t, request)
	found := slices.ContainsFunc(strings.Split(codes, "|"), func(code string) bool {
		return strings.Contains(text, "<Code>"+code+"</Code>")
	})
	if status < 400 || status >= 500 || !found {
		t.Errorf("response %d %s, want a client error with %s", status, text, codes)
	}
}
