package interop

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/sigv4"
)

// How other people's servers are started, asked and, with their own root credentials, filled.

// region is where everything is.
const region = "us-east-1"

// process collects what a program prints.
type process struct {
	mu  sync.Mutex
	out bytes.Buffer // what it printed
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

// start runs a program until the test ends and returns when the URL ready answers 200 and the
// program has printed the text printed. All that it prints is shown if the test fails.
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
			t.Fatalf("%s ended before it was ready: %v", program, err)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s was not ready after a minute", program)
		}
	}
}

// freePort returns a loopback address that nobody listens on. Its port is none of those that
// systems choose where a program leaves the choice to them (RFC 6335, 6, and Linux from 32768 on),
// or one of the tests that run beside this one could have it in a moment.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		if l, err := net.Listen("tcp",
			fmt.Sprint("127.0.0.1:", 10_000+rand.IntN(20_000))); err == nil {
			l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

// static is a source of credentials that do not change.
func static(c sigv4.Credentials) func(context.Context) (sigv4.Credentials, error) {
	return func(context.Context) (sigv4.Credentials, error) { return c, nil }
}

// signing is an *http.Client that signs with fixed credentials.
func signing(service string, c sigv4.Credentials) *http.Client {
	return &http.Client{
		Transport: &sigv4.Transport{Region: region, Service: service, Credentials: static(c)},
	}
}

// send sends one request and returns the status and the body of the answer.
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
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

// fill makes a bucket with an object of three bytes under each key.
func fill(t *testing.T, client *http.Client, endpoint, bucket string, keys []string) {
	t.Helper()
	if status, answer := send(t, client, http.MethodPut, endpoint+"/"+bucket, "",
		""); status != http.StatusOK {
		t.Fatalf("make bucket %s: %d %s", bucket, status, answer)
	}
	for _, key := range keys {
		if status, answer := send(t, client, http.MethodPut, endpoint+"/"+bucket+"/"+
			escapePath(key), "", "abc"); status != http.StatusOK {
			t.Fatalf("put %q: %d %s", key, status, answer)
		}
	}
}

// escapePath is a key as it stands in an S3 path: everything but unreserved characters and "/" in
// percent form.
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

// form sends an AWS Query request and demands a 200 answer.
func form(t *testing.T, client *http.Client, endpoint string, values url.Values) string {
	t.Helper()
	status,
		answer := send(t, client, http.MethodPost, endpoint, "application/x-www-form-urlencoded",
		values.Encode())
	if status != http.StatusOK {
		t.Fatalf("%s: %d %s", values.Get("Action"), status, answer)
	}
	return answer
}
