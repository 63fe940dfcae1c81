package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

func profileCommand() command {
	return command{
		name: "profile",
		summary: `Add a profile with these credentials to the AWS configuration file.
It names this program as credential_process: the aws command line and every SDK get credentials from it, renewed by
themselves. The file is ~/.aws/config, or $AWS_CONFIG_FILE. Nothing else in it changes.`,
		example: `cognito profile -profile cognito-dev
aws s3 ls --profile cognito-dev`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.flags()
			f.StringVar(&a.region, "region", "",
				"`Region` of the profile (default: $AWS_REGION, or the environment's)")
			f.DurationVar(&a.login.duration, "duration", 0,
				"life of the credentials, 15m to 12h, by the classic flow (default: the enhanced "+
					"flow, an hour)")
			name := f.String("profile", "",
				"`name` of the profile (default: the name of the environment)")
			force := f.Bool("force", false,
				"put credential_process and region into a profile of that name that is there "+
					"already")
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
			if !profileName(*name) {
				return usagef("the profile's name is %q: it may have letters, digits and any of "+
					"%s: use -profile", *name, profileMarks)
			}
			process, err := a.processLine(envName)
			if err != nil {
				return err
			}
			region := a.serviceRegion(env)
			if !iniValue(region) {
				return usagef("the Region is %q: it has no place in a configuration file", region)
			}
			return a.writeProfile(ctx, *name,
				[]variable{{"credential_process", process}, {"region", region}}, *force)
		},
	}
}

const profileMarks = "- _ . @ + /"

// profileName tells whether all readers of AWS's files agree on a name without quotes.
func profileName(s string) bool {
	return s != "" &&
		strings.Trim(s,
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.@+/") == ""
}

// writeProfile changes the file, under a lock that the processes of this program know, in one step.
func (a *app) writeProfile(ctx context.Context, name string, settings []variable,
	force bool) error {
	path, err := a.awsFile("AWS_CONFIG_FILE", "config")
	if err != nil {
		return err
	}
	dir, err := a.stateDir()
	if err != nil {
		return err
	}
	unlock, err := (&keeper{dir: dir, name: "aws-config"}).lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // a link stays one
	} else if _, dangling := os.Lstat(path); dangling == nil {
		return usagef("%s is a symbolic link to what is not there: %w", path, err)
	}
	mode, err := replaceable(path)
	if err != nil {
		return err
	}
	before, err := readFile(path, maxAWSFile)
	if errors.Is(err, fs.ErrNotExist) {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err != nil {
		return err
	}
	after, err := setProfile(before, name, settings, force)
	if err != nil {
		return usagef("%s: %w", path, err)
	}
	if bytes.Equal(before, after) {
		a.notef("profile %s is in %s already", name, path)
	} else if err := replaceFile(path, after, mode); err != nil {
		return err
	} else {
		a.notef("profile %s is in %s: try \"aws sts get-caller-identity --profile %s\"", name, path,
			name)
	}
	if a.getenv("COGNITO_STATE_DIR") != "" {
		a.notef("COGNITO_STATE_DIR is set: it must be so, too, where the profile is used")
	}
	a.warnOfKeys(name)
	return nil
}

// replaceable is the mode of a file, or of one that is still to be made. A device, such as
// /dev/null, must not be replaced.
func replaceable(path string) (fs.FileMode, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0o600, nil
	case err != nil:
		return 0, err
	case !info.Mode().IsRegular():
		return 0, usagef("%s is not a regular file", path)
	}
	return info.Mode().Perm(), nil
}

// maxAWSFile bounds the files that the SDKs read.
const maxAWSFile = 4 << 20

// awsFile is the path of one of AWS's files (AWS SDKs and Tools Reference Guide, "Location of the
// shared files").
func (a *app) awsFile(variable, name string) (string, error) {
	path := a.getenv(variable)
	inHome, tilde := strings.CutPrefix(filepath.ToSlash(path), "~/") // on Windows also ~\
	if path != "" && !tilde {
		return path, nil
	}
	if !tilde {
		inHome = filepath.Join(".aws", name)
	}
	home := a.getenv("HOME")
	if home == "" || runtime.GOOS == "windows" {
		var err error
		if home, err = os.UserHomeDir(); err != nil {
			return "", usagef("no home directory: %w: set %s", err, variable)
		}
	}
	return filepath.Join(home, inHome), nil
}

// rival names a file and a key by which a profile has credentials of its own, other than by us.
// Keys come before credential_process, and any comes before a container endpoint.
func (a *app) rival(profile string, is func(iniKey) bool) (path, key string) {
	for _, file := range []variable{{"AWS_SHARED_CREDENTIALS_FILE", "credentials"},
		{"AWS_CONFIG_FILE", "config"}} {
		path, err := a.awsFile(file.name, file.value)
		if err != nil {
			continue
		}
		data, err := readFile(path, maxAWSFile)
		if err != nil {
			continue
		}
		for _, part := range iniSections(data, file.value == "config") {
			if i := slices.IndexFunc(part.keys, is); part.profile == profile && i >= 0 {
				return path, part.keys[i].name
			}
		}
	}
	return "", ""
}

// staticKeys is the file in which a profile has keys, "" if there are none.
func (a *app) staticKeys(profile string) string {
	path, _ := a.rival(profile, func(k iniKey) bool { return k.name == "aws_access_key_id" })
	return path
}

// warnOfKeys tells of keys that would win over a profile's credential_process.
func (a *app) warnOfKeys(profile string) {
	if path := a.staticKeys(profile); path != "" {
		a.notef("warning: %s has aws_access_key_id under [%s], and tools will take that: remove "+
			"it, or choose another -profile", path, profile)
	}
}

// warnOfDefault tells of what would win over an endpoint.
func (a *app) warnOfDefault() {
	path, key := a.rival("default", func(k iniKey) bool {
		return k.rivals() || k.name == "credential_process" && !k.ours()
	})
	if key != "" {
		a.notef("warning: %s has %s under [default], and most tools will take that, not the "+
			"endpoint", path, key)
	}
}

// processLine is the command line for credential_process.
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
	for i, word := range words {
		if words[i], err = processWord(word, runtime.GOOS == "windows"); err != nil {
			return "", err
		}
	}
	line := strings.Join(words, " ")
	// aws-sdk-go-v2 would take both off (internal/ini), as if they were a pair
	if line[0] == '"' && line[len(line)-1] == '"' {
		line += " --"
	}
	// a quote around the first word is what the SDKs know
	if !iniValue(strings.TrimPrefix(line, `"`)) {
		return "",
			usagef("%s has a character that not every SDK reads in a configuration file: move "+
				"the program, or name the environment and its file otherwise", line)
	}
	return line, nil
}

// programPath is the absolute path of this program. Where it was found by a link, such as package
// managers make, it is the link's: that survives an update.
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

// processWord quotes one word of a command that some SDKs split by themselves (botocore: shlex on
// Unix, the rules of the C runtime on Windows) and others give to a shell (sh -c, cmd.exe /C): it
// must mean the same to all.
func processWord(word string, windows bool) (string, error) {
	switch {
	case windows && strings.ContainsAny(word, "\"%"), strings.ContainsAny(word, "\r\n\x00"):
		return "",
			usagef("%q can't be part of a command line in a configuration file: move or rename it",
				word)
	case windows && word != "" && !strings.ContainsAny(word, " \t&|<>()^,;='`!"):
		return word, nil
	case windows: // backslashes before the closing quote would escape it
		slashes := len(word) - len(strings.TrimRight(word, `\`))
		return `"` + word + strings.Repeat(`\`, slashes) + `"`, nil
	case shellWord(word) == word:
		return word, nil
	case !strings.ContainsAny(word, "\"$`\\"):
		return `"` + word + `"`, nil
	}
	return shellQuoted(word), nil
}
