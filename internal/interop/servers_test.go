package interop

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/internal/fakehttp"
	"github.com/loginwithcognito/cognito/sigv4"
)

// This file starts third-party servers, sends requests to them, and fills their buckets.

// region is the Region of all servers.
const region = "us-east-1"

// process collects the output of a program.
type process struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *process) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// start runs a program until the test ends. It returns when the URL ready returns status 200 and
// the program's output contains printed. If the test fails, start logs the program's output.
func start(t *testing.T, ready, printed string, env []string, program string, args ...string) {
	t.Helper()
	p := new(process)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = env
	cmd.Stdout, cmd.Stderr = p, p
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	t.Cleanup(func() {
		cancel()
		<-exited
		if t.Failed() {
			t.Logf("%s printed:\n%s", program, p)
		}
	})
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if response, err := http.Get(ready); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK && strings.Contains(p.String(), printed) {
				return
			}
		}
		select {
		case err := <-exited:
			exited <- err
			t.Fatalf("%s exited before it was ready: %v", program, err)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s was not ready within a minute", program)
		}
	}
}

// freePort returns a loopback address with an unused port, which browsers open, unlike 10080.
func freePort(t *testing.T) string {
	t.Helper()
	port, err := fakehttp.FreePort(t.Cleanup)
	if err != nil {
		t.Fatal(err)
	}
	return "127.0.0.1:" + port
}

// static returns a source of credentials that never change.
func static(c sigv4.Credentials) func(context.Context) (sigv4.Credentials, error) {
	return func(context.Context) (sigv4.Credentials, error) { return c, nil }
}

// signing returns a client that signs requests with fixed credentials.
func signing(service string, c sigv4.Credentials) *http.Client {
	return &http.Client{
		Transport: &sigv4.Transport{Region: region, Service: service, Credentials: static(c)},
	}
}

// send sends one request and returns the status and the body of the response.
func send(t *testing.T, client *http.Client, method, url, contentType, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
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
	return response.StatusCode, string(data)
}

// fill creates a bucket, and an object of three bytes for each key.
func fill(t *testing.T, client *http.Client, endpoint, bucket string, keys []string) {
	t.Helper()
	address := endpoint + "/" + bucket
	if status, text := send(t, client, http.MethodPut, address, "", ""); status != http.StatusOK {
		t.Fatalf("create bucket %s: %d %s", bucket, status, text)
	}
	for _, key := range keys {
		status, text := send(t, client, http.MethodPut, address+"/"+escapePath(key), "", "abc")
		if status != http.StatusOK {
			t.Fatalf("PUT of %q = %d %s, want 200", key, status, text)
		}
	}
}

// escapePath encodes a key for an S3 path: all bytes except unreserved characters and "/" are
// percent-encoded.
func escapePath(key string) string {
	var b strings.Builder
	for _, c := range []byte(key) {
		if strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~/",
			c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// form sends a request of the AWS Query protocol, which must succeed, and returns the response.
func form(t *testing.T, client *http.Client, endpoint string, values url.Values) string {
	t.Helper()
	status, text := send(t, client, http.MethodPost, endpoint, "application/x-www-form-urlencoded",
		values.Encode())
	if status != http.StatusOK {
		t.Fatalf("%s = %d %s, want 200", values.Get("Action"), status, text)
	}
	return text
}
