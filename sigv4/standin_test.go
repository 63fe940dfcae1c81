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

// standIn returns a client of a stand-in for AWS, and a guest's temporary credentials there.
func standIn(tb testing.TB) (*http.Client, Credentials) {
	tb.Helper()
	client := cognitotest.Example().Client()
	var identity struct{ IdentityId string }
	var answer struct {
		Credentials struct {
			AccessKeyId, SecretKey, SessionToken string
			Expiration                           float64
		}
	}
	for _, call := range []struct {
		operation string
		in        any
		out       any
	}{
		{"GetId", map[string]string{"IdentityPoolId": cognitotest.ExampleIdentityPoolID}, &identity},
		{"GetCredentialsForIdentity", &identity, &answer},
	} {
		body, err := json.Marshal(call.in)
		if err != nil {
			tb.Fatal(err)
		}
		req := newRequest(tb, "POST", "https://cognito-identity."+cognitotest.ExampleRegion+".amazonaws.com/", bytes.NewReader(body))
		req.Header.Set("Content-Type", "application/x-amz-json-1.1")
		req.Header.Set("X-Amz-Target", "AWSCognitoIdentityService."+call.operation)
		status, content := do(tb, client, req)
		if err := json.Unmarshal([]byte(content), call.out); err != nil || status != 200 {
			tb.Fatalf("%s: status %d, %v: %s", call.operation, status, err, content)
		}
	}
	c := answer.Credentials
	return client, Credentials{c.AccessKeyId, c.SecretKey, c.SessionToken, time.Unix(int64(c.Expiration), 0)}
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

const bucketURL = "https://" + cognitotest.ExampleBucket + ".s3." + cognitotest.ExampleRegion + ".amazonaws.com"

// TestPresignStandIn lets a stand-in for AWS, which shares no code with this package, judge presigned URLs: what was
// signed is accepted, and any change is refused.
func TestPresignStandIn(t *testing.T) {
	client, creds := standIn(t)
	s3 := &Signer{Region: cognitotest.ExampleRegion, Service: "s3"}
	const key = "/a b/../%2F//日本+\x10?"
	upload := newRequest(t, "PUT", bucketURL, nil)
	upload.URL.Path = key
	upload.Header.Set("Content-Type", "text/plain;  charset=utf-8")
	upload.Header.Set("X-Amz-Meta-Odd", " é  ü ")
	put, err := s3.Presign(upload, creds, time.Minute, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	download := newRequest(t, "GET", bucketURL, nil)
	download.URL.Path = key
	get, err := s3.Presign(download, creds, time.Minute, time.Now())
	if err != nil {
		t.Fatal(err)
	}
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
	if status, content := send("PUT", put, "what was uploaded", nil); status != 200 {
		t.Fatalf("PUT: %d %s", status, content)
	}
	if status, content := send("GET", get, "", nil); status != 200 || content != "what was uploaded" {
		t.Fatalf("GET: %d %s", status, content)
	}

	changes := map[string]func(*http.Request){
		"method":          func(r *http.Request) { r.Method = "DELETE" },
		"header changed":  func(r *http.Request) { r.Header.Set("Content-Type", "text/html") },
		"header missing":  func(r *http.Request) { r.Header.Del("Content-Type") },
		"x-amz- missing":  func(r *http.Request) { r.Header.Del("X-Amz-Meta-Odd") },
		"x-amz- added":    func(r *http.Request) { r.Header.Set("X-Amz-Acl", "public-read") },
		"second value":    func(r *http.Request) { r.Header.Add("X-Amz-Meta-Odd", "b") },
		"parameter added": func(r *http.Request) { r.URL.RawQuery += "&versionId=1" },
		"another bucket":  func(r *http.Request) { r.Host = "b." + r.Host },
		"signed a second time": func(r *http.Request) {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=00")
		},
	}
	for name, change := range changes {
		if status, content := send("PUT", put, "other", change); status < 400 {
			t.Errorf("%s: %d %s", name, status, content)
		}
	}
	// Every character of the path and of the query.
	_, target := splitURL(t, get)
	start := len(get) - len(target) + 1
	for i := start; i < len(get); i++ {
		c := get[i] + 1
		if !unreserved(c) {
			c = 'a'
		}
		changed := get[:i] + string(c) + get[i+1:]
		if _, err := url.Parse(changed); err != nil {
			continue
		}
		if status, content := send("GET", changed, "", nil); status < 400 {
			t.Fatalf("accepted with %q in place of %q at %d of %s: %s", c, get[i], i, get, content)
		}
	}

	for name, want := range map[string]int{"in force": 200, "expired": 403, "not yet": 403} {
		at := map[string]time.Time{"in force": time.Now().Add(-50 * time.Second), "expired": time.Now().Add(-70 * time.Second), "not yet": time.Now().Add(20 * time.Minute)}[name]
		presigned, err := s3.Presign(download, creds, time.Minute, at)
		if err != nil {
			t.Fatal(err)
		}
		if status, content := send("GET", presigned, "", nil); status != want {
			t.Errorf("%s: %d %s", name, status, content)
		}
	}

	// What allows one body only: its hash, its length.
	for name, value := range map[string]string{"X-Amz-Checksum-Sha256": "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=", "Content-Length": "11"} {
		pinned := newRequest(t, "PUT", bucketURL+"/pinned", nil)
		pinned.Header.Set(name, value)
		presigned, err := s3.Presign(pinned, creds, time.Minute, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		use := func(r *http.Request) { r.Header = pinned.Header.Clone() }
		if status, content := send("PUT", presigned, "hello world", use); status != 200 {
			t.Errorf("%s: %d %s", name, status, content)
		}
		if status, _ := send("PUT", presigned, "hello world!", use); status < 400 {
			t.Errorf("%s: another body was accepted", name)
		}
	}

	// Another service: AWS STS, as the authenticator of Amazon EKS uses it.
	sts := &Signer{Region: cognitotest.ExampleRegion, Service: "sts"}
	req := newRequest(t, "GET", "https://sts."+cognitotest.ExampleRegion+".amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15", nil)
	req.Header.Set("X-K8s-Aws-Id", "cluster")
	presigned, err := sts.Presign(req, creds, time.Minute, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	use := newRequest(t, "GET", presigned, nil)
	use.Header = req.Header
	if status, content := do(t, client, use); status != 200 || !strings.Contains(content, "assumed-role/guest/") {
		t.Errorf("STS: %d %s", status, content)
	}
	use = newRequest(t, "GET", presigned, nil)
	if status, _ := do(t, client, use); status < 400 {
		t.Error("STS accepted a request without a header that was signed")
	}
}

// FuzzStandIn sends whatever is signed or presigned to a stand-in for AWS, which must not find fault with the signature.
func FuzzStandIn(f *testing.F) {
	client, creds := standIn(f)
	f.Add("PUT", "/a b/../%2F//c%20d", "", "X-Amz-Meta-A", " a  b ", []byte("body"), true)
	f.Add("GET", "/", "list-type=2&prefix=a+b%2f&delimiter=%2F", "Range", "bytes=0-9", []byte(nil), false)
	f.Add("HEAD", "/\x10\xff", "=&a-=1&a=%zz", "x-foo", "\té\u00a0", []byte(nil), true)
	f.Fuzz(func(t *testing.T, method, path, query, name, value string, body []byte, presign bool) {
		for _, service := range []string{"s3", "sts"} {
			req := newRequest(t, "GET", bucketURL, bytes.NewReader(body))
			if req.URL.Path, req.URL.RawQuery, req.Method = path, query, method; service == "sts" {
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
			case "content-length", "x-amz-content-sha256", "content-md5": // what they say of the body is not true
				return
			}
			resp, err := client.Do(req)
			if err != nil {
				return // net/http does not send it
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
			if slices.Contains([]string{"SignatureDoesNotMatch", "AccessDenied", "AuthorizationHeaderMalformed", "AuthorizationQueryParametersError", "XAmzContentSHA256Mismatch",
				"InvalidAccessKeyId", "InvalidToken", "InvalidClientTokenId", "IncompleteSignature", "InvalidRequest", "MissingAuthenticationToken"}, code) {
				t.Fatalf("%s: %s %s\n%v\n%s", service, req.Method, req.URL, req.Header, content)
			}
		}
	})
}
