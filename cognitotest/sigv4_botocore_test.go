package cognitotest

import (
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/internal/testvectors"
)

// TestBotocoreRequests verifies requests that botocore signed.
func TestBotocoreRequests(t *testing.T) {
	var file struct {
		Cases []struct {
			Name, Method, Service, Region string
			AccessKey                     string      `json:"access_key"`
			SecretKey                     string      `json:"secret_key"`
			SessionToken                  string      `json:"session_token"`
			Body                          []byte      `json:"body_b64"`
			Timestamp                     string      `json:"timestamp"`
			Canonical                     string      `json:"canonical_request"`
			URL                           string      `json:"result_url"`
			Headers                       [][2]string `json:"result_headers"`
			Deviates                      []any       `json:"deviates_from_spec"`
		}
	}
	if err := testvectors.Decode("sigv4_botocore_generated", &file); err != nil || len(file.Cases) == 0 {
		t.Fatal("no cases", err)
	}
	done := 0
	for _, c := range file.Cases {
		want := ""
		switch {
		case len(c.Deviates) > 0: // signed "a=b=c" as it stands
			want = "SignatureDoesNotMatch"
		case c.Name == "unsigned payload flag": // only S3 takes a body whose hash is not signed
			want = "SignatureDoesNotMatch"
		case c.Name == "s3: streaming checksum trailer": // the header alone was made, the body has no framing
			want = "IncompleteBody"
		}
		_, rest, _ := strings.Cut(c.URL, "://")
		target := "/" + strings.SplitN(rest+"/", "/", 2)[1]
		target = strings.TrimSuffix(target, "/")
		if !strings.HasPrefix(target, "/") || strings.HasSuffix(c.URL, "/") {
			target += "/"
		}
		r := arrivedWith(c.Method, target, c.Headers)
		_, r.Host, _ = strings.Cut(c.Canonical, "\nhost:")
		r.Host, _, _ = strings.Cut(r.Host, "\n")
		now, err := time.Parse("20060102T150405Z", c.Timestamp)
		if err != nil {
			t.Fatal(err)
		}
		v := &verifier{service: c.Service, region: c.Region, now: now,
			credentials: known(issuedCredentials{accessKeyID: c.AccessKey, secretAccessKey: c.SecretKey, sessionToken: c.SessionToken})}
		if code := v.check(t, r, string(c.Body)); code != want {
			t.Errorf("%s: %q, want %q", c.Name, code, want)
			continue
		}
		done++
		r.Host += "x"
		if code := v.check(t, r, string(c.Body)); code != "SignatureDoesNotMatch" {
			t.Errorf("%s at another host: %q", c.Name, code)
		}
	}
	t.Logf("%d of %d cases", done, len(file.Cases))
}

func FuzzAuthorization(f *testing.F) {
	r, _ := newSigner("s3").request("GET", "/?x=1", "")
	good := r.Header.Get("Authorization")
	f.Add(good, "/?x=1")
	f.Add(good, "0")
	f.Add("", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a/20260203/us-east-1/s3/aws4_request&X-Amz-Date=20260203T040506Z&X-Amz-Expires=1&X-Amz-SignedHeaders=host&X-Amz-Signature=0")
	f.Fuzz(func(t *testing.T, authorization, target string) {
		for _, service := range []string{"s3", "sts"} {
			r, body := newSigner("s3").request("GET", "/?x=1", "")
			r.RequestURI = target
			if r.Header.Del("Authorization"); authorization != "" {
				r.Header.Set("Authorization", authorization)
			}
			// The signature is 256 bits that a fuzzer does not guess: what is accepted says the same in other words. A target
			// that is no path leaves the URL, which is what was signed.
			same := strings.Contains(authorization, good[len(good)-64:]) && (strings.Contains(target, "x=") || !strings.HasPrefix(target, "/"))
			if code := testVerifier(service).check(t, r, body); code == "" && !same && !strings.Contains(target, "%") {
				t.Errorf("%q %q accepted", authorization, target)
			}
		}
	})
}

func FuzzUnchunk(f *testing.F) {
	f.Add([]byte("3\r\nabc\r\n0\r\nx-amz-checksum-crc32:NSRBwg==\r\n\r\n"), "x-amz-checksum-crc32")
	f.Add([]byte("0;chunk-signature=00\r\n\r\n"), "")
	f.Fuzz(func(t *testing.T, body []byte, trailer string) {
		a := &arrival{headers: map[string][]string{"x-amz-trailer": {trailer}}, body: body}
		got, _, no := unchunk(&signature{}, a, nil, streamingUnsigned)
		if no == nil && len(got) > len(body) {
			t.Errorf("%d bytes of %d", len(got), len(body))
		}
		if _, _, no := unchunk(&signature{}, a, []byte("key"), streamingPayload); no == nil {
			t.Error("signed chunks accepted without knowing the key")
		}
	})
}
