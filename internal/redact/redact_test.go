package redact_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/internal/redact"
)

const mark = "hunter2"

// prints returns v as everything that prints, logs or marshals it writes it.
func prints(t *testing.T, v any) string {
	t.Helper()
	var text bytes.Buffer
	pointer := reflect.New(reflect.TypeOf(v))
	pointer.Elem().Set(reflect.ValueOf(v))
	for _, v := range []any{
		v,
		pointer.Interface(),
		[]any{v},
		map[string]any{"k": v},
		struct{ V any }{v},
	} {
		for _, verb := range "vsdxXqtbeU" {
			for _, flags := range []string{"", "+", "#", "10", "-5.1"} {
				fmt.Fprintf(&text, "%"+flags+string(verb)+"\n", v)
			}
		}
		fmt.Fprintln(&text, v)
		if reflect.TypeOf(v).Kind() != reflect.Slice && gob.NewEncoder(&text).Encode(v) == nil {
			t.Errorf("gob encodes %T", v)
		}
		slog.New(slog.NewTextHandler(&text, nil)).Info("text", "v", v)
		slog.New(slog.NewJSONHandler(&text, nil)).Info("json", "v", v)
		b, err := json.Marshal(v)
		if err != nil {
			t.Errorf("json.Marshal(%T): %v", v, err)
		}
		text.Write(b)
	}
	return text.String()
}

// leaks reports whether text contains the marker, also in hexadecimal.
func leaks(text string) bool {
	for _, verb := range []string{"%s", "%x", "% x", "%X", "% X"} {
		if strings.Contains(text, fmt.Sprintf(verb, mark)) {
			return true
		}
	}
	return false
}

type secret struct {
	redact.Fields
	Name, Password string
	Numbers        []byte
}

type outer struct {
	Value   secret
	Pointer *secret
	List    []secret
	Map     map[string]secret
	Any     any
}

func TestFields(t *testing.T) {
	s := secret{Name: "ada", Password: mark, Numbers: []byte(mark)}
	for _, v := range []any{s, outer{s, &s, []secret{s}, map[string]secret{"k": s}, s}} {
		if text := prints(t, v); leaks(text) || !strings.Contains(text, "[redacted]") {
			t.Errorf("%T prints as %s, want [redacted]", v, text)
		}
	}
	text, err := xml.Marshal(s)
	if want := "<secret>[redacted]</secret>"; err != nil || string(text) != want {
		t.Errorf("xml.Marshal = %s, %v, want %s", text, err, want)
	}
	if got := fmt.Sprint((*secret)(nil)); got != "<nil>" {
		t.Errorf("Sprint(nil) = %s, want <nil>", got)
	}
}

func TestFieldsDecode(t *testing.T) {
	var got secret
	err := json.Unmarshal([]byte(`{"Name":"ada","Password":"p"}`), &got)
	if want := (secret{Name: "ada", Password: "p"}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("json.Unmarshal: %q, %v, want %q", got.Password, err, want.Password)
	}
	if err := json.Unmarshal([]byte(`"[redacted]"`), &got); err == nil {
		t.Error("json.Unmarshal accepts redacted text")
	}
}
