// Package repotest tests the rules of the repository: the imports of packages, the size of files,
// and what documents say. It contains only tests.
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
