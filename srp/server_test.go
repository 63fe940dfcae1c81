package srp

import (
	"errors"
	"math/big"
	"strings"
	"testing"
)

func TestExchange(t *testing.T) {
	verifier := must[Verifier](t)(NewVerifier(testID))
	for range 3 {
		client, server := NewClient(), must[*Server](t)(NewServer(verifier))
		challenge := Challenge{Salt: server.Salt(), B: server.B(), SecretBlock: testBlock}
		signature := must[[]byte](t)(client.Sign(testID, challenge, testTimestamp))
		if len(signature) != 32 {
			t.Errorf("len(Sign) = %d, want 32", len(signature))
		}
		id := Identity{Pool: testID.Pool, User: testID.User}
		err := server.Verify(client.A(), id, testBlock, testTimestamp, signature)
		if err != nil {
			t.Errorf("Verify = %v, want nil", err)
		}
	}
}

// TestVerifyMismatch checks that Verify returns ErrSignature if the client signed with another
// identity, or if the server verifies anything that the client did not sign.
func TestVerifyMismatch(t *testing.T) {
	type input struct {
		srpA      string
		id        Identity
		block     []byte
		timestamp string
		signature []byte
	}
	verifier := must[Verifier](t)(NewVerifier(testID))
	for _, test := range []struct {
		name   string
		client func(*Identity) // changes the client's identity
		server func(*input)    // changes the server's input
	}{
		{
			name:   "password",
			client: func(id *Identity) { id.Password += " " },
		},
		{
			name:   "user at the client",
			client: func(id *Identity) { id.User = "Ada" },
		},
		{
			name:   "pool at the client",
			client: func(id *Identity) { id.Pool = "us-east-1_AbCdEfGhI" },
		},
		{
			name:   "A",
			server: func(in *input) { in.srpA = "5" },
		},
		{
			name:   "user at the server",
			server: func(in *input) { in.id.User = "eve" },
		},
		{
			name:   "secret block",
			server: func(in *input) { in.block = []byte("other") },
		},
		{
			name:   "timestamp",
			server: func(in *input) { in.timestamp = "Tue Apr 5 06:07:09 UTC 2022" },
		},
		{
			name:   "last bit of the signature",
			server: func(in *input) { in.signature[31] ^= 1 },
		},
		{
			name:   "short signature",
			server: func(in *input) { in.signature = in.signature[:31] },
		},
		{
			name:   "no signature",
			server: func(in *input) { in.signature = nil },
		},
	} {
		server, client, id := must[*Server](t)(NewServer(verifier)), NewClient(), testID
		if test.client != nil {
			test.client(&id)
		}
		challenge := Challenge{Salt: server.Salt(), B: server.B(), SecretBlock: testBlock}
		signature := must[[]byte](t)(client.Sign(id, challenge, testTimestamp))
		in := input{client.A(), testID, testBlock, testTimestamp, signature}
		if test.server != nil {
			test.server(&in)
		}
		err := server.Verify(in.srpA, in.id, in.block, in.timestamp, in.signature)
		if !errors.Is(err, ErrSignature) {
			t.Errorf("%s: Verify = %v, want ErrSignature", test.name, err)
		}
	}
}

func TestNewServerRefuses(t *testing.T) {
	N := cognito().N
	good := must[Verifier](t)(NewVerifier(testID))
	for _, test := range []struct {
		salt, verifier []byte
		want           string
	}{
		{nil, good.PasswordVerifier, "Verifier.Salt is empty"},
		{[]byte{0x80}, good.PasswordVerifier, "Verifier.Salt is negative"},
		{make([]byte, 257), good.PasswordVerifier, "Verifier.Salt has 257 bytes"},
		{good.Salt, nil, "Verifier.PasswordVerifier is empty"},
		{good.Salt, N.Bytes(), "Verifier.PasswordVerifier is negative"},
		{good.Salt, make([]byte, 386), "Verifier.PasswordVerifier has 386 bytes"},
		{good.Salt, []byte{0}, "Verifier.PasswordVerifier is not between"},
		{good.Salt, pad(N), "Verifier.PasswordVerifier is not between"},
	} {
		s, err := NewServer(Verifier{Salt: test.salt, PasswordVerifier: test.verifier})
		if s != nil {
			t.Errorf("%s: NewServer = %v, want nil", test.want, s)
		}
		checkError(t, "NewServer", err, test.want)
	}
}

func TestVerifyRefuses(t *testing.T) {
	N := cognito().N
	verifier := must[Verifier](t)(NewVerifier(testID))
	nine := new(big.Int).Mul(N, big.NewInt(9))
	for _, test := range []struct {
		srpA      string
		id        Identity
		timestamp string
		want      string
	}{
		{"", testID, testTimestamp, "SRP_A is empty"},
		{"-1", testID, testTimestamp, "SRP_A is not an unsigned"},
		{strings.Repeat("1", 771), testID, testTimestamp, "SRP_A has 771 digits"},
		{"0", testID, testTimestamp, "SRP_A is 0 modulo N"},
		{N.Text(16), testID, testTimestamp, "SRP_A is 0 modulo N"},
		{nine.Text(16), testID, testTimestamp, "SRP_A is 0 modulo N"},
		{"5", Identity{User: "ada"}, testTimestamp, "Identity.Pool or"},
		{"5", Identity{Pool: "p"}, testTimestamp, "Identity.Pool or"},
		{"5", testID, "Wed Apr 5 06:07:08 UTC 2022", "timestamp"},
	} {
		server := must[*Server](t)(NewServer(verifier))
		err := server.Verify(test.srpA, test.id, testBlock, test.timestamp, make([]byte, 32))
		if errors.Is(err, ErrSignature) {
			t.Errorf("Verify = %v, want an error with %q", err, test.want)
		}
		checkError(t, "Verify", err, test.want)
	}
}
