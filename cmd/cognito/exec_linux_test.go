package main

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"testing"
)

// Ctrl-C at a terminal reaches the command once, and the tool waits for what it does about it.
func TestExecInterruptedAtTerminal(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, m *machine, flags ...string) {
		for key, name := range map[string]string{"\x03": "INT", "\x1c": "QUIT"} {
			script := "trap 'n=$((n+1)); echo got' " + name + "; trap 'exit $((n+40))' USR1; " +
				"n=0; echo ready; while :; do sleep 0.02; done"
			s := m.atTerminal(t, 80, 24, append(flags, "--", "sh", "-c", script)...)
			s.expect("ready")
			s.press(key)
			s.expect("got")
			s.command.Process.Signal(syscall.SIGUSR1)
			s.exits(41)
		}
	})
}

// The command is in the foreground of the terminal, and the tool does not stand between them.
func TestExecAtTerminal(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, m *machine, flags ...string) {
		s := m.atTerminal(t, 71, 19,
			append(flags, "--", "sh", "-c", "stty size; read line; echo \"<$line>\"")...)
		s.expect("19 71")
		s.press("typed\n")
		s.expect("<typed>")
		s.exits(0)
	})
}

// serve prints the token, and that is the only place where others might see it.
func TestTokenIsNoArgument(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	c, settings := m.serve(t)
	for _, file := range []string{"cmdline", "environ"} {
		data, err := os.ReadFile("/proc/" + strconv.Itoa(c.Process.Pid) + "/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if token := settings["AWS_CONTAINER_AUTHORIZATION_TOKEN"]; token == "" ||
			bytes.Contains(data, []byte(token)) {
			t.Errorf("the token is in %s", file)
		}
	}
}
