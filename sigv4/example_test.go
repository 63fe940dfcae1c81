package sigv4_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito/sigv4"
)

// temporary are the credentials of examples whose output was computed with botocore.
var temporary = sigv4.Credentials{
	AccessKeyID:     "AKIAIOSFODNN7EXAMPLE",
	SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	SessionToken:    "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMSJHMEUCIQD+/==",
}

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

// The URL with which a viewer joins a signaling channel of Amazon Kinesis Video Streams. The host
// is that of GetSignalingChannelEndpoint.
func ExampleSigner_Presign_kinesisVideo() {
	query := url.Values{
		"X-Amz-ChannelARN": {"arn:aws:kinesisvideo:us-west-2:123456789012:" +
			"channel/example/1234567890123"},
		"X-Amz-ClientId": {"viewer-1"},
	}
	const host = "wss://m-1a2b3c4d.kinesisvideo.us-west-2.amazonaws.com"
	req, err := http.NewRequest("GET", host+"/?"+query.Encode(), nil)
	if err != nil {
		log.Fatal(err)
	}
	signer := &sigv4.Signer{Region: "us-west-2", Service: "kinesisvideo"}
	now := time.Date(2023, 11, 5, 7, 8, 9, 0, time.UTC)
	link, err := signer.Presign(req, temporary, 299*time.Second, now)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(link[:len(host)])
	fmt.Println(link[strings.Index(link, "X-Amz-Signature"):])
	// Output:
	// wss://m-1a2b3c4d.kinesisvideo.us-west-2.amazonaws.com
	// X-Amz-Signature=d940e31a84742a79976e507652b2ea4e8cb58f47c6406bba8ef49f3e6f8b2e88
}

// The URL of the MQTT broker of AWS IoT, for a client of MQTT over WebSocket. AWS IoT does not
// accept a signed session token.
func ExampleSigner_Presign_mqtt() {
	const broker = "wss://a1b2c3d4e5f6g7-ats.iot.us-east-1.amazonaws.com/mqtt"
	req, err := http.NewRequest("GET", broker, nil)
	if err != nil {
		log.Fatal(err)
	}
	signer := &sigv4.Signer{
		Region:           "us-east-1",
		Service:          "iotdevicegateway",
		OmitSessionToken: true,
	}
	now := time.Date(2023, 11, 5, 7, 8, 9, 0, time.UTC)
	link, err := signer.Presign(req, temporary, 5*time.Minute, now)
	if err != nil {
		log.Fatal(err)
	}
	rest := link[strings.Index(link, "X-Amz-Signature"):]
	fmt.Println(strings.ReplaceAll(rest, "&", "\n&"))
	// Output:
	// X-Amz-Signature=eadd6bbf565896f84fd30063a59d5847773c8aa1305b6fd3d027db6c601e7fb4
	// &X-Amz-Security-Token=IQoJb3JpZ2luX2VjEXAMPLE%2F%2F%2F%2F%2F%2F%2F%2F%2F%2FwEaCXVzLWVhc3QtMSJHMEUCIQD%2B%2F%3D%3D
}

// The URL of the realtime endpoint of AWS AppSync. It has the signed headers of a request to the
// GraphQL endpoint, which is never sent.
func ExampleSigner_Sign_appSync() {
	const id = "abcdefghijklmnopqrstuvwxyz"
	req, err := http.NewRequest("POST",
		"https://"+id+".appsync-api.eu-west-1.amazonaws.com/graphql/connect",
		strings.NewReader("{}"))
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Accept", "application/json, text/javascript")
	req.Header.Set("Content-Encoding", "amz-1.0")
	req.Header.Set("Content-Type", "application/json; charset=UTF-8")
	signer := &sigv4.Signer{Region: "eu-west-1", Service: "appsync"}
	now := time.Date(2023, 11, 5, 7, 8, 9, 0, time.UTC)
	if err := signer.Sign(req, temporary, "", now); err != nil {
		log.Fatal(err)
	}
	headers := map[string]string{"host": req.Host}
	for name := range req.Header {
		headers[name] = req.Header.Get(name)
	}
	header, err := json.Marshal(headers)
	if err != nil {
		log.Fatal(err)
	}
	query := url.Values{
		"header":  {base64.StdEncoding.EncodeToString(header)},
		"payload": {base64.StdEncoding.EncodeToString([]byte("{}"))},
	}
	link := "wss://" + id + ".appsync-realtime-api.eu-west-1.amazonaws.com/graphql?" +
		query.Encode()

	// A client opens link with the WebSocket subprotocol graphql-ws.
	fmt.Println(link[:90])
	_, signature, _ := strings.Cut(headers["Authorization"], "Signature=")
	fmt.Println(signature)
	// Output:
	// wss://abcdefghijklmnopqrstuvwxyz.appsync-realtime-api.eu-west-1.amazonaws.com/graphql?head
	// a1a1236db81b9d420b90c033b9cd326dd58dc476be5b43b081ee0ec0d9b077b6
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
