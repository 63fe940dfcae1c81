package sigv4

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestRedaction prints credentials in all ways that a program may print them by accident. Verb %p is not among them: fmt
// calls no method for it, and go vet refuses it.
func TestRedaction(t *testing.T) {
	creds := Credentials{AccessKeyID: "ASIAIOSFODNN7EXAMPLE", SecretAccessKey: "hunter2-secret", SessionToken: "hunter2-token", Expires: at}
	type outer struct {
		Name    string
		Inner   Credentials
		Pointer *Credentials
		List    []Credentials
		Map     map[string]Credentials
		Any     any
	}
	values := []any{creds, &creds, outer{"n", creds, &creds, []Credentials{creds}, map[string]Credentials{"k": creds}, creds}, []any{creds}, [1]Credentials{creds}}
	var out bytes.Buffer
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%X", "%q", "%t", "%08.3f", "%T", "%!"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		fmt.Fprintln(&out, v)
		fmt.Fprintln(&out, fmt.Errorf("wrapped: %v", v))
		for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			slog.New(handler).Info("message", "value", v, slog.Group("group", "value", v))
		}
		encoded, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(encoded)
	}
	for _, secret := range []string{"hunter2", fmt.Sprintf("%x", "hunter2"), fmt.Sprintf("%X", "hunter2"), strings.Trim(fmt.Sprint([]byte("hunter2")), "[]")} {
		if i := strings.Index(out.String(), secret); i >= 0 {
			t.Errorf("a secret was printed: ...%s", out.String()[max(0, i-200):i])
		}
	}
	const want = "sigv4.Credentials{AccessKeyID:ASIAIOSFODNN7EXAMPLE SecretAccessKey:REDACTED SessionToken:REDACTED Expires:2023-11-05T06:08:09Z}"
	if got := fmt.Sprint(creds); got != want {
		t.Errorf("printed as %s, want %s", got, want)
	}
	if got := fmt.Sprint(Credentials{Expires: time.Time{}}); strings.Contains(got, "Expires") {
		t.Errorf("no expiry is printed as %s", got)
	}
}
