package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitoidp"
	endpoints "github.com/loginwithcognito/cognito/internal/endpoint"
	"github.com/loginwithcognito/cognito/s3list"
	"github.com/loginwithcognito/cognito/sigv4"
	"github.com/loginwithcognito/cognito/sts"
)

func doctorCommand() command {
	return command{
		name: "doctor",
		summary: `Look at each thing that a sign-in rests on, and name the first that is wrong and how to mend it.
A line is "ok", "FAIL", or "--" for what is not set or can't be looked at before something else works. Nothing is changed,
but the session is renewed. The exit status is 0 only where nothing fails, 3 where the first to fail is that nobody is
signed in, and otherwise 1.`,
		example: `cognito doctor -env DEV`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.serviceFlags()
			d := &doctor{a: a, good: make(map[string]bool)}
			f.BoolVar(&d.json, "json", false, "write one JSON object a line")
			if _, err := a.parse(f, args, 0, 0); err != nil {
				return err
			}
			return d.run(ctx)
		},
	}
}

// A doctor looks at one thing after the other.
type doctor struct {
	a        *app
	json     bool
	s        *signedIn
	saved    *cognito.Saved
	tokens   cognito.Tokens
	identity string
	creds    sigv4.Credentials

	good  map[string]bool // by step: it was looked at, and is as it should be
	first error           // what is wrong first, and in which step
}

// notSet is the reason for which there is nothing to look at.
type notSet string

func (n notSet) Error() string { return string(n) }

// stepTime is how long a step may take.
const stepTime = 20 * time.Second

// run takes all steps. Those that need another one which failed are left out.
func (d *doctor) run(ctx context.Context) error {
	for _, step := range []struct {
		name  string
		needs []string
		look  func(context.Context) (string, error)
	}{
		{"configuration", nil, d.configuration},
		{"state", []string{"configuration"}, d.state},
		{"other keys", nil, d.otherKeys},
		{"proxy", nil, d.proxy},
		{"cognito-idp", []string{"configuration"}, d.reach("cognito-idp")},
		{"cognito-identity", []string{"configuration"}, d.reach("cognito-identity")},
		{"sts", []string{"configuration"}, d.reach("sts")},
		{"s3", []string{"configuration"}, d.reach("s3")},
		{"clock", []string{"cognito-idp"}, d.clock},
		{"user pool", []string{"cognito-idp"}, d.userPool},
		{"app client", []string{"user pool"}, d.appClient},
		{"session", []string{"state"}, d.session},
		{"tokens", []string{"session"}, d.compare},
		{"refresh", []string{"session", "app client"}, d.refresh},
		{"signature", []string{"refresh"}, d.verify},
		{"identity pool", []string{"refresh", "cognito-identity"}, d.identityPool},
		{"credentials", []string{"identity pool"}, d.credentials},
		{"role", []string{"credentials", "sts"}, d.role},
		{"bucket", []string{"credentials", "s3"}, d.bucket},
	} {
		detail, err := "", error(nil)
		for _, needed := range step.needs {
			if err == nil && !d.good[needed] {
				err = notSet("not looked at, for want of: " + needed)
			}
		}
		if err == nil {
			limited, cancel := context.WithTimeout(ctx, stepTime)
			detail, err = step.look(limited)
			cancel()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := d.tell(step.name, detail, err); err != nil {
			return err
		}
	}
	if d.first == nil {
		return nil
	}
	d.a.notef("the first thing that is wrong: %s", oneLine(d.first.Error()))
	var signIn signInError
	if errors.As(d.first, &signIn) {
		return exitStatus(exitSignIn)
	}
	return exitStatus(exitFailed)
}

// tell writes the line of a step.
func (d *doctor) tell(step, detail string, err error) error {
	mark := "ok"
	var nothing notSet
	if errors.As(err, &nothing) {
		mark, detail = "--", string(nothing)
	} else if err != nil {
		mark, detail = "FAIL", err.Error()
		if d.first == nil {
			d.first = fmt.Errorf("%s: %w", step, err)
		}
	}
	d.good[step] = err == nil
	detail = oneLine(detail)
	if !d.json {
		_, err = fmt.Fprintf(d.a.stdout, "%-4s  %-16s  %s\n", mark, step, detail)
		return err
	}
	line, err := jsonLine(struct {
		Step   string `json:"step"`
		Result string `json:"result"`
		Detail string `json:"detail"`
	}{step, mark, detail})
	if err == nil {
		_, err = d.a.stdout.Write(line)
	}
	return err
}

func (d *doctor) configuration(context.Context) (string, error) {
	name, env, err := d.a.environment()
	if err != nil {
		return "", err
	}
	path, err := d.a.configPath()
	if err != nil {
		return "", err
	}
	for key, value := range map[string]string{"user_pool_id": env.UserPoolID, "client_id": env.ClientID} {
		if value == "" {
			return "", fmt.Errorf("%s is missing in environment %s of %s: ask an administrator for it", key, name, path)
		}
	}
	keep, err := d.a.keeper(name, env)
	if err != nil {
		return "", err
	}
	d.s = &signedIn{a: d.a, name: name, env: env, keep: keep, anew: true}
	if err := d.s.connect(); err != nil {
		return "", err
	}
	detail := fmt.Sprintf("%s of %s: user pool %s, app client %s", name, path, env.UserPoolID, env.ClientID)
	for service, address := range map[string]string{
		"cognito-idp": env.Endpoints.CognitoIDP, "cognito-identity": env.Endpoints.CognitoIdentity,
		"sts": env.Endpoints.STS, "s3": env.Endpoints.S3,
	} {
		if address != "" {
			detail += "; " + service + " is at " + address
		}
	}
	return detail, nil
}

// state looks at what is kept, and who can read it.
func (d *doctor) state(context.Context) (string, error) {
	k := d.s.keep
	if k.dir == "" {
		return "", notSet("nothing is kept (-no-store)")
	}
	for _, path := range []string{k.dir, k.path()} {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return "nothing is kept yet in " + k.dir, nil
		} else if err != nil {
			return "", err
		}
		if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
			return "", fmt.Errorf("others can get at %s (mode %04o), which is for you alone: chmod go= %s", path, mode, shellWord(path))
		}
	}
	if _, err := k.load(); errors.Is(err, errDamaged) {
		return "", signInError{fmt.Errorf("%s: %w: run \"cognito login%s\", which sets it aside", k.path(), err, d.s.flag())}
	} else if err != nil {
		return "", err
	}
	return k.path() + " is for you alone", nil
}

// otherKeys tells of keys that other tools prefer to what this one gives them by a profile.
func (d *doctor) otherKeys(context.Context) (string, error) {
	if d.a.getenv("AWS_ACCESS_KEY_ID") != "" {
		return "", notSet("AWS_ACCESS_KEY_ID is set: other tools use it, and not the profile of this one; unset it if that is not meant")
	}
	return "AWS_ACCESS_KEY_ID is not set", nil
}

func (d *doctor) proxy(context.Context) (string, error) {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
		value := d.a.getenv(name)
		if value == "" {
			continue
		}
		u, err := url.Parse(value)
		if err == nil && u.Host == "" {
			u, err = url.Parse("http://" + value) // as net/http reads it
		}
		if err != nil || u.Hostname() == "" { // the text may hold a password
			return "", fmt.Errorf("%s is not a URL: it should look like http://proxy.example.com:3128", name)
		}
		return fmt.Sprintf("%s is %s://%s; NO_PROXY is %q", name, u.Scheme, u.Host, cmp.Or(d.a.getenv("NO_PROXY"), d.a.getenv("no_proxy"))), nil
	}
	return "", notSet("none (HTTPS_PROXY)")
}

// reach opens a connection to a service's host.
func (d *doctor) reach(service string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		e := d.s.env
		region, custom := "", ""
		switch service {
		case "cognito-idp":
			region, _, _ = strings.Cut(e.UserPoolID, "_")
			custom = e.Endpoints.CognitoIDP
		case "cognito-identity":
			if e.IdentityPoolID == "" {
				return "", notSet("identity_pool_id is not set: there are no AWS credentials")
			}
			region, _, _ = strings.Cut(e.IdentityPoolID, ":")
			custom = e.Endpoints.CognitoIdentity
		case "sts":
			region, custom = e.AWSRegion(), e.Endpoints.STS
		case "s3":
			if e.BucketName == "" {
				return "", notSet("bucket_name is not set")
			}
			region, custom = d.a.serviceRegion(e), e.Endpoints.S3
		}
		u, err := endpoints.URL(service, region, custom, endpoints.Options{})
		if err != nil {
			return "", err
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodHead, u.String(), nil)
		if err != nil {
			return "", err
		}
		client := *d.s.client.HTTPClient
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		response, err := client.Do(request)
		if err != nil {
			return "", unreachable(u.Host, err)
		}
		response.Body.Close()
		if response.TLS == nil {
			return u.Host + " answers, without TLS", nil
		}
		return u.Host + " answers, " + tls.VersionName(response.TLS.Version), nil
	}
}

// unreachable says why a host could not be reached, and what to do.
func unreachable(host string, err error) error {
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var timeout net.Error
	mend := "check the network, and HTTPS_PROXY"
	switch {
	case errors.As(err, &dns):
		mend = "check the network and its DNS, and whether HTTPS_PROXY has to be set"
	case errors.As(err, &certificate):
		mend = "if the network has a proxy that looks into TLS, set AWS_CA_BUNDLE to a file with its root certificate; and check this machine's clock"
	case errors.Is(err, syscall.ECONNREFUSED):
		mend = "nothing listens there: check AWS_ENDPOINT_URL and the endpoints of the environment, HTTPS_PROXY, and the firewall"
	case errors.As(err, &timeout) && timeout.Timeout():
		mend = "a firewall drops what is sent, or HTTPS_PROXY has to be set"
	}
	return fmt.Errorf("%s can't be reached: %w: %s", host, err, mend)
}

// maxSkew is how far a clock may be off before services refuse signatures (AWS SigV4 documentation: five minutes).
const maxSkew = 5 * time.Minute

func (d *doctor) clock(context.Context) (string, error) {
	off := d.s.clock.offset().Round(time.Second)
	way := "behind"
	if off < 0 {
		way = "ahead of"
	}
	if off.Abs() >= maxSkew {
		return "", fmt.Errorf("this machine's clock is %v %s AWS's: set it, or other tools' signatures are refused", off.Abs(), way)
	}
	if off == 0 {
		return "right to within a few seconds", nil
	}
	return fmt.Sprintf("%v %s AWS's", off.Abs(), way), nil
}

func (d *doctor) userPool(ctx context.Context) (string, error) {
	pool, err := d.s.client.UserPool()
	if err != nil {
		return "", err
	}
	keys, err := pool.JWKS(ctx, d.s.env.UserPoolID)
	if err != nil {
		return "", fmt.Errorf("%w: check that user_pool_id %s exists", cognito.Explain(err), d.s.env.UserPoolID)
	}
	return fmt.Sprintf("%s has published %d keys", d.s.env.UserPoolID, len(keys)), nil
}

// appClient asks for a refresh with a token that nobody has: what the pool then refuses tells whether it knows the app
// client, and its secret.
func (d *doctor) appClient(ctx context.Context) (string, error) {
	pool, err := d.s.client.UserPool()
	if err != nil {
		return "", err
	}
	_, err = pool.GetTokensFromRefreshToken(ctx, cognitoidp.GetTokensFromRefreshTokenInput{
		RefreshToken: "none", ClientID: d.s.env.ClientID, ClientSecret: d.s.env.ClientSecret,
	})
	var service *cognitoidp.Error
	if !errors.As(err, &service) {
		return "", cmp.Or(err, errors.New("the user pool took a token that nobody has"))
	}
	if service.Code == cognitoidp.CodeResourceNotFound || service.StatusCode >= 500 || strings.Contains(strings.ToLower(service.Message), "secret") {
		return "", cognito.Explain(err)
	}
	return "the Region's user pools know " + d.s.env.ClientID, nil
}

func (d *doctor) session(ctx context.Context) (string, error) {
	if d.a.noStore {
		if err := d.s.login(ctx); err != nil {
			return "", err
		}
	}
	r, err := d.s.keep.load()
	if err != nil {
		return "", err
	}
	if d.saved = r.session(); d.saved == nil {
		return "", d.s.needed("nobody is signed in to " + d.s.name)
	}
	return "of " + r.User, nil
}

// compare compares the tokens that are kept with the environment.
func (d *doctor) compare(context.Context) (string, error) {
	e := d.s.env
	again := "sign in again: cognito login" + d.s.flag()
	for use, token := range map[string]string{"id": d.saved.Tokens.ID, "access": d.saved.Tokens.Access} {
		claims, err := cognito.ParseUnverified(token)
		if err != nil {
			return "", fmt.Errorf("the %s token: %w: %s", use, err, again)
		}
		issuer := claims.Issuer[strings.LastIndex(claims.Issuer, "/")+1:]
		switch region, _, _ := strings.Cut(issuer, "_"); {
		case !strings.HasPrefix(e.UserPoolID, region+"_"):
			return "", fmt.Errorf("the %s token is of Region %q, and user_pool_id is %s: %s", use, region, e.UserPoolID, again)
		case issuer != e.UserPoolID:
			return "", fmt.Errorf("the %s token is of user pool %q, and user_pool_id is %s: %s", use, issuer, e.UserPoolID, again)
		case claims.TokenUse != use:
			return "", fmt.Errorf("the %s token says of itself that it is of use as %q: %s", use, claims.TokenUse, again)
		case cmp.Or(claims.Audience, claims.ClientID) != e.ClientID:
			return "", fmt.Errorf("the %s token is for app client %q, and client_id is %s: %s", use, cmp.Or(claims.Audience, claims.ClientID), e.ClientID, again)
		}
	}
	return "of the user pool and the app client, " + until(d.saved.Tokens.Expires), nil
}

func (d *doctor) refresh(ctx context.Context) (string, error) {
	err := d.s.with(ctx, func(_ *record, session *cognito.Session) (err error) {
		d.tokens, err = session.Tokens(ctx)
		return err
	})
	d.s.anew = false // once is enough
	return "new tokens, " + until(d.tokens.Expires), err
}

func (d *doctor) verify(ctx context.Context) (string, error) {
	if _, err := d.s.client.VerifyIDToken(ctx, d.tokens.ID); err != nil {
		return "", err
	}
	_, err := d.s.client.VerifyAccessToken(ctx, d.tokens.Access)
	return "the pool's keys have signed the tokens", err
}

func (d *doctor) identityPool(ctx context.Context) (string, error) {
	err := d.s.with(ctx, func(_ *record, session *cognito.Session) (err error) {
		d.identity, err = session.IdentityID(ctx)
		return err
	})
	return "identity " + d.identity, err
}

func (d *doctor) credentials(ctx context.Context) (string, error) {
	err := d.s.with(ctx, func(_ *record, session *cognito.Session) (err error) {
		d.creds, err = session.Credentials(ctx)
		return err
	})
	return fmt.Sprintf("access key %s, %s", d.creds.AccessKeyID, until(d.creds.Expires)), err
}

// have is what the steps after credentials use.
func (d *doctor) have(context.Context) (sigv4.Credentials, error) { return d.creds, nil }

func (d *doctor) role(ctx context.Context) (string, error) {
	client := &sts.Client{Region: d.s.env.AWSRegion(), Endpoint: d.s.env.Endpoints.STS, HTTPClient: d.s.client.HTTPClient, Credentials: d.have}
	caller, err := client.GetCallerIdentity(ctx)
	return caller.ARN, cognito.Explain(err)
}

// bucket asks for one key. Many a role may list what is below the caller's own prefix, and no more.
func (d *doctor) bucket(ctx context.Context) (string, error) {
	client, in := d.s.lister(), s3list.Input{Bucket: d.s.env.BucketName, PageSize: 1}
	client.Credentials = d.have
	err := firstKey(ctx, client, in)
	var service *s3list.Error
	if errors.As(err, &service) && service.Code == s3list.CodeAccessDenied {
		if in.Prefix = d.identity + "/"; firstKey(ctx, client, in) == nil {
			return in.Bucket + " can be listed below " + in.Prefix + " only", nil
		}
	}
	return in.Bucket + " can be listed", err
}

func firstKey(ctx context.Context, client *s3list.Client, in s3list.Input) error {
	for _, err := range client.List(ctx, in) {
		return err
	}
	return nil
}
