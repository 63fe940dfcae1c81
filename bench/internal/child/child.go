// Package child is what the programs that are compared have in common: how they check a listing,
// and how they tell the program that measures them what came of it.
package child

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"strings"
)

// What every program that lists is given; the servers look at the signatures' cost, not at their
// truth.
const (
	Region          = "us-east-1"
	AccessKeyID     = "ASIAIOSFODNN7EXAMPLE"
	SecretAccessKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// SessionToken is as long as those that Amazon Cognito gives.
func SessionToken() string { return strings.Repeat("IQoJb3JpZ2luX2VjEXAMPLE0", 50) }

// Tally is what a program saw of a listing.
type Tally struct {
	Keys, Size int64
	last       string
}

// Add counts an object, and ends the program if its key is not after the one before it.
func (t *Tally) Add(key string, size int64) {
	if key <= t.last {
		Fail(fmt.Errorf("key %q follows %q", key, t.last))
	}
	t.last = key
	t.Keys++
	t.Size += size
}

// Print tells what was seen, and the most memory that was resident.
func (t *Tally) Print() { fmt.Println(t.Keys, t.Size, peak()) }

// peak is VmHWM in KiB (proc_pid_status(5)), or 0 where there is no such file. What wait4(2) tells
// of a child counts memory of the process that started it.
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

// First tells the first key that a sign-in was made for, and the most memory that was resident.
func First(key string) { fmt.Printf("%q %d\n", key, peak()) }

// Fail ends the program.
func Fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// SignIn is what a program that signs in is told.
type SignIn struct {
	Address                                      string // where every host is
	UserPoolID, ClientID, IdentityPoolID, Bucket string
	Username, Password                           string
	// as an earlier sign-in had it, if it is to be used
	IdentityID string
	Saved      string // in place of the user: what an earlier sign-in left
}

// Arguments are the fields, without the user, as arguments of a program.
func (s SignIn) Arguments() []string {
	return []string{s.Address, s.UserPoolID, s.ClientID, s.IdentityPoolID, s.Bucket}
}

// ReadSignIn reads the arguments, and from standard input a user name, a password and perhaps the
// identity, or the word "saved" and what an earlier sign-in left. Without arguments it ends the
// program, for which the time to start is taken so.
func ReadSignIn() (s SignIn) {
	if len(os.Args) < 2 {
		os.Exit(0)
	}
	if len(os.Args) != 6 {
		Fail(fmt.Errorf("%d arguments", len(os.Args)-1))
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

// Dial connects to the one address where all hosts are, whichever is asked for.
func (s SignIn) Dial(ctx context.Context, network, _ string) (net.Conn, error) {
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, s.Address)
}

// ReadList reads the arguments of a program that lists: the address of a server, the bucket, and
// more. Without arguments it ends the program.
func ReadList() (address, bucket string, more []string) {
	if len(os.Args) < 3 {
		os.Exit(0)
	}
	return os.Args[1], os.Args[2], os.Args[3:]
}
