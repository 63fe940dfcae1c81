package sigv4_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito/sigv4"
)

func ExampleSigner_Sign() {
	const list = "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J"
	req, err := http.NewRequest("GET", list, nil)
	if err != nil {
		log.Fatal(err)
	}
	creds := sigv4.Credentials{
		AccessKeyID:     "AKIAIOSFODNN7EXAMPLE",
		SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	}
	signer := &sigv4.Signer{Region: "us-east-1", Service: "s3"}
	now := time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)
	if err := signer.Sign(req, creds, "", now); err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.ReplaceAll(req.Header.Get("Authorization"), ", ", "\n"))
	// Output:
	// AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request
	// SignedHeaders=host;x-amz-content-sha256;x-amz-date
	// Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7
}

// A link with which a browser can download one object for a day.
func ExampleSigner_Presign() {
	req, err := http.NewRequest("GET", "https://examplebucket.s3.amazonaws.com/test.txt", nil)
	if err != nil {
		log.Fatal(err)
	}
	creds := sigv4.Credentials{
		AccessKeyID:     "AKIAIOSFODNN7EXAMPLE",
		SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	}
	signer := &sigv4.Signer{Region: "us-east-1", Service: "s3"}
	now := time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)
	link, err := signer.Presign(req, creds, 24*time.Hour, now)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.ReplaceAll(link, "&", "\n&"))
	// Output:
	// https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256
	// &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request
	// &X-Amz-Date=20130524T000000Z
	// &X-Amz-Expires=86400
	// &X-Amz-SignedHeaders=host
	// &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404
}

// A link for the upload of an image of exactly 1,024 bytes. The link expires with the credentials.
func ExampleSigner_Presign_upload() {
	now := time.Now()
	creds := sigv4.Credentials{
		AccessKeyID:     "ASIAIOSFODNN7EXAMPLE",
		SecretAccessKey: "...",
		SessionToken:    "...",
		Expires:         now.Add(20 * time.Minute),
	}
	req, err := http.NewRequest("PUT", "https://examplebucket.s3.amazonaws.com/upload.png", nil)
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Content-Type", "image/png")
	req.Header.Set("Content-Length", "1024")
	signer := &sigv4.Signer{Region: "us-east-1", Service: "s3"}
	link, err := signer.Presign(req, creds, min(time.Hour, creds.Expires.Sub(now)), now)
	if err != nil {
		log.Fatal(err)
	}
	object, query, _ := strings.Cut(link, "?")
	fmt.Println(object)
	fmt.Println(strings.Contains(query, "SignedHeaders=content-length%3Bcontent-type%3Bhost"))
	// Output:
	// https://examplebucket.s3.amazonaws.com/upload.png
	// true
}

// A client that signs each request. Its Credentials function is called for each request, so that
// it should cache credentials and refresh them before they expire.
func ExampleTransport() {
	client := &http.Client{
		Transport: &sigv4.Transport{
			Region:  "eu-west-1",
			Service: "execute-api",
			Credentials: func(ctx context.Context) (sigv4.Credentials, error) {
				return sigv4.Credentials{
					AccessKeyID:     "ASIAIOSFODNN7EXAMPLE",
					SecretAccessKey: "...",
					SessionToken:    "...",
				}, nil
			},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
	resp, err := client.Get("https://a1b2c3.execute-api.eu-west-1.amazonaws.com/prod/items")
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
}

// Credentials do not print their secrets.
func ExampleCredentials() {
	creds := sigv4.Credentials{
		AccessKeyID:     "AKIAIOSFODNN7EXAMPLE",
		SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	}
	fmt.Println(strings.ReplaceAll(fmt.Sprint(creds), " ", "\n"))
	// Output:
	// sigv4.Credentials{AccessKeyID:AKIAIOSFODNN7EXAMPLE
	// SecretAccessKey:REDACTED
	// SessionToken:REDACTED}
}
