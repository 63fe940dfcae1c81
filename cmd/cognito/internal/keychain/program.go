package keychain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
)

// maxOutput is the maximum size of a program's output in bytes. The helpers of Docker have the same
// limit for a line.
const maxOutput = 64 << 10

// service identifies the keys of this program in keychains. Credential helpers require a URL, and
// some match only a part of it, so the host is one that does not exist (RFC 6761 section 6.4).
const service = "https://cognito-login.invalid/"

// absent is what the helpers print if they have no credentials (docker-credential-helpers,
// credentials/error.go).
const absent = "credentials not found in native keychain"

// helper returns the store of a credential helper of Docker. The request is on its standard input,
// and errors are on its standard output.
func (r *Ring) helper(path, account string) store {
	type credentials struct{ ServerURL, Username, Secret string }
	return store{
		get: func(ctx context.Context) (string, error) {
			out, err := r.run(ctx, path, service+account, "get")
			if failed := (*programError)(nil); errors.As(err, &failed) &&
				strings.Contains(failed.text, absent) {
				return "", ErrNotFound
			} else if err != nil {
				return "", err
			}
			var found credentials
			if json.Unmarshal([]byte(out), &found) != nil {
				return "", errors.New("its response is not the JSON of a credential helper")
			} else if found == (credentials{ServerURL: found.ServerURL}) {
				return "", ErrNotFound // docker-credential-pass 0.6
			}
			return found.Secret, nil
		},
		set: func(ctx context.Context, secret string) error {
			text, err := json.Marshal(credentials{service + account, "cognito", secret})
			if err == nil {
				_, err = r.run(ctx, path, string(text), "store")
			}
			return err
		},
		erase: func(ctx context.Context) { r.run(ctx, path, service+account, "erase") },
	}
}

// itemNotFound is the exit status of security(1) for errSecItemNotFound.
const itemNotFound = 44

// security returns the store of the login keychain of macOS. The secret is on the standard input of
// security(1), because other users see arguments.
func (r *Ring) security(path, account string) store {
	return store{
		get: func(ctx context.Context) (string, error) {
			out, err := r.run(ctx, path, "", "find-generic-password", "-s", service, "-a", account,
				"-w")
			if failed := (*programError)(nil); errors.As(err, &failed) &&
				failed.status == itemNotFound {
				return "", ErrNotFound
			}
			return out, err
		},
		set: func(ctx context.Context, secret string) error {
			_, err := r.run(ctx, path, fmt.Sprintf("add-generic-password -U -s %s -a %s -w %s\n",
				service, account, secret), "-i")
			return err
		},
	}
}

// A programError reports a program that failed.
type programError struct {
	status int
	text   string // what it printed
}

func (e *programError) Error() string {
	if e.text == "" {
		return fmt.Sprintf("exit status %d without a message", e.status)
	}
	return e.text
}

// run runs a program with input on its standard input. The program receives neither the terminal
// nor the variables of AWS and of this program, which may be secrets.
func (r *Ring) run(
	ctx context.Context, path, input string, args ...string,
) (string, error) {
	patience := r.Patience
	if patience == 0 {
		patience = 10 * time.Second
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c := exec.CommandContext(limited, path, args...)
	c.Env = shell.Public(os.Environ())
	c.Stdin = strings.NewReader(input)
	var out, errs output
	c.Stdout, c.Stderr = &out, &errs
	isolate(c)
	c.WaitDelay = time.Second // for children of the program that keep its output open
	err := c.Run()
	var exit *exec.ExitError
	switch {
	case limited.Err() != nil && ctx.Err() == nil:
		return "", fmt.Errorf("no response within %v: unlock the keychain, and try again", patience)
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.As(err, &exit):
		return "", &programError{exit.ExitCode(), message(out.text + "\n" + errs.text)}
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return "", fmt.Errorf("it cannot be run: %w", err)
	case out.truncated:
		return "", fmt.Errorf("its output has more than %d bytes", maxOutput)
	}
	return out.text, nil
}

// message returns what a program printed, in one line, without words that could be secrets.
func message(text string) string {
	words := strings.Fields(text)
	for i, word := range words {
		if len(word) >= 40 || strings.ContainsAny(word, "{}") { // as a key in base64, or in JSON
			words[i] = "…"
		}
	}
	line := strings.Join(words, " ")
	return line[:min(len(line), 200)]
}

// An output keeps the beginning of what a program prints.
type output struct {
	text      string
	truncated bool
}

// Write implements io.Writer. It never fails, so that the program can end.
func (o *output) Write(p []byte) (int, error) {
	kept := p[:min(len(p), maxOutput-len(o.text))]
	o.text += string(kept)
	o.truncated = o.truncated || len(kept) < len(p)
	return len(p), nil
}
