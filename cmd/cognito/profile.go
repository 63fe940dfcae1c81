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
			if !profileName(*name) {
				return usagef("profile name %q: only letters, digits and any of %s are allowed: "+
					"use -profile", *name, profileMarks)
			}
			process, err := a.processLine(envName)
			if err != nil {
				return err
			}
			region := a.serviceRegion(env)
			if !iniValue(region) {
				return usagef("Region %q: invalid characters for a configuration file", region)
			}
			return a.writeProfile(ctx, *name,
				[]variable{{"credential_process", process}, {"region", region}}, *force)
		},
	}
}

// profileMarks lists the characters of a profile name besides letters and digits.
const profileMarks = "- _ . @ + /"

// profileName reports whether all SDKs parse s without quotes as the same profile name.
func profileName(s string) bool {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.@+/"
	return s != "" && strings.Trim(s, allowed) == ""
}

// writeProfile adds the profile to the AWS configuration file. It replaces the file atomically, and
// holds a lock against other processes of this program.
func (a *app) writeProfile(
	ctx context.Context, name string, settings []variable, force bool,
) error {
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
		path = target // keep the symbolic link
	} else if _, dangling := os.Lstat(path); dangling == nil {
		return usagef("%s is a dangling symbolic link: %w", path, err)
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
		a.notef("profile %s is already in %s", name, path)
	} else if err := replaceFile(path, after, mode); err != nil {
		return err
	} else {
		a.notef("profile %s is in %s: try \"aws sts get-caller-identity --profile %s\"", name, path,
			name)
	}
	if a.getenv("COGNITO_STATE_DIR") != "" {
		a.notef("COGNITO_STATE_DIR is set: programs that use the profile also need it")
	}
	a.warnOfKeys(name)
	return nil
}

// replaceable returns the mode of a file, or the mode for a new one. It refuses to replace a
// device, such as /dev/null.
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

// maxAWSFile is the maximum size of the AWS files in bytes.
const maxAWSFile = 4 << 20

// awsFile returns the path of one of the shared AWS files. variable is the environment variable for
// its path, and name is its name in ~/.aws (AWS SDKs and Tools Reference Guide, "Location of the
// shared files").
func (a *app) awsFile(variable, name string) (string, error) {
	path := a.getenv(variable)
	inHome, tilde := strings.CutPrefix(filepath.ToSlash(path), "~/") // on Windows, also ~\
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

// rival returns the first key of the profile for which is returns true, and the path of its file.
// Such a key takes precedence over credentials from this program: SDKs use access keys before
// credential_process, and both before a container endpoint.
func (a *app) rival(profile string, is func(iniKey) bool) (path, key string) {
	for _, file := range []variable{
		{"AWS_SHARED_CREDENTIALS_FILE", "credentials"},
		{"AWS_CONFIG_FILE", "config"},
	} {
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

// staticKeys returns the file in which a profile has access keys, or "".
func (a *app) staticKeys(profile string) string {
	path, _ := a.rival(profile, func(k iniKey) bool { return k.name == "aws_access_key_id" })
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
	path, key := a.rival("default", func(k iniKey) bool {
		return k.rivals() || k.name == "credential_process" && !k.ours()
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
	for i, word := range words {
		if words[i], err = processWord(word, runtime.GOOS == "windows"); err != nil {
			return "", err
		}
	}
	line := strings.Join(words, " ")
	// aws-sdk-go-v2 (internal/ini) removes a quote at each end, even if they are not a pair.
	if line[0] == '"' && line[len(line)-1] == '"' {
		line += " --"
	}
	// All SDKs accept quotes around the first word.
	if !iniValue(strings.TrimPrefix(line, `"`)) {
		return "", usagef("%s has a character that some SDKs do not read in a configuration "+
			"file: move the program, or rename the environment or its file", line)
	}
	return line, nil
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

// processWord quotes one word of a command line so that all SDKs read the same word. Some SDKs
// split the line themselves (botocore: shlex on Unix, the rules of the C runtime on Windows).
// Others pass it to a shell (sh -c, cmd.exe /C).
func processWord(word string, windows bool) (string, error) {
	switch {
	case windows && strings.ContainsAny(word, "\"%"), strings.ContainsAny(word, "\r\n\x00"):
		return "", usagef("%q cannot be used in the command line of a profile: move or rename it",
			word)
	case windows && word != "" && !strings.ContainsAny(word, " \t&|<>()^,;='`!"):
		return word, nil
	case windows: // double the backslashes that would escape the closing quote
		slashes := len(word) - len(strings.TrimRight(word, `\`))
		return `"` + word + strings.Repeat(`\`, slashes) + `"`, nil
	case shellWord(word) == word:
		return word, nil
	case !strings.ContainsAny(word, "\"$`\\"):
		return `"` + word + `"`, nil
	}
	return shellQuoted(word), nil
}
