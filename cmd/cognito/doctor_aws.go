package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http/httptrace"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/files"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/state"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/jwt"
	"github.com/loginwithcognito/cognito/s3list"
	"github.com/loginwithcognito/cognito/sigv4"
)

// reachable adds a remedy to a network error.
func reachable(err error) error {
	var op *net.OpError
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var timeout net.Error
	switch {
	case errors.Is(err, files.ErrBusy):
		return err
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return fmt.Errorf("%w: the proxy in HTTPS_PROXY is unreachable: check its address", err)
	case errors.As(err, &dns):
		return fmt.Errorf(
			"%w: check the network and its DNS, and whether you must set HTTPS_PROXY", err,
		)
	case errors.As(err, &certificate):
		return fmt.Errorf("%w: check this machine's clock; if a proxy intercepts TLS, set "+
			"AWS_CA_BUNDLE to a file with its root certificate", err)
	case refusedConnection(err):
		return fmt.Errorf("%w: nothing listens there: check AWS_ENDPOINT_URL, the environment's "+
			"endpoints and the firewall", err)
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("%w: check the firewall, and whether you must set HTTPS_PROXY", err)
	}
	return err
}

// maxSkew is the smallest clock difference for which services reject signatures. The SigV4
// documentation gives five minutes.
const maxSkew = 5 * time.Minute

// clock compares the local clock with that of the user pool's responses.
func (d *doctor) clock(context.Context) (string, error) {
	off := d.s.clock.offset().Round(time.Second)
	way := "behind"
	if off < 0 {
		way = "ahead of"
	}
	if off.Abs() >= maxSkew {
		return "",
			fmt.Errorf("this machine's clock is about %v %s AWS's: set it, because AWS rejects "+
				"the signatures of other tools", off.Abs().Round(time.Minute), way)
	}
	if off == 0 {
		return "accurate to a few seconds", nil
	}
	return fmt.Sprintf("%v %s AWS's", off.Abs(), way), nil
}

// hosts names the hosts that are not AWS's. They may be intended, so they are not a failure.
func (d *doctor) hosts(context.Context) (string, error) {
	if hosts := customHosts(d.s.env); hosts != nil {
		return "", remark("not AWS's: " + strings.Join(hosts, ", ") +
			": remove them from the environment and AWS_ENDPOINT_URL if that is not intended")
	}
	return "all are AWS's", nil
}

// userPool fetches the pool's public keys. It sends the first request, so it also reports problems
// with DNS and TLS.
func (d *doctor) userPool(ctx context.Context) (string, error) {
	by := ""
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(got httptrace.GotConnInfo) {
			by = got.Conn.RemoteAddr().String() + ", without TLS"
			if secure, ok := got.Conn.(*tls.Conn); ok {
				by = got.Conn.RemoteAddr().String() + ", " +
					tls.VersionName(secure.ConnectionState().Version)
			}
		},
	})
	keys, err := d.s.verifier().Keys(ctx)
	if err != nil {
		return "", fmt.Errorf("%w: check that user_pool_id %s exists", err, d.s.env.UserPoolID)
	}
	return fmt.Sprintf("%s publishes its keys (%d) at %s", d.s.env.UserPoolID, len(keys), by), err
}

// verifier returns a verifier of the environment's tokens.
func (s *signedIn) verifier() *jwt.Verifier {
	fips, dualStack := s.a.hosts()
	return &jwt.Verifier{
		UserPoolID: s.env.UserPoolID,
		Region:     s.env.UserPoolRegion,
		Issuer:     s.env.Issuer,
		ClientID:   s.env.ClientID,
		Endpoint:   s.env.Endpoints.CognitoIDP,
		FIPS:       fips,
		DualStack:  dualStack,
		HTTPClient: s.client.HTTPClient,
	}
}

// appClient sends an invalid refresh token. The pool's error depends on whether the app client
// exists and its secret is correct.
func (d *doctor) appClient(ctx context.Context) (string, error) {
	pool, err := d.s.client.UserPool()
	if err != nil {
		return "", err
	}
	_, err = pool.GetTokensFromRefreshToken(ctx, cognitoidp.GetTokensFromRefreshTokenInput{
		RefreshToken: "none", ClientID: d.s.env.ClientID, ClientSecret: d.s.env.ClientSecret,
	})
	var service *awserr.Error
	if !errors.As(err, &service) {
		return "", cmp.Or(err, errors.New("the user pool accepted an invalid refresh token"))
	}
	if service.Code == cognitoidp.CodeResourceNotFound || service.StatusCode >= 500 ||
		strings.Contains(strings.ToLower(service.Message), "secret") {
		return "", cognito.Explain(err)
	}
	return d.s.env.ClientID + " exists in the Region", nil
}

// session loads the stored session. With -no-store, it signs in first.
func (d *doctor) session(ctx context.Context) (string, error) {
	if d.a.noStore {
		if err := d.s.login(ctx); err != nil {
			return "", err
		}
	}
	r, saved, err := d.s.saved()
	d.saved = saved
	return "of " + r.User, err
}

// compare compares the stored tokens with the environment.
func (d *doctor) compare(context.Context) (string, error) {
	e := d.s.env
	again := "sign in again: cognito login" + d.a.sameUser()
	if d.saved.Tokens.ID == "" {
		return "", remark("none are stored: the refresh obtains them")
	}
	for _, use := range []string{"id", "access"} {
		token := d.saved.Tokens.ID
		if use == "access" {
			token = d.saved.Tokens.Access
		}
		claims, err := jwt.ParseUnverified(token)
		if err != nil {
			return "", fmt.Errorf("the %s token: %w: %s", use, err, again)
		}
		issuer := claims.Issuer[strings.LastIndex(claims.Issuer, "/")+1:]
		switch region, _, _ := strings.Cut(issuer, "_"); {
		case !strings.HasPrefix(e.UserPoolID, region+"_"):
			return "",
				fmt.Errorf("the %s token is from Region %q, but user_pool_id is %s: %s", use,
					region, e.UserPoolID, again)
		case issuer != e.UserPoolID:
			return "",
				fmt.Errorf("the %s token is from user pool %q, but user_pool_id is %s: %s", use,
					issuer, e.UserPoolID, again)
		case claims.TokenUse != use:
			return "",
				fmt.Errorf("the %s token has token_use %q: %s", use,
					claims.TokenUse, again)
		case cmp.Or(claims.Audience, claims.ClientID) != e.ClientID:
			return "",
				fmt.Errorf("the %s token is for app client %q, but client_id is %s: %s", use,
					cmp.Or(claims.Audience, claims.ClientID), e.ClientID, again)
		}
	}
	return "from the user pool and app client, " + d.a.until(d.saved.Tokens.Expires, d.s.now()), nil
}

// refresh obtains new tokens, also if the stored ones have not expired.
func (d *doctor) refresh(ctx context.Context) (_ string, err error) {
	d.tokens, err = d.s.tokens(ctx)
	var ended *neededError
	if errors.As(err, &ended) && ended.cause != nil {
		err = fmt.Errorf("%w (%v)", err, ended.cause)
	}
	d.s.refresh = false // later steps use these tokens
	return "new tokens, " + d.a.until(d.tokens.Expires, d.s.now()), err
}

func (d *doctor) verify(ctx context.Context) (string, error) {
	if _, err := d.s.client.VerifyIDToken(ctx, d.tokens.ID); err != nil {
		return "", err
	}
	_, err := d.s.client.VerifyAccessToken(ctx, d.tokens.Access)
	return "the tokens are signed with the pool's keys", err
}

func (d *doctor) identityPool(ctx context.Context) (_ string, err error) {
	if d.s.env.IdentityPoolID == "" {
		return "", remark("identity_pool_id is not set, so there are no AWS credentials")
	}
	d.identity, err = d.s.identityID(ctx)
	return "identity " + d.identity, err
}

func (d *doctor) credentials(ctx context.Context) (string, error) {
	err := d.s.with(ctx, func(_ *state.Record, session *cognito.Session) (err error) {
		d.creds, err = session.Credentials(ctx)
		return err
	})
	return fmt.Sprintf("access key %s, %s", d.creds.AccessKeyID,
		d.a.until(d.creds.Expires, d.s.now())), err
}

// have returns the credentials that an earlier step obtained.
func (d *doctor) have(context.Context) (sigv4.Credentials, error) { return d.creds, nil }

func (d *doctor) role(ctx context.Context) (string, error) {
	client := d.s.sts()
	client.Credentials = d.have
	caller, err := client.GetCallerIdentity(ctx)
	return caller.ARN, cognito.Explain(err)
}

// bucket lists one key. Many roles may list only keys that start with the caller's identity ID. If
// the bucket denies access, bucket therefore tries that prefix.
func (d *doctor) bucket(ctx context.Context) (string, error) {
	if d.s.env.BucketName == "" {
		return "", remark("bucket_name is not set")
	}
	client, in := d.s.s3(), s3list.ListInput{Bucket: d.s.env.BucketName, PageSize: 1}
	client.Credentials = d.have
	err := firstKey(ctx, client, in)
	var service *s3list.Error
	if errors.As(err, &service) && service.Code == s3list.CodeAccessDenied {
		if in.Prefix = d.identity + "/"; firstKey(ctx, client, in) == nil {
			return in.Bucket + " can be listed only under " + in.Prefix, nil
		}
	}
	return in.Bucket + " can be listed", err
}

func firstKey(ctx context.Context, client *s3list.Client, in s3list.ListInput) error {
	for _, err := range client.List(ctx, in) {
		return err
	}
	return nil
}
