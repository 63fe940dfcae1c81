package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito/cognitotest"
)

func TestUnattended(t *testing.T) {
	const seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	for name, test := range map[string]struct {
		mfa  []string
		file string
		flow string
		code int
		says string
	}{
		"seed":                   {[]string{"SOFTWARE_TOKEN_MFA"}, " " + seed[:16] + " " + strings.ToLower(seed[16:]) + "\n", "", 0, "signed in"},
		"seed, and another MFA":  {[]string{"EMAIL_OTP", "SOFTWARE_TOKEN_MFA"}, seed, "", 0, "signed in"},
		"a wrong seed":           {[]string{"SOFTWARE_TOKEN_MFA"}, "MFRGGZDFMZTWQ2LK", "", exitFailed, "CodeMismatchException"},
		"no seed":                {[]string{"SOFTWARE_TOKEN_MFA"}, "my password!", "", exitUsage, "-totp-file"},
		"an empty file":          {[]string{"SOFTWARE_TOKEN_MFA"}, "\n", "", exitUsage, "-totp-file"},
		"the pool wants a code":  {[]string{"EMAIL_OTP"}, seed, "", exitSignIn, "EMAIL_OTP"}, // nobody to ask
		"the password by itself": {[]string{"SOFTWARE_TOKEN_MFA"}, seed, "user_password_auth", 0, "signed in"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			pool := &m.server.UserPools[0]
			pool.MFAConfiguration = "OPTIONAL"
			pool.Users[0].MFA, pool.Users[0].TOTPSecret = test.mfa, seed
			code, stdout, stderr := m.run(t, cognitotest.ExamplePassword+"\n", "login", "-user", "ada", "-totp-file", m.write(t, "seed", test.file), "-flow", test.flow)
			if code != test.code || stdout != "" || !strings.Contains(stderr, test.says) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit %d, %q, %s", code, stdout, stderr)
			}
			if strings.Contains(stderr, seed) || strings.Contains(stderr, "my password") {
				t.Errorf("the seed is shown: %s", stderr)
			}
		})
	}
}

// A pool that wants a password generator to be set up can't be answered with a seed, and without a terminal the seed is
// told in words.
func TestSetUpUnattended(t *testing.T) {
	m := newMachine(t)
	m.server.UserPools[0].MFAConfiguration = "ON"
	seed := m.write(t, "seed", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	input := cognitotest.ExamplePassword + "\nSOFTWARE_TOKEN_MFA\n"
	if code, _, stderr := m.run(t, input, "login", "-user", "ada", "-totp-file", seed); code != exitSignIn || !strings.Contains(stderr, "set it up once") {
		t.Errorf("exit %d, %s", code, stderr)
	}
	code, _, stderr := m.run(t, input, "login", "-user", "ada")
	if code != exitSignIn || !strings.Contains(stderr, "enter this seed in an authenticator app: ") || strings.ContainsAny(stderr, "▀▄█\x1b") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// A code is good once: the next sign-in waits for the next code.
func TestNextCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(7 * time.Second) // to 7 s past the step that the bubble begins with
		var said bytes.Buffer
		s := &signedIn{a: &app{stderr: &said}, clock: new(clock)}
		s.clock.off.Store(int64(5 * time.Second)) // AWS's clock is 12 s past it
		start := time.Now()
		if err := s.nextCode(t.Context()); err != nil || time.Since(start) != 18*time.Second || !strings.Contains(said.String(), "18s") {
			t.Errorf("%v, after %v, %s", err, time.Since(start), &said)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.nextCode(ctx); err == nil {
			t.Error("it does not end with its context")
		}
	})
}
