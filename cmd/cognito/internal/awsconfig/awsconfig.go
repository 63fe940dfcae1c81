// Package awsconfig reads and edits the shared configuration and credentials files of the AWS SDKs.
//
// Several parsers read these files, and differ in details. This package reads them as botocore
// does, and writes only what all of them read alike.
package awsconfig

import (
	"fmt"
	"iter"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/files"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
)

// MaxSize is the maximum size of a file in bytes.
const MaxSize = 4 << 20

// A File is one of the shared files.
type File int

// The shared files.
const (
	ConfigFile File = iota
	CredentialsFile
)

// Path returns the path of a file. getenv returns environment variables (AWS SDKs and Tools
// Reference Guide, "Location of the shared files").
func (f File) Path(getenv func(string) string) (string, error) {
	variable, name := "AWS_CONFIG_FILE", "config"
	if f == CredentialsFile {
		variable, name = "AWS_SHARED_CREDENTIALS_FILE", "credentials"
	}
	path := getenv(variable)
	inHome, tilde := strings.CutPrefix(filepath.ToSlash(path), "~/") // on Windows, also ~\
	if path != "" && !tilde {
		return path, nil
	}
	if !tilde {
		inHome = filepath.Join(".aws", name)
	}
	named := "HOME"
	if runtime.GOOS == "windows" {
		named = "USERPROFILE"
	}
	home := getenv(named)
	if home == "" {
		var err error
		if home, err = os.UserHomeDir(); err != nil { // services and some IDEs have no HOME
			var account *user.User
			if account, err = user.Current(); err != nil || account.HomeDir == "" {
				return "", fmt.Errorf("no home directory: %w: set %s", err, variable)
			}
			home = account.HomeDir
		}
	}
	return filepath.Join(home, inHome), nil
}

// Find returns the first key of a profile for which is returns true, and the path of its file. It
// reads the credentials file before the configuration file, and skips files that cannot be read.
func Find(getenv func(string) string, profile string, is func(Key) bool) (path, key string) {
	for path, s := range sections(getenv) {
		if i := slices.IndexFunc(s.keys, is); (s.names(profile) || s.inherited()) && i >= 0 {
			return path, s.keys[i].Name
		}
	}
	return "", ""
}

// Profiles returns the names of the profiles in both files, sorted. It skips files that cannot be
// read, and names that are not valid.
func Profiles(getenv func(string) string) (names []string) {
	for _, s := range sections(getenv) {
		if ValidName(s.profile) && !s.inherited() {
			names = append(names, s.profile)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// sections returns the sections of the credentials file and then those of the configuration file,
// each with the path of its file. It skips files that cannot be read.
func sections(getenv func(string) string) iter.Seq2[string, section] {
	return func(yield func(string, section) bool) {
		for _, file := range []File{CredentialsFile, ConfigFile} {
			path, err := file.Path(getenv)
			if err != nil {
				continue
			}
			data, err := files.Read(path, MaxSize)
			if err != nil {
				continue
			}
			parts, _ := parse(data, file == ConfigFile)
			for _, s := range parts {
				if !yield(path, s) {
					return
				}
			}
		}
	}
}

// Section returns a section of the credentials file that starts with a comment. It omits
// endpoint_url if that is empty.
func Section(profile string, settings []shell.Variable, comment string) ([]byte, error) {
	text := "[" + profile + "]\n# " + comment + "\n"
	for _, s := range settings {
		if s.Name == "endpoint_url" && s.Value == "" {
			continue
		} else if !ValidValue(s.Value) {
			return nil, fmt.Errorf("%s has a character that the file cannot represent", s.Name)
		}
		text += s.Name + " = " + s.Value + "\n"
	}
	return []byte(text), nil
}

// Marks lists the characters of a profile name besides letters and digits.
const Marks = "- _ . @ + /"

// ValidName reports whether all SDKs parse s without quotes as the same profile name.
func ValidName(s string) bool {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.@+/"
	return s != "" && strings.Trim(s, allowed) == ""
}

// ValidValue reports whether every parser of AWS's files reads s unchanged. Some parsers end a
// value at a # or ; after a space, or remove quotes.
func ValidValue(s string) bool {
	return s != "" && shell.Plain(s) && strings.TrimSpace(s) == s &&
		!strings.Contains(s, " #") && !strings.Contains(s, " ;") &&
		!strings.ContainsAny(s[:1], `"'#;[`)
}
