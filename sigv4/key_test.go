package sigv4

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestSigningKeyCache shows when a signing key is used again and when it is forgotten.
func TestSigningKeyCache(t *testing.T) {
	sign := func(s *Signer, creds Credentials, at time.Time) *cachedKey {
		t.Helper()
		if err := s.Sign(newRequest(t, "GET", "https://example.com/", nil), creds, "", at); err != nil {
			t.Fatal(err)
		}
		return s.key.Load()
	}
	temporary := example
	temporary.Expires = at.Add(time.Hour)
	midnight := time.Date(2023, 11, 6, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name   string
		change func(*Signer, *Credentials, *time.Time)
		again  bool // the same key
		kept   bool
	}{
		{"the same", func(*Signer, *Credentials, *time.Time) {}, true, true},
		{"another session token", func(_ *Signer, c *Credentials, _ *time.Time) { c.SessionToken = "t" }, true, true},
		{"later that day", func(_ *Signer, c *Credentials, at *time.Time) { c.Expires, *at = time.Time{}, midnight.Add(-1) }, true, true},
		{"the next day", func(_ *Signer, c *Credentials, at *time.Time) { c.Expires, *at = time.Time{}, midnight }, false, true},
		{"just before they expire", func(_ *Signer, c *Credentials, at *time.Time) { *at = c.Expires.Add(-1) }, true, true},
		{"when they expire", func(_ *Signer, c *Credentials, at *time.Time) { *at = c.Expires }, false, false},
		{"another secret", func(_ *Signer, c *Credentials, _ *time.Time) { c.SecretAccessKey += "x" }, false, true},
		{"another secret, expired", func(_ *Signer, c *Credentials, _ *time.Time) { c.SecretAccessKey, c.Expires = "x", at.Add(-1) }, false, false},
		{"another Region", func(s *Signer, _ *Credentials, _ *time.Time) { s.Region = "eu-west-2" }, false, true},
		{"another service", func(s *Signer, _ *Credentials, _ *time.Time) { s.Service = "sts" }, false, true},
		{"Region and service in other places", func(s *Signer, _ *Credentials, _ *time.Time) { s.Region, s.Service = s.Service, s.Region }, false, true},
	} {
		s := &Signer{Region: "eu-west-1", Service: "s3"}
		first := sign(s, temporary, at)
		creds, now := temporary, at
		test.change(s, &creds, &now)
		second := sign(s, creds, now)
		if first == nil || (second == first) != test.again || (second != nil) != test.kept {
			t.Errorf("%s: first %p, then %p", test.name, first, second)
		}
	}
}

// TestSigningKeyCacheChangesNothing compares a Signer that many use with a new one for each request.
func TestSigningKeyCacheChangesNothing(t *testing.T) {
	shared := &Signer{Region: "eu-west-1", Service: "s3"}
	transport := &Transport{Region: "eu-west-1", Service: "s3"}
	transport.Base = roundTripper(func(r *http.Request) (*http.Response, error) {
		raw, err := wire(r)
		if err == nil {
			err = oracle(raw, r.Context().Value(secretKey{}).(string), true)
		}
		return nil, err
	})
	transport.Credentials = func(ctx context.Context) (Credentials, error) {
		return Credentials{AccessKeyID: "AKID", SecretAccessKey: ctx.Value(secretKey{}).(string)}, nil
	}
	var wait sync.WaitGroup
	for i := range 8 {
		random := rand.New(rand.NewPCG(1, uint64(i)))
		wait.Go(func() {
			for range 200 {
				creds := Credentials{AccessKeyID: "AKID", SecretAccessKey: []string{"a", "b"}[random.IntN(2)]}
				now := at.Add(time.Duration(random.IntN(3)) * 24 * time.Hour)
				if random.IntN(2) == 0 {
					creds.Expires = now.Add(time.Duration(random.IntN(3)-1) * time.Hour)
				}
				a, b := newRequest(t, "GET", "https://example.com/", nil), newRequest(t, "GET", "https://example.com/", nil)
				err1, err2 := shared.Sign(a, creds, "", now), (&Signer{Region: "eu-west-1", Service: "s3"}).Sign(b, creds, "", now)
				if err1 != nil || err2 != nil || a.Header.Get("Authorization") != b.Header.Get("Authorization") {
					t.Errorf("%v, %v: %q and %q", err1, err2, a.Header, b.Header)
				}
				ctx := context.WithValue(t.Context(), secretKey{}, creds.SecretAccessKey)
				if _, err := transport.RoundTrip(a.Clone(ctx)); err == nil {
					t.Error("a signed request was signed again")
				}
				if _, err := transport.RoundTrip(newRequest(t, "GET", "https://example.com/", nil).WithContext(ctx)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if transport.key.Load() == nil {
		t.Error("the Transport keeps no key")
	}
}

type secretKey struct{}

// TestSigningKeyRedaction shows that what a Signer and a Transport keep does not print.
func TestSigningKeyRedaction(t *testing.T) {
	s := &Signer{Region: "eu-west-1", Service: "s3"}
	if err := s.Sign(newRequest(t, "GET", "https://example.com/", nil), example, "", at); err != nil {
		t.Fatal(err)
	}
	transport := &Transport{Region: "eu-west-1", Service: "s3"}
	transport.key.Store(s.key.Load())
	var out strings.Builder
	for _, v := range []any{s, transport, struct{ S *Signer }{s}, []*Signer{s}, map[string]*Transport{"t": transport}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%X", "%q"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("message", "value", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("message", "value", v)
		encoded, _ := json.Marshal(v) // a Transport holds functions, which is an error
		out.Write(encoded)
	}
	cached := s.key.Load()
	for _, secret := range [][]byte{cached.key[:8], cached.secret[:8], []byte(example.SecretAccessKey)[:8]} {
		for _, form := range []string{"%x", "%X", "%d", "%s", "%q"} {
			if text := strings.Trim(fmt.Sprintf(form, secret), "[]\""); strings.Contains(out.String(), text) {
				t.Errorf("%s was printed", text)
			}
		}
	}
}
