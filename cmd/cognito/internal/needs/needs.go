// Package needs finds third-party programs for tests. If one is missing, the test is skipped, or
// fails if the environment variable CI is "true".
package needs

import (
	"os"
	"os/exec"
	"runtime"
)

// A T is the part of [testing.TB] that this package uses.
type T interface {
	Helper()
	Skipf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Program returns the path of a program.
func Program(t T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, name)
	}
	return path
}

func missing(t T, name string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing", name)
	}
	t.Skipf("SKIPPED: %s is not installed, so this test did not run it", name)
}

// Unix skips tests that need a POSIX shell and signals.
func Unix(t T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skipf("SKIPPED: needs sh and signals")
	}
}

// Words returns values that run as commands, or are read as other values, if they are not quoted.
func Words() []string {
	return []string{
		"plain", "", " ", "a b ", "a'b", "''", `a"b`, `a\b`, `\`, `\'`, `a\\`, "$HOME", "${HOME}",
		"$(id)", "`id`", "!!", "!x", "%PATH%", "%", "^&|<>", "a;id", "#a", "a #b", "*", "?", "~",
		"=ls", "-n", "{a,b}", "(a)", "[a]", "@(a)", "a=b", "a:~/b",
	}
}
