package srp

import (
	"math/big"
	"strings"
	"sync"
	"testing"
)

// baseZero returns the SRP_B that makes the client's base B - k*g^x zero.
func baseZero(id Identity, salt int64) string {
	gr := cognito()
	B := new(big.Int).Exp(gr.g, id.x(big.NewInt(salt)), gr.N)
	return B.Mod(B.Mul(B, gr.k), gr.N).Text(16)
}

func TestSignRefuses(t *testing.T) {
	type input struct {
		id        Identity
		challenge Challenge
		timestamp string
	}
	N := cognito().N
	for _, test := range []struct {
		name   string
		change func(*input)
		want   string
	}{
		{
			"no pool",
			func(in *input) { in.id.Pool = "" },
			"Identity.Pool is empty",
		},
		{
			"no user",
			func(in *input) { in.id.User = "" },
			"Identity.User is empty",
		},
		{
			"no password",
			func(in *input) { in.id.Password = "" },
			"Identity.Password is empty",
		},
		{
			"Latin-1 password",
			func(in *input) { in.id.Password = "caf\xe9" },
			"Identity.Password is not valid UTF-8",
		},
		{
			"surrogate in the user name",
			func(in *input) { in.id.User = "\xed\xa0\x80" },
			"Identity.User is not valid UTF-8",
		},
		{
			"no salt",
			func(in *input) { in.challenge.Salt = "" },
			"SALT is empty",
		},
		{
			"negative salt",
			func(in *input) { in.challenge.Salt = "-1f" },
			"SALT is not an unsigned",
		},
		{
			"long salt",
			func(in *input) { in.challenge.Salt = strings.Repeat("1", 513) },
			"SALT has 513 digits",
		},
		{
			"no B",
			func(in *input) { in.challenge.B = "" },
			"SRP_B is empty",
		},
		{
			"negative B",
			func(in *input) { in.challenge.B = "-5" },
			"SRP_B is not an unsigned",
		},
		{
			"long B",
			func(in *input) { in.challenge.B = strings.Repeat("1", 771) },
			"SRP_B has 771 digits",
		},
		{
			"huge B",
			func(in *input) { in.challenge.B = strings.Repeat("f", 1<<20) },
			"SRP_B has 1048576 digits",
		},
		{
			"B = 0",
			func(in *input) { in.challenge.B = "000" },
			"SRP_B is 0 modulo N",
		},
		{
			"B = N",
			func(in *input) { in.challenge.B = N.Text(16) },
			"SRP_B is 0 modulo N",
		},
		{
			"B = 2*N",
			func(in *input) { in.challenge.B = new(big.Int).Lsh(N, 1).Text(16) },
			"SRP_B is 0 modulo N",
		},
		{
			"B = k*g^x",
			func(in *input) {
				in.challenge.Salt = "7"
				in.challenge.B = baseZero(in.id, 7)
			},
			"premaster secret 0",
		},
		{
			"no secret block",
			func(in *input) { in.challenge.SecretBlock = nil },
			"SECRET_BLOCK is empty",
		},
		{
			"timestamp with a zero before the day",
			func(in *input) { in.timestamp = "Tue Apr 05 06:07:08 UTC 2022" },
			"timestamp is not like",
		},
	} {
		in := input{testID, Challenge{Salt: "5eed", B: "b", SecretBlock: testBlock}, testTimestamp}
		test.change(&in)
		got, err := NewClient().Sign(in.id, in.challenge, in.timestamp)
		if got != nil {
			t.Errorf("%s: Sign = %x, want nil", test.name, got)
		}
		checkError(t, test.name+": Sign", err, test.want)
	}
}

// TestUsedOnce checks that one of several concurrent calls succeeds, although they run on copies,
// and that a failed call counts too.
func TestUsedOnce(t *testing.T) {
	verifier := must[Verifier](t)(NewVerifier(testID))
	client, server := NewClient(), must[*Server](t)(NewServer(verifier))
	challenge := Challenge{Salt: server.Salt(), B: server.B(), SecretBlock: testBlock}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var signatures [][]byte
	for range 8 {
		wg.Go(func() {
			c := *client
			signature, err := c.Sign(testID, challenge, testTimestamp)
			if err != nil {
				checkError(t, "second Sign", err, "Client is used")
				return
			}
			mu.Lock()
			defer mu.Unlock()
			signatures = append(signatures, signature)
		})
	}
	wg.Wait()
	if len(signatures) != 1 {
		t.Fatalf("%d of 8 calls of Sign succeeded, want 1", len(signatures))
	}
	verified := 0
	for range 8 {
		wg.Go(func() {
			s := *server
			err := s.Verify(client.A(), testID, testBlock, testTimestamp, signatures[0])
			if err != nil {
				checkError(t, "second Verify", err, "Server is used")
				return
			}
			mu.Lock()
			defer mu.Unlock()
			verified++
		})
	}
	wg.Wait()
	if verified != 1 {
		t.Errorf("%d of 8 calls of Verify succeeded, want 1", verified)
	}

	client = NewClient()
	_, err := client.Sign(testID, Challenge{}, testTimestamp)
	checkError(t, "Sign of an empty Challenge", err, "SALT is empty")
	_, err = client.Sign(testID, challenge, testTimestamp)
	checkError(t, "Sign after an error", err, "Client is used")
}

func TestZeroValues(t *testing.T) {
	challenge := Challenge{Salt: "5", B: "5", SecretBlock: testBlock}
	_, err := new(Client).Sign(testID, challenge, testTimestamp)
	checkError(t, "new(Client).Sign", err, "not from NewClient")
	err = new(Server).Verify("5", testID, testBlock, testTimestamp, nil)
	checkError(t, "new(Server).Verify", err, "not from NewServer")
	a, salt, b := new(Client).A(), new(Server).Salt(), new(Server).B()
	if a != "" || salt != "" || b != "" {
		t.Errorf("A, Salt, B of zero values = %q, %q, %q, want empty", a, salt, b)
	}
}
