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

// signIns signs in with both programs, to a stand-in for AWS behind TLS that is a round trip away.
func (p programs) signIns(rounds int, roundTrips ...time.Duration) (*table, error) {
	t := &table{
		title: titleSignIn,
		notes: []string{"From before the process is made until it prints the first key: SRP, " +
			"tokens, identity, AWS credentials, one page of S3. " +
			"Three hosts, with the system's root certificates and one more. The stand-in for " +
			"AWS, on the same machine, verifies every step; its time is in all figures. " +
			"aws-sdk-go-v2 with cognito-srp. A round trip counts for TCP's handshake too; DNS is " +
			"not imitated. Again: a user who signs in again, whose " +
			"identity is known and not asked for. Resumed: the same program run again, with what " +
			"it saved, " +
			"tokens that are still good and the id of the identity, so that only AWS credentials " +
			"and the page are asked for; the peer has nothing to go on from."},
		refs: []string{awsSDK},
	}
	server := cognitotest.Example() // whose own bucket has a key that aws-sdk-go-v2 cannot read
	server.Buckets = append(server.Buckets, cognitotest.Bucket{
		Name:   signInBucket,
		Region: child.Region, Objects: map[string]cognitotest.Object{firstKey: {}, "second": {}},
	})
	region := "." + child.Region + ".amazonaws.com"
	certificate, root,
		err := authority("cognito-idp"+region, "cognito-identity"+region, "*.s3"+region, "s3"+
		region)
	if err != nil {
		return nil, err
	}
	bundle := filepath.Join(p.dir, "roots.pem")
	if err := os.WriteFile(bundle, slices.Concat(systemRoots(), []byte("\n"), root),
		0o600); err != nil {
		return nil, err
	}
	address, stop, err := serveTLS(server, certificate)
	if err != nil {
		return nil, err
	}
	defer stop()
	in := child.SignIn{
		UserPoolID: cognitotest.ExampleUserPoolID, ClientID: cognitotest.ExampleClientID,
		IdentityPoolID: cognitotest.ExampleIdentityPoolID, Bucket: signInBucket,
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
			{ours, signOurs, user + "\n"}, {again, signOurs, user + " " + identity + "\n"},
			{resumed, signOurs, "saved " + saved + "\n"}, {awsSDK, signAWS, user + "\n"},
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
					return fmt.Errorf("%q: %v", u.out, err)
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

// earlier signs in and answers what is saved for a later run, and the identity alone.
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
