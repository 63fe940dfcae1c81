package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"time"

	cognitosrp "github.com/alexrudd/cognito-srp/v4"

	"github.com/loginwithcognito/cognito/srp"
)

const (
	cognitoSRP = "cognito-srp"
	mathBig    = "math/big alone"
	openSSL    = "OpenSSL BN alone"
)

// proof is the part of a client's messages that the server verifies.
type proof struct {
	a, timestamp string
	signature    []byte
}

// srpClients measures the client side of one sign-in: A, and the response to a challenge.
func srpClients(rounds int) (*table, error) {
	t := &table{
		title: titleSRP,
		notes: []string{"\"math/big alone\" and \"OpenSSL BN alone\" compute only the powers " +
			"that cognito-srp computes: two with exponents of 1,024 bits and one with an " +
			"exponent of 256 bits, modulo a number of 3,072 bits."},
		refs: []string{cognitoSRP, mathBig, openSSL},
	}
	const pool, user, password = "us-east-1_EXAMPLE00", "ada", "correct-Horse-7-battery"
	name, err := srp.PoolName(pool)
	if err != nil {
		return nil, err
	}
	id := srp.Identity{Pool: name, User: user, Password: password}
	verifier, err := srp.NewVerifier(id)
	if err != nil {
		return nil, err
	}
	block := bytes.Repeat([]byte("0123456789abcdef"), 64)
	// The time includes neither the server's computations before the exchange nor the verification
	// of the proof after it.
	try := func(contender string, client func(*srp.Server) (proof, error)) error {
		server, err := srp.NewServer(verifier)
		if err != nil {
			return err
		}
		start := time.Now()
		p, err := client(server)
		took := time.Since(start)
		if err != nil {
			return err
		}
		t.add(perSRP, contender, milliseconds(took))
		return server.Verify(p.a, id, block, p.timestamp, p.signature)
	}
	n, g := random(3072), big.NewInt(2)
	n.SetBit(n, 0, 1) // any odd number of N's length takes the same time as N
	a, b, x := random(1024), random(3071), random(256)
	ownClient := func(s *srp.Server) (proof, error) {
		client := srp.NewClient()
		timestamp := srp.Timestamp(time.Now())
		signature, err := client.Sign(id, srp.Challenge{
			Salt:        s.Salt(),
			B:           s.B(),
			SecretBlock: block,
		}, timestamp)
		return proof{client.A(), timestamp, signature}, err
	}
	otherClient := func(s *srp.Server) (proof, error) {
		client, err := cognitosrp.NewCognitoSRP(user, password, pool, "client", nil)
		if err != nil {
			return proof{}, err
		}
		answers, err := client.PasswordVerifierChallenge(map[string]string{
			"USERNAME":        user,
			"USER_ID_FOR_SRP": user,
			"SALT":            s.Salt(),
			"SRP_B":           s.B(),
			"SECRET_BLOCK":    base64.StdEncoding.EncodeToString(block),
		}, time.Now())
		if err != nil {
			return proof{}, err
		}
		signature, err := base64.StdEncoding.DecodeString(answers["PASSWORD_CLAIM_SIGNATURE"])
		return proof{client.GetAuthParams()["SRP_A"], answers["TIMESTAMP"], signature}, err
	}
	powers := func() error {
		start := time.Now()
		one := new(big.Int).Exp(g, a, n)
		two := new(big.Int).Exp(g, x, n)
		three := new(big.Int).Exp(b, a, n)
		t.add(perSRP, mathBig, milliseconds(time.Since(start)))
		if one.Sign()*two.Sign()*three.Sign() == 0 {
			return errors.New("a power is 0")
		}
		return nil
	}
	contenders := []contender{
		{ours, func() error { return try(ours, ownClient) }},
		{cognitoSRP, func() error { return try(cognitoSRP, otherClient) }},
		{mathBig, powers},
	}
	other, err := startOpenSSL(n, g, a, b, x)
	if err != nil {
		t.notes = append(t.notes, fmt.Sprintf("OPENSSL WAS NOT MEASURED: %v.", err))
	} else {
		defer other.stop()
		t.notes = append(t.notes, "OpenSSL BN is "+other.version+", called from Python.")
		contenders = append(contenders, contender{openSSL, func() error {
			took, err := other.run()
			t.add(perSRP, openSSL, milliseconds(took))
			return err
		}})
	}
	return t, interleave(rounds, contenders)
}

// random returns a random number with exactly the given number of bits, which must be a multiple of
// 8, or one less than a multiple.
func random(bits int) *big.Int {
	data := make([]byte, (bits+7)/8)
	rand.Read(data)
	n := new(big.Int).SetBytes(data)
	n.SetBit(n, bits, 0)
	return n.SetBit(n, bits-1, 1)
}
