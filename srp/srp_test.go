package srp

import (
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"
)

var (
	testID        = Identity{Pool: "AbCdEfGhI", User: "ada", Password: "correct horse"}
	testTimestamp = "Tue Apr 5 06:07:08 UTC 2022"
	testBlock     = []byte("secret block")
)

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestExchange(t *testing.T) {
	v := must[Verifier](t)(NewVerifier(testID))
	for range 3 {
		s, c := must[*Server](t)(NewServer(v)), NewClient()
		ch := Challenge{Salt: s.Salt(), B: s.B(), SecretBlock: testBlock}
		signature := must[[]byte](t)(c.Sign(testID, ch, testTimestamp))
		if len(signature) != 32 {
			t.Errorf("signature has %d bytes", len(signature))
		}
		if err := s.Verify(c.A(), Identity{Pool: testID.Pool, User: testID.User}, testBlock, testTimestamp, signature); err != nil {
			t.Error(err)
		}
	}
}

// Whatever is not what the client signed is ErrSignature.
func TestVerifyRefuses(t *testing.T) {
	v := must[Verifier](t)(NewVerifier(testID))
	for _, c := range []struct {
		name   string
		client func(id *Identity)
		server func(a *string, id *Identity, block *[]byte, timestamp *string, signature *[]byte)
	}{
		{name: "password", client: func(id *Identity) { id.Password += " " }},
		{name: "user", client: func(id *Identity) { id.User = "Ada" }},
		{name: "pool", client: func(id *Identity) { id.Pool = "us-east-1_AbCdEfGhI" }},
		{name: "A", server: func(a *string, _ *Identity, _ *[]byte, _ *string, _ *[]byte) { *a = "5" }},
		{name: "user at the server", server: func(_ *string, id *Identity, _ *[]byte, _ *string, _ *[]byte) { id.User = "eve" }},
		{name: "block", server: func(_ *string, _ *Identity, b *[]byte, _ *string, _ *[]byte) { *b = []byte("other") }},
		{name: "timestamp", server: func(_ *string, _ *Identity, _ *[]byte, ts *string, _ *[]byte) {
			*ts = "Tue Apr 5 06:07:09 UTC 2022"
		}},
		{name: "signature", server: func(_ *string, _ *Identity, _ *[]byte, _ *string, s *[]byte) { (*s)[31] ^= 1 }},
		{name: "short signature", server: func(_ *string, _ *Identity, _ *[]byte, _ *string, s *[]byte) { *s = (*s)[:31] }},
		{name: "no signature", server: func(_ *string, _ *Identity, _ *[]byte, _ *string, s *[]byte) { *s = nil }},
	} {
		s, client, id := must[*Server](t)(NewServer(v)), NewClient(), testID
		if c.client != nil {
			c.client(&id)
		}
		signature := must[[]byte](t)(client.Sign(id, Challenge{s.Salt(), s.B(), testBlock}, testTimestamp))
		a, id, block, timestamp := client.A(), testID, testBlock, testTimestamp
		if c.server != nil {
			c.server(&a, &id, &block, &timestamp, &signature)
		}
		if err := s.Verify(a, id, block, timestamp, signature); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v, want ErrSignature", c.name, err)
		}
	}
}

// The JS clients and Java read what comes as hexadecimal text as an integer:
// odd lengths and zeros before it are fine, a sign is not (amplify-js#4430).
func TestParseHex(t *testing.T) {
	for s, want := range map[string]int64{"0": 0, "000": 0, "f": 15, "0F": 15, "00aB": 171, "1ff": 511} {
		if n, err := parseHex("SALT", s, 10); err != nil || n.Int64() != want {
			t.Errorf("parseHex(%q) = %v, %v", s, n, err)
		}
	}
	for _, s := range []string{
		"", "-1", "+1", "-", "0x10", "1_0", " 1", "1 ", "1\n", "g", "1.5", "١", "a\x00b", "1-1", "\xff", "00000000000",
	} {
		n, err := parseHex("SALT", s, 10)
		if err == nil || n != nil || !strings.HasPrefix(err.Error(), "srp: SALT ") {
			t.Errorf("parseHex(%q) = %v, %v", s, n, err)
		}
	}
	if _, err := parseHex("SRP_B", strings.Repeat("0", 769)+"1", maxDigits); err != nil {
		t.Errorf("770 digits: %v", err)
	}
	if _, err := parseHex("SRP_B", strings.Repeat("0", 770)+"1", maxDigits); err == nil {
		t.Error("771 digits accepted")
	}
}

// kgxB makes the client's base B - k*g^x zero.
func kgxB(id Identity, salt int64) string {
	gr := cognito()
	B := new(big.Int).Exp(gr.g, id.x(big.NewInt(salt)), gr.N)
	return B.Mod(B.Mul(B, gr.k), gr.N).Text(16)
}

func TestSignRefuses(t *testing.T) {
	N := cognito().N
	twice := new(big.Int).Lsh(N, 1)
	for _, c := range []struct {
		name, want string
		change     func(id *Identity, ch *Challenge, timestamp *string)
	}{
		{"no pool", "Identity.Pool is empty", func(id *Identity, _ *Challenge, _ *string) { id.Pool = "" }},
		{"no user", "Identity.User is empty", func(id *Identity, _ *Challenge, _ *string) { id.User = "" }},
		{"no password", "Identity.Password is empty", func(id *Identity, _ *Challenge, _ *string) { id.Password = "" }},
		{"Latin-1", "Identity.Password is not valid UTF-8", func(id *Identity, _ *Challenge, _ *string) { id.Password = "caf\xe9" }},
		{"surrogate", "Identity.User is not valid UTF-8", func(id *Identity, _ *Challenge, _ *string) { id.User = "\xed\xa0\x80" }},
		{"no salt", "SALT is empty", func(_ *Identity, ch *Challenge, _ *string) { ch.Salt = "" }},
		{"negative salt", "SALT is not a non-negative", func(_ *Identity, ch *Challenge, _ *string) { ch.Salt = "-1f" }},
		{"long salt", "SALT has 513 digits", func(_ *Identity, ch *Challenge, _ *string) { ch.Salt = strings.Repeat("1", 513) }},
		{"no B", "SRP_B is empty", func(_ *Identity, ch *Challenge, _ *string) { ch.B = "" }},
		{"negative B", "SRP_B is not a non-negative", func(_ *Identity, ch *Challenge, _ *string) { ch.B = "-5" }},
		{"long B", "SRP_B has 771 digits", func(_ *Identity, ch *Challenge, _ *string) { ch.B = strings.Repeat("1", 771) }},
		{"huge B", "SRP_B has 1048576 digits", func(_ *Identity, ch *Challenge, _ *string) { ch.B = strings.Repeat("f", 1<<20) }},
		{"B = 0", "SRP_B is 0 modulo N", func(_ *Identity, ch *Challenge, _ *string) { ch.B = "000" }},
		{"B = N", "SRP_B is 0 modulo N", func(_ *Identity, ch *Challenge, _ *string) { ch.B = N.Text(16) }},
		{"B = 2N", "SRP_B is 0 modulo N", func(_ *Identity, ch *Challenge, _ *string) { ch.B = twice.Text(16) }},
		{"B = k*g^x", "shared secret 0", func(id *Identity, ch *Challenge, _ *string) { ch.Salt, ch.B = "7", kgxB(*id, 7) }},
		{"no block", "SECRET_BLOCK is empty", func(_ *Identity, ch *Challenge, _ *string) { ch.SecretBlock = nil }},
		{"timestamp", "timestamp does not have the form", func(_ *Identity, _ *Challenge, ts *string) { *ts = "Tue Apr 05 06:07:08 UTC 2022" }},
	} {
		id, ch, timestamp := testID, Challenge{Salt: "5eed", B: "b", SecretBlock: testBlock}, testTimestamp
		c.change(&id, &ch, &timestamp)
		got, err := NewClient().Sign(id, ch, timestamp)
		if got != nil || err == nil || !strings.HasPrefix(err.Error(), "srp: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %x, %v; want an error with %q", c.name, got, err, c.want)
			continue
		}
		if strings.Contains(err.Error(), testID.Password) || len(err.Error()) > 200 {
			t.Errorf("%s: the error repeats what it was given: %v", c.name, err)
		}
	}
}

func TestServerRefuses(t *testing.T) {
	N := cognito().N
	good := must[Verifier](t)(NewVerifier(testID))
	for _, c := range []struct {
		want string
		v    Verifier
	}{
		{"Verifier.Salt is empty", Verifier{nil, good.Verifier}},
		{"Verifier.Salt is negative", Verifier{[]byte{0x80}, good.Verifier}},
		{"Verifier.Salt has 257 bytes", Verifier{make([]byte, 257), good.Verifier}},
		{"Verifier.Verifier is empty", Verifier{good.Salt, nil}},
		{"Verifier.Verifier is negative", Verifier{good.Salt, N.Bytes()}},
		{"Verifier.Verifier has 386 bytes", Verifier{good.Salt, make([]byte, 386)}},
		{"Verifier.Verifier is not between", Verifier{good.Salt, []byte{0}}},
		{"Verifier.Verifier is not between", Verifier{good.Salt, pad(N)}},
	} {
		if s, err := NewServer(c.v); s != nil || err == nil || !strings.HasPrefix(err.Error(), "srp: "+c.want) {
			t.Errorf("NewServer: %v, want %q", err, c.want)
		}
	}
	for _, c := range []struct {
		want, a   string
		id        Identity
		timestamp string
	}{
		{"SRP_A is empty", "", testID, testTimestamp},
		{"SRP_A is not a non-negative", "-1", testID, testTimestamp},
		{"SRP_A has 771 digits", strings.Repeat("1", 771), testID, testTimestamp},
		{"SRP_A is 0 modulo N", "0", testID, testTimestamp},
		{"SRP_A is 0 modulo N", N.Text(16), testID, testTimestamp},
		{"SRP_A is 0 modulo N", new(big.Int).Mul(N, big.NewInt(9)).Text(16), testID, testTimestamp},
		{"Identity.Pool or", "5", Identity{User: "ada"}, testTimestamp},
		{"Identity.Pool or", "5", Identity{Pool: "p"}, testTimestamp},
		{"timestamp", "5", testID, "Wed Apr 5 06:07:08 UTC 2022"},
	} {
		s := must[*Server](t)(NewServer(good))
		err := s.Verify(c.a, c.id, testBlock, c.timestamp, make([]byte, 32))
		if err == nil || errors.Is(err, ErrSignature) || !strings.HasPrefix(err.Error(), "srp: "+c.want) {
			t.Errorf("Verify: %v, want %q", err, c.want)
		}
	}
	for _, id := range []Identity{{}, {User: "u", Password: "p"}, {Pool: "p", User: "u", Password: "\x80"}} {
		if v, err := NewVerifier(id); err == nil || v.Salt != nil {
			t.Errorf("NewVerifier accepted an incomplete identity: %v", err)
		}
	}
}

// One of many concurrent calls gets through, copies included.
func TestUsedOnce(t *testing.T) {
	v := must[Verifier](t)(NewVerifier(testID))
	c, s := NewClient(), must[*Server](t)(NewServer(v))
	ch := Challenge{s.Salt(), s.B(), testBlock}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var signatures [][]byte
	for range 8 {
		wg.Go(func() {
			client := *c
			if signature, err := client.Sign(testID, ch, testTimestamp); err == nil {
				mu.Lock()
				signatures = append(signatures, signature)
				mu.Unlock()
			} else if !strings.Contains(err.Error(), "has been used") {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(signatures) != 1 {
		t.Fatalf("%d calls of Sign succeeded", len(signatures))
	}
	succeeded := 0
	for range 8 {
		wg.Go(func() {
			server := *s
			if err := server.Verify(c.A(), testID, testBlock, testTimestamp, signatures[0]); err == nil {
				mu.Lock()
				succeeded++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if succeeded != 1 {
		t.Errorf("%d calls of Verify succeeded", succeeded)
	}

	// A failed call uses the exchange up as well.
	c = NewClient()
	c.Sign(testID, Challenge{}, testTimestamp)
	if _, err := c.Sign(testID, ch, testTimestamp); err == nil {
		t.Error("a second Sign succeeded after an error")
	}
	if _, err := new(Client).Sign(testID, ch, testTimestamp); err == nil || new(Client).A() != "" {
		t.Error("the zero Client works")
	}
	if err := new(Server).Verify("5", testID, testBlock, testTimestamp, nil); err == nil || new(Server).B()+new(Server).Salt() != "" {
		t.Error("the zero Server works")
	}
}
