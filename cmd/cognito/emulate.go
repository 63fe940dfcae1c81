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
		summary: `Serve a stand-in for Cognito, STS and S3 on this machine, for tests of programs in any language.
It verifies what it is sent: proofs of passwords, codes, tokens, signatures. Standard output says what to set for the AWS
command line, boto3, the SDKs and Amplify; codes that it "sends" to users are written to standard error. It keeps its
state in memory, and ends with Ctrl-C.
-seed is a JSON file in the form that -print-seed prints: user pools with app clients and users, identity pools, roles and
buckets. What a user pool asks for is in MFAConfiguration, DeviceTracking and the users' MFA. Without it there are the user
ada (the password is in what -print-seed prints), an identity pool and two buckets.`,
		example: `cognito emulate -addr 127.0.0.1:9400 -config test.json
cognito login -config test.json -user ada
cognito emulate -print-seed > seed.json`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.bareFlags()
			addr := f.String("addr", "127.0.0.1:0",
				"loopback `address` to listen at; port 0: any that is free")
			seed := f.String("seed", "",
				"`file` with what the stand-in knows (default: an example)")
			config := f.String("config", "",
				"write environments to this `file`, for -config of the other commands")
			show := f.Bool("print-seed", false, "print the example's seed, and serve nothing")
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
		ReadTimeout:       time.Minute, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
		ErrorLog:       log.New(io.Discard, "", 0),
	}
	defer context.AfterFunc(ctx, func() { service.Close() })()
	if _, err := io.WriteString(a.stdout, advice(environments, url, config)); err != nil {
		return err
	}
	if err = service.Serve(listener); ctx.Err() != nil {
		return nil // Ctrl-C is how it ends
	}
	return err
}

// emulated are the environments that a server serves: one for each user pool, with its first app
// client and the identity pool that takes it.
func emulated(server *cognitotest.Server, url string) map[string]cognito.Environment {
	all := make(map[string]cognito.Environment)
	for i, pool := range server.UserPools {
		e := cognito.Environment{
			UserPoolID: pool.ID,
			Endpoints:  cognito.Endpoints{CognitoIDP: url, CognitoIdentity: url, STS: url, S3: url},
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

// advice says what to set in programs that shall use the stand-in.
func advice(environments map[string]cognito.Environment, url, config string) string {
	e := environments["EMULATED"]
	var b strings.Builder
	fmt.Fprintf(&b,
		"# The AWS command line, boto3, the SDKs and cognito itself:\nexport AWS_ENDPOINT_URL=%s\n",
		url)
	// botocore reads only the second
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
		fmt.Fprintf(&b, "export %s=%s\n", name, shellWord(e.ResolveRegion()))
	}
	if path, err := filepath.Abs(config); err == nil && config != "" {
		fmt.Fprintf(&b, "export COGNITO_CONFIG=%s\n", shellWord(path))
	}
	fmt.Fprint(&b, "# Amplify.configure:\n")
	// parameters of aws-amplify's Auth.Cognito
	amplify := map[string]string{"userPoolEndpoint": url, "identityPoolEndpoint": url}
	for key, value := range map[string]string{"userPoolId": e.UserPoolID,
		"userPoolClientId": e.ClientID, "identityPoolId": e.IdentityPoolID} {
		if value != "" {
			amplify[key] = value
		}
	}
	text, _ := json.Marshal(map[string]any{"Auth": map[string]any{"Cognito": amplify}})
	fmt.Fprintf(&b, "%s\n", text)
	return b.String()
}

// A codePrinter serves, and prints the codes that requests have made the server send.
type codePrinter struct {
	server *cognitotest.Server
	print  func(format string, args ...any)
	mu     sync.Mutex
	shown  map[[2]string]string // the last code, by user pool and user
}

func (c *codePrinter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.Header.Get("X-Amz-Target"), "AWSCognitoIdentityProviderService.") {
		c.server.ServeHTTP(w, r)
		return
	}
	const most = 1 << 20 // far more than these operations take
	body, err := io.ReadAll(io.LimitReader(r.Body, most+1))
	if err != nil || len(body) > most {
		http.Error(w, "the body is cut short, or longer than 1 MiB", http.StatusBadRequest)
		return
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	c.server.ServeHTTP(w, r)

	var who struct {
		Username                           string
		AuthParameters, ChallengeResponses struct{ USERNAME string }
	}
	json.Unmarshal(body, &who) // what is no JSON names nobody
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

// checkSeed refuses what no sign-in could name.
func checkSeed(server *cognitotest.Server) error {
	if len(server.UserPools) == 0 {
		return errors.New("it has no UserPools: -print-seed prints an example")
	}
	for name, e := range emulated(server, "http://localhost") {
		if err := e.Validate(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if e.ClientID == "" {
			return fmt.Errorf("the user pool %s has no Clients", e.UserPoolID)
		}
	}
	return nil
}
