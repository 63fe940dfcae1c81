package cognito

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/loginwithcognito/cognito/cognitoid"
	"github.com/loginwithcognito/cognito/internal/awshost"
	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/redact"
	"github.com/loginwithcognito/cognito/internal/renew"
	"github.com/loginwithcognito/cognito/jwt"
	"github.com/loginwithcognito/cognito/sigv4"
	"github.com/loginwithcognito/cognito/sts"
)

// Guest returns a session without a signed-in user, for identity pools that allow unauthenticated
// identities. It sends nothing until credentials are requested.
//
// In the enhanced flow, a session policy of AWS limits guests to a short list of services, even if
// the role allows more (AWS: "Services that unauthenticated identities can access").
func (c *Client) Guest() (*Session, error) {
	if err := c.open("identity_pool_id"); err != nil {
		return nil, err
	}
	s := c.newSession()
	s.guest = true
	return s, nil
}

// A Federation obtains tokens of an identity provider that the identity pool trusts directly,
// without a user pool.
type Federation struct {
	redact.Fields

	// Provider is the name of the provider in the identity pool, such as "accounts.google.com", or
	// the ARN of a SAML provider. If it is empty, the token must be a JSON Web Token, whose issuer
	// is the name.
	Provider string

	// Token returns a valid token: an OpenID Connect ID token, a SAML assertion in base64, an
	// access token of Facebook or Amazon, or the token of GetOpenIdTokenForDeveloperIdentity. It is
	// called whenever credentials are requested, and must be safe for concurrent use. Required.
	Token func(ctx context.Context) (string, error)
}

// developerProvider is the name of developer-authenticated identities, and the issuer of their
// tokens, which name the identity (AWS: "Developer-authenticated identities").
const developerProvider = "cognito-identity.amazonaws.com"

// Federate returns a session with credentials for the tokens of another identity provider: any
// OpenID Connect provider, such as Google or GitHub Actions, a SAML provider, or a backend with
// developer-authenticated identities. It sends nothing until credentials are requested. The session
// has no tokens of a user pool and cannot be saved.
func (c *Client) Federate(f Federation) (*Session, error) {
	if err := c.open("identity_pool_id"); err != nil {
		return nil, err
	}
	switch {
	case f.Token == nil:
		return nil, errors.New("cognito: Federation.Token is missing")
	case strings.HasPrefix(f.Provider, "arn:") && c.Duration != 0:
		return nil, errors.New("cognito: SAML providers need the enhanced flow: " +
			"set Client.Duration to 0")
	}
	s := c.newSession()
	s.federation = f
	return s, nil
}

// federatedLogins returns the Logins map with a new token of the provider.
func (s *Session) federatedLogins(ctx context.Context) (map[string]string, error) {
	token, err := s.federation.Token(ctx)
	if err != nil {
		return nil, fmt.Errorf("cognito: token of the identity provider: %w", err)
	}
	provider := s.federation.Provider
	claims, err := jwt.ParseUnverified(token) // other forms have no claims
	if provider == "" {
		if provider, _ = strings.CutPrefix(claims.Issuer, "https://"); provider == "" {
			return nil, errors.New("cognito: the token is not a JSON Web Token with an issuer: " +
				"set Federation.Provider")
		}
	}
	if err == nil {
		s.mu.Lock()
		s.claims = claims
		s.mu.Unlock()
	}
	return map[string]string{provider: token}, nil
}

// Credentials returns temporary AWS credentials. It refreshes them if they expire within 15
// minutes, or within a third of their lifetime if that is shorter. Pass it as a method value to
// sigv4.Transport, s3list.Client and sts.Client.
func (s *Session) Credentials(ctx context.Context) (sigv4.Credentials, error) {
	return s.credentials.Get(ctx)
}

// IdentityID returns the user's identity in the identity pool, such as "us-east-1:1a2b...". IAM
// policies refer to it as ${cognito-identity.amazonaws.com:sub}. It is requested once.
func (s *Session) IdentityID(ctx context.Context) (id string, err error) {
	if err := s.live(); err != nil {
		return "", err
	}
	if id := s.knownIdentity(); id != "" {
		return id, nil
	}
	if err := s.client.Environment.require("identity_pool_id"); err != nil {
		return "", err
	}
	err = s.withLogins(ctx, func(logins map[string]string) (err error) {
		id, err = s.fetchIdentityID(ctx, "", logins)
		return err
	})
	return id, err
}

func (s *Session) knownIdentity() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.identityID
}

// HTTPClient returns an *http.Client that signs its requests for one AWS service, by the service's
// signing name, such as "execute-api" (API Gateway), "kinesis" or "s3". region is the Region of the
// API, stream or bucket. If it is empty, it is [Environment.ResolveRegion].
//
// A request to an AWS host in another Region is an error. The client does not follow redirects,
// because a signature is valid for one host and path. It signs with the clock of AWS. Unless
// Client.HTTPClient is set, response bodies are not decompressed, and only the context of a request
// limits its duration.
func (s *Session) HTTPClient(service, region string) *http.Client {
	signing := *s.client.services.signed
	signing.Transport = &regional{Transport: sigv4.Transport{
		Region:      cmp.Or(region, s.client.Environment.ResolveRegion()),
		Service:     service,
		Credentials: s.Credentials,
		Now:         s.client.services.identity.Now, // the clock that the credentials go by
		Base:        awshttp.NoFetchRedirects(signing.Transport),
	}}
	return &signing
}

// A regional transport signs requests, but none to AWS hosts in other Regions than its own.
type regional struct {
	sigv4.Transport
	accepted atomic.Pointer[string] // the last host
}

func (t *regional) RoundTrip(req *http.Request) (*http.Response, error) {
	host := cmp.Or(req.Host, req.URL.Host)
	if last := t.accepted.Load(); last == nil || *last != host {
		if err := awshost.Check(host, t.Region); err != nil {
			if req.Body != nil {
				req.Body.Close()
			}
			return nil, fmt.Errorf("cognito: %w", err)
		}
		t.accepted.Store(&host)
	}
	return t.Transport.RoundTrip(req)
}

// fetchCredentials requests new credentials in the enhanced or the classic flow.
func (s *Session) fetchCredentials(
	ctx context.Context, old sigv4.Credentials,
) (creds sigv4.Credentials, expires time.Time, err error) {
	required := []string{"identity_pool_id"}
	if s.client.Duration != 0 {
		required = append(required, "role_arn")
	}
	if err := cmp.Or(s.live(), s.client.Environment.require(required...)); err != nil {
		return old, expires, err
	}
	err = s.withLogins(ctx, func(logins map[string]string) (err error) {
		known := s.knownIdentity()
		id := known
		if id == "" {
			if id, err = s.fetchIdentityID(ctx, "", logins); err != nil {
				return err
			}
		}
		creds, err = s.credentialsFor(ctx, id, logins)
		if known != "" && (refusedIdentity(err, cognitoid.CodeResourceNotFound, "") ||
			refusedIdentity(err, cognitoid.CodeNotAuthorized, "forbidden") ||
			refusedIdentity(err, cognitoid.CodeNotAuthorized, "Logins don't match")) {
			// The identity was deleted, or the saved one belongs to another user.
			if id, err = s.fetchIdentityID(ctx, id, logins); err == nil {
				creds, err = s.credentialsFor(ctx, id, logins)
			}
		}
		return err
	})
	if err != nil {
		return old, expires, err
	}
	return creds, creds.Expires, nil
}

// credentialsFor returns credentials of an identity.
func (s *Session) credentialsFor(
	ctx context.Context, id string, logins map[string]string,
) (none sigv4.Credentials, err error) {
	c := s.client
	if c.Duration == 0 {
		in := cognitoid.GetCredentialsForIdentityInput{IdentityID: id, Logins: logins}
		if !s.guest {
			in.CustomRoleARN = c.Environment.CustomRoleARN
		}
		out, err := c.services.identity.GetCredentialsForIdentity(ctx, in)
		if err != nil {
			return none, err
		}
		s.setIdentityID(out.IdentityID)
		return out.Credentials, nil
	}
	token, err := c.services.identity.GetOpenIDToken(ctx, id, logins)
	if err != nil {
		return none, err
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

// logins returns the Logins map for the identity pool: the ID token under the name of its issuer
// without the scheme, which is correct in every partition and for both forms of issuer. The map of
// a guest is nil.
func (s *Session) logins(ctx context.Context) (map[string]string, error) {
	switch {
	case s.guest:
		return nil, nil
	case s.federation.Token != nil:
		return s.federatedLogins(ctx)
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

// withLogins calls do with the Logins map and explains its error. If the identity pool says that
// the ID token has expired or is damaged, it refreshes the tokens and calls do again. A token can
// seem valid by the local clock, and a resumed session does not know the server's clock at first.
func (s *Session) withLogins(ctx context.Context, do func(logins map[string]string) error) error {
	logins, err := s.logins(ctx)
	if err != nil {
		return err
	}
	err = do(logins)
	refused := func(text string) bool {
		return refusedIdentity(err, cognitoid.CodeNotAuthorized, text)
	}
	if refused("expired") || refused("signed token") || refused("Not a valid OpenId") {
		s.tokens.Expire(renew.Pause)
		renewed, failed := s.logins(ctx)
		if failed != nil {
			return failed
		}
		if !maps.Equal(renewed, logins) {
			err = do(renewed)
		}
	}
	if s.federation.Token != nil && refusedIdentity(err, cognitoid.CodeNotAuthorized, "") {
		return &explained{err, federationCause} // the causes in explanations are of user pools
	}
	return Explain(err)
}

const federationCause = "the token has expired, or the identity pool does not have its issuer " +
	"and audience among its providers: check the token's exp, iss and aud"

// refusedIdentity reports whether err comes from the identity pool, with this code and with text in
// its message.
func refusedIdentity(err error, code, text string) bool {
	e := refusal(err)
	return e.Service == "cognitoid" && e.Code == code && strings.Contains(e.Message, text)
}

// fetchIdentityID requests an identity to replace old, which is empty or refused. If a concurrent
// call has stored another one since, it returns that one, because each GetId gives a guest a new
// identity.
func (s *Session) fetchIdentityID(
	ctx context.Context, old string, logins map[string]string,
) (string, error) {
	pool := s.client.Environment.IdentityPoolID
	if token := logins[developerProvider]; token != "" {
		claims, err := jwt.ParseUnverified(token)
		if err != nil || claims.Audience != pool || !isIdentityPoolID(claims.Subject) {
			return "", errors.New("cognito: the token of the developer provider is for another " +
				"identity pool: check identity_pool_id")
		}
		s.setIdentityID(claims.Subject)
		return claims.Subject, nil
	}
	id, err := s.client.services.identity.GetID(ctx, cognitoid.GetIDInput{
		IdentityPoolID: pool,
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

// setIdentityID stores the identity in a response. It differs from the one in the request after
// identities were merged.
func (s *Session) setIdentityID(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.identityID = cmp.Or(id, s.identityID)
}

// roleSessionName returns the name of the session in AWS's logs: that of the user, with "-" in
// place of characters outside [\w+=,.@-], and 2 to 64 characters long (AWS:
// AssumeRoleWithWebIdentity).
func (s *Session) roleSessionName() string {
	name := "guest"
	if !s.guest {
		claims := s.UnverifiedClaims()
		name = cmp.Or(claims.Username, claims.Subject)
	}
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(letters+digits+"_+=,.@-", r) {
			return r
		}
		return '-'
	}, name)
	if len(name) < 2 {
		name = "user-" + name
	}
	return name[:min(len(name), 64)]
}
