package main

import (
	"context"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/emulator"
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
				return emulator.WriteSeed(a.stdout)
			}
			server := cognitotest.Example()
			if *seed != "" {
				data, err := readText(*seed, 16<<20)
				if err == nil {
					server, err = emulator.ParseSeed(data)
				}
				if err != nil {
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
	environments := emulator.Environments(server, url)
	if config != "" {
		err := a.changeConfig(ctx, config, func(all map[string]cognito.Environment) error {
			maps.Copy(all, environments)
			return nil
		})
		if err != nil {
			return err
		}
	}
	service := &http.Server{
		Handler:           &emulator.Handler{Server: server, Print: a.notef},
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	defer context.AfterFunc(ctx, func() { service.Close() })()
	advice := emulator.Advice(environments, url, config, a.shell())
	if _, err := io.WriteString(a.stdout, advice); err != nil {
		return err
	}
	if err = service.Serve(listener); ctx.Err() != nil {
		return nil // Ctrl-C is the normal way to stop
	}
	return err
}
