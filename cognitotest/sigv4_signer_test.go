package cognitotest

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestVerifyWrongSigner signs properly, but with something that is not what the server knows.
func TestVerifyWrongSigner(t *testing.T) {
	for _, test := range []struct {
		name    string
		change  func(*signer, *verifier)
		s3, sts string
	}{
		{"secret", func(s *signer, _ *verifier) { s.secretAccessKey = "other" }, "SignatureDoesNotMatch", "SignatureDoesNotMatch"},
		{"token", func(s *signer, _ *verifier) { s.sessionToken = "other" }, "InvalidToken", "InvalidClientTokenId"},
		{"no token", func(s *signer, _ *verifier) { s.sessionToken = "" }, "InvalidAccessKeyId", "InvalidClientTokenId"},
		{"Region", func(s *signer, _ *verifier) { s.region = "eu-west-1" }, "AuthorizationHeaderMalformed", "SignatureDoesNotMatch"},
		{"any Region will do", func(s *signer, v *verifier) { s.region, v.region = "eu-west-1", "" }, "", ""},
		{"expired", func(_ *signer, v *verifier) {
			v.now, v.credentials = testTime.Add(time.Minute), known(expired(testTime))
		}, "ExpiredToken", "ExpiredToken"},
		{"expires this second", func(_ *signer, v *verifier) { v.credentials = known(expired(testTime)) }, "ExpiredToken", "ExpiredToken"},
		{"expires next second", func(_ *signer, v *verifier) { v.credentials = known(expired(testTime.Add(time.Second))) }, "", ""},
		{"15 minutes old", func(_ *signer, v *verifier) { v.now = testTime.Add(15 * time.Minute) }, "", ""},
		{"older", func(_ *signer, v *verifier) { v.now = testTime.Add(15*time.Minute + time.Second) }, "RequestTimeTooSkewed", "SignatureDoesNotMatch"},
		{"15 minutes ahead", func(_ *signer, v *verifier) { v.now = testTime.Add(-15 * time.Minute) }, "", ""},
		{"further ahead", func(_ *signer, v *verifier) { v.now = testTime.Add(-15*time.Minute - time.Second) }, "RequestTimeTooSkewed", "SignatureDoesNotMatch"},
	} {
		for service, want := range map[string]string{"s3": test.s3, "sts": test.sts} {
			s, v := newSigner(service), testVerifier(service)
			test.change(&s, v)
			r, body := s.request("GET", "/", "")
			if got := v.check(t, r, body); got != want {
				t.Errorf("%s, %s: %q, want %q", test.name, service, got, want)
			}
		}
	}
	for service, want := range map[string]string{"s3": "AuthorizationHeaderMalformed", "sts": "SignatureDoesNotMatch"} {
		r, body := newSigner("execute-api").request("GET", "/", "")
		if got := testVerifier(service).check(t, r, body); got != want {
			t.Errorf("other service, %s: %q, want %q", service, got, want)
		}
	}
}

func expired(at time.Time) issuedCredentials {
	c := testCredentials
	c.expires = at
	return c
}

func TestVerifyDetails(t *testing.T) {
	details := func(change func(*signer), v *verifier) map[string]string {
		s := newSigner("s3")
		change(&s)
		r, body := s.request("GET", "/", "")
		a, _ := newArrival(r, []byte(body))
		_, _, no := v.verify(a)
		m := map[string]string{"status": fmt.Sprint(no.status)}
		for i := 0; i < len(no.detail); i += 2 {
			m[no.detail[i]] = no.detail[i+1]
		}
		return m
	}
	m := details(func(s *signer) { s.region = "eu-west-1" }, testVerifier("s3"))
	if m["status"] != "400" || m["Region"] != "us-east-1" {
		t.Errorf("wrong Region: %v", m)
	}
	m = details(func(s *signer) { s.secretAccessKey = "x" }, testVerifier("s3"))
	if m["status"] != "403" || m["AWSAccessKeyId"] != "ASIATEST" || !strings.HasPrefix(m["StringToSign"], "AWS4-HMAC-SHA256\n20260203T040506Z\n20260203/us-east-1/s3/aws4_request\n") ||
		!strings.HasSuffix(m["StringToSign"], hashText(m["CanonicalRequest"])) || len(m["SignatureProvided"]) != 64 || !strings.HasPrefix(m["CanonicalRequestBytes"], "47 45 54 0a") {
		t.Errorf("wrong secret: %v", m)
	}
	v := testVerifier("s3")
	v.now = testTime.Add(time.Hour / 2)
	m = details(func(*signer) {}, v)
	if m["status"] != "403" || m["RequestTime"] != "20260203T040506Z" || m["ServerTime"] != "2026-02-03T04:35:06Z" || m["MaxAllowedSkewMilliseconds"] != "900000" {
		t.Errorf("clock: %v", m)
	}
	r, body := newSigner("sts").request("POST", "/", "")
	v.service = "sts"
	a, _ := newArrival(r, []byte(body))
	if _, _, no := v.verify(a); no.message != "Signature expired: 20260203T040506Z is now earlier than 20260203T042006Z (20260203T043506Z - 15 min.)" {
		t.Errorf("clock, STS: %s", no.message)
	}
}

func TestPresigned(t *testing.T) {
	presign := func(s signer, expires string) *http.Request {
		v := url.Values{"X-Amz-Algorithm": {"AWS4-HMAC-SHA256"}, "X-Amz-Credential": {s.accessKeyID + "/" + s.scope()}, "X-Amz-Date": {s.time.Format("20060102T150405Z")},
			"X-Amz-Expires": {expires}, "X-Amz-SignedHeaders": {"host"}, "X-Amz-Security-Token": {s.sessionToken}}
		host := "example-bucket.s3.us-east-1.amazonaws.com"
		canonical := "GET\n/k\n" + v.Encode() + "\nhost:" + host + "\n\nhost\nUNSIGNED-PAYLOAD" // nothing here has a space
		signature := hex.EncodeToString([]byte(hmacText(s.key(), "AWS4-HMAC-SHA256\n"+v.Get("X-Amz-Date")+"\n"+s.scope()+"\n"+hashText(canonical))))
		return &http.Request{Method: "GET", Host: host, Header: http.Header{}, URL: &url.URL{}, RequestURI: "/k?" + v.Encode() + "&X-Amz-Signature=" + signature}
	}
	replace := func(old, new string) func(*http.Request, *verifier) {
		return func(r *http.Request, _ *verifier) { r.RequestURI = strings.Replace(r.RequestURI, old, new, 1) }
	}
	at := func(d time.Duration) func(*http.Request, *verifier) {
		return func(_ *http.Request, v *verifier) { v.now = testTime.Add(d) }
	}
	const parameters = "AuthorizationQueryParametersError"
	for _, test := range []struct {
		name, expires string
		change        func(*http.Request, *verifier)
		want          string
	}{
		{"good", "60", at(0), ""},
		{"a browser's headers", "60", func(r *http.Request, _ *verifier) { r.Header.Set("Content-Type", "text/plain") }, ""},
		{"at the end", "60", at(60 * time.Second), ""},
		{"too late", "60", at(61 * time.Second), "AccessDenied"},
		{"too early", "60", at(-16 * time.Minute), "AccessDenied"},
		{"a week", "604800", at(0), ""},
		{"more than a week", "604801", at(0), parameters},
		{"no time at all", "0", at(0), parameters},
		{"negative", "-1", at(0), parameters},
		{"longer than signed", "60", replace("Expires=60", "Expires=600"), "SignatureDoesNotMatch"},
		{"path", "60", replace("/k", "/l"), "SignatureDoesNotMatch"},
		{"header added", "60", func(r *http.Request, _ *verifier) { r.Header.Set("X-Amz-Acl", "private") }, "AccessDenied"},
		{"parameter added", "60", replace("?", "?versionId=1&"), "SignatureDoesNotMatch"},
		{"no signature", "60", replace("X-Amz-Signature", "X-Amz-Sign"), parameters},
		{"no token", "60", replace("X-Amz-Security-Token", "X-Amz-Sec"), "InvalidAccessKeyId"},
		{"algorithm", "60", replace("HMAC-SHA256", "HMAC-SHA1"), "InvalidRequest"},
		{"method", "60", func(r *http.Request, _ *verifier) { r.Method = "DELETE" }, "SignatureDoesNotMatch"},
	} {
		r, v := presign(newSigner("s3"), test.expires), testVerifier("s3")
		v.credentials = known(expired(testTime.Add(30 * 24 * time.Hour)))
		test.change(r, v)
		if got := v.check(t, r, ""); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	v := testVerifier("s3")
	v.now = testTime.Add(2 * time.Hour)
	if got := v.check(t, presign(newSigner("s3"), "86400"), ""); got != "ExpiredToken" {
		t.Errorf("URL that outlives its credentials: %q", got)
	}
}

func TestPayload(t *testing.T) {
	md5Of := func(text string) string {
		h := md5.Sum([]byte(text))
		return base64.StdEncoding.EncodeToString(h[:])
	}
	for _, test := range []struct {
		name, declared, want string
		headers              []string
	}{
		{name: "hash"},
		{name: "unsigned", declared: "UNSIGNED-PAYLOAD"},
		{name: "other hash", declared: hashText("x"), want: "XAmzContentSHA256Mismatch"},
		{name: "no hash", declared: "abc", want: "InvalidArgument"},
		{name: "ECDSA", declared: "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", want: "InvalidArgument"},
		{name: "Content-MD5", headers: []string{"Content-Md5", md5Of("123456789")}},
		{name: "wrong Content-MD5", headers: []string{"Content-Md5", md5Of("12345678")}, want: "BadDigest"},
		// The check values of the catalogue of parametrised CRC algorithms (reveng), of "123456789".
		{name: "CRC-32", headers: []string{"X-Amz-Checksum-Crc32", check("cbf43926")}},
		{name: "CRC-32C", headers: []string{"X-Amz-Checksum-Crc32c", check("e3069283")}},
		{name: "CRC-64/NVME", headers: []string{"X-Amz-Checksum-Crc64nvme", check("ae8b14860a799888")}},
		{name: "SHA-1", headers: []string{"X-Amz-Checksum-Sha1", check("f7c3bc1d808e04732adf679965ccc34ca7ae3441")}},
		{name: "SHA-256", headers: []string{"X-Amz-Checksum-Sha256", check(hashText("123456789"))}},
		{name: "checksum of the future", headers: []string{"X-Amz-Checksum-Xxhash3", "x"}, want: "NotImplemented"},
		{name: "name of the algorithm", headers: []string{"X-Amz-Checksum-Algorithm", "CRC32"}},
		{name: "wrong CRC-32", headers: []string{"X-Amz-Checksum-Crc32", check("cbf43927")}, want: "BadDigest"},
		{name: "wrong CRC-64/NVME", headers: []string{"X-Amz-Checksum-Crc64nvme", "x"}, want: "BadDigest"},
	} {
		const body = "123456789"
		s := newSigner("s3")
		s.payload = test.declared
		r, _ := s.request("PUT", "/k", body, test.headers...)
		if got := testVerifier("s3").check(t, r, body); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	r, body := newSigner("s3").request("PUT", "/k", "body")
	r.Header.Del("X-Amz-Content-Sha256")
	newSigner("s3").sign(r, hashText(body))
	if got := testVerifier("s3").check(t, r, body); got != "InvalidRequest" {
		t.Errorf("no x-amz-content-sha256: %q", got)
	}
	r, _ = newSigner("sts").request("POST", "/", "body")
	if got := testVerifier("sts").check(t, r, "bodz"); got != "SignatureDoesNotMatch" {
		t.Errorf("STS, other body: %q", got)
	}
}

func check(hexText string) string {
	b, _ := hex.DecodeString(hexText)
	return base64.StdEncoding.EncodeToString(b)
}

// vectors
