package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/bench/internal/child"
	"github.com/loginwithcognito/cognito/cognitotest"
)

const signInBucket, firstKey = "bench-bucket", "first"

// signIns measures sign-ins to a stand-in for AWS over TLS, at several round trip times.
func (p programs) signIns(rounds int, roundTrips ...time.Duration) (*table, error) {
	t := &table{
		title: titleSignIn,
		notes: []string{"Wall is the time from the start of the process until it prints the " +
			"first key. The program signs in with SRP, gets tokens, an identity and AWS " +
			"credentials, and lists a page of S3. It connects to three hosts, and trusts the " +
			"system's root certificates and one more. The stand-in for AWS runs on the same " +
			"machine and verifies every step; its time is part of all figures. TCP's handshake " +
			"takes a round trip; DNS is not simulated. aws-sdk-go-v2 uses cognito-srp for SRP. " +
			"\"Again\" is a later sign-in of the same user, with a known identity. \"Resumed\" " +
			"is a later run with a saved session. Its tokens are still valid and its identity " +
			"is known, so it requests only AWS credentials and the page. aws-sdk-go-v2 cannot " +
			"resume a sign-in."},
		refs: []string{awsSDK},
	}
	// The example's own bucket has a key that aws-sdk-go-v2 cannot read.
	server := cognitotest.Example()
	server.Buckets = append(server.Buckets, cognitotest.Bucket{
		Name:    signInBucket,
		Region:  child.Region,
		Objects: map[string]cognitotest.Object{firstKey: {}, "second": {}},
	})
	region := "." + child.Region + ".amazonaws.com"
	certificate, root, err := authority("cognito-idp"+region, "cognito-identity"+region,
		"*.s3"+region, "s3"+region)
	if err != nil {
		return nil, err
	}
	bundle := filepath.Join(p.dir, "roots.pem")
	roots := slices.Concat(systemRoots(), []byte("\n"), root)
	if err := os.WriteFile(bundle, roots, 0o600); err != nil {
		return nil, err
	}
	address, stop, err := serveTLS(server, certificate)
	if err != nil {
		return nil, err
	}
	defer stop()
	in := child.SignIn{
		UserPoolID:     cognitotest.ExampleUserPoolID,
		ClientID:       cognitotest.ExampleClientID,
		IdentityPoolID: cognitotest.ExampleIdentityPoolID,
		Bucket:         signInBucket,
	}
	user := cognitotest.ExampleUser + " " + cognitotest.ExamplePassword
	saved, identity, err := earlier(server)
	if err != nil {
		return nil, err
	}
	var contenders []contender
	for _, roundTrip := range roundTrips {
		far, stop, err := distance(address, roundTrip)
		if err != nil {
			return nil, err
		}
		defer stop()
		in.Address = far
		args := in.Arguments()
		for _, c := range []struct{ name, pkg, stdin string }{
			{ours, signOurs, user + "\n"},
			{again, signOurs, user + " " + identity + "\n"},
			{resumed, signOurs, "saved " + saved + "\n"},
			{awsSDK, signAWS, user + "\n"},
		} {
			contenders = append(contenders, contender{c.name, func() error {
				u, err := p.run(c.pkg, c.stdin, []string{"SSL_CERT_FILE=" + bundle}, args...)
				if err != nil {
					return err
				}
				var key string
				var peak float64
				if _, err := fmt.Sscanf(string(u.out), "%q %g", &key, &peak); err != nil ||
					key != firstKey {
					return fmt.Errorf("printed %q, want the key %q: %v", u.out, firstKey, err)
				}
				t.add(wallAt(roundTrip), c.name, milliseconds(u.first))
				t.add(cpuAt(roundTrip), c.name, milliseconds(u.cpu))
				t.add(peakMemory, c.name, peak*1024/1e6)
				return nil
			}})
		}
	}
	if err := interleave(rounds, contenders); err != nil {
		return nil, fmt.Errorf("signing in: %w", err)
	}
	return t, nil
}

// earlier signs in and returns the saved session, and the ID of the identity.
func earlier(server *cognitotest.Server) (saved, identity string, err error) {
	ctx := context.Background()
	client := &cognito.Client{
		Environment: cognito.Environment{
			UserPoolID:     cognitotest.ExampleUserPoolID,
			ClientID:       cognitotest.ExampleClientID,
			IdentityPoolID: cognitotest.ExampleIdentityPoolID,
		},
		HTTPClient: server.Client(),
	}
	session, err := client.SignIn(ctx, cognitotest.ExampleUser, cognitotest.ExamplePassword)
	if err != nil {
		return "", "", err
	}
	if identity, err = session.IdentityID(ctx); err != nil {
		return "", "", err
	}
	return string(session.Save()), identity, nil
}

func wallAt(roundTrip time.Duration) string { return fmt.Sprintf("wall at %v, ms", roundTrip) }
func cpuAt(roundTrip time.Duration) string  { return fmt.Sprintf("CPU at %v, ms", roundTrip) }
