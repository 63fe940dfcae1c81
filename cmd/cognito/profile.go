package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/awsconfig"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/files"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
)

func profileCommand() command {
	return command{
		name: "profile",
		summary: `Add a profile with these credentials to the AWS configuration file.
The profile names this program as its credential_process. The AWS command line and all SDKs then run
it to obtain and renew credentials. The file is ~/.aws/config, or $AWS_CONFIG_FILE. The rest of the
file is unchanged.`,
		example: `cognito profile -profile cognito-dev
aws s3 ls --profile cognito-dev`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.flags()
			f.StringVar(&a.region, "region", "",
				"`Region` of the profile (default: $AWS_REGION, or the environment's)")
			f.DurationVar(&a.login.duration, "duration", 0,
				"lifetime of the credentials, 15m to 12h, by the classic flow (default: the "+
					"enhanced flow, one hour)")
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
			if *name == "" {
				*name = envName
			}
			if !awsconfig.ValidName(*name) {
				return usagef("profile name %q: only letters, digits and any of %s are allowed: "+
					"use -profile", *name, awsconfig.Marks)
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
			return a.writeProfile(ctx, *name, settings, *force)
		},
	}
}

// writeProfile adds the profile to the AWS configuration file.
func (a *app) writeProfile(
	ctx context.Context, name string, settings []shell.Variable, force bool,
) error {
	path, err := awsconfig.ConfigFile.Path(a.getenv)
	if err != nil {
		return usageError{err}
	}
	changed := false
	file := files.Target{Path: path, Limit: awsconfig.MaxSize, Note: a.notef}
	err = file.Update(ctx, func(before []byte) ([]byte, error) {
		after, err := awsconfig.SetProfile(before, name, settings, force)
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
	if a.getenv("COGNITO_STATE_DIR") != "" {
		a.notef("COGNITO_STATE_DIR is set: programs that use the profile also need it")
	}
	a.warnOfKeys(name)
	return nil
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
	if a.config != "" {
		config, err := filepath.Abs(a.config)
		if err != nil {
			return "", err
		}
		words = append(words, "-config", config)
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
