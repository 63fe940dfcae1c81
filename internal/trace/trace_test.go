package trace

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestTransport checks the line of each kind of request, that it has no secret, and that the body
// is sent unchanged.
func TestTransport(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	for _, test := range []struct {
		name, method, url string
		header            map[string]string
		body              string
		response          map[string]string
		err               error
		retries           int
		want              string
	}{
		{
			name:   "JSON",
			method: "POST",
			url:    "https://idp.example/",
			header: map[string]string{
				"X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
			},
			body:     `{"SRP_A": "SECRET"}`,
			response: map[string]string{"X-Amzn-Requestid": "id-1"},
			want: "POST idp.example InitiateAuth: 200 in 2s, retry 0, clock offset 0s, request " +
				"id-1",
		},
		{
			name:     "form",
			method:   "POST",
			url:      "https://sts.example/",
			header:   map[string]string{"Content-Type": form + "; charset=utf-8"},
			body:     "Action=AssumeRoleWithWebIdentity&WebIdentityToken=SECRET",
			response: map[string]string{"Date": "Sat, 01 Jan 2000 00:15:02 GMT"},
			retries:  2,
			want: "POST sts.example AssumeRoleWithWebIdentity: 200 in 2s, retry 2, " +
				"clock offset 15m0s",
		},
		{
			name:   "large form",
			method: "POST",
			url:    "https://h.example/oauth2/token",
			header: map[string]string{"Content-Type": form, "Authorization": "Basic SECRET"},
			body:   "code=SECRET" + strings.Repeat("&a=b", maxForm),
			want:   "POST h.example /oauth2/token: 200 in 2s, retry 0, clock offset 0s",
		},
		{
			name:     "listing",
			method:   "GET",
			url:      "https://s3.example/bucket?list-type=2&prefix=SECRET",
			response: map[string]string{"X-Amz-Request-Id": strings.Repeat("i", 200)},
			want: "GET s3.example ListObjectsV2: 200 in 2s, retry 0, clock offset 0s, request " +
				strings.Repeat("i", 100),
		},
		{
			name:   "versions",
			method: "GET",
			url:    "https://s3.example/bucket?versions&X-Amz-Signature=SECRET",
			want:   "GET s3.example ListObjectVersions: 200 in 2s, retry 0, clock offset 0s",
		},
		{
			name:   "failure",
			method: "GET",
			url:    "https://user:SECRET@api.example/a%20b?q=SECRET",
			err:    errors.New("connection reset"),
			want: "GET api.example /a%20b: failed in 2s, retry 0, clock offset 0s: " +
				"connection reset",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hosts, got := "", ""
				transport := &Transport{
					Begin: func(r *http.Request) func(*Exchange) {
						hosts += r.URL.Host
						return func(e *Exchange) { got += e.String() }
					},
					Base: roundTripper(func(r *http.Request) (*http.Response, error) {
						if data, err := io.ReadAll(r.Body); string(data) != test.body || err != nil {
							t.Errorf("the body is sent as %d bytes, %v, want %d", len(data), err,
								len(test.body))
						}
						time.Sleep(2 * time.Second)
						response := &http.Response{StatusCode: 200, Header: http.Header{}}
						for name, value := range test.response {
							response.Header.Set(name, value)
						}
						return response, test.err
					}),
				}
				ctx := t.Context()
				if test.retries > 0 {
					ctx = WithRetries(ctx, test.retries)
				}
				body := struct{ io.Reader }{strings.NewReader(test.body)} // hides the length
				r, err := http.NewRequestWithContext(ctx, test.method, test.url, body)
				if err != nil {
					t.Fatal(err)
				}
				for name, value := range test.header {
					r.Header.Set(name, value)
				}
				transport.RoundTrip(r)
				if got != test.want || hosts != r.URL.Host {
					t.Errorf("RoundTrip reports %q for %s, want %q", got, hosts, test.want)
				}
			})
		})
	}
}
