package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/internal/terminal"
	"github.com/loginwithcognito/cognito/jwt"
	"github.com/loginwithcognito/cognito/sts"
)

func whoamiCommand() command {
	return command{
		name: "whoami",
		summary: `Show the user, identity and role, and when they expire.
The user comes from the ID token, without a check of its signature: "cognito doctor" checks it. The
role comes from AWS STS. With -token-file or -github-actions, the subject comes from that token.`,
		example: `cognito whoami
cognito whoami -offline -json`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.serviceFlags()
			asJSON := f.Bool("json", false, "write one JSON object")
			offline := f.Bool("offline", false, "show the stored values, and send no request")
			if _, err := a.parse(f, args, 0, 0); err != nil {
				return err
			}
			if *offline && (a.noStore || a.federation.used()) {
				return usagef("-offline shows the stored session: it excludes -no-store, " +
					"-token-file and -github-actions")
			}
			s, err := a.open(ctx)
			if err != nil {
				return err
			}
			var w whoami
			if !*offline {
				err = w.ask(ctx, s)
			}
			if kept := w.kept(s); kept != nil {
				return cmp.Or(err, kept)
			}
			if shown := w.write(a, *asJSON, s.now()); shown != nil {
				return shown
			}
			return err
		},
	}
}

// A whoami holds the output of the command.
type whoami struct {
	Environment        string   `json:"environment"`
	CustomHosts        []string `json:"custom_hosts,omitempty"` // those that are not AWS's
	UserPoolID         string   `json:"user_pool_id"`
	ClientID           string   `json:"client_id"`
	User               string   `json:"user"`
	Subject            string   `json:"sub"`
	Provider           string   `json:"provider,omitempty"` // of a federation
	Groups             []string `json:"groups,omitempty"`
	Device             string   `json:"device_key,omitempty"`
	TokensExpire       string   `json:"tokens_expire,omitempty"`
	IdentityID         string   `json:"identity_id,omitempty"`
	Account            string   `json:"account,omitempty"`
	Role               string   `json:"arn,omitempty"`
	AccessKeyID        string   `json:"access_key_id,omitempty"`
	CredentialsExpire  string   `json:"credentials_expire,omitempty"`
	tokens, credential time.Time
}

// ask renews the tokens and credentials if necessary, and requests the role from STS.
func (w *whoami) ask(ctx context.Context, s *signedIn) (err error) {
	if s.federated == nil {
		_, err = s.tokens(ctx)
	}
	if err != nil || s.env.IdentityPoolID == "" {
		return err
	}
	if w.IdentityID, err = s.identityID(ctx); err != nil {
		return err
	}
	creds, err := s.credentials(ctx)
	if err != nil {
		return err
	}
	w.keys(creds.AccessKeyID, creds.Expires)
	caller, err := s.sts().GetCallerIdentity(ctx)
	w.Account, w.Role = caller.Account, caller.ARN
	return cognito.Explain(err)
}

// sts returns a client of AWS STS with the user's credentials.
func (s *signedIn) sts() *sts.Client {
	fips, dualStack := s.a.hosts()
	return &sts.Client{
		Region:      s.a.serviceRegion(s.env),
		Endpoint:    s.env.Endpoints.STS,
		FIPS:        fips,
		DualStack:   dualStack,
		HTTPClient:  s.client.HTTPClient,
		Credentials: s.credentials,
	}
}

// kept adds the values of the stored record.
func (w *whoami) kept(s *signedIn) error {
	w.Environment, w.CustomHosts = s.name, customHosts(s.env)
	if s.federated != nil {
		claims := s.federated.UnverifiedClaims()
		w.Subject = claims.Subject
		w.Provider = cmp.Or(s.a.federation.provider, strings.TrimPrefix(claims.Issuer, "https://"))
		return nil
	}
	r, saved, err := s.saved()
	if err != nil {
		return err
	}
	claims := jwt.Claims{Username: r.User}
	if saved.Tokens.ID != "" {
		if claims, err = jwt.ParseUnverified(saved.Tokens.ID); err != nil {
			return err
		}
	}
	w.UserPoolID, w.ClientID = s.env.UserPoolID, s.env.ClientID
	w.User, w.Subject, w.Groups = claims.Username, claims.Subject, claims.Groups
	w.Device = saved.Device.Key
	w.tokens = saved.Tokens.Expires
	if !w.tokens.IsZero() {
		w.TokensExpire = w.tokens.UTC().Format(time.RFC3339)
	}
	if saved.IdentityPoolID == s.env.IdentityPoolID {
		w.IdentityID = saved.IdentityID
	}
	if have, err := s.kept(); err == nil && have != nil {
		w.keys(have.AccessKeyID, have.Expires)
	}
	return nil
}

// keys sets the values of credentials.
func (w *whoami) keys(id string, expires time.Time) {
	w.AccessKeyID, w.credential = id, expires
	w.CredentialsExpire = expires.UTC().Format(time.RFC3339)
}

// write writes the values as JSON, or one per line without the empty ones. now is the server's
// time.
func (w *whoami) write(a *app, asJSON bool, now time.Time) error {
	if asJSON {
		line, err := terminal.JSONLine(w)
		if err == nil {
			_, err = a.stdout.Write(line)
		}
		return err
	}
	for _, line := range [][2]string{
		{"user", w.User},
		{"subject", w.Subject},
		{"provider", w.Provider},
		{"groups", strings.Join(w.Groups, ", ")},
		{"environment", w.Environment},
		{"custom hosts", strings.Join(w.CustomHosts, ", ")},
		{"user pool", w.UserPoolID},
		{"app client", w.ClientID},
		{"device", w.Device},
		{"tokens", a.until(w.tokens, now)},
		{"identity", w.IdentityID},
		{"account", w.Account},
		{"role", w.Role},
		{"access key", w.AccessKeyID},
		{"credentials", a.until(w.credential, now)},
	} {
		if line[1] == "" {
			continue
		}
		const column = 13
		text := screenful(a.stdout, terminal.Printable(line[1]), column, column)
		_, err := fmt.Fprintf(a.stdout, "%-12s %s\n", line[0], text)
		if err != nil {
			return err
		}
	}
	return nil
}

// until formats an expiry time for standard output, or returns "" for the zero time.
func (a *app) until(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	left := t.Sub(now).Round(time.Second)
	if left <= 0 {
		return "expired " + a.date(t, a.stdout)
	}
	return fmt.Sprintf("until %s (%v)", a.date(t, a.stdout), left)
}
