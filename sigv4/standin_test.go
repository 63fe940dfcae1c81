package sigv4

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/cognitotest"
)

const bucketURL = "https://" + cognitotest.ExampleBucket + ".s3." + cognitotest.ExampleRegion +
	".amazonaws.com"

// standIn returns a client of the stand-in for AWS, which shares no code with this package, and
// temporary credentials of a guest.
func standIn(tb testing.TB) (*http.Client, Credentials) {
	tb.Helper()
	client := cognitotest.Example().Client()
	call := func(operation string, in, out any) {
		tb.Helper()
		body, err := json.Marshal(in)
		if err != nil {
			tb.Fatal(err)
		}
		const host = "https://cognito-identity." + cognitotest.ExampleRegion + ".amazonaws.com/"
		req := newRequest(tb, "POST", host, bytes.NewReader(body))
		req.Header.Set("Content-Type", "application/x-amz-json-1.1")
		req.Header.Set("X-Amz-Target", "AWSCognitoIdentityService."+operation)
		status, content := do(tb, client, req)
		if err := json.Unmarshal([]byte(content), out); err != nil || status != 200 {
			tb.Fatalf("%s: status = %d, %v: %s", operation, status, err, content)
		}
	}
	var identity struct{ IdentityId string }
	pool := map[string]string{"IdentityPoolId": cognitotest.ExampleIdentityPoolID}
	call("GetId", pool, &identity)
	var out struct {
		Credentials struct {
			AccessKeyId, SecretKey, SessionToken string
			Expiration                           float64
		}
	}
	call("GetCredentialsForIdentity", identity, &out)
	c := out.Credentials
	return client, Credentials{
		AccessKeyID:     c.AccessKeyId,
		SecretAccessKey: c.SecretKey,
		SessionToken:    c.SessionToken,
		Expires:         time.Unix(int64(c.Expiration), 0),
	}
}

func do(tb testing.TB, client *http.Client, req *http.Request) (status int, content string) {
	tb.Helper()
	resp, err := client.Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// TestPresignStandIn checks that the stand-in accepts presigned URLs, and refuses them after any
// change of the URL or of the request.
func TestPresignStandIn(t *testing.T) {
	client, creds := standIn(t)
	s3 := &Signer{Region: cognitotest.ExampleRegion, Service: "s3"}
	presign := func(t *testing.T, req *http.Request, at time.Time) string {
		t.Helper()
		presigned, err := s3.Presign(req, creds, time.Minute, at)
		if err != nil {
			t.Fatal(err)
		}
		return presigned
	}
	const key = "/a b/../%2F//日本+\x10?"
	upload := newRequest(t, "PUT", bucketURL, nil)
	upload.URL.Path = key
	upload.Header.Set("Content-Type", "text/plain;  charset=utf-8")
	upload.Header.Set("X-Amz-Meta-Odd", " é  ü ")
	put := presign(t, upload, time.Now())
	download := newRequest(t, "GET", bucketURL, nil)
	download.URL.Path = key
	get := presign(t, download, time.Now())
	send := func(method, url, body string, change func(*http.Request)) (int, string) {
		req := newRequest(t, method, url, strings.NewReader(body))
		if method == "PUT" {
			req.Header = upload.Header.Clone()
		}
		if change != nil {
			change(req)
		}
		return do(t, client, req)
	}

	const content = "the uploaded text"
	if status, message := send("PUT", put, content, nil); status != 200 {
		t.Fatalf("PUT: status = %d, want 200: %s", status, message)
	}
	if status, got := send("GET", get, "", nil); status != 200 || got != content {
		t.Fatalf("GET: status = %d, content = %s, want 200 and %s", status, got, content)
	}

	for _, test := range []struct {
		name   string
		change func(*http.Request)
	}{
		{
			"other method",
			func(r *http.Request) { r.Method = "DELETE" },
		},
		{
			"changed header",
			func(r *http.Request) { r.Header.Set("Content-Type", "text/html") },
		},
		{
			"missing header",
			func(r *http.Request) { r.Header.Del("Content-Type") },
		},
		{
			"missing x-amz- header",
			func(r *http.Request) { r.Header.Del("X-Amz-Meta-Odd") },
		},
		{
			"added x-amz- header",
			func(r *http.Request) { r.Header.Set("X-Amz-Acl", "public-read") },
		},
		{
			"second header value",
			func(r *http.Request) { r.Header.Add("X-Amz-Meta-Odd", "b") },
		},
		{
			"added parameter",
			func(r *http.Request) { r.URL.RawQuery += "&versionId=1" },
		},
		{
			"other bucket",
			func(r *http.Request) { r.Host = "b." + r.Host },
		},
		{
			"second signature",
			func(r *http.Request) {
				r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, "+
					"SignedHeaders=host, Signature=00")
			},
		},
	} {
		if status, message := send("PUT", put, "other", test.change); status < 400 {
			t.Errorf("%s: status = %d, want an error: %s", test.name, status, message)
		}
	}

	// Change each character of the path and of the query.
	_, target := splitURL(t, get)
	for i := len(get) - len(target) + 1; i < len(get); i++ {
		c := get[i] + 1
		if !unreserved(c) {
			c = 'a'
		}
		changed := get[:i] + string(c) + get[i+1:]
		if _, err := url.Parse(changed); err != nil {
			continue
		}
		if status, message := send("GET", changed, "", nil); status < 400 {
			t.Fatalf("%q in place of %q at %d of %s: status = %d, want an error: %s",
				c, get[i], i, get, status, message)
		}
	}

	for _, test := range []struct {
		name string
		at   time.Duration // of the signature, from now
		want int
	}{
		{"valid", -50 * time.Second, 200},
		{"expired", -70 * time.Second, 403},
		{"not yet valid", 20 * time.Minute, 403},
	} {
		presigned := presign(t, download, time.Now().Add(test.at))
		if status, message := send("GET", presigned, "", nil); status != test.want {
			t.Errorf("%s: status = %d, want %d: %s", test.name, status, test.want, message)
		}
	}

	// The headers that allow one body only.
	for _, test := range []struct{ name, value string }{
		{"X-Amz-Checksum-Sha256", "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek="},
		{"Content-Length", "11"},
	} {
		pinned := newRequest(t, "PUT", bucketURL+"/pinned", nil)
		pinned.Header.Set(test.name, test.value)
		presigned := presign(t, pinned, time.Now())
		use := func(r *http.Request) { r.Header = pinned.Header.Clone() }
		if status, message := send("PUT", presigned, "hello world", use); status != 200 {
			t.Errorf("%s: status = %d, want 200: %s", test.name, status, message)
		}
		if status, _ := send("PUT", presigned, "hello world!", use); status < 400 {
			t.Errorf("%s, other body: status = %d, want an error", test.name, status)
		}
	}
}

// TestPresignSTS checks a presigned URL of AWS STS with a signed header, as Amazon EKS uses it for
// authentication.
func TestPresignSTS(t *testing.T) {
	client, creds := standIn(t)
	signer := &Signer{Region: cognitotest.ExampleRegion, Service: "sts"}
	req := newRequest(t, "GET", "https://sts."+cognitotest.ExampleRegion+".amazonaws.com/"+
		"?Action=GetCallerIdentity&Version=2011-06-15", nil)
	req.Header.Set("X-K8s-Aws-Id", "cluster")
	presigned, err := signer.Presign(req, creds, time.Minute, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	use := newRequest(t, "GET", presigned, nil)
	use.Header = req.Header
	status, content := do(t, client, use)
	if status != 200 || !strings.Contains(content, "assumed-role/guest/") {
		t.Errorf("status = %d, want 200 and an ARN with assumed-role/guest/: %s", status, content)
	}
	use = newRequest(t, "GET", presigned, nil)
	if status, content := do(t, client, use); status < 400 {
		t.Errorf("without the header: status = %d, want an error: %s", status, content)
	}
}

// signatureErrors are the codes with which a service refuses a signature.
var signatureErrors = []string{
	"AccessDenied",
	"AuthorizationHeaderMalformed",
	"AuthorizationQueryParametersError",
	"IncompleteSignature",
	"InvalidAccessKeyId",
	"InvalidClientTokenId",
	"InvalidRequest",
	"InvalidToken",
	"MissingAuthenticationToken",
	"SignatureDoesNotMatch",
	"XAmzContentSHA256Mismatch",
}

// FuzzStandIn signs or presigns requests and checks that the stand-in accepts the signature.
func FuzzStandIn(f *testing.F) {
	client, creds := standIn(f)
	f.Add("PUT", "/a b/../%2F//c%20d", "",
		"X-Amz-Meta-A", " a  b ", []byte("body"), true)
	f.Add("GET", "/", "list-type=2&prefix=a+b%2f&delimiter=%2F",
		"Range", "bytes=0-9", []byte(nil), false)
	f.Add("HEAD", "/\x10\xff", "=&a-=1&a=%zz",
		"x-foo", "\té\u00a0", []byte(nil), true)
	f.Fuzz(func(t *testing.T, method, path, query, name, value string, body []byte, presign bool) {
		for _, service := range []string{"s3", "sts"} {
			req := newRequest(t, "GET", bucketURL, bytes.NewReader(body))
			req.Method, req.URL.Path, req.URL.RawQuery = method, path, query
			if service == "sts" {
				req.URL.Host = "sts." + cognitotest.ExampleRegion + ".amazonaws.com"
				req.Host = ""
			}
			if name != "" {
				req.Header[name] = []string{value, value + " "}
			}
			s := &Signer{Region: cognitotest.ExampleRegion, Service: service}
			if presign {
				presigned, err := s.Presign(req, creds, time.Minute, time.Now())
				if err != nil {
					return
				}
				header := req.Header
				req = newRequest(t, "GET", presigned, bytes.NewReader(body))
				req.Method, req.Header = method, header
			} else if s.Sign(req, creds, "", time.Now()) != nil {
				return
			}
			switch strings.ToLower(name) {
			case "content-length", "x-amz-content-sha256", "content-md5":
				return // the value does not match the body
			}
			resp, err := client.Do(req)
			if err != nil {
				return // net/http refuses to send it
			}
			defer resp.Body.Close()
			content, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			_, code, _ := strings.Cut(string(content), "<Code>")
			code, _, _ = strings.Cut(code, "</Code>")
			if method == "HEAD" && resp.StatusCode == 403 {
				code = "AccessDenied"
			}
			if slices.Contains(signatureErrors, code) {
				t.Fatalf("%s: %s %s was refused, header %v:\n%s",
					service, req.Method, req.URL, req.Header, content)
			}
		}
	})
}
