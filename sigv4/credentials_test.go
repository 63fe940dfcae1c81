package sigv4

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// TestRedaction prints, logs and marshals credentials, alone and inside other values. It leaves
// out the verb %p, for which fmt does not call Format and which go vet refuses.
func TestRedaction(t *testing.T) {
	creds := Credentials{
		AccessKeyID:     "ASIAIOSFODNN7EXAMPLE",
		SecretAccessKey: "hunter2-secret",
		SessionToken:    "hunter2-token",
		Expires:         at,
	}
	type outer struct {
		Inner   Credentials
		Pointer *Credentials
		List    []Credentials
		Map     map[string]Credentials
		Any     any
	}
	var out bytes.Buffer
	for _, v := range []any{
		creds,
		&creds,
		[]any{creds},
		[1]Credentials{creds},
		outer{creds, &creds, []Credentials{creds}, map[string]Credentials{"k": creds}, creds},
	} {
		for _, verb := range []string{
			"%v", "%+v", "%#v", "%s", "%d", "%x", "%X", "%q", "%t", "%08.3f", "%T", "%!",
		} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		if gob.NewEncoder(&out).Encode(v) == nil {
			t.Errorf("gob encodes %T", v)
		}
		fmt.Fprintln(&out, v)
		fmt.Fprintln(&out, fmt.Errorf("wrapped: %v", v))
		inText, inJSON := slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)
		for _, handler := range []slog.Handler{inText, inJSON} {
			slog.New(handler).Info("message", "value", v, slog.Group("group", "value", v))
		}
		encoded, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(encoded)
	}
	for _, secret := range []string{
		"hunter2",
		fmt.Sprintf("%x", "hunter2"),
		fmt.Sprintf("%X", "hunter2"),
		strings.Trim(fmt.Sprint([]byte("hunter2")), "[]"),
	} {
		if i := strings.Index(out.String(), secret); i >= 0 {
			t.Errorf("output has a secret after: %s", out.String()[max(0, i-200):i])
		}
	}

	const redacted = "sigv4.Credentials{AccessKeyID:ASIAIOSFODNN7EXAMPLE " +
		"SecretAccessKey:REDACTED SessionToken:REDACTED"
	want := redacted + " Expires:2023-11-05T06:08:09Z}"
	if got := fmt.Sprint(creds); got != want {
		t.Errorf("Sprint(creds) = %s, want %s", got, want)
	}
	permanent := Credentials{AccessKeyID: creds.AccessKeyID, SecretAccessKey: "hunter2"}
	if got, want := fmt.Sprint(permanent), redacted+"}"; got != want {
		t.Errorf("Sprint(permanent) = %s, want %s", got, want)
	}
}
