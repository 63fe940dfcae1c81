package main

import (
	"bufio"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os/exec"
	"strings"
	"time"
)

//go:embed openssl.py
var opensslPy string

// opensslChild is a Python process that computes powers with OpenSSL's library. The openssl command
// cannot measure this, and Go cannot call the library without cgo.
type opensslChild struct {
	version string
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	want    string
}

// startOpenSSL starts the process. It fails if the machine does not have Python or libcrypto.
func startOpenSSL(n, g, a, b, x *big.Int) (*opensslChild, error) {
	c := &opensslChild{
		cmd: exec.Command("python3", "-c", opensslPy, n.Text(16), g.Text(16), a.Text(16),
			b.Text(16), x.Text(16)),
	}
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	c.out = bufio.NewReader(stdout)
	if c.version, err = c.out.ReadString('\n'); err != nil {
		c.stop()
		return nil, errors.New("python3 found no libcrypto")
	}
	c.version = strings.TrimSpace(c.version)
	c.want = new(big.Int).Exp(b, a, n).Text(16)
	return c, nil
}

// run computes the three powers once.
func (c *opensslChild) run() (time.Duration, error) {
	if _, err := io.WriteString(c.in, "\n"); err != nil {
		return 0, err
	}
	var took int64
	var power string
	if _, err := fmt.Fscan(c.out, &took, &power); err != nil {
		return 0, err
	}
	if power != c.want {
		return 0, errors.New("the results of OpenSSL and math/big differ")
	}
	return time.Duration(took), nil
}

func (c *opensslChild) stop() {
	c.in.Close()
	c.cmd.Wait()
}
