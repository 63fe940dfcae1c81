package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/internal/fakehttp"
)

// TestDebug checks that -debug writes one line for each request, with retries and without secrets,
// and that it changes nothing else.
func TestDebug(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	const password = cognitotest.ExamplePassword + "\n"
	lines := func(args ...string) (stdout string, lines []string) {
		code, stdout, stderr := m.run(t, password, args...)
		if code != 0 || strings.Contains(stderr, "hidden") || strings.Contains(stderr, "eyJ") {
			t.Errorf("cognito %q: exit %d: %s", args, code, stderr)
		}
		line := regexp.MustCompile(`^cognito: (GET|POST|HEAD) 127\.0\.0\.1:\d+ ([\w/.-]+): ` +
			`(\d{3}) in \d+(?:\.\d+)?m?s, retry (\d), clock offset 0s(?:, request [\w-]+)?\n$`)
		for text := range strings.Lines(stderr) {
			if found := line.FindStringSubmatch(text); found != nil && found[1] == "HEAD" {
				continue // opens a connection in advance
			} else if found != nil && found[3] == "200" {
				lines = append(lines, found[2]+" "+found[4])
			} else if strings.Contains(text, "127.0.0.1") && !strings.Contains(text, "not AWS's") {
				t.Errorf("cognito %q writes %q, want the form %s", args, text, line)
			}
		}
		return stdout, lines
	}
	equal := func(got []string, want string) {
		t.Helper()
		if text := strings.Join(got, ", "); text != want {
			t.Errorf("the lines are %q, want %q", text, want)
		}
	}
	_, got := lines("login", "-user", "ada", "-debug")
	equal(got, "InitiateAuth 0, RespondToAuthChallenge 0")
	failed := false
	m.fault.set(func(r *http.Request) *http.Response {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".GetId") && !failed {
			failed = true
			return answer(500, "")
		}
		return nil
	})
	code, _, stderr := m.run(t, "", "credentials", "-debug")
	if code != 0 || !strings.Contains(stderr, "GetId: 500 in") ||
		!strings.Contains(stderr, ", retry 1, ") {
		t.Errorf("credentials after an error: exit %d, %s", code, stderr)
	}
	stdout, got := lines("ls", "-debug", "-parallel", "1", "-r")
	equal(got, "ListObjectsV2 0")
	plain, got := lines("ls", "-r")
	equal(got, "")
	if stdout != plain {
		t.Errorf("ls -debug prints %q, want %q", stdout, plain)
	}
	_, got = lines("whoami", "-debug")
	equal(got, "GetCallerIdentity 0")
	_, got = lines("curl", "-debug", "-connect-to", strings.TrimPrefix(m.url, "http://"),
		"-service", "s3", m.url+"/example-bucket?list-type=2&prefix=hidden")
	equal(got, "ListObjectsV2 0")
}

// TestDebugFailure checks that a request without a response has a line too.
func TestDebugFailure(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.fault.set(func(*http.Request) *http.Response { return answer(0, "") })
	code, _, stderr := m.run(t, cognitotest.ExamplePassword+"\n", login("-debug")...)
	if code != exitFailed || !strings.Contains(stderr, "InitiateAuth: failed in ") {
		t.Errorf("login without a server: exit %d, %s", code, stderr)
	}
}

// TestDebugUnneeded checks that -debug reports a cancelled request, but not for a connection that
// was opened in advance.
func TestDebugUnneeded(t *testing.T) {
	for method, lines := range map[string]int{"GET": 1, "HEAD": 0} {
		var stderr bytes.Buffer
		a := &app{stderr: &stderr, debug: true}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		request, err := http.NewRequestWithContext(ctx, method, "http://"+fakehttp.Nowhere, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.traced(http.DefaultTransport, false).RoundTrip(request)
		n := strings.Count(stderr.String(), "\n")
		if n != lines || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, %d lines, want %d", method, err, n, lines)
		}
	}
}

// slow is a RoundTripper whose responses take some time.
type slow struct{ after time.Duration }

func (s slow) RoundTrip(*http.Request) (*http.Response, error) {
	time.Sleep(s.after)
	return nil, errors.New("broken")
}

// TestSilence checks that a terminal shows once which host the tool waits for, but not while the
// terminal belongs to something else.
func TestSilence(t *testing.T) {
	for _, test := range []struct {
		name       string
		after      time.Duration
		atTerminal bool
		busy       bool
		want       string
	}{
		{"fast", silence - time.Millisecond, true, false, ""},
		{"slow", silence + time.Millisecond, true, false, "cognito: waiting for h.example\n"},
		{"no terminal", silence + time.Millisecond, false, false, ""},
		{"child", silence + time.Millisecond, true, true, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var stderr bytes.Buffer
				a := &app{stderr: &stderr}
				a.ending.child = test.busy
				client := &http.Client{Transport: a.traced(slow{test.after}, test.atTerminal)}
				var all sync.WaitGroup
				for range 3 { // concurrent requests to one host
					all.Go(func() { client.Get("https://h.example/path?query") })
				}
				all.Wait()
				synctest.Wait()
				if got := stderr.String(); got != test.want {
					t.Errorf("a wait of %v shows %q, want %q", test.after, got, test.want)
				}
			})
		})
	}
}
