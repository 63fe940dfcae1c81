package interop

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// browserCommands returns the commands that docs/browser.md shows first.
func browserCommands(t *testing.T) (emulate, login, list string) {
	t.Helper()
	page, err := os.ReadFile("../../docs/browser.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```sh\n")
	block, _, _ := strings.Cut(rest, "```")
	lines := strings.Split(strings.TrimSpace(block), "\n")
	if len(lines) != 3 || !strings.HasSuffix(lines[0], " &") {
		t.Fatalf("docs/browser.md begins with the commands %q, want emulate, login and exec", lines)
	}
	return strings.TrimSuffix(lines[0], " &"), lines[1], lines[2]
}

// emulating returns a machine on which the emulator of docs/browser.md runs.
func emulating(t *testing.T, program string) (m *toolMachine, login, list string) {
	t.Helper()
	emulate, login, list := browserCommands(t)
	m = bareToolMachine(t, program)
	words := strings.Fields(emulate)
	if words[0] != "cognito" {
		t.Fatalf("the first command is %q", emulate)
	}
	for i, word := range words {
		if strings.HasSuffix(word, ".json") {
			words[i] = filepath.Join(m.dir, word)
		}
	}
	m.launch(t, "Managed login", words[1:]...)
	return m, login, list
}

// lists checks that the last command of docs/browser.md lists the bucket.
func (m *toolMachine) lists(t *testing.T, command string) {
	t.Helper()
	r := run(t, m.env, "", "bash", "-c", "cd '"+m.dir+"' && "+command)
	if r.status != 0 || !strings.Contains(r.stdout, " hello.txt\n") {
		t.Errorf("%s: exit status %d, want 0 and hello.txt: %s%s", command, r.status, r.stdout,
			r.stderr)
	}
}

// chromiumTool runs the commands of docs/browser.md as they are.
func chromiumTool(t *testing.T, b *chromium) {
	program := buildTool(t)
	t.Run("opened", func(t *testing.T) { toolOpensBrowser(t, b, program) })
	t.Run("pasted", func(t *testing.T) { toolReadsAddress(t, b, program) })
}

// The tool opens the page with $BROWSER.
func toolOpensBrowser(t *testing.T, b *chromium, program string) {
	m, login, list := emulating(t, program)
	opened := filepath.Join(m.dir, "opened")
	m.env = append(m.env, "BROWSER="+m.write(t, "bin/browser",
		"#!/bin/sh\necho \"$1\" >'"+opened+"'\n", 0o700))
	if out, err := exec.Command("mkfifo", opened).CombinedOutput(); err != nil {
		t.Fatalf("mkfifo: %v: %s", err, out)
	}
	ended := make(chan result, 1)
	go func() {
		r, err := execute(t.Context(), m.env, "",
			[]string{"bash", "-c", "cd '" + m.dir + "' && " + login})
		if err != nil {
			t.Error(err)
		}
		ended <- r
		if f, err := os.OpenFile(opened, os.O_RDWR, 0); err == nil {
			f.Close() // ends ReadFile below if no browser was opened
		}
	}()
	address, err := os.ReadFile(opened)
	if err != nil || len(address) == 0 {
		t.Fatalf("no browser was opened: %v: %s", err, (<-ended).stderr)
	}
	b.open(t, strings.TrimSpace(string(address)))
	b.signIn(t, cognitotest.ExampleUser, cognitotest.ExamplePassword)
	b.heading(t, "You are signed in")
	r := <-ended
	if r.status != 0 || !strings.Contains(r.stderr, "signed in to EMULATED as ada") {
		t.Fatalf("%s: exit status %d, want 0: %s", login, r.status, r.stderr)
	}
	m.lists(t, list)
}

// The browser is on another machine, where it cannot open the callback URL. The user pastes the
// address that it shows.
func toolReadsAddress(t *testing.T, b *chromium, program string) {
	m, login, list := emulating(t, program)
	for _, port := range []string{"8400", "8401"} { // the browser cannot open the third one
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			defer l.Close()
		}
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", "cd '"+m.dir+"' && exec "+login)
	cmd.Env = m.with("SSH_TTY=/dev/pts/0") // so that no browser is opened here
	cmd.WaitDelay = 5 * time.Second
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	lines := bufio.NewReader(stderr)
	var printed bytes.Buffer
	var at string
	for at == "" {
		line, err := lines.ReadString('\n')
		printed.WriteString(line)
		if err != nil {
			t.Fatalf("no address is printed: %s", &printed)
		}
		if strings.HasPrefix(line, "http://") {
			at = strings.TrimSpace(line)
		}
	}
	b.open(t, at)
	b.signIn(t, cognitotest.ExampleUser, cognitotest.ExamplePassword)
	b.find(t, "//*[contains(., 'ERR_NAME_NOT_RESOLVED')]")
	callback := b.address(t)
	io.WriteString(stdin, callback+"\n")
	io.Copy(&printed, lines)
	err = cmd.Wait()
	if err != nil || !strings.Contains(printed.String(), "signed in to EMULATED as ada") ||
		strings.Contains(printed.String(), callback) {
		t.Fatalf("%s: %v: %s", login, err, &printed)
	}
	m.lists(t, list)
}
