package interop

import "testing"

// TestRegenerateVectors runs the reference clients again on the inputs of the generated test
// vectors, and derives the table of AWS's hosts again.
func TestRegenerateVectors(t *testing.T) {
	t.Parallel()
	t.Run("amazon-cognito-identity-js", func(t *testing.T) {
		check(t, node(t, "../testvectors/regenerate/cognito_js.mjs", "--check"))
	})
	t.Run("botocore", func(t *testing.T) {
		check(t, python(t, "../testvectors/regenerate/botocore_vectors.py", "--check"))
	})
	t.Run("hosts", func(t *testing.T) {
		check(t, python(t, "../awshost/regenerate/hosts.py", "--check"))
	})
}

func check(t *testing.T, command []string) {
	t.Helper()
	if r := run(t, environment(t), "", command...); r.status != 0 {
		t.Errorf("exit status %d, want 0\n%s%s", r.status, r.stdout, r.stderr)
	} else {
		t.Log(r.stdout)
	}
}
