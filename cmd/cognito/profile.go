package main

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/awsconfig"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/files"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
)

func profileCommand() command {
	return command{
		name: "profile",
		summary: `Add a profile to the AWS configuration file.
The profile names this program as its credential_process. The AWS command line and all SDKs then run
it to obtain and renew credentials: those of the default user, unless -user is set. If the
environment has endpoints, tools that use the profile send their requests there. The file is
~/.aws/config, or $AWS_CONFIG_FILE. The rest of the file is unchanged.`,
		example: `cognito profile -profile cognito-dev
aws s3 ls --profile cognito-dev`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.flags()
			f.StringVar(&a.region, "region", "",
				"`Region` of the profile (default: $AWS_REGION, or the environment's)")
			f.DurationVar(&a.login.duration, "duration", 0,
				"lifetime of the credentials, 15m to 12h, by the classic flow (default: the "+
					"enhanced flow, one hour)")
			a.login.registerUser(f)
			name := f.String("profile", "",
				"`name` of the profile (default: the name of the environment)")
			force := f.Bool("force", false,
				"set credential_process and region even if a profile of that name exists")
			if _, err := a.parse(f, args, 0, 0); err != nil {
				return err
			}
			envName, env, err := a.environment()
			if err != nil {
				return err
			}
			return a.addProfile(ctx, cmp.Or(*name, envName), envName, env, *force)
		},
	}
}

// addProfile adds a profile for an environment to the AWS configuration file.
func (a *app) addProfile(
	ctx context.Context, name, envName string, env cognito.Environment, force bool,
) error {
	if !awsconfig.ValidName(name) {
		return usagef("profile name %q: only letters, digits and any of %s are allowed: "+
			"use -profile", name, awsconfig.Marks)
	}
	process, err := a.processLine(envName)
	if err != nil {
		return usageError{err}
	}
	region := a.serviceRegion(env)
	if !awsconfig.ValidValue(region) {
		return usagef("Region %q: invalid characters for a configuration file", region)
	}
	settings := []shell.Variable{
		{Name: "credential_process", Value: process},
		{Name: "region", Value: region},
	}
	return a.writeProfile(ctx, name, settings, endpoints(env), force)
}

// writeProfile adds the profile to the AWS configuration file, and the endpoints of its services.
func (a *app) writeProfile(
	ctx context.Context, name string, settings, endpoints []shell.Variable, force bool,
) error {
	path, err := awsconfig.ConfigFile.Path(a.getenv)
	if err != nil {
		return usageError{err}
	}
	changed := false
	file := files.Target{Path: path, Limit: awsconfig.MaxSize, Note: a.notef}
	err = file.Update(ctx, func(before []byte) ([]byte, error) {
		settings := append(settings, awsconfig.ServicesSettings(name, endpoints)...)
		after, err := awsconfig.SetProfile(before, name, settings, force)
		if err == nil {
			after, err = awsconfig.SetServices(after, name, endpoints)
		}
		if err != nil {
			return nil, usagef("%s: %w", path, err)
		}
		changed = !bytes.Equal(before, after)
		return after, nil
	})
	if err != nil {
		return err
	}
	if changed {
		a.notef("profile %s is in %s: try \"aws sts get-caller-identity --profile %s\"", name, path,
			name)
	} else {
		a.notef("profile %s is already in %s", name, path)
	}
	if names := a.unwritten(); len(names) > 0 {
		a.notef("programs that use the profile also need these environment variables: %s",
			strings.Join(names, ", "))
	}
	a.warnOfKeys(name)
	return nil
}

// unwritten returns the names of set environment variables that a credential_process needs and that
// its command line does not replace. Programs that a desktop starts lack variables of a shell.
func (a *app) unwritten() (names []string) {
	for _, name := range []string{
		"AWS_ENDPOINT_URL",
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY",
		"AWS_ENDPOINT_URL_STS",
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
		"AWS_USE_FIPS_ENDPOINT",
		"AWS_USE_DUALSTACK_ENDPOINT",
		"AWS_CA_BUNDLE",
		"HTTPS_PROXY",
		"https_proxy",
	} {
		if a.getenv(name) != "" {
			names = append(names, name)
		}
	}
	return names
}

// staticKeys returns the file in which a profile has access keys, or "".
func (a *app) staticKeys(profile string) string {
	path, _ := awsconfig.Find(a.getenv, profile, func(k awsconfig.Key) bool {
		return k.Name == "aws_access_key_id"
	})
	return path
}

// warnOfKeys warns of access keys that take precedence over a profile's credential_process.
func (a *app) warnOfKeys(profile string) {
	if path := a.staticKeys(profile); path != "" {
		a.notef("warning: %s has aws_access_key_id under [%s], which takes precedence: remove "+
			"it, or choose another -profile", path, profile)
	}
}

// warnOfDefault warns of keys in the default profile that take precedence over a container
// endpoint.
func (a *app) warnOfDefault() {
	path, key := awsconfig.Find(a.getenv, "default", func(k awsconfig.Key) bool {
		return k.Rivals() || k.Name == "credential_process" && !k.Ours()
	})
	if key != "" {
		a.notef("warning: %s has %s under [default], which most tools use before the endpoint",
			path, key)
	}
}

// processLine returns the command line for credential_process.
func (a *app) processLine(env string) (string, error) {
	program, err := programPath()
	if err != nil {
		return "", err
	}
	words := []string{program, "credentials", "-format", "process", "-env", env}
	if a.config != "" || a.getenv("XDG_CONFIG_HOME") != "" {
		config, err := a.configPath()
		if err == nil {
			config, err = filepath.Abs(config)
		}
		if err != nil {
			return "", err
		}
		words = append(words, "-config", config)
	}
	if a.state != "" || a.getenv("XDG_STATE_HOME") != "" {
		dir, err := a.stateDir()
		if err != nil {
			return "", err
		}
		words = append(words, "-state-dir", dir)
	}
	if a.login.user != "" {
		words = append(words, "-user", a.login.user)
	}
	if a.login.duration != 0 {
		words = append(words, "-duration", a.login.duration.String())
	}
	return awsconfig.ProcessLine(words, runtime.GOOS == "windows")
}

// programPath returns the absolute path of this program. If the program was started by a symbolic
// link, it returns the path of the link, which stays valid when a package manager updates the
// program.
func programPath() (string, error) {
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	if typed, err := exec.LookPath(os.Args[0]); err == nil {
		if typed, err = filepath.Abs(typed); err == nil {
			one, err1 := os.Stat(typed)
			other, err2 := os.Stat(program)
			if err1 == nil && err2 == nil && os.SameFile(one, other) {
				return typed, nil
			}
		}
	}
	return program, nil
}
