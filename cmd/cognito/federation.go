package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/internal/strictjson"
	"github.com/loginwithcognito/cognito/jwt"
)

// federationFlags select a token of an identity provider other than the user pool. The AWS
// credentials for such a token are kept in memory only.
type federationFlags struct {
	file, provider string
	audience       string // of the GitHub Actions token; empty unless -github-actions is set
}

// register defines the flags in set.
func (f *federationFlags) register(set *flag.FlagSet) {
	set.Func("token-file",
		"use the token in this `file` instead of the session",
		func(path string) error {
			const maxName, maxPath = 255, 4096 // of most systems
			switch f.file = path; {
			case path == "":
				return errors.New("it is empty")
			case len(path) > maxPath || len(filepath.Base(path)) > maxName:
				// An error of the system would print the name, which may be the token itself.
				return errors.New("it is not the name of a file: write the token to a file")
			}
			return nil
		})
	set.BoolFunc("github-actions",
		"use the token of the GitHub Actions job; =AUDIENCE sets its audience (default: "+
			actionsAudience+")",
		func(audience string) error {
			switch f.audience = audience; audience {
			case "":
				return errors.New("the audience is empty")
			case "true":
				f.audience = actionsAudience
			case "false":
				f.audience = ""
			}
			return nil
		})
	set.StringVar(&f.provider, "provider", "",
		"`name` of the token's provider in the identity pool, or ARN (default: the token's issuer)")
}

// used reports whether the flags select a token.
func (f *federationFlags) used() bool { return f.file != "" || f.audience != "" }

// check returns an error if the flags exclude each other or the other flags of a.
func (f *federationFlags) check(a *app) error {
	switch {
	case !f.used() && f.provider != "":
		return usagef("-provider requires -token-file or -github-actions")
	case f.file != "" && f.audience != "":
		return usagef("-token-file excludes -github-actions: use one of them")
	case f.used() && a.login.user != "":
		return usagef("-user is for sessions: -token-file and -github-actions do not use one")
	case f.used() && a.noStore:
		return usagef("-no-store is for sign-ins: -token-file and -github-actions store nothing")
	case strings.HasPrefix(f.provider, "arn:") && a.login.duration != 0:
		return usagef("-duration is not supported for SAML providers: they need the enhanced flow")
	}
	return nil
}

// federate makes s use tokens of another identity provider. It sends no request.
func (s *signedIn) federate() (err error) {
	if err := s.hasIdentities(); err != nil {
		return err
	}
	s.federated, err = s.client.Federate(cognito.Federation{
		Provider: s.a.federation.provider,
		Token:    s.a.federatedToken,
	})
	return err
}

// maxFederatedToken is the longest token that identity pools accept (API Reference:
// IdentityProviderToken).
const maxFederatedToken = 50_000

// federatedToken returns the token that the flags select.
func (a *app) federatedToken(ctx context.Context) (token string, err error) {
	f, source := a.federation, "the token of GitHub Actions"
	if f.file != "" {
		source = f.file
		data, failed := readText(f.file, 2*maxFederatedToken+4) // it may be UTF-16
		if failed != nil {
			return "", usagef("-token-file: %w", failed)
		}
		token = strings.TrimSpace(string(data))
	} else if token, err = a.actionsToken(ctx, f.audience); err != nil {
		return "", err
	}
	switch {
	case token == "":
		return "", usagef("%s is empty: write a token to it", source)
	case len(token) > maxFederatedToken:
		return "", usagef("%s has more than %d bytes: it must be one token", source,
			maxFederatedToken)
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", usagef("%s has characters that no token has, such as a space: write one token "+
			"to it, in one line", source)
	case f.provider == "":
		if claims, err := jwt.ParseUnverified(token); err != nil || claims.Issuer == "" {
			return "", usagef("%s is not a JSON Web Token with an issuer: use -provider", source)
		}
	}
	return token, nil
}

const (
	// actionsAudience is the audience that AWS suggests for tokens for identity pools.
	actionsAudience = "cognito-identity.amazonaws.com"
	actionsURL      = "ACTIONS_ID_TOKEN_REQUEST_URL"
	actionsBearer   = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
	actionsLimit    = 30 * time.Second
	actionsRetries  = 2
	actionsPause    = 200 * time.Millisecond // before the first retry; doubled for the next one
	maxActionsBody  = maxFederatedToken + 4096
)

// actionsToken requests the ID token of a job from GitHub (GitHub documentation: "OpenID Connect
// reference", requesting the token with environment variables).
func (a *app) actionsToken(ctx context.Context, audience string) (string, error) {
	address, bearer := a.getenv(actionsURL), a.getenv(actionsBearer)
	for _, name := range []string{actionsURL, actionsBearer} {
		if a.getenv(name) == "" {
			return "", usagef("%s is not set: add \"permissions: id-token: write\" to the job",
				name)
		}
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.User != nil || !secure(u) {
		return "", usagef("%s is not an https URL, or http on loopback: correct it", actionsURL)
	}
	query := u.Query()
	query.Set("audience", audience)
	u.RawQuery, u.Fragment = query.Encode(), ""
	ctx, cancel := context.WithTimeout(ctx, actionsLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+bearer)
	request.Header.Set("Accept", "application/json")
	client, err := a.httpClient() // it does not follow redirects
	if err != nil {
		return "", err
	}
	defer client.CloseIdleConnections()
	body, err := actionsBody(client, request)
	if err != nil {
		return "", err
	}
	var members map[string]json.RawMessage // a struct would match names in any case
	var token string
	if len(body) > maxActionsBody || strictjson.Unmarshal(body, &members) != nil ||
		json.Unmarshal(members["value"], &token) != nil || token == "" {
		return "", fmt.Errorf("%s returned no token: check %s", u.Host, actionsURL)
	}
	return token, nil
}

// actionsBody sends the request and returns the body of the response. It retries if the connection
// breaks or the server fails: the request is idempotent.
func actionsBody(client *http.Client, request *http.Request) (body []byte, err error) {
	host, ctx := request.URL.Host, request.Context()
	for retries := 0; ; retries++ {
		failed, response := true, (*http.Response)(nil)
		if response, err = client.Do(request); err == nil {
			body, err = io.ReadAll(io.LimitReader(response.Body, maxActionsBody+1))
			response.Body.Close()
			failed = err != nil || response.StatusCode >= 500
		}
		if response != nil && response.StatusCode != http.StatusOK {
			advice := "check the job's permissions, and run it again"
			if response.StatusCode >= 500 {
				advice = "run the job again"
			}
			err = fmt.Errorf("%s returned %s%s: %s", host, response.Status, redirected(response),
				advice)
		} else if err != nil {
			failed = failed && !errors.As(err, new(*tls.CertificateVerificationError))
			err = fmt.Errorf("%s: %w", host, withoutURL(err))
		}
		if !failed || retries == actionsRetries {
			return body, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(actionsPause << retries):
		}
	}
}
