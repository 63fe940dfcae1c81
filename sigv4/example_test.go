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
	req, err := http.NewRequest("GET", "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J", nil)
	if err != nil {
		log.Fatal(err)
	}
	creds := sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
	signer := sigv4.Signer{Region: "us-east-1", Service: "s3"}
	if err := signer.Sign(req, creds, "", time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.ReplaceAll(req.Header.Get("Authorization"), ", ", "\n"))
	// Output:
	// AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request
	// SignedHeaders=host;x-amz-content-sha256;x-amz-date
	// Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7
}

// A client that signs all it sends. Credentials is called for each request: keep them, and renew them before they expire.
func ExampleTransport() {
	client := &http.Client{
		Transport: &sigv4.Transport{
			Region:  "eu-west-1",
			Service: "execute-api",
			Credentials: func(ctx context.Context) (sigv4.Credentials, error) {
				return sigv4.Credentials{AccessKeyID: "ASIAIOSFODNN7EXAMPLE", SecretAccessKey: "...", SessionToken: "..."}, nil
			},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Get("https://a1b2c3.execute-api.eu-west-1.amazonaws.com/prod/items")
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
}

// Credentials do not print their secrets.
func ExampleCredentials() {
	creds := sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
	fmt.Printf("%+v\n", creds)
	// Output:
	// sigv4.Credentials{AccessKeyID:AKIAIOSFODNN7EXAMPLE SecretAccessKey:REDACTED SessionToken:REDACTED}
}
