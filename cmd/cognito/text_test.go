package main

import (
	"encoding/binary"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf16"

	"github.com/loginwithcognito/cognito/cognitotest"
)

const totpSecret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

// windowsForms are the forms in which programs on Windows write text.
var windowsForms = []struct {
	name   string
	encode func(string) string
}{
	{"UTF-8 with a mark", func(s string) string { return "\xEF\xBB\xBF" + s }},
	{"UTF-16LE", func(s string) string { return encodeUTF16(binary.LittleEndian, s) }},
	{"UTF-16BE", func(s string) string { return encodeUTF16(binary.BigEndian, s) }},
}

func encodeUTF16(order binary.AppendByteOrder, s string) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune("\uFEFF" + s)) {
		out = order.AppendUint16(out, unit)
	}
	return string(out)
}

func TestTextFromWindows(t *testing.T) {
	t.Parallel()
	for _, form := range windowsForms {
		t.Run(form.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.server.UserPools[0].MFAConfiguration = "OPTIONAL"
			user := &m.server.UserPools[0].Users[0]
			user.MFA, user.TOTPSecret = []string{"SOFTWARE_TOKEN_MFA", "EMAIL_OTP"}, totpSecret

			// A pipe, over several prompts.
			const password = cognitotest.ExamplePassword
			input := form.encode(password + "\r\nSOFTWARE_TOKEN_MFA\r\n12 3x\r\n")
			code, _, stderr := m.run(t, input, login()...)
			if code != exitSignIn || !strings.Contains(stderr, "a code contains digits only") {
				t.Errorf("login with a wrong code: exit %d, %s", code, stderr)
			}
			secret := m.write(t, "totp", form.encode(totpSecret+"\r\n"))
			config := m.settings["COGNITO_CONFIG"]
			text, err := os.ReadFile(config)
			if err != nil {
				t.Fatal(err)
			}
			m.write(t, "config.json", form.encode(string(text)))
			m.must(t, form.encode(cognitotest.ExamplePassword+"\r\n"),
				login("-totp-file", secret)...)
			m.must(t, "", "configure", "-env", "BARE", "-bucket", "a-bucket")
			if got := m.configuration(t)["BARE"].BucketName; got != "a-bucket" {
				t.Errorf("configure: bucket_name is %q, want a-bucket", got)
			}

			const want = cognitotest.ExampleClientSecret
			clientSecret := m.write(t, "secret", form.encode(want+"\r\n"))
			m.must(t, "", "configure", "-env", "BARE", "-client-id",
				cognitotest.ExampleSecretClientID, "-client-secret-file", clientSecret, "-force")
			if got := m.configuration(t)["BARE"].ClientSecret; got != want {
				t.Error("configure -client-secret-file stored another secret")
			}
			m.must(t, form.encode(string(text)), "configure", "-env", "DEV", "-from", "-")

			seed := m.write(t, "seed", form.encode(`{"Buckets": []}`))
			code, _, stderr = m.run(t, "", "emulate", "-seed", seed, "-addr", "256.0.0.1:0")
			if !strings.Contains(stderr, "UserPools is missing") {
				t.Errorf("emulate -seed: exit %d, %s", code, stderr)
			}
		})
	}
}

// Text with a NUL is refused, and not printed, because it may be a password.
func TestTextWithNUL(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	var asked atomic.Int32
	m.fault.set(func(*http.Request) *http.Response {
		asked.Add(1)
		return nil
	})
	code, _, stderr := m.run(t, "p\x00a\x00s\x00s\x00\n\x00", login()...)
	if code == 0 || !strings.Contains(stderr, "NUL") || asked.Load() > 0 {
		t.Errorf("login: exit %d, %s", code, stderr)
	}
}
