package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/internal/longtest"
)

func TestUnattended(t *testing.T) {
	t.Parallel()
	const seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	for name, test := range map[string]struct {
		mfa  []string
		file string
		flow string
		code int
		says string
	}{
		"seed": {[]string{"SOFTWARE_TOKEN_MFA"}, " " + seed[:16] + " " +
			strings.ToLower(seed[16:]) + "\n", "", 0, "signed in"},
		"seed, and another MFA": {[]string{"EMAIL_OTP", "SOFTWARE_TOKEN_MFA"}, seed, "", 0,
			"signed in"},
		"a wrong seed": {[]string{"SOFTWARE_TOKEN_MFA"}, "MFRGGZDFMZTWQ2LK", "",
			exitFailed, "CodeMismatchException"},
		"no seed": {[]string{"SOFTWARE_TOKEN_MFA"}, "my password!", "", exitUsage,
			"-totp-file"},
		"an empty file": {[]string{"SOFTWARE_TOKEN_MFA"}, "\n", "", exitUsage,
			"-totp-file"},
		// no input to read the code from
		"the pool wants a code": {[]string{"EMAIL_OTP"}, seed, "", exitSignIn, "EMAIL_OTP"},
		"the password by itself": {[]string{"SOFTWARE_TOKEN_MFA"}, seed, "user_password_auth", 0,
			"signed in"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			pool := &m.server.UserPools[0]
			pool.MFAConfiguration = "OPTIONAL"
			pool.Users[0].MFA, pool.Users[0].TOTPSecret = test.mfa, seed
			code, stdout, stderr := m.run(t, cognitotest.ExamplePassword+"\n",
				"login", "-user", "ada", "-flow", test.flow,
				"-totp-file", m.write(t, "seed", test.file))
			if code != test.code || stdout != "" || !strings.Contains(stderr, test.says) ||
				strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit %d, %q, %s", code, stdout, stderr)
			}
			if strings.Contains(stderr, seed) || strings.Contains(stderr, "my password") {
				t.Errorf("the seed is shown: %s", stderr)
			}
		})
	}
}

// A pool that wants a password generator to be set up can't be answered with a seed, and without a
// terminal the seed is told in words.
func TestSetUpUnattended(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.server.UserPools[0].MFAConfiguration = "ON"
	seed := m.write(t, "seed", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	input := cognitotest.ExamplePassword + "\nSOFTWARE_TOKEN_MFA\n"
	code, _, stderr := m.run(t, input, "login", "-user", "ada", "-totp-file", seed)
	if code != exitSignIn || !strings.Contains(stderr, "set it up once") {
		t.Errorf("exit %d, %s", code, stderr)
	}
	code, _, stderr = m.run(t, input, "login", "-user", "ada")
	if code != exitSignIn ||
		!strings.Contains(stderr, "enter this secret in an authenticator app:\n") ||
		strings.ContainsAny(stderr, "▀▄█\x1b") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// A code is good once: the next sign-in waits for the next code.
func TestNextCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(7 * time.Second) // to 7 s past the step that the bubble begins with
		var said bytes.Buffer
		s := &signedIn{a: &app{stderr: &said}, clock: new(clock)}
		s.clock.last.Store(&measurement{offset: 5 * time.Second}) // AWS's clock is 12 s past it
		start := time.Now()
		if err := s.nextCode(t.Context()); err != nil || time.Since(start) != 18*time.Second ||
			!strings.Contains(said.String(), "18s") {
			t.Errorf("%v, after %v, %s", err, time.Since(start), &said)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.nextCode(ctx); err == nil {
			t.Error("it does not end with its context")
		}
	})
}

// In every flow, and after every challenge, a piped password is sent only if -flow or -challenge
// named that.
func TestHostilePoolThroughPipe(t *testing.T) {
	t.Parallel()
	for _, flow := range toolFlows {
		t.Run(strings.Join(flow.args, " "), func(t *testing.T) {
			t.Parallel()
			m, pool := newMachine(t), newHostilePool(t)
			m.settings["AWS_ENDPOINT_URL"] = pool.url
			sent, step := false, longtest.Step(t, 4)
			for i, name := range challengeNames {
				// The pool issues all challenges, from the i-th on, so each row covers the others.
				if i%step != 0 {
					continue
				}
				for _, atOnce := range []bool{false, true} {
					for _, lines := range typedLines(flow.asks) {
						pool.reset(atOnce, rotated(challengeNames, i)...)
						input := strings.Join(lines, "\n")
						code, _, stderr := m.run(t, input, login(flow.args...)...)
						if code == 0 || code == exitUsage {
							t.Fatalf("%s: exit %d, %s", name, code, stderr)
						}
						if sent = sent || pool.leaks(t); sent && !flow.named {
							t.Fatalf("%s, at once: %t, %q: the password was sent:\n%s\n%s",
								name, atOnce, lines[:2], pool.received(), stderr)
						}
					}
				}
			}
			if sent != flow.named {
				t.Errorf("the password was sent: %t, want %t", sent, flow.named)
			}
		})
	}
}

// If piped input has only the password, the error names the challenge that follows.
func TestMissingAnswer(t *testing.T) {
	t.Parallel()
	m, pool := newMachine(t), newHostilePool(t)
	m.settings["AWS_ENDPOINT_URL"] = pool.url
	for _, name := range challengeNames {
		name, _, choices := strings.Cut(name, ":")
		if choices {
			continue
		}
		pool.parameters = map[string]string{"MFAS_CAN_CHOOSE": `["SMS_MFA", "EMAIL_OTP"]`}
		pool.reset(false, name)
		code, _, stderr := m.run(t, cognitotest.ExamplePassword+"\n", login()...)
		named := strings.Contains(stderr, name) && strings.Count(stderr, "\n") == 1
		if code == 0 || code == exitUsage || !named {
			t.Errorf("%s: exit %d, %s", name, code, stderr)
		}
	}
}

// PASSWORD is not chosen for the user, and on a pipe not by its place in a list of the pool's.
func TestChoicesThroughPipe(t *testing.T) {
	t.Parallel()
	m, pool := newMachine(t), newHostilePool(t)
	m.settings["AWS_ENDPOINT_URL"] = pool.url
	const password = cognitotest.ExamplePassword + "\n"
	for _, test := range []struct {
		name     string
		choices  string
		input    string
		flag     string
		sent     bool
		says     string
		requests int // of the user pool
	}{
		{"PASSWORD only", "PASSWORD", "PASSWORD\n" + password, "", false, "-challenge PASSWORD", 1},
		{"PASSWORD by number", "PASSWORD,EMAIL_OTP", "1\n" + password, "", false,
			`["PASSWORD" "EMAIL_OTP"]`, 1},
		{"PASSWORD by name", "PASSWORD,EMAIL_OTP", "password\n" + password, "", true,
			"Incorrect", 2},
		{"PASSWORD by -challenge", "PASSWORD", password, "PASSWORD", true, "Incorrect", 2},
		{"PASSWORD for PASSWORD_SRP", "PASSWORD", password, "PASSWORD_SRP", false,
			"-challenge PASSWORD", 1},
		{"PASSWORD_SRP only", "PASSWORD_SRP", "PASSWORD_SRP\n" + password, "", false,
			"Incorrect", 2},
		{"PASSWORD_SRP for PASSWORD", "PASSWORD_SRP", password, "PASSWORD", true, "Incorrect", 2},
		{"the password as the choice", "EMAIL_OTP", password, "", false, `["EMAIL_OTP"]`, 1},
		{"another choice", "EMAIL_OTP", "PASSWORD_SRP\n" + password, "", false, `["EMAIL_OTP"]`, 1},
		{"none", "", password, "", false, "nothing to choose", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			pool.reset(true, "SELECT_CHALLENGE:"+test.choices)
			args := login("-flow", "USER_AUTH", "-challenge", test.flag)
			code, _, stderr := m.run(t, test.input, args...)
			requests := strings.Count(pool.received(), "X-Amz-Target: ")
			if code == 0 || pool.leaks(t) != test.sent || requests != test.requests ||
				!strings.Contains(stderr, test.says) {
				t.Errorf("exit %d, sent: %t, %d requests, %s",
					code, pool.leaks(t), requests, stderr)
			}
		})
	}
}

// TestTOTPClock checks that the time of a TOTP code follows the server's by minutes only.
func TestTOTPClock(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for _, test := range []struct{ ahead, want time.Duration }{
		{0, 0},
		{10 * time.Minute, 10 * time.Minute},
		{-10 * time.Minute, -10 * time.Minute},
		{time.Hour, 0},
		{-time.Hour, 0},
		{300 * 24 * time.Hour, 0},
		{3 * year, 0},
		{-3 * year, 0},
	} {
		t.Run(fmt.Sprint(test.ahead), func(t *testing.T) {
			const seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
			m := newMachine(t)
			pool := &m.server.UserPools[0]
			pool.MFAConfiguration = "OPTIONAL"
			pool.Users[0].MFA, pool.Users[0].TOTPSecret = []string{"SOFTWARE_TOKEN_MFA"}, seed
			var codes []string
			m.server.Fault = func(r *http.Request) *http.Response {
				if r.Header.Get("Again") != "" {
					return nil
				}
				r.Header.Set("Again", "let it through")
				body, err := io.ReadAll(r.Body)
				var in struct{ ChallengeResponses map[string]string }
				if err == nil && json.Unmarshal(body, &in) == nil {
					if code := in.ChallengeResponses["SOFTWARE_TOKEN_MFA_CODE"]; code != "" {
						codes = append(codes, code)
					}
				}
				r.Body = io.NopCloser(bytes.NewReader(body))
				w := httptest.NewRecorder()
				m.server.ServeHTTP(w, r)
				response := w.Result()
				date := time.Now().Add(test.ahead).UTC().Format(http.TimeFormat)
				response.Header.Set("Date", date)
				return response
			}
			begin := time.Now()
			m.run(t, cognitotest.ExamplePassword+"\n", "login", "-user", "ada",
				"-totp-file", m.write(t, "seed", seed), "-flow", "user_password_auth")
			if len(codes) == 0 {
				t.Fatal("no code was sent")
			}
			var want []string
			for at := begin.Add(-2 * time.Second); at.Before(time.Now()); at = at.Add(time.Second) {
				code, err := cognito.TOTP(seed, at.Add(test.want))
				if err != nil {
					t.Fatalf("TOTP: %v", err)
				}
				want = append(want, code)
			}
			if !slices.Contains(want, codes[0]) {
				t.Errorf("the code is %s, want one of %v", codes[0], slices.Compact(want))
			}
		})
	}
}
