// Package repotest tests the rules of the repository itself: which package may import which, what
// documents say, and that the tests they name exist. It has no code.
package repotest

import (
	"fmt"
	"os"
	"testing"
)

// All tests run at the top of the module.
func TestMain(m *testing.M) {
	if err := os.Chdir("../.."); err != nil {
		fmt.Fprintln(os.Stderr, "repotest:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
