package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// A seed is the initial data of the emulator, in the JSON form of emulate's -seed and -print-seed.
// Its members have the names of the fields in package cognitotest. Its types differ from those of
// that package in three ways: durations are strings such as "1h30m", the bodies of objects are
// strings, and passwords are not redacted.
type seed struct {
	UserPools     []seedPool
	IdentityPools []seedIdentityPool
	Roles         []seedRole
	Buckets       []seedBucket
}

type seedPool struct {
	cognitotest.UserPool
	Clients   []seedClient
	Users     []seedUser
	Providers []seedProvider
}

type seedProvider struct {
	cognitotest.Provider
	Users []seedUser
}

//lint:file-ignore U1000 The methods and fields of unredacted hide others; they are never used.

// unredacted disables the redaction of a cognitotest type that is embedded beside it. If two
// embedded fields have the same method at the same depth, Go promotes neither method.
type unredacted struct{ redaction }

// redaction has the methods with which cognitotest types redact themselves.
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

// MarshalText returns the duration in the form of [time.Duration.String].
func (d seedDuration) MarshalText() ([]byte, error) {
	return []byte(time.Duration(d).String()), nil
}

// UnmarshalText parses a duration in the form of [time.ParseDuration]. It rejects negative ones.
func (d *seedDuration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err == nil && parsed < 0 {
		err = errors.New("the duration is negative")
	}
	*d = seedDuration(parsed)
	return err
}

// ParseSeed returns a server with the data of a seed. Unknown keys are an error.
func ParseSeed(data []byte) (*cognitotest.Server, error) {
	var in seed
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return nil, err
	}
	if decoder.Decode(new(json.RawMessage)) != io.EOF {
		return nil, errors.New("unexpected data follows the JSON object")
	}
	var server cognitotest.Server
	for _, p := range in.UserPools {
		pool := p.UserPool
		for _, c := range p.Clients {
			client := c.AppClient
			client.RetryGracePeriod = time.Duration(c.RetryGracePeriod)
			client.AuthSessionValidity = time.Duration(c.AuthSessionValidity)
			client.IDTokenValidity = time.Duration(c.IDTokenValidity)
			client.AccessTokenValidity = time.Duration(c.AccessTokenValidity)
			client.RefreshTokenValidity = time.Duration(c.RefreshTokenValidity)
			pool.Clients = append(pool.Clients, client)
		}
		pool.Users = users(p.Users)
		for _, provider := range p.Providers {
			provider.Provider.Users = users(provider.Users)
			pool.Providers = append(pool.Providers, provider.Provider)
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

func users(seeded []seedUser) (all []cognitotest.User) {
	for _, u := range seeded {
		all = append(all, u.User)
	}
	return all
}

func seedUsers(all []cognitotest.User) (seeded []seedUser) {
	for _, u := range all {
		seeded = append(seeded, seedUser{User: u})
	}
	return seeded
}

// WriteSeed writes the seed of the example, which shows every field.
func WriteSeed(w io.Writer) error {
	server := cognitotest.Example()
	var out seed
	for _, pool := range server.UserPools {
		p := seedPool{UserPool: pool}
		for _, c := range pool.Clients {
			// the example leaves the durations as they are
			p.Clients = append(p.Clients, seedClient{AppClient: c})
		}
		p.Users = seedUsers(pool.Users)
		for _, provider := range pool.Providers {
			seeded := seedProvider{Provider: provider, Users: seedUsers(provider.Users)}
			p.Providers = append(p.Providers, seeded)
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

// checkSeed reports a server that no sign-in can use.
func checkSeed(server *cognitotest.Server) error {
	if len(server.UserPools) == 0 {
		return errors.New("UserPools is missing: see -print-seed for an example")
	}
	for name, e := range Environments(server, "http://localhost") {
		if err := e.Validate(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if e.ClientID == "" {
			return fmt.Errorf("user pool %s: Clients is missing", e.UserPoolID)
		}
	}
	return nil
}
