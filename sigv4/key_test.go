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

// TestSigningKeyCache checks when a Signer uses its cached key again and when it drops it.
func TestSigningKeyCache(t *testing.T) {
	type input struct {
		signer *Signer
		creds  Credentials
		at     time.Time
	}
	midnight := time.Date(2023, 11, 6, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name   string
		change func(*input)
		reused bool // whether the second signature uses the key of the first
		cached bool // whether a key is cached afterwards
	}{
		{
			name:   "no change",
			change: func(*input) {},
			reused: true,
			cached: true,
		},
		{
			name:   "session token",
			change: func(in *input) { in.creds.SessionToken = "t" },
			reused: true,
			cached: true,
		},
		{
			name:   "later that day",
			change: func(in *input) { in.creds.Expires, in.at = time.Time{}, midnight.Add(-1) },
			reused: true,
			cached: true,
		},
		{
			name:   "next day",
			change: func(in *input) { in.creds.Expires, in.at = time.Time{}, midnight },
			cached: true,
		},
		{
			name:   "just before the credentials expire",
			change: func(in *input) { in.at = in.creds.Expires.Add(-1) },
			reused: true,
			cached: true,
		},
		{
			name:   "when the credentials expire",
			change: func(in *input) { in.at = in.creds.Expires },
		},
		{
			name:   "secret access key",
			change: func(in *input) { in.creds.SecretAccessKey += "x" },
			cached: true,
		},
		{
			name: "expired secret access key",
			change: func(in *input) {
				in.creds.SecretAccessKey, in.creds.Expires = "x", at.Add(-1)
			},
		},
		{
			name:   "Region",
			change: func(in *input) { in.signer.Region = "eu-west-2" },
			cached: true,
		},
		{
			name:   "service",
			change: func(in *input) { in.signer.Service = "sts" },
			cached: true,
		},
		{
			name: "Region and service exchanged",
			change: func(in *input) {
				in.signer.Region, in.signer.Service = in.signer.Service, in.signer.Region
			},
			cached: true,
		},
	} {
		in := input{&Signer{Region: "eu-west-1", Service: "s3"}, example, at}
		in.creds.Expires = at.Add(time.Hour)
		var keys []*cachedKey
		for range 2 {
			req := newRequest(t, "GET", "https://example.com/", nil)
			if err := in.signer.Sign(req, in.creds, "", in.at); err != nil {
				t.Fatal(err)
			}
			keys = append(keys, in.signer.key.Load())
			test.change(&in)
		}
		if keys[0] == nil {
			t.Errorf("%s: the first signature did not cache its key", test.name)
		}
		if got := keys[1] == keys[0]; got != test.reused {
			t.Errorf("%s: reused = %t, want %t", test.name, got, test.reused)
		}
		if got := keys[1] != nil; got != test.cached {
			t.Errorf("%s: cached = %t, want %t", test.name, got, test.cached)
		}
	}
}

type secretContextKey struct{}

// TestSharedSigner compares the signatures of a Signer and of a Transport that several goroutines
// share, with various credentials and times, with those of a new Signer for each request.
func TestSharedSigner(t *testing.T) {
	secretOf := func(ctx context.Context) string { return ctx.Value(secretContextKey{}).(string) }
	transport := &Transport{
		Region:  "eu-west-1",
		Service: "s3",
		Base: roundTripper(func(r *http.Request) (*http.Response, error) {
			raw, err := wire(r)
			if err == nil {
				err = oracle(raw, secretOf(r.Context()), true)
			}
			return nil, err
		}),
		Credentials: func(ctx context.Context) (Credentials, error) {
			return Credentials{AccessKeyID: "AKID", SecretAccessKey: secretOf(ctx)}, nil
		},
	}
	shared := &Signer{Region: "eu-west-1", Service: "s3"}
	var wg sync.WaitGroup
	for i := range 8 {
		random := rand.New(rand.NewPCG(1, uint64(i)))
		wg.Go(func() {
			for range 200 {
				secret := []string{"a", "b"}[random.IntN(2)]
				creds := Credentials{AccessKeyID: "AKID", SecretAccessKey: secret}
				now := at.Add(time.Duration(random.IntN(3)) * 24 * time.Hour)
				if random.IntN(2) == 0 {
					creds.Expires = now.Add(time.Duration(random.IntN(3)-1) * time.Hour)
				}
				a := newRequest(t, "GET", "https://example.com/", nil)
				b := newRequest(t, "GET", "https://example.com/", nil)
				fresh := &Signer{Region: "eu-west-1", Service: "s3"}
				err1, err2 := shared.Sign(a, creds, "", now), fresh.Sign(b, creds, "", now)
				if err1 != nil || err2 != nil {
					t.Errorf("Sign = %v and %v, want nil", err1, err2)
				}
				got, want := a.Header.Get("Authorization"), b.Header.Get("Authorization")
				if got != want {
					t.Errorf("Authorization = %q, want %q", got, want)
				}
				ctx := context.WithValue(t.Context(), secretContextKey{}, secret)
				if _, err := transport.RoundTrip(a.Clone(ctx)); err == nil {
					t.Error("RoundTrip of a signed request = nil, want an error")
				}
				c := newRequest(t, "GET", "https://example.com/", nil).WithContext(ctx)
				if _, err := transport.RoundTrip(c); err != nil {
					t.Errorf("RoundTrip = %v, want nil", err)
				}
			}
		})
	}
	wg.Wait()
	if transport.signer.key.Load() == nil {
		t.Error("the Transport has no cached key")
	}
}

// TestSigningKeyRedaction checks that printing a Signer or a Transport does not show its key.
func TestSigningKeyRedaction(t *testing.T) {
	s := &Signer{Region: "eu-west-1", Service: "s3"}
	req := newRequest(t, "GET", "https://example.com/", nil)
	if err := s.Sign(req, example, "", at); err != nil {
		t.Fatal(err)
	}
	cached := s.key.Load()
	transport := &Transport{Region: "eu-west-1", Service: "s3"}
	transport.signer.key.Store(cached)
	var out strings.Builder
	for _, v := range []any{
		s,
		transport,
		struct{ S *Signer }{s},
		[]*Signer{s},
		map[string]*Transport{"t": transport},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%X", "%q"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("message", "value", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("message", "value", v)
		encoded, _ := json.Marshal(v) // a Transport has functions, which is an error
		out.Write(encoded)
	}
	secrets := [][]byte{cached.key[:8], cached.secret[:8], []byte(example.SecretAccessKey)[:8]}
	for _, secret := range secrets {
		for _, format := range []string{"%x", "%X", "%d", "%s", "%q"} {
			text := strings.Trim(fmt.Sprintf(format, secret), "[]\"")
			if strings.Contains(out.String(), text) {
				t.Errorf("output has %s, which is a secret", text)
			}
		}
	}
}
