package cognito_test

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/s3list"
)

// With GODEBUG=fips140=only, sign-in, credentials and listing work. What needs SHA-1 or a short key
// is an error. Go reads the setting at the start, so the test runs itself in another process.
func TestFIPSOnly(t *testing.T) {
	const setting = "fips140=only"
	if !strings.Contains(os.Getenv("GODEBUG"), setting) {
		if runtime.GOARCH == "wasm" {
			t.Skip("SKIPPED: this system has no processes")
		}
		child := exec.Command(os.Args[0], "-test.run=^TestFIPSOnly$")
		child.Env = append(os.Environ(), "GODEBUG="+setting)
		out, err := child.CombinedOutput()
		if strings.Contains(string(out), "fips140=only is not supported") ||
			strings.Contains(string(out), "FIPS 140-3 mode not supported") {
			t.Skipf("SKIPPED: Go has no FIPS mode on this system: %s", out)
		}
		if err != nil {
			t.Errorf("with GODEBUG=%s: %v\n%s", setting, err, out)
		}
		return
	}
	ctx, server := t.Context(), cognitotest.Example()
	client := &cognito.Client{Environment: exampleEnvironment(), HTTPClient: server.Client()}
	session, err := client.SignIn(ctx, cognitotest.ExampleUser, cognitotest.ExamplePassword)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := session.Credentials(ctx); err != nil {
		t.Errorf("Credentials() = %v, want credentials", err)
	}
	listing := &s3list.Client{
		Region:      cognitotest.ExampleRegion,
		Credentials: session.Credentials,
		HTTPClient:  server.Client(),
	}
	n := 0
	for _, err := range listing.Objects(ctx, cognitotest.ExampleBucket, "") {
		if n++; err != nil {
			t.Fatal(err)
		}
	}
	if n == 0 {
		t.Error("Objects() lists nothing")
	}

	const refusal, secret = "not allowed in FIPS 140-only mode", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	if code, err := cognito.TOTP(secret, time.Now()); !refused(err, refusal) {
		t.Errorf("TOTP() = %q, %v, want %q", code, err, refusal)
	}
	short := &cognito.Client{Environment: exampleEnvironment(), HTTPClient: server.Client()}
	short.Environment.ClientSecret = "short"
	if _, err := short.SignIn(ctx, "ada", "password"); !refused(err, refusal) {
		t.Errorf("SignIn() with a short client secret = %v, want %q", err, refusal)
	}
	server = cognitotest.Example()
	pool := &server.UserPools[0]
	pool.MFAConfiguration = "ON"
	for i := range pool.Users {
		pool.Users[i].TOTPSecret, pool.Users[i].MFA = secret, []string{"SOFTWARE_TOKEN_MFA"}
	}
	client = &cognito.Client{Environment: exampleEnvironment(), HTTPClient: server.Client()}
	_, err = client.SignIn(ctx, cognitotest.ExampleUser, cognitotest.ExamplePassword)
	var challenge *cognito.Challenge
	if !errors.As(err, &challenge) {
		t.Fatalf("SignIn() = %v, want a challenge", err)
	}
	if _, err := challenge.Respond(ctx, map[string]string{
		"SOFTWARE_TOKEN_MFA_CODE": "123456",
	}); err == nil || !strings.Contains(err.Error(), "HTTP 501") {
		t.Errorf("Respond() with a code = %v, want HTTP 501 from the stand-in", err)
	}
}

// refused reports whether err contains the text of a refusal.
func refused(err error, text string) bool {
	return err != nil && strings.Contains(err.Error(), text)
}
