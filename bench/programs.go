package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// The names of the programs in the tables.
const (
	ours     = "cognito"
	parallel = "cognito, parallel"
	again    = "cognito, again"
	resumed  = "cognito, resumed"
	awsSDK   = "aws-sdk-go-v2"
	minioGo  = "minio-go"
	floor    = "floor"
	demo     = "cognito, the demo"
)

// The packages of the programs.
const (
	module    = "github.com/loginwithcognito/cognito"
	commands  = module + "/bench/cmd/"
	listOurs  = commands + "list-cognito"
	listAWS   = commands + "list-aws"
	listMinio = commands + "list-minio"
	listFloor = commands + "list-floor"
	signOurs  = commands + "signin-cognito"
	signAWS   = commands + "signin-aws"
	demoPath  = module + "/cmd/demo"
)

// programs are the built programs, in a directory.
type programs struct{ dir string }

func (p programs) path(pkg string) string { return filepath.Join(p.dir, filepath.Base(pkg)) }

// goTool runs the go command without cgo.
func goTool(args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return out, err
}

// build builds all programs as static and stripped binaries.
func (p programs) build() error {
	packages := []string{listOurs, listAWS, listMinio, listFloor, signOurs, signAWS, demoPath}
	args := []string{"build", "-trimpath", "-ldflags=-s -w", "-o",
		p.dir + string(filepath.Separator)}
	_, err := goTool(append(args, packages...)...)
	return err
}

// use is the time and the output of one run of a program.
type use struct {
	wall  time.Duration // from the start of the process to its exit
	first time.Duration // from the start of the process to the first byte of its output
	cpu   time.Duration // user and system time of the process
	out   []byte
}

// run runs a program and waits for its exit.
func (p programs) run(pkg, stdin string, env []string, args ...string) (u use, err error) {
	cmd := exec.Command(p.path(pkg), args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin = strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return u, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return u, err
	}
	first := make([]byte, 1)
	n, _ := io.ReadFull(stdout, first) // its error is reported by Wait or ReadAll
	u.first = time.Since(start)
	rest, restErr := io.ReadAll(stdout)
	err = errors.Join(restErr, cmd.Wait())
	u.wall = time.Since(start)
	u.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	u.out = append(first[:n], rest...)
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, stderr.Bytes())
	}
	return u, err
}

// sizes measures the size of the programs, the code that is compiled into them, and the time of a
// process that exits at once.
func (p programs) sizes(rounds int) (*table, error) {
	t := &table{
		title: titleSizes,
		notes: []string{"Static and stripped binaries (CGO_ENABLED=0, -trimpath, " +
			"-ldflags='-s -w'). Packages and lines of Go are those outside the standard library. " +
			"The floor is a program that uses only net/http. The demo includes a stand-in for " +
			"AWS. The start is the time of a process that exits at once."},
		refs: []string{awsSDK, floor},
	}
	contenders := []struct{ name, pkg string }{
		{ours, signOurs},
		{demo, demoPath},
		{awsSDK, signAWS},
		{floor, listFloor},
	}
	for _, c := range contenders {
		info, err := os.Stat(p.path(c.pkg))
		if err != nil {
			return nil, err
		}
		t.add(size, c.name, float64(info.Size())/1e6)
		packages, lines, err := compiled(c.pkg)
		if err != nil {
			return nil, err
		}
		t.add("packages", c.name, float64(packages))
		t.add("lines of Go", c.name, float64(lines))
	}
	var starts []contender
	for _, c := range contenders {
		if c.name == demo { // without arguments, it does not exit at once
			continue
		}
		starts = append(starts, contender{c.name, func() error {
			u, err := p.run(c.pkg, "", nil)
			t.add("start, ms", c.name, milliseconds(u.wall))
			t.add("start, CPU ms", c.name, milliseconds(u.cpu))
			return err
		}})
	}
	return t, interleave(rounds, starts)
}

// compiled counts the packages outside the standard library that are compiled into a program, and
// their lines.
func compiled(pkg string) (packages, lines int, err error) {
	out, err := goTool("list", "-deps", "-json=Dir,GoFiles,Standard", pkg)
	if err != nil {
		return 0, 0, err
	}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Dir      string
			GoFiles  []string
			Standard bool
		}
		if err := decoder.Decode(&p); err == io.EOF {
			return packages, lines, nil
		} else if err != nil {
			return 0, 0, err
		}
		if p.Standard {
			continue
		}
		packages++
		for _, name := range p.GoFiles {
			data, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				return 0, 0, err
			}
			lines += bytes.Count(data, []byte("\n"))
		}
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
