package needs

import (
	"strings"
	"testing"
)

func TestPython(t *testing.T) {
	script := `import os, sys; print(os.environ["NAME"], sys.argv[1:])`
	for _, value := range []string{"a", "b"} { // in one process
		out, err := Python(t, []string{"NAME=" + value + "=c"}, script, "x y")
		if want := value + "=c ['x y']\n"; out != want || err != nil {
			t.Errorf("Python() = %q, %v, want %q, nil", out, err, want)
		}
	}
	for _, script := range []string{"assert 1 == 2", "exit(1)", "(", "import none"} {
		out, err := Python(t, nil, script)
		if err == nil || !strings.Contains(err.Error(), "line") {
			t.Errorf("Python(%q) = %q, %v, want an error", script, out, err)
		}
	}
}
