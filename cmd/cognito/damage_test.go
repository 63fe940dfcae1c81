package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// A damaged value in the record is requested again, once, if the refresh token is good.
func TestDamagedValues(t *testing.T) {
	for _, test := range []struct {
		name     string
		old, new string
		requests []string // that credentials sends
	}{
		{
			name:     "ID token",
			old:      `"ID":"e`,
			new:      `"ID":"x`,
			requests: []string{"GetTokensFromRefreshToken"},
		},
		{
			name:     "ID token of another type",
			old:      `"ID":"`,
			new:      `"ID":[],"X":"`,
			requests: []string{"GetTokensFromRefreshToken"},
		},
		{
			name:     "signature of the ID token",
			old:      `","Access"`,
			new:      `AAAA","Access"`,
			requests: []string{"GetTokensFromRefreshToken", "GetCredentialsForIdentity"},
		},
		{
			name:     "access token",
			old:      `"Access":"e`,
			new:      `"Access":".`,
			requests: []string{"GetTokensFromRefreshToken"},
		},
		{
			name:     "identity",
			old:      `"IdentityID":"us-east-1:`,
			new:      `"IdentityID":"us-east-1:?`,
			requests: []string{"GetId", "GetCredentialsForIdentity"},
		},
		{
			name:     "another identity",
			old:      `"IdentityID":"us-east-1:`,
			new:      `"IdentityID":"us-east-1:0`,
			requests: []string{"GetId", "GetCredentialsForIdentity"},
		},
		{
			name:     "credentials",
			old:      `"access_key_id":"`,
			new:      `"access_key_id":"","x":"`,
			requests: []string{"GetCredentialsForIdentity"},
		},
		{
			name:     "expiry of credentials",
			old:      `"expires":"2`,
			new:      `"expires":"x`,
			requests: []string{"GetCredentialsForIdentity"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t).signedIn(t)
			m.must(t, "", "credentials")
			path, _ := m.record(t)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			damaged := strings.Replace(string(text), test.old, test.new, 1)
			if damaged == string(text) {
				t.Fatalf("the record has no %s", test.old)
			}
			if slices.Contains(test.requests, "GetCredentialsForIdentity") { // none are cached
				damaged = strings.Replace(damaged, `"for":"`, `"for":"other`, 1)
			}
			if err := os.WriteFile(path, []byte(damaged), 0o600); err != nil {
				t.Fatal(err)
			}
			m.must(t, "", "whoami", "-offline")
			made := new(calls)
			m.fault.set(made.note)
			m.must(t, "", "token", "-access")
			m.must(t, "", "credentials")
			for _, name := range test.requests {
				if !strings.Contains(strings.Join(made.names, " "), name) {
					t.Errorf("the commands sent %q, want %q", made.names, test.requests)
				}
			}
			m.must(t, "", "whoami")
			made.names = nil
			m.must(t, "", "token")
			m.must(t, "", "credentials")
			if len(made.names) > 0 {
				t.Errorf("the next commands sent %q, want nothing", made.names)
			}
		})
	}
}
