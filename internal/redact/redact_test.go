package redact_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/internal/redact"
)

type secret struct{ Name, Password string }

func (s secret) Format(f fmt.State, _ rune) { redact.Format(f, "redact.secret", "Name", s.Name) }
func (s secret) MarshalText() ([]byte, error) {
	return redact.Text("redact.secret", "Name", s.Name), nil
}

type outer struct {
	Value   secret
	Pointer *secret
	List    []secret
	Map     map[string]secret
	Any     any
}

func TestNothingPrintsIt(t *testing.T) {
	s := secret{`ad"a`, "hunter2"}
	var log strings.Builder
	for _, v := range []any{s, &s, outer{s, &s, []secret{s}, map[string]secret{"k": s}, s}, []any{s}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%X", "%q", "%t", "%10v", "%-5.1s"} {
			fmt.Fprintf(&log, verb+"\n", v)
		}
		fmt.Fprintln(&log, v)
		slog.New(slog.NewTextHandler(&log, nil)).Info("text", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("json", "v", v)
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		log.Write(b)
	}
	if b, err := xml.Marshal(s); err != nil || strings.Contains(string(b), "hunter2") {
		t.Error(string(b), err)
	}
	if text := log.String(); strings.Contains(text, "hunter2") || strings.Contains(text, fmt.Sprintf("%x", "hunter2")) || strings.Contains(text, fmt.Sprintf("%X", "hunter2")) {
		t.Error(text)
	}
}

func TestText(t *testing.T) {
	for want, shown := range map[string][]string{
		`x{redacted}`:               nil,
		`x{A:"1" redacted}`:         {"A", "1", "B", ""},
		`x{A:"\n" B:"\"" redacted}`: {"A", "\n", "B", `"`},
		`x{A:"odd" redacted}`:       {"A", "odd", "B"},
	} {
		if got := string(redact.Text("x", shown...)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := fmt.Sprintf("%d", secret{"n", "p"}); got != `redact.secret{Name:"n" redacted}` {
		t.Error(got)
	}
}
