// Package longtest selects the large cases of tests. They run if the environment variable
// COGNITO_TEST_LONG is 1. Otherwise tests run fewer cases, and log it.
package longtest

import (
	"fmt"
	"os"
)

// A Logger is a test.
type Logger interface {
	Helper()
	Logf(format string, args ...any)
}

// Enabled reports whether to run the large cases. If not, it logs reduced.
func Enabled(t Logger, reduced string) bool {
	t.Helper()
	if os.Getenv("COGNITO_TEST_LONG") == "1" {
		return true
	}
	t.Logf("REDUCED without COGNITO_TEST_LONG=1: %s", reduced)
	return false
}

// Step returns the step of a loop over all cases: 1 for the large cases, otherwise step.
func Step(t Logger, step int) int {
	t.Helper()
	if Enabled(t, fmt.Sprintf("one of %d cases", step)) {
		return 1
	}
	return step
}
