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

// MinIO and versitygw take what sigv4 signs, in headers and in URLs, and refuse it when a byte of
// it was changed on the way. (gofakes3 checks no signature.)

// signedBody is what is uploaded.
const signedBody = "the body, 20 bytes.\n"

// presigned makes a request for a bucket's key from a URL that Presign returns, with the headers
// that it signs.
func (s store) presigned(t *testing.T, method, target, body string, header http.Header,
	at time.Time, expires time.Duration) *http.Request {
	t.Helper()
	request := s.request(t, method, target, body, header)
	signer := &sigv4.Signer{Region: region, Service: "s3"}
	signedURL, err := signer.Presign(request, s.root, expires, at)
	if err != nil {
		t.Fatal(err)
	}
	made := s.request(t, method, strings.TrimPrefix(signedURL, s.endpoint), body, header)
	if made.URL.String() != signedURL {
		t.Fatalf("net/http would send %s, not %s", made.URL, signedURL)
	}
	return made
}

// signed makes a request that Sign has signed.
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

func (s store) request(t *testing.T, method, target, body string,
	header http.Header) *http.Request {
	t.Helper()
	request,
		err := http.NewRequestWithContext(t.Context(), method, s.endpoint+target,
		strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header.Clone()
	return request
}

// answer sends a request as it is and returns the status and the body of the answer.
func answer(t *testing.T, request *http.Request) (int, string, http.Header) {
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

// checksum is the header that allows one body only where the payload is unsigned, as in a presigned
// URL.
const checksum = "X-Amz-Checksum-Sha256"

// uploadHeader is what an upload has signed besides the host.
func uploadHeader(hash string) http.Header {
	return http.Header{
		"Content-Type":    {"text/plain; charset=utf-8"},
		"X-Amz-Meta-Note": {"one  two"},
		hash:              {bodyHash(hash, signedBody)},
	}
}

// bodyHash is the value of a header that holds a hash of the body.
func bodyHash(header, body string) string {
	sum := sha256.Sum256([]byte(body))
	if header == checksum {
		return base64.StdEncoding.EncodeToString(sum[:])
	}
	return hex.EncodeToString(sum[:])
}

// otherBody is what somebody uploads instead, of the same length.
var otherBody = strings.ToUpper(signedBody)

// changes are what somebody may change about a signed upload. Each is refused with one of the
// codes, which are separated by "|".
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
	{"another content type", "SignatureDoesNotMatch", func(t *testing.T, r *http.Request) {
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
	{"a second later", "SignatureDoesNotMatch", func(t *testing.T, r *http.Request) {
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
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "X-Amz-Date="+date, "X-Amz-Date="+
				later, 1)
		}
	}},
}

// rehash sets the hash of another body.
func rehash(r *http.Request, body string) {
	for _, header := range []string{checksum, "X-Amz-Content-Sha256"} {
		if r.Header.Get(header) != "" {
			r.Header.Set(header, bodyHash(header, body))
		}
	}
}

// TestSignedObjects: uploads and downloads that sigv4 signed are accepted, and refused once they
// are changed.
func TestSignedObjects(t *testing.T) {
	for _, test := range stores {
		if test.name == "gofakes3" {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := test.start(t)
			if status, code, err := s.do(s.client(t), http.MethodPut, "/signed", ""); err != nil ||
				status != http.StatusOK {
				t.Fatalf("make bucket: %d %s, %v", status, code, err)
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
					demand(t, r, "SignatureDoesNotMatch")
				})
			})
		})
	}
}

// checkObjects uploads and downloads with signed requests. hash is the header that protects an
// upload's body. A request for a minute that sign made as long ago as expired must be refused.
func (s store) checkObjects(t *testing.T, prefix, hash string,
	sign func(t *testing.T, method, target, body string, header http.Header, at time.Time,
		expires time.Duration) *http.Request,
	expired time.Duration, expiredCodes string) {
	for _, key := range xmlKeys {
		target := "/signed/" + prefix + escapePath(key)
		if status, text, _ := answer(t,
			sign(t, http.MethodPut, target, signedBody, uploadHeader(hash), time.Now(),
				time.Minute)); status != http.StatusOK {
			t.Errorf("put %q: %d %s", key, status, text)
		}
		query := "?response-content-disposition=" +
			url.QueryEscape(`attachment; filename="a b+c.txt"`)
		status, text,
			header := answer(t,
			sign(t, http.MethodGet, target+strings.ReplaceAll(query, "+", "%20"), "", http.Header{},
				time.Now(), time.Minute))
		if status != http.StatusOK || text != signedBody {
			t.Errorf("get %q: %d %s", key, status, text)
		}
		if got, want := header.Get(
			"Content-Disposition",
		), `attachment; filename="a b+c.txt"`; got != want {
			t.Errorf("get %q: Content-Disposition %q, want %q", key, got, want)
		}
		if got, want := header.Get("Content-Type"), "text/plain; charset=utf-8"; got != want {
			t.Errorf("get %q: Content-Type %q, want %q", key, got, want)
		}
	}
	for i, c := range changes {
		t.Run(c.name, func(t *testing.T) {
			target := "/signed/" + prefix + "a%2Bb%20" + strconv.Itoa(i)
			r := sign(t, http.MethodPut, target+"?x-id=PutObject", signedBody, uploadHeader(hash),
				time.Now(), time.Minute)
			c.change(t, r)
			demand(t, r, c.codes)
			if status, _, err := s.do(s.client(t), http.MethodGet, target, ""); err != nil ||
				status != http.StatusNotFound {
				t.Errorf("after the refusal: status %d, %v; want none such", status, err)
			}
		})
	}
	t.Run("expired", func(t *testing.T) {
		demand(t,
			sign(t, http.MethodGet, "/signed/"+prefix+"plain", "", http.Header{},
				time.Now().Add(-expired), time.Minute), expiredCodes)
	})
}

// demand sends a request that the server has to refuse with one of the codes, which are separated
// by "|".
func demand(t *testing.T, request *http.Request, codes string) {
	t.Helper()
	status, text, _ := answer(t, request)
	found := slices.ContainsFunc(strings.Split(codes, "|"), func(code string) bool {
		return strings.Contains(text, "<Code>"+code+"</Code>")
	})
	if status < 400 || status >= 500 || !found {
		t.Errorf("%d %s, want a refusal with %s", status, text, codes)
	}
}
