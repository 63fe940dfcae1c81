// Package child is shared by the programs that bench compares. It reads their parameters, checks
// listings, and prints the results that bench reads.
package child

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"strings"
)

// The credentials of every program that lists. The server does not verify signatures; programs sign
// so that the figures include the cost.
const (
	Region          = "us-east-1"
	AccessKeyID     = "ASIAIOSFODNN7EXAMPLE"
	SecretAccessKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// SessionToken returns a token that is as long as those of Amazon Cognito.
func SessionToken() string { return strings.Repeat("IQoJb3JpZ2luX2VjEXAMPLE0", 50) }

// Tally counts the objects of a listing and adds up their sizes.
type Tally struct {
	Keys, Size int64
	last       string
}

// Add counts an object. It ends the program with an error if the key is not after the previous one.
func (t *Tally) Add(key string, size int64) {
	if key <= t.last {
		Fail(fmt.Errorf("the key %q is not after %q", key, t.last))
	}
	t.last = key
	t.Keys++
	t.Size += size
}

// Print prints the counts and the peak of resident memory.
func (t *Tally) Print() { fmt.Println(t.Keys, t.Size, peak()) }

// peak returns the peak of resident memory in KiB, which is VmHWM of proc_pid_status(5), or 0 if
// there is no such file. The value that wait4(2) reports for a child is unsuitable, because it
// counts memory of the parent too.
func peak() (kib int64) {
	file, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if n, _ := fmt.Sscanf(lines.Text(), "VmHWM: %d kB", &kib); n == 1 {
			return kib
		}
	}
	return 0
}

// First prints the first key that was listed after a sign-in, and the peak of resident memory.
func First(key string) { fmt.Printf("%q %d\n", key, peak()) }

// Fail ends the program with an error.
func Fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// SignIn holds the parameters of a program that signs in.
type SignIn struct {
	Address                                      string // the address of all hosts
	UserPoolID, ClientID, IdentityPoolID, Bucket string
	Username, Password                           string
	IdentityID                                   string // if known from an earlier sign-in
	Saved                                        string // a saved session, in place of a user
}

// Arguments returns the first five fields as command line arguments, which ReadSignIn reads.
func (s SignIn) Arguments() []string {
	return []string{s.Address, s.UserPoolID, s.ClientID, s.IdentityPoolID, s.Bucket}
}

// ReadSignIn reads the arguments, and a line of standard input. The line has a user name, a
// password and optionally the ID of an identity, or the word "saved" and a saved session. Without
// arguments ReadSignIn ends the program, so that bench can measure the start.
func ReadSignIn() (s SignIn) {
	if len(os.Args) < 2 {
		os.Exit(0)
	}
	if len(os.Args) != 6 {
		Fail(fmt.Errorf("%d arguments, want 5", len(os.Args)-1))
	}
	s.Address, s.UserPoolID, s.ClientID, s.IdentityPoolID, s.Bucket = os.Args[1], os.Args[2],
		os.Args[3], os.Args[4], os.Args[5]
	if n, err := fmt.Scanln(&s.Username, &s.Password, &s.IdentityID); n < 2 {
		Fail(err)
	}
	if s.Username == "saved" {
		s.Saved, s.Username, s.Password = s.Password, "", ""
	}
	return s
}

// Dial connects to s.Address, whatever the requested address is.
func (s SignIn) Dial(ctx context.Context, network, _ string) (net.Conn, error) {
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, s.Address)
}

// ReadList reads the arguments of a program that lists: the address of the server, the bucket, and
// optional ones. Without arguments it ends the program, so that bench can measure the start.
func ReadList() (address, bucket string, more []string) {
	if len(os.Args) < 3 {
		os.Exit(0)
	}
	return os.Args[1], os.Args[2], os.Args[3:]
}
