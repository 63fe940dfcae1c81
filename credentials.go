package cognito

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/cognitoid"
	"github.com/loginwithcognito/cognito/internal/renew"
	"github.com/loginwithcognito/cognito/jwt"
	"github.com/loginwithcognito/cognito/sigv4"
	"github.com/loginwithcognito/cognito/sts"
)

// Guest returns a session of a user who did not sign in, for identity pools that allow unauthenticated identities.
// Nothing is sent before credentials are asked for.
//
// In the enhanced flow AWS gives guests a session policy that allows a short list of services only, whatever the role
// allows (AWS: "Enhanced (simplified) authflow", "Services that unauthenticated identities can access").
func (c *Client) Guest(ctx context.Context) (*Session, error) {
	if err := c.open("identity_pool_id"); err != nil {
		return nil, err
	}
	s := c.newSession()
	s.guest = true
	return s, nil
}

// Credentials returns temporary AWS credentials, renewed if less than 15 minutes of them remain (of credentials that live
// less than 45 minutes, less than a third). It has the form that sigv4.Transport, s3list.Client and sts.Client take.
func (s *Session) Credentials(ctx context.Context) (sigv4.Credentials, error) {
	return s.credentials.Get(ctx)
}

// IdentityID returns the user's identity in the identity pool, such as "us-east-1:1a2b...". Policies know it as
// ${cognito-identity.amazonaws.com:sub}. It is asked for once.
func (s *Session) IdentityID(ctx context.Context) (string, error) {
	if err := s.live(); err != nil {
		return "", err
	}
	s.mu.Lock()
	id := s.identityID
	s.mu.Unlock()
	if id != "" {
		return id, nil
	}
	err := s.client.Environment.require("identity_pool_id")
	if err == nil {
		err = s.withLogins(ctx, func(logins map[string]string) (err error) {
			id, err = s.fetchIdentityID(ctx, "", logins)
			return err
		})
	}
	return id, err
}

// HTTPClient returns an *http.Client that signs what it sends for one AWS service of the environment's Region, by the
// service's signing name, such as "execute-api" (API Gateway), "kinesis" or "s3". It does not follow redirects: a
// signature is good for one host and path only. It signs with the time of AWS's clock where the machine's is off. How
// long an answer may take is for each request's context to say, unless Client.HTTPClient has a Timeout.
func (s *Session) HTTPClient(service string) *http.Client {
	signing := *s.client.services.signed
	signing.Transport = &sigv4.Transport{
		Region:      s.client.Environment.AWSRegion(),
		Service:     service,
		Credentials: s.Credentials,
		Now:         s.client.services.identity.Now, // who gave the credentials
		Base:        signing.Transport,
	}
	return &signing
}

// fetchCredentials makes new credentials by the enhanced or the classic flow.
func (s *Session) fetchCredentials(ctx context.Context, old sigv4.Credentials) (sigv4.Credentials, time.Time, error) {
	fields := []string{"identity_pool_id"}
	if s.client.Duration != 0 {
		fields = append(fields, "role_arn")
	}
	if err := cmp.Or(s.live(), s.client.Environment.require(fields...)); err != nil {
		return old, time.Time{}, err
	}
	creds := old
	err := s.withLogins(ctx, func(logins map[string]string) (err error) {
		s.mu.Lock()
		id := s.identityID
		s.mu.Unlock()
		known := id != ""
		if !known {
			if id, err = s.fetchIdentityID(ctx, "", logins); err != nil {
				return err
			}
		}
		creds, err = s.credentialsFor(ctx, id, logins)
		if known && (says(err, cognitoid.CodeResourceNotFound, "") || says(err, cognitoid.CodeNotAuthorized, "forbidden")) {
			// The identity was deleted since it was learnt, or what was saved is another user's: ask once more.
			if id, err = s.fetchIdentityID(ctx, id, logins); err == nil {
				creds, err = s.credentialsFor(ctx, id, logins)
			}
		}
		return err
	})
	if err != nil {
		return old, time.Time{}, err
	}
	return creds, creds.Expires, nil
}

// credentialsFor does what follows GetId.
func (s *Session) credentialsFor(ctx context.Context, id string, logins map[string]string) (sigv4.Credentials, error) {
	c := s.client
	if c.Duration == 0 {
		in := cognitoid.GetCredentialsForIdentityInput{IdentityID: id, Logins: logins}
		if !s.guest {
			in.CustomRoleARN = c.Environment.CustomRoleARN
		}
		out, err := c.services.identity.GetCredentialsForIdentity(ctx, in)
		if err != nil {
			return sigv4.Credentials{}, err
		}
		s.setIdentityID(out.IdentityID)
		return out.Credentials, nil
	}
	token, err := c.services.identity.GetOpenIDToken(ctx, id, logins)
	if err != nil {
		return sigv4.Credentials{}, err
	}
	s.setIdentityID(token.IdentityID)
	out, err := c.services.sts.AssumeRoleWithWebIdentity(ctx, sts.AssumeRoleWithWebIdentityInput{
		RoleARN:          c.Environment.RoleARN,
		RoleSessionName:  s.roleSessionName(),
		WebIdentityToken: token.Token,
		Duration:         c.Duration,
	})
	return out.Credentials, err
}

// logins returns the Logins map of an identity pool call: the ID token under the name of its issuer without the scheme,
// which is right in every partition and for both forms of issuer. A guest has none.
func (s *Session) logins(ctx context.Context) (map[string]string, error) {
	if s.guest {
		return nil, nil
	}
	tokens, err := s.tokens.Get(ctx)
	if err != nil {
		return nil, err
	}
	claims, err := jwt.ParseUnverified(tokens.ID)
	if err != nil {
		return nil, err
	}
	_, provider, ok := strings.Cut(claims.Issuer, "://")
	if !ok || provider == "" {
		return nil, fmt.Errorf("cognito: the ID token's issuer %.200q is not a URL", claims.Issuer)
	}
	return map[string]string{provider: tokens.ID}, nil
}

// withLogins calls do with the Logins map and explains its error. It does so once more, if there is a new ID token by then,
// where the identity pool says that the token has expired: by the local clock, and a resumed session knows no other at
// first, it may look good.
func (s *Session) withLogins(ctx context.Context, do func(logins map[string]string) error) error {
	logins, err := s.logins(ctx)
	if err != nil {
		return err
	}
	err = do(logins)
	if says(err, cognitoid.CodeNotAuthorized, "expired") {
		s.tokens.Expire(renew.Pause)
		renewed, failed := s.logins(ctx)
		if failed != nil {
			return failed
		}
		if !maps.Equal(renewed, logins) {
			err = do(renewed)
		}
	}
	return Explain(err)
}

// says tells whether the identity pool answered with the code, and a message that has text in it.
func says(err error, code, text string) bool {
	var e *awserr.Error
	return errors.As(err, &e) && e.Service == "cognitoid" && e.Code == code && strings.Contains(e.Message, text)
}

// fetchIdentityID asks for an identity in place of old, which is "" or of no use. If another call has learnt one
// meanwhile, that one stays: a guest gets another with each GetId.
func (s *Session) fetchIdentityID(ctx context.Context, old string, logins map[string]string) (string, error) {
	id, err := s.client.services.identity.GetID(ctx, cognitoid.GetIDInput{
		IdentityPoolID: s.client.Environment.IdentityPoolID,
		Logins:         logins,
	})
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.identityID == old {
		s.identityID = id
	}
	return s.identityID, nil
}

// setIdentityID keeps the identity; the service may answer with another than was asked for, when identities were merged.
func (s *Session) setIdentityID(id string) {
	if id == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.identityID = id
}

// roleSessionName names the session in AWS's logs after the user: 2 to 64 characters of [\w+=,.@-]
// (AWS: AssumeRoleWithWebIdentity), where others become "-".
func (s *Session) roleSessionName() string {
	name := "guest"
	if !s.guest {
		name = s.UnverifiedClaims().Username
	}
	name = strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', strings.ContainsRune("_+=,.@-", r):
			return r
		}
		return '-'
	}, name)
	if len(name) < 2 {
		name = "user-" + name
	}
	return name[:min(len(name), 64)]
}
