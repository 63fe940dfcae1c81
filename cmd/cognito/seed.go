package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// A seed is the stand-in's contents as JSON: the fields of package cognitotest by their names, but
// durations as "1h30m" and objects as text. These types differ from those of the package in that,
// and in that they are printed with passwords.
type seed struct {
	UserPools     []seedPool
	IdentityPools []seedIdentityPool
	Roles         []seedRole
	Buckets       []seedBucket
}

type seedPool struct {
	cognitotest.UserPool
	Clients []seedClient
	Users   []seedUser
}

// unredacted cancels the redaction of a type of cognitotest that is embedded beside it: of two
// promoted methods at the same depth, Go promotes neither.
type unredacted struct{ redaction }

type redaction struct{}

// Format is never called.
func (redaction) Format(fmt.State, rune) {}

// MarshalText is never called.
func (redaction) MarshalText() ([]byte, error) { return nil, nil }

type seedUser struct {
	cognitotest.User
	unredacted
}

type seedClient struct {
	cognitotest.AppClient
	unredacted
	RetryGracePeriod, AuthSessionValidity, IDTokenValidity, AccessTokenValidity,
	RefreshTokenValidity seedDuration
}

type seedIdentityPool struct {
	cognitotest.IdentityPool
	CredentialsValidity seedDuration
}

type seedRole struct {
	cognitotest.Role
	MaxSessionDuration seedDuration
}

type seedBucket struct {
	cognitotest.Bucket
	Objects map[string]string
}

type seedDuration time.Duration

// MarshalText writes a duration as Go does.
func (d seedDuration) MarshalText() ([]byte, error) {
	return []byte(time.Duration(d).String()), nil
}

// UnmarshalText reads it.
func (d *seedDuration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err == nil && parsed < 0 {
		err = errors.New("a duration is negative")
	}
	*d = seedDuration(parsed)
	return err
}

// readSeed reads a seed. A key that is not known is an error.
func readSeed(path string) (*cognitotest.Server, error) {
	data, err := readFile(path, 16<<20)
	if err != nil {
		return nil, err
	}
	var in seed
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return nil, err
	}
	if decoder.Decode(new(json.RawMessage)) != io.EOF {
		return nil, errors.New("something follows the object")
	}
	var server cognitotest.Server
	for _, p := range in.UserPools {
		pool := p.UserPool
		for _, c := range p.Clients {
			client := c.AppClient
			client.RetryGracePeriod, client.AuthSessionValidity = time.Duration(c.RetryGracePeriod),
				time.Duration(c.AuthSessionValidity)
			client.IDTokenValidity, client.AccessTokenValidity = time.Duration(c.IDTokenValidity),
				time.Duration(c.AccessTokenValidity)
			client.RefreshTokenValidity = time.Duration(c.RefreshTokenValidity)
			pool.Clients = append(pool.Clients, client)
		}
		for _, u := range p.Users {
			pool.Users = append(pool.Users, u.User)
		}
		server.UserPools = append(server.UserPools, pool)
	}
	for _, p := range in.IdentityPools {
		p.IdentityPool.CredentialsValidity = time.Duration(p.CredentialsValidity)
		server.IdentityPools = append(server.IdentityPools, p.IdentityPool)
	}
	for _, r := range in.Roles {
		r.Role.MaxSessionDuration = time.Duration(r.MaxSessionDuration)
		server.Roles = append(server.Roles, r.Role)
	}
	for _, b := range in.Buckets {
		b.Bucket.Objects = make(map[string]cognitotest.Object, len(b.Objects))
		for key, text := range b.Objects {
			b.Bucket.Objects[key] = cognitotest.Object{Body: []byte(text)}
		}
		server.Buckets = append(server.Buckets, b.Bucket)
	}
	return &server, checkSeed(&server)
}

// printSeed writes the seed of the example, which shows every field.
func printSeed(w io.Writer) error {
	server := cognitotest.Example()
	var out seed
	for _, pool := range server.UserPools {
		p := seedPool{UserPool: pool}
		for _, c := range pool.Clients {
			// the example leaves the durations as they are
			p.Clients = append(p.Clients, seedClient{AppClient: c})
		}
		for _, u := range pool.Users {
			p.Users = append(p.Users, seedUser{User: u})
		}
		out.UserPools = append(out.UserPools, p)
	}
	for _, p := range server.IdentityPools {
		out.IdentityPools = append(out.IdentityPools, seedIdentityPool{IdentityPool: p})
	}
	for _, r := range server.Roles {
		out.Roles = append(out.Roles, seedRole{Role: r})
	}
	for _, bucket := range server.Buckets {
		b := seedBucket{Bucket: bucket, Objects: make(map[string]string)}
		for key, o := range bucket.Objects {
			b.Objects[key] = string(o.Body)
		}
		out.Buckets = append(out.Buckets, b)
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(out)
}
