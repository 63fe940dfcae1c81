package sigv4

import (
	"net/http"
	"testing"
	"time"
)

func listRequest(tb testing.TB) *http.Request {
	tb.Helper()
	req, err := http.NewRequest("GET", "https://example-bucket.s3.us-west-2.amazonaws.com/?list-type=2&prefix=a%2B%2F%20%C3%A9&delimiter=%2F&max-keys=2&start-after=x%20y&fetch-owner=true&continuation-token=tok%2B1%2F%3D&encoding-type=url", nil)
	if err != nil {
		tb.Fatal(err)
	}
	req.Header.Set("X-Amz-Request-Payer", "requester")
	req.Header.Set("X-Amz-Expected-Bucket-Owner", "111122223333")
	req.Header.Set("X-Amz-Optional-Object-Attributes", "RestoreStatus")
	return req
}

func TestSignList(t *testing.T) {
	req := listRequest(t)
	s := Signer{Region: "us-west-2", Service: "s3"}
	creds := Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", SessionToken: "TOK/+="}
	if err := s.Sign(req, creds, "", time.Date(2023, 11, 5, 7, 8, 9, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	const want = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20231105/us-west-2/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-expected-bucket-owner;x-amz-optional-object-attributes;x-amz-request-payer;x-amz-security-token, Signature=01d9a7591c087fbe4d39bd9ed9b5c99e6bbe434813cd7609b89fa86c333f0245"
	if got := req.Header.Get("Authorization"); got != want {
		t.Errorf("Authorization is\n%s, want\n%s", got, want)
	}
}
