package srp

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"
)

const testTimestamp = "Tue Apr 5 06:07:08 UTC 2022"

var (
	testID    = Identity{Pool: "AbCdEfGhI", User: "ada", Password: "correct horse"}
	testBlock = []byte("secret block")

	// long is true if the tests run their large cases too.
	long = os.Getenv("COGNITO_TEST_LONG") == "1"
)

// must returns a function that takes the results of a call and fails the test on an error.
func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// checkError checks that err begins with "srp: ", contains want, and is short enough not to quote
// hostile input.
func checkError(t *testing.T, call string, err error, want string) {
	t.Helper()
	if err == nil || !strings.HasPrefix(err.Error(), "srp: ") ||
		!strings.Contains(err.Error(), want) {
		t.Errorf("%s: error = %v, want one with %q", call, err, want)
		return
	}
	if strings.Contains(err.Error(), testID.Password) || len(err.Error()) > 200 {
		t.Errorf("%s: error = %q, which quotes its input", call, err)
	}
}

func TestPoolName(t *testing.T) {
	for _, test := range []struct{ id, want string }{
		{"us-east-1_AbCdEfGhI", "AbCdEfGhI"},
		{"us-gov-west-1_ZZZZZZZZZ", "ZZZZZZZZZ"},
		{"local_1", "1"},
		{"us-east-1_a_b", "a_b"},
		{"r_" + strings.Repeat("a", 53), strings.Repeat("a", 53)},
		{"r_" + strings.Repeat("a", 54), ""},
		{"us-east-1_", ""},
		{"_AbCdEfGhI", ""},
		{"us-east-1", ""},
		{"", ""},
		{"us-east-1_AbC dEf", ""},
		{"us-east-1_AbC-dEf", ""},
		{"us-east-1_é", ""},
		{"us.east_x", ""},
		{"us-east-1_AbCdEfGhI\n", ""},
	} {
		got, err := PoolName(test.id)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("PoolName(%q) = %q, %v, want %q", test.id, got, err, test.want)
		}
	}
}

func TestTimestamp(t *testing.T) {
	for _, test := range []struct{ name, time, want string }{
		{"one-digit day", "2022-04-05T06:07:08Z", "Tue Apr 5 06:07:08 UTC 2022"},
		{"24-hour clock", "2022-04-05T15:04:05Z", "Tue Apr 5 15:04:05 UTC 2022"},
		{"midnight", "2022-04-05T00:00:00Z", "Tue Apr 5 00:00:00 UTC 2022"},
		{"other zone", "2021-12-31T20:00:00-05:00", "Sat Jan 1 01:00:00 UTC 2022"},
		{"fraction", "2024-02-29T12:00:00.999Z", "Thu Feb 29 12:00:00 UTC 2024"},
	} {
		at := must[time.Time](t)(time.Parse(time.RFC3339, test.time))
		got := Timestamp(at)
		if got != test.want {
			t.Errorf("%s: Timestamp(%s) = %q, want %q", test.name, test.time, got, test.want)
		}
		if err := checkTimestamp(got); err != nil {
			t.Errorf("%s: checkTimestamp(%q) = %v, want nil", test.name, got, err)
		}
	}
}

func TestCheckTimestampRefuses(t *testing.T) {
	for _, s := range []string{
		"",
		"timestamp",
		"Tue Apr 05 06:07:08 UTC 2022",
		"Tue Apr  5 06:07:08 UTC 2022",
		"Mon Apr 5 06:07:08 UTC 2022",
		"Tue Apr 5 6:07:08 UTC 2022",
		"Tue Apr 5 06:07:08 GMT 2022",
		"Tue apr 5 06:07:08 UTC 2022",
		"Tue Apr 5 06:07:08 UTC 2022 ",
		"Tue Apr 5 24:00:00 UTC 2022",
		"Wed Feb 30 06:07:08 UTC 2022",
		"Tue Apr 5 06:07:08.5 UTC 2022",
		"2022-04-05T06:07:08Z",
	} {
		if checkTimestamp(s) == nil {
			t.Errorf("checkTimestamp(%q) = nil, want an error", s)
		}
	}
}

// TestParseHex checks that numbers parse as they do in Amazon's clients: odd lengths and leading
// zeros are valid, and a sign is not (aws-amplify/amplify-js#4430).
func TestParseHex(t *testing.T) {
	for _, test := range []struct {
		s    string
		want int64
	}{
		{"0", 0},
		{"000", 0},
		{"f", 15},
		{"0F", 15},
		{"00aB", 171},
		{"1ff", 511},
	} {
		if n, err := parseHex("SALT", test.s, 10); err != nil || n.Int64() != test.want {
			t.Errorf("parseHex(%q) = %v, %v, want %d", test.s, n, err, test.want)
		}
	}
	for _, s := range []string{
		"", "-1", "+1", "-", "0x10", "1_0", " 1", "1 ", "1\n", "g", "1.5", "١", "a\x00b", "1-1",
		"\xff", "00000000000",
	} {
		n, err := parseHex("SALT", s, 10)
		if err == nil || n != nil || !strings.HasPrefix(err.Error(), "srp: SALT ") {
			t.Errorf("parseHex(%q) = %v, %v, want nil and an error that names SALT", s, n, err)
		}
	}
	for _, test := range []struct {
		digits int
		ok     bool
	}{
		{maxDigits, true},
		{maxDigits + 1, false},
	} {
		s := strings.Repeat("0", test.digits-1) + "1"
		if _, err := parseHex("SRP_B", s, maxDigits); (err == nil) != test.ok {
			t.Errorf("parseHex of %d digits: error = %v, want ok = %t", test.digits, err, test.ok)
		}
	}
}

// TestRedaction prints, logs and marshals values that hold secrets, alone and inside another
// struct. It leaves out the verb %p, for which fmt does not call Format and which go vet refuses.
func TestRedaction(t *testing.T) {
	verifier := must[Verifier](t)(NewVerifier(testID))
	client, server := NewClient(), must[*Server](t)(NewServer(verifier))
	a, b := <-client.a, <-server.b
	client.a <- a
	server.b <- b
	secrets := []string{
		testID.Password,
		fmt.Sprintf("%x", testID.Password),
		fmt.Sprint([]byte(testID.Password)),
	}
	for _, n := range []*big.Int{a, b, server.v} {
		secrets = append(secrets,
			n.String(),
			n.Text(16),
			strings.ToUpper(n.Text(16)),
			fmt.Sprint(n.Bytes()),
			fmt.Sprint(n.Bits()),
		)
	}
	type outer struct {
		I Identity
		C *Client
		V []Verifier
		S map[string]Server
	}
	for _, test := range []struct {
		name  string
		value any
	}{
		{"Identity", testID},
		{"*Identity", &testID},
		{"Client", *client},
		{"*Client", client},
		{"Verifier", verifier},
		{"*Verifier", &verifier},
		{"Server", *server},
		{"*Server", server},
		{"fields", outer{testID, client, []Verifier{verifier}, map[string]Server{"s": *server}}},
	} {
		var out bytes.Buffer
		verbs := []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%X", "%q", "%t", "%10v"}
		for _, verb := range verbs {
			fmt.Fprintf(&out, verb+"\n", test.value)
		}
		if gob.NewEncoder(&out).Encode(test.value) == nil {
			t.Errorf("%s: gob encodes it", test.name)
		}
		fmt.Fprintln(&out, fmt.Sprint(test.value))
		fmt.Fprintln(&out, fmt.Errorf("x: %v", test.value))
		slog.New(slog.NewTextHandler(&out, nil)).Info("m", "v", test.value)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("m", slog.Group("g", "v", test.value))
		encoded, err := json.Marshal(test.value)
		if err != nil {
			t.Errorf("%s: json.Marshal: %v", test.name, err)
		}
		out.Write(encoded)
		for _, secret := range secrets {
			if strings.Contains(out.String(), secret) {
				t.Errorf("%s: output has a secret:\n%s", test.name, out.String())
				break
			}
		}
		want := len(verbs) + 5
		if got := strings.Count(out.String(), "REDACTED"); test.name != "fields" && got != want {
			t.Errorf("%s: output has REDACTED %d times, want %d:\n%s",
				test.name, got, want, out.String())
		}
	}
}
