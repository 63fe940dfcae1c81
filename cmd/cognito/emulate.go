package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/emulator"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
	"github.com/loginwithcognito/cognito/cognitotest"
)

func emulateCommand() command {
	return command{
		name: "emulate",
		args: "[-- COMMAND [ARGUMENT ...]]",
		summary: `Emulate Cognito, STS and S3 on this machine, for tests.
The tests may be in any language. The emulator verifies password proofs, codes, tokens and
signatures. It prints a user, the commands to try first, and the settings for the AWS CLI, boto3,
the AWS SDKs and Amplify to standard output, and the codes that it "sends" to users to standard
error. It keeps its state in memory. Stop it with Ctrl-C.
With a command, it runs the command with variables that make cognito and AWS tools use the emulator.
They neither use nor change your files. The emulator ends with the command and its exit status.
-seed is a JSON file with user pools (app clients and users), identity pools, roles and buckets, in
the format of -print-seed. MFAConfiguration, DeviceTracking and the users' MFA select a user pool's
challenges. The default seed has the user ada (see -print-seed for the password), an identity pool
and two buckets.`,
		example: `cognito emulate -- sh
cognito emulate -addr 127.0.0.1:9400 -config test.json
cognito login -config test.json -user ada
cognito emulate -print-seed > seed.json`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.bareFlags()
			addr := f.String("addr", "127.0.0.1:0",
				"loopback `address` to listen on; port 0 selects a free port")
			seed := f.String("seed", "",
				"seed `file` (default: an example)")
			config := f.String("config", "",
				"write environments to this `file`, for the other commands' -config (default: a "+
					"temporary one)")
			show := f.Bool("print-seed", false, "print the example seed and exit")
			words, err := a.parse(f, args, 0, -1)
			if err != nil {
				return err
			}
			if *show && len(words) > 0 {
				return usagef("-print-seed runs no command")
			} else if *show {
				return emulator.WriteSeed(a.stdout)
			}
			server := cognitotest.Example()
			if *seed != "" {
				data, err := readText(*seed, 16<<20)
				if err == nil && len(data) == 0 {
					err = errors.New("the file is empty: see -print-seed")
				} else if err == nil {
					server, err = emulator.ParseSeed(data)
				}
				if err != nil {
					return usagef("-seed %s: %w", *seed, err)
				}
			}
			return a.emulate(ctx, server, *addr, *config, words)
		},
	}
}

// emulate serves server on addr until ctx is done or, if words is not empty, until that command
// ends. It adds the emulator's environments to the file config. If config is empty, it creates a
// temporary file.
func (a *app) emulate(
	ctx context.Context, server *cognitotest.Server, addr, config string, words []string,
) error {
	at, err := loopback(addr)
	if err != nil {
		return err
	}
	var program string
	if len(words) > 0 {
		if program, err = exec.LookPath(words[0]); err != nil {
			return a.cannotRun(words[0], err)
		}
	}
	listener, err := net.Listen("tcp", at.String())
	if err != nil {
		return fmt.Errorf("-addr %s: %w: use another port", addr, reason(err))
	}
	defer listener.Close()
	dir, err := os.MkdirTemp("", "cognito-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	config, err = filepath.Abs(cmp.Or(config, filepath.Join(dir, "config.json")))
	if err != nil {
		return err
	}
	url := "http://" + listener.Addr().String()
	environments := emulator.Environments(server, url)
	variables := []shell.Variable{{Name: "COGNITO_CONFIG", Value: config}}
	err = a.changeConfig(ctx, config, func(all map[string]cognito.Environment) error {
		maps.Copy(all, environments)
		if len(all) > 1 {
			variables = append(variables, shell.Variable{Name: "COGNITO_ENV", Value: emulator.Name})
		}
		return nil
	})
	if err != nil {
		return err
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
	if len(words) > 0 {
		go service.Serve(listener)
		defer service.Close()
		env, err := a.emulated(ctx, environments[emulator.Name], config, dir)
		if err != nil {
			return err
		}
		if a.attended() {
			a.notef("%s", emulator.SignIn(server))
			a.notef("next: cognito login")
		}
		return a.runChild(ctx, program, words, env)
	}
	defer context.AfterFunc(ctx, func() { service.Close() })()
	advice := emulator.Welcome(server, variables, a.shell()) +
		emulator.Advice(environments, url, config, a.shell())
	if _, err := io.WriteString(a.stdout, advice); err != nil {
		return err
	}
	if err = service.Serve(listener); ctx.Err() != nil {
		return nil // Ctrl-C is the normal way to stop
	}
	return err
}

// emulated returns the environment variables of a command that uses the emulator. All its files are
// in dir, so that the user's own are neither used nor changed. AWS tools use the session of
// "cognito login" through the default profile.
func (a *app) emulated(
	ctx context.Context, e cognito.Environment, config, dir string,
) ([]string, error) {
	files := []shell.Variable{
		{Name: "AWS_CONFIG_FILE", Value: filepath.Join(dir, "aws-config")},
		{Name: "AWS_SHARED_CREDENTIALS_FILE", Value: filepath.Join(dir, "aws-credentials")},
	}
	isolated := &app{ // without the user's variables
		stderr: io.Discard,
		getenv: func(name string) string {
			for _, v := range files {
				if v.Name == name {
					return v.Value
				}
			}
			return ""
		},
		config: config,
		state:  filepath.Join(dir, "state"),
	}
	if err := isolated.addProfile(ctx, "default", emulator.Name, e, false); err != nil {
		return nil, err
	}
	settings := slices.Concat(files, isolated.placeVariables(e), []shell.Variable{
		{Name: "COGNITO_CONFIG", Value: isolated.config},
		{Name: "COGNITO_STATE_DIR", Value: isolated.state},
		{Name: "COGNITO_ENV", Value: emulator.Name},
		{Name: "COGNITO_USER"},
		{Name: "COGNITO_KEYCHAIN", Value: "none"},
		// FIPS and dual-stack hosts exist only at AWS.
		{Name: "AWS_USE_FIPS_ENDPOINT", Value: "false"},
		{Name: "AWS_USE_DUALSTACK_ENDPOINT", Value: "false"},
	})
	inherited := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return matches(name, "AWS_ENDPOINT_URL*") // of other services
	})
	return environ(inherited, settings), nil
}
