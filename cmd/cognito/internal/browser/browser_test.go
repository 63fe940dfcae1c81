package browser

import (
	"strings"
	"testing"
)

// variables returns a getenv function.
func variables(pairs ...string) func(string) string {
	return func(name string) string {
		for _, pair := range pairs {
			if value, ok := strings.CutPrefix(pair, name+"="); ok {
				return value
			}
		}
		return ""
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	const url = "https://example.com/?a=b&c=%20d"
	for _, test := range []struct {
		system string
		env    []string
		want   string // words separated by a space, commands by a semicolon
	}{
		{"linux", nil, "xdg-open URL"},
		{"linux", []string{"WSL_DISTRO_NAME=Debian"}, "wslview URL;xdg-open URL"},
		{"darwin", nil, "/usr/bin/open URL"},
		{"windows", nil, "rundll32.exe url.dll,FileProtocolHandler URL"},
		{"linux", []string{"BROWSER=one -new --at=%s:two"}, "one -new --at=URL;two URL"},
		{"windows", []string{`BROWSER=C:\b.exe`}, `C:\b.exe URL`},
		{"linux", []string{"BROWSER=:"}, ""},
	} {
		var got []string
		for _, words := range commands(test.system, url, variables(test.env...)) {
			got = append(got, strings.Join(words, " "))
		}
		want := strings.ReplaceAll(test.want, "URL", url)
		if text := strings.Join(got, ";"); text != want {
			t.Errorf("commands(%s, %q) = %q, want %q", test.system, test.env, text, want)
		}
	}
}

func TestUnwanted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		env  []string
		want bool
	}{
		{[]string{"CI=1", "BROWSER=b"}, true},
		{[]string{"SSH_TTY=/dev/pts/1", "DISPLAY=:0"}, true},
		{[]string{"SSH_CONNECTION=x", "DISPLAY=:0"}, true},
		{[]string{"SSH_TTY=/dev/pts/1", "BROWSER=b"}, false},
		{[]string{"DISPLAY=:0"}, false},
		{[]string{"WAYLAND_DISPLAY=wayland-0"}, false},
	} {
		if got := Unwanted(variables(test.env...)); (got != "") != test.want {
			t.Errorf("Unwanted(%q) = %q, want %v", test.env, got, test.want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "-version", "file:///etc/passwd", "javascript:alert(1)"} {
		if err := Open(url, variables("BROWSER=true"), nil); err == nil {
			t.Errorf("Open(%q) = nil", url)
		}
	}
	const url = "https://example.com"
	if err := Open(url, variables("BROWSER=/nonexistent/browser"), nil); err == nil {
		t.Error("Open without a program = nil")
	}
}
