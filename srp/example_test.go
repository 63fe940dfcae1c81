package srp_test

import (
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/loginwithcognito/cognito/srp"
)

// Both sides of one sign-in. In a program that signs in to Cognito the server's
// part is Cognito's, and its lines are API calls.
func Example() {
	pool, err := srp.PoolName("us-east-1_AbCdEfGhI")
	if err != nil {
		log.Fatal(err)
	}
	id := srp.Identity{Pool: pool, User: "ada", Password: "correct horse"}

	// At registration the server stores a verifier, and not the password.
	verifier, err := srp.NewVerifier(id)
	if err != nil {
		log.Fatal(err)
	}

	// InitiateAuth: the client sends A, the server answers with a challenge.
	client := srp.NewClient()
	srpA := client.A()
	server, err := srp.NewServer(verifier)
	if err != nil {
		log.Fatal(err)
	}
	challenge := srp.Challenge{Salt: server.Salt(), B: server.B(), SecretBlock: []byte("opaque")}

	// RespondToAuthChallenge: the client sends a proof, the server checks it.
	timestamp := srp.Timestamp(time.Date(2022, 4, 5, 6, 7, 8, 0, time.UTC))
	signature, err := client.Sign(id, challenge, timestamp)
	if err != nil {
		log.Fatal(err)
	}
	err = server.Verify(srpA, srp.Identity{Pool: pool, User: "ada"}, challenge.SecretBlock, timestamp, signature)
	fmt.Println("signed at", timestamp)
	fmt.Println("wrong password:", errors.Is(err, srp.ErrSignature))
	fmt.Println(id)
	// Output:
	// signed at Tue Apr 5 06:07:08 UTC 2022
	// wrong password: false
	// srp.Identity(redacted)
}

// A device that is to be remembered registers a verifier with ConfirmDevice.
func ExampleNewVerifier() {
	v, err := srp.NewVerifier(srp.Identity{
		Pool:     "-FDRunwQv",                                      // DeviceGroupKey
		User:     "eu-west-2_627477ae-3631-4248-bed9-d2e934100372", // DeviceKey
		Password: "a random text that the device keeps",
	})
	if err != nil {
		log.Fatal(err)
	}
	// Send v.Salt and v.Verifier in base64 as DeviceSecretVerifierConfig.
	fmt.Println(len(v.Salt) <= 17, len(v.Verifier) <= 385, v)
	// Output: true true srp.Verifier(redacted)
}
