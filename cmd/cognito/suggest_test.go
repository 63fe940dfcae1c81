package main

import (
	"strings"
	"testing"
)

func TestSuggestions(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for _, test := range []struct{ args, want string }{
		{"lgoin", `unknown command "lgoin": did you mean "login"?`},
		{"help lgoin", `unknown command "lgoin": did you mean "login"?`},
		{"cred", `unknown command "cred": did you mean "credentials"?`},
		{"LOGIN", `unknown command "LOGIN": did you mean "login"?`},
		{"sl", `unknown command "sl": did you mean "ls"?`},
		{"versoin", `unknown command "versoin": did you mean "version"?`},
		{"frobnicate", `unknown command "frobnicate": "cognito help" lists the commands`},
		{"x", `unknown command "x": "cognito help" lists the commands`},
		{"login -usr ada", "unknown flag -usr: did you mean -user?"},
		{"login --pasword-fd=3", "unknown flag -pasword-fd: did you mean -password-fd?"},
		{"login -password=hunter2", "unknown flag -password: did you mean -password-fd?"},
		{"ls -frobnicate", `unknown flag -frobnicate: see "cognito help ls"`},
		{"ls ---json", `bad flag syntax: ---json: see "cognito help ls"`},
		{"login -user", `-user needs a value: see "cognito help login"`},
		{"credentials -duration 2", "-duration 2: use 2h"},
		{"credentials -duration 45", "-duration 45: use 45m"},
		{"credentials -duration 3600", "-duration 3600: use 3600s"},
		{"credentials -duration 7secret", "-duration: use a duration such as 1h or 30m"},
		{"credentials -duration 2x", "-duration 2x: use a duration such as 1h or 30m"},
		{"credentials -duration hunter2", "-duration: use a duration such as 1h or 30m"},
		{"credentials -duration 1m", "-duration 1m: must be from 15m to 12h"},
		{"credentials -duration 13h30m", "-duration 13h30m: must be from 15m to 12h"},
		{"login -wait 5", "-wait 5: use 5m"},
		{"ls -parallel 8x", "-parallel 8x: use a whole number"},
		{"ls -parallel hunter2", "-parallel: use a whole number"},
		{"ls -parallel 99", "-parallel 99: must be from 1 to 64"},
		{"ls -r=hunter2", `-r takes no value: see "cognito help ls"`},
		{"login -password-fd 1hunter2", "-password-fd: it is not the number of a descriptor, " +
			"such as 3"},
		{"curl -H hunter2 https://h", `-H: a header must have the form "Name: value"`},
	} {
		code, stdout, stderr := m.run(t, "", strings.Fields(test.args)...)
		if want := "cognito: " + test.want + "\n"; code != exitUsage || stdout != "" ||
			stderr != want {
			t.Errorf("cognito %s: exit %d, %q, want %q", test.args, code, stderr, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "ab", 2},
		{"login", "login", 0},
		{"lgoin", "login", 1},
		{"logn", "login", 1},
		{"logiin", "login", 1},
		{"lagin", "login", 1},
		{"ologni", "login", 2},
		{"l", "login", 3},
	} {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
		if got := distance(test.b, test.a); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.b, test.a, got, test.want)
		}
	}
}
