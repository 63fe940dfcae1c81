// Package browser opens URLs in the user's browser.
package browser

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
)

// patience is how long Open waits for a program that fails, such as xdg-open without a browser.
const patience = time.Second

// Unwanted returns why a browser should not be opened here, or "". If BROWSER is
// set, as it is in the terminal of a remote editor, a browser is available.
func Unwanted(getenv func(string) string) string {
	switch {
	case getenv("CI") != "":
		return "CI is set"
	case getenv("BROWSER") != "":
		return ""
	case getenv("SSH_CONNECTION") != "" || getenv("SSH_TTY") != "":
		return "this is an SSH session"
	case unixDesktop(runtime.GOOS) && getenv("DISPLAY") == "" && getenv("WAYLAND_DISPLAY") == "" &&
		getenv("WSL_DISTRO_NAME") == "":
		return "there is no display"
	}
	return ""
}

// unixDesktop reports whether xdg-open opens URLs.
func unixDesktop(system string) bool {
	return system != "windows" && system != "darwin" && system != "ios"
}

// Open opens a URL with the first command that exists: those in $BROWSER, or those of the operating
// system. The browser receives no terminal, and of the variables in env none of AWS or of this
// program. It continues after this program ends.
func Open(url string, getenv func(string) string, env []string) error {
	if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") {
		return errors.New("browser: not an http or https URL")
	}
	failed := errors.New("browser: no program to open it was found: set BROWSER")
	for _, words := range commands(runtime.GOOS, url, getenv) {
		path, err := exec.LookPath(words[0])
		if err != nil {
			continue
		}
		if failed = start(path, words[1:], env); failed == nil {
			return nil
		}
	}
	return failed
}

// commands returns the command lines to try. No shell evaluates them: URLs contain "&" and "%".
// cmd.exe cuts them at "&", and explorer.exe at "=".
func commands(system, url string, getenv func(string) string) (all [][]string) {
	if list := getenv("BROWSER"); list != "" {
		entries := []string{list}
		if system != "windows" { // there, paths contain colons
			entries = strings.Split(list, ":")
		}
		for _, entry := range entries {
			words := strings.Fields(entry)
			if _, err := exec.LookPath(entry); err == nil {
				words = []string{entry} // a path with spaces
			}
			if len(words) > 0 {
				all = append(all, withURL(words, url))
			}
		}
		return all
	}
	switch {
	case system == "windows":
		return [][]string{{"rundll32.exe", "url.dll,FileProtocolHandler", url}}
	case !unixDesktop(system):
		return [][]string{{"/usr/bin/open", url}}
	case getenv("WSL_DISTRO_NAME") != "":
		all = [][]string{{"wslview", url}}
	}
	return append(all, []string{"xdg-open", url})
}

// withURL replaces "%s" in words, or appends the URL.
func withURL(words []string, url string) []string {
	line, found := make([]string, len(words)), false
	for i, word := range words {
		found = found || i > 0 && strings.Contains(word, "%s")
		line[i] = word
		if i > 0 {
			line[i] = strings.ReplaceAll(word, "%s", url)
		}
	}
	if !found {
		line = append(line, url)
	}
	return line
}

// start starts a program. It reports a failure within the first moments only, because some browsers
// run until their windows are closed.
func start(path string, args, env []string) error {
	c := exec.Command(path, args...) // its standard streams are the null device
	c.Env = shell.Public(env)
	c.SysProcAttr = detached()
	if err := c.Start(); err != nil {
		return fmt.Errorf("browser: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("browser: %s: %w", path, err)
		}
	case <-time.After(patience):
	}
	return nil
}
