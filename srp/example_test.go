package srp_test

import (
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/loginwithcognito/cognito/srp"
)

// This example shows both sides of one sign-in. Cognito has the role of the server, and the
// client exchanges the values with it in API calls.
func Example() {
	pool, err := srp.PoolName("us-east-1_AbCdEfGhI")
	if err != nil {
		log.Fatal(err)
	}
	id := srp.Identity{Pool: pool, User: "ada", Password: "correct horse"}

	// Registration: the server stores a verifier and not the password.
	verifier, err := srp.NewVerifier(id)
	if err != nil {
		log.Fatal(err)
	}

	// InitiateAuth: the client sends A, and the server responds with a challenge.
	client := srp.NewClient()
	srpA := client.A()
	server, err := srp.NewServer(verifier)
	if err != nil {
		log.Fatal(err)
	}
	challenge := srp.Challenge{
		Salt:        server.Salt(),
		B:           server.B(),
		SecretBlock: []byte("opaque"),
	}

	// RespondToAuthChallenge: the client sends a proof, and the server verifies it.
	timestamp := srp.Timestamp(time.Date(2022, 4, 5, 6, 7, 8, 0, time.UTC))
	signature, err := client.Sign(id, challenge, timestamp)
	if err != nil {
		log.Fatal(err)
	}
	user := srp.Identity{Pool: pool, User: "ada"}
	err = server.Verify(srpA, user, challenge.SecretBlock, timestamp, signature)
	fmt.Println("signed at", timestamp)
	fmt.Println("wrong password:", errors.Is(err, srp.ErrSignature))
	fmt.Println(id)
	// Output:
	// signed at Tue Apr 5 06:07:08 UTC 2022
	// wrong password: false
	// REDACTED
}

// A client that wants Cognito to remember its device registers a verifier with ConfirmDevice.
func ExampleNewVerifier() {
	verifier, err := srp.NewVerifier(srp.Identity{
		Pool:     "-FDRunwQv",                                      // DeviceGroupKey
		User:     "eu-west-2_627477ae-3631-4248-bed9-d2e934100372", // DeviceKey
		Password: "a random text that the device stores",
	})
	if err != nil {
		log.Fatal(err)
	}
	// Send both fields, in base64, as DeviceSecretVerifierConfig.
	fmt.Println(len(verifier.Salt) <= 17, len(verifier.PasswordVerifier) <= 385, verifier)
	// Output: true true REDACTED
}
