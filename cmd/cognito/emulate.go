package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
)

func emulateCommand() command {
	return command{
		name: "emulate",
		summary: `Emulate Cognito, STS and S3 on this machine, for tests in any language.
The emulator verifies password proofs, codes, tokens and signatures. It prints the settings for the
AWS CLI, boto3, the AWS SDKs and Amplify to standard output, and the codes that it "sends" to users
to standard error. It keeps its state in memory. Stop it with Ctrl-C.
-seed is a JSON file with user pools (app clients and users), identity pools, roles and buckets, in
the format of -print-seed. MFAConfiguration, DeviceTracking and the users' MFA select a user pool's
challenges. The default seed has the user ada (see -print-seed for the password), an identity pool
and two buckets.`,
		example: `cognito emulate -addr 127.0.0.1:9400 -config test.json
cognito login -config test.json -user ada
cognito emulate -print-seed > seed.json`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.bareFlags()
			addr := f.String("addr", "127.0.0.1:0",
				"loopback `address` to listen on; port 0 selects a free port")
			seed := f.String("seed", "",
				"seed `file` (default: an example)")
			config := f.String("config", "",
				"write environments to this `file`, for the other commands' -config")
			show := f.Bool("print-seed", false, "print the example seed and exit")
			if _, err := a.parse(f, args, 0, 0); err != nil {
				return err
			}
			if *show {
				return printSeed(a.stdout)
			}
			server := cognitotest.Example()
			if *seed != "" {
				var err error
				if server, err = readSeed(*seed); err != nil {
					return usagef("-seed %s: %w", *seed, err)
				}
			}
			return a.emulate(ctx, server, *addr, *config)
		},
	}
}

// emulate serves server on addr until ctx is done. If config is not empty, it adds the emulator's
// environments to that file.
func (a *app) emulate(ctx context.Context, server *cognitotest.Server, addr, config string) error {
	at, err := loopback(addr)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", at.String())
	if err != nil {
		return err
	}
	defer listener.Close()
	url := "http://" + listener.Addr().String()
	environments := emulated(server, url)
	if config != "" {
		all, err := (&app{config: config}).configured(config)
		if err != nil {
			return err
		}
		for name, e := range environments {
			all[name] = e
		}
		if err := saveEnvironments(config, all); err != nil {
			return err
		}
	}
	codes := &codePrinter{server: server, print: a.notef, shown: make(map[[2]string]string)}
	service := &http.Server{
		Handler:           codes,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	defer context.AfterFunc(ctx, func() { service.Close() })()
	if _, err := io.WriteString(a.stdout, advice(environments, url, config)); err != nil {
		return err
	}
	if err = service.Serve(listener); ctx.Err() != nil {
		return nil // Ctrl-C is the normal way to stop
	}
	return err
}

// emulated returns an environment for each user pool of server. It has the pool's first app client
// and the first identity pool that accepts this client.
func emulated(server *cognitotest.Server, url string) map[string]cognito.Environment {
	all := make(map[string]cognito.Environment)
	for i, pool := range server.UserPools {
		e := cognito.Environment{
			UserPoolID: pool.ID,
			Endpoints: cognito.Endpoints{
				CognitoIDP:      url,
				CognitoIdentity: url,
				STS:             url,
				S3:              url,
			},
		}
		if len(pool.Clients) > 0 {
			e.ClientID, e.ClientSecret = pool.Clients[0].ID, pool.Clients[0].Secret
		}
		for _, identities := range server.IdentityPools {
			if e.IdentityPoolID == "" && slices.Contains(identities.ClientIDs, e.ClientID) {
				e.IdentityPoolID, e.RoleARN = identities.ID, identities.AuthenticatedRole
			}
		}
		if len(server.Buckets) > 0 {
			e.BucketName = server.Buckets[0].Name
		}
		name := "EMULATED"
		if i > 0 {
			name = fmt.Sprintf("EMULATED%d", i+1)
		}
		all[name] = e
	}
	return all
}

// advice returns the settings for programs that use the emulator.
func advice(environments map[string]cognito.Environment, url, config string) string {
	e := environments["EMULATED"]
	var b strings.Builder
	fmt.Fprintf(&b,
		"# AWS CLI, boto3, AWS SDKs and cognito:\nexport AWS_ENDPOINT_URL=%s\n",
		url)
	// botocore reads only AWS_DEFAULT_REGION.
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
		fmt.Fprintf(&b, "export %s=%s\n", name, shellWord(e.ResolveRegion()))
	}
	if path, err := filepath.Abs(config); err == nil && config != "" {
		fmt.Fprintf(&b, "export COGNITO_CONFIG=%s\n", shellWord(path))
	}
	fmt.Fprint(&b, "# Amplify.configure:\n")
	// The keys are those of Auth.Cognito in aws-amplify's ResourcesConfig.
	amplify := map[string]string{"userPoolEndpoint": url, "identityPoolEndpoint": url}
	for key, value := range map[string]string{
		"userPoolId":       e.UserPoolID,
		"userPoolClientId": e.ClientID,
		"identityPoolId":   e.IdentityPoolID,
	} {
		if value != "" {
			amplify[key] = value
		}
	}
	text, _ := json.Marshal(map[string]any{"Auth": map[string]any{"Cognito": amplify}})
	fmt.Fprintf(&b, "%s\n", text)
	return b.String()
}

// A codePrinter passes requests to server and prints the codes that it sends to users.
type codePrinter struct {
	server *cognitotest.Server
	print  func(format string, args ...any)
	mu     sync.Mutex
	shown  map[[2]string]string // holds the last printed code by user pool ID and user name
}

func (c *codePrinter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.Header.Get("X-Amz-Target"), "AWSCognitoIdentityProviderService.") {
		c.server.ServeHTTP(w, r)
		return
	}
	const most = 1 << 20 // far more than any request of these operations
	body, err := io.ReadAll(io.LimitReader(r.Body, most+1))
	if err != nil || len(body) > most {
		http.Error(w, "the body is truncated or longer than 1 MiB", http.StatusBadRequest)
		return
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	c.server.ServeHTTP(w, r)

	var who struct {
		Username                           string
		AuthParameters, ChallengeResponses struct{ USERNAME string }
	}
	json.Unmarshal(body, &who) // on an error, the names stay empty
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, user := range []string{who.Username, who.AuthParameters.USERNAME,
		who.ChallengeResponses.USERNAME} {
		for _, pool := range c.server.UserPools {
			at := [2]string{pool.ID, user}
			code := c.server.Code(pool.ID, user)
			if code == "" || code == c.shown[at] {
				continue
			}
			if len(c.shown) > 10_000 {
				clear(c.shown)
			}
			c.shown[at] = code
			c.print("code sent to %s of %s: %s", user, pool.ID, code)
		}
	}
}

// checkSeed reports a server that no sign-in can use.
func checkSeed(server *cognitotest.Server) error {
	if len(server.UserPools) == 0 {
		return errors.New("UserPools is missing: see -print-seed for an example")
	}
	for name, e := range emulated(server, "http://localhost") {
		if err := e.Validate(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if e.ClientID == "" {
			return fmt.Errorf("user pool %s: Clients is missing", e.UserPoolID)
		}
	}
	return nil
}
