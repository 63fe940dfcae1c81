package needs

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"sync"
)

// server is a Python program that runs scripts, because starting Python and loading boto3 for each
// script takes a second. A line of its input is a script, and a line of its output is a result.
const server = `
import contextlib, importlib, io, json, os, sys, traceback
try:
    import boto3, botocore.session, botocore.compat, botocore.configloader
    found = True
except ModuleNotFoundError:
    found = False
stdin, stdout = sys.stdin, sys.stdout
print(json.dumps({"Found": found}), flush=True)
for line in stdin:
    job = json.loads(line)
    os.environ.clear()
    os.environ.update(entry.split("=", 1) for entry in job["Env"] or [])
    boto3.DEFAULT_SESSION = None
    sys.argv = ["-"] + (job["Args"] or [])
    sys.stdin = io.StringIO()
    out, err = io.StringIO(), ""
    with contextlib.redirect_stdout(out):
        try:
            exec(job["Script"], {"__name__": "__main__"})
        except BaseException:
            err = traceback.format_exc()
    print(json.dumps({"Out": out.getvalue(), "Err": err}), file=stdout, flush=True)
`

// A python is a running server.
type python struct {
	mu      sync.Mutex
	in      io.Writer
	out     *bufio.Reader
	missing string // what is not installed
}

// result is a line that the server prints.
type result struct {
	Found    bool
	Out, Err string
}

// read reads a result.
func (p *python) read() (r result, err error) {
	line, err := p.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &r)
	}
	return r, err
}

// start starts the server once in this process. It ends with this process.
var start = sync.OnceValues(func() (*python, error) {
	path, err := exec.LookPath("python3")
	if err != nil {
		return &python{missing: "python3"}, nil
	}
	c := exec.Command(path, "-c", server)
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	p := &python{in: in, out: bufio.NewReader(out)}
	r, err := p.read()
	if !r.Found {
		p.missing = "boto3"
	}
	return p, err
})

// Boto3 skips a test that uses [Python] if it is not installed.
func Boto3(t T) {
	t.Helper()
	p, err := start()
	if err != nil {
		t.Fatalf("python3: %v", err)
	} else if p.missing != "" {
		missing(t, p.missing)
	}
}

// Python runs a script, which may import boto3, in a Python process that all tests share. Its
// environment variables are env. Python returns what the script prints.
func Python(t T, env []string, script string, args ...string) (string, error) {
	t.Helper()
	Boto3(t)
	p, err := start()
	if err != nil {
		return "", err
	}
	line, err := json.Marshal(map[string]any{"Env": env, "Args": args, "Script": script})
	if err != nil {
		return "", err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return "", err
	}
	r, err := p.read()
	if err == nil && r.Err != "" {
		err = errors.New(strings.TrimSpace(r.Err))
	}
	return r.Out, err
}
