package srp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"
	"time"
)

func TestPoolName(t *testing.T) {
	for id, want := range map[string]string{
		"us-east-1_AbCdEfGhI":          "AbCdEfGhI",
		"us-gov-west-1_ZZZZZZZZZ":      "ZZZZZZZZZ",
		"local_1":                      "1",
		"us-east-1_a_b":                "a_b",
		"us-east-1_":                   "",
		"_AbCdEfGhI":                   "",
		"us-east-1":                    "",
		"":                             "",
		"us-east-1_AbC dEf":            "",
		"us-east-1_AbC-dEf":            "",
		"us-east-1_é":                  "",
		"us.east_x":                    "",
		"us-east-1_AbCdEfGhI\n":        "",
		"r_" + strings.Repeat("a", 53): strings.Repeat("a", 53),
		"r_" + strings.Repeat("a", 54): "",
	} {
		got, err := PoolName(id)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("PoolName(%q) = %q, %v; want %q", id, got, err, want)
		}
	}
}

func TestTimestamp(t *testing.T) {
	for _, c := range [][2]string{
		{"2022-04-05T06:07:08Z", "Tue Apr 5 06:07:08 UTC 2022"},
		{"2022-04-05T15:04:05Z", "Tue Apr 5 15:04:05 UTC 2022"}, // 24 hours
		{"2022-04-05T00:00:00Z", "Tue Apr 5 00:00:00 UTC 2022"},
		{"2021-12-31T20:00:00-05:00", "Sat Jan 1 01:00:00 UTC 2022"}, // UTC
		{"2024-02-29T12:00:00.999Z", "Thu Feb 29 12:00:00 UTC 2024"},
	} {
		parsed := must[time.Time](t)(time.Parse(time.RFC3339, c[0]))
		if got := Timestamp(parsed); got != c[1] || checkTimestamp(got) != nil {
			t.Errorf("Timestamp(%s) = %q, want %q", c[0], got, c[1])
		}
	}
	for _, s := range []string{
		"", "timestamp", "Tue Apr 05 06:07:08 UTC 2022", "Tue Apr  5 06:07:08 UTC 2022", "Mon Apr 5 06:07:08 UTC 2022",
		"Tue Apr 5 6:07:08 UTC 2022", "Tue Apr 5 06:07:08 GMT 2022", "Tue apr 5 06:07:08 UTC 2022", "Tue Apr 5 06:07:08 UTC 2022 ",
		"Tue Apr 5 24:00:00 UTC 2022", "Wed Feb 30 06:07:08 UTC 2022", "Tue Apr 5 06:07:08.5 UTC 2022", "2022-04-05T06:07:08Z",
	} {
		if checkTimestamp(s) == nil {
			t.Errorf("%q passes as a timestamp", s)
		}
	}
}

// No way of printing shows a secret, also within another struct.
func TestRedaction(t *testing.T) {
	v := must[Verifier](t)(NewVerifier(testID))
	c, s := NewClient(), must[*Server](t)(NewServer(v))
	a, b := <-c.a, <-s.b
	c.a <- a
	s.b <- b
	secrets := []string{testID.Password, fmt.Sprintf("%x", testID.Password), fmt.Sprint([]byte(testID.Password))}
	for _, n := range []*big.Int{a, b, s.v} {
		secrets = append(secrets, n.String(), n.Text(16), strings.ToUpper(n.Text(16)), fmt.Sprint(n.Bytes()), fmt.Sprint(n.Bits()))
	}
	values := map[string]any{
		"Identity": testID, "*Identity": &testID, "Client": *c, "*Client": c,
		"Verifier": v, "*Verifier": &v, "Server": *s, "*Server": s,
		"nested": struct {
			I Identity
			C *Client
			V []Verifier
			S map[string]Server
		}{testID, c, []Verifier{v}, map[string]Server{"s": *s}},
	}
	for name, value := range values {
		var out bytes.Buffer
		// Not %p: fmt never calls Format for it. go vet refuses it for structs.
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%X", "%q", "%t", "%10v"} {
			fmt.Fprintf(&out, verb+"\n", value)
		}
		fmt.Fprintln(&out, fmt.Sprint(value), fmt.Errorf("x: %v", value))
		slog.New(slog.NewTextHandler(&out, nil)).Info("m", "v", value)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("m", slog.Group("g", "v", value))
		encoded, err := json.Marshal(value)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		out.Write(encoded)
		for _, secret := range secrets {
			if strings.Contains(out.String(), secret) {
				t.Errorf("%s: printed a secret:\n%s", name, out.String())
				break
			}
		}
		if name != "nested" && strings.Count(out.String(), "(redacted)") < 11 {
			t.Errorf("%s: says too seldom that it redacts:\n%s", name, out.String())
		}
	}
}
