// Demo signs a user in to Amazon Cognito, trades the sign-in for AWS credentials and lists an S3
// bucket, and shows each step as it happens.
//
// Without arguments it does so offline, against a stand-in for AWS inside the program that verifies
// every step. With -config and -user it does the same on real services:
//
//	demo -config environments.json -env DEV -user ada
//
// The password is asked for at the terminal, or read from standard input where that is not a
// terminal.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/environments"
	"github.com/loginwithcognito/cognito/internal/bom"
	"github.com/loginwithcognito/cognito/internal/terminal"
	"github.com/loginwithcognito/cognito/s3list"
	"github.com/loginwithcognito/cognito/sigv4"
)

// Exit codes.
const (
	exitFailed      = 1   // a service or the network refused
	exitUsage       = 2   // the flags or the configuration are wrong
	exitChallenged  = 3   // the user pool asks for more than a password
	exitInterrupted = 130 // Ctrl-C
)

const usage = `Usage: demo [flags]

Signs in to Amazon Cognito, obtains AWS credentials and lists a bucket. Without -config it does
so offline, with a stand-in for AWS inside this program.

Flags:
`

const usageEnd = `
The password is read from the terminal, or from standard input if that is not one. It is never
sent: the sign-in uses SRP. Exit status: 0 listed, 1 refused or failed, 2 wrong flags or
configuration, 3 the user pool requires more than a password, 130 interrupted (128 plus the number
of another signal).
`

// options are the flags.
type options struct {
	config, env, user, bucket, prefix string
	duration                          time.Duration
	json                              bool
}

func main() {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, terminal.Signals()...)
	go func() {
		first := <-signals
		signal.Stop(signals) // a second signal ends the program
		cancel(terminal.Interrupted{Signal: first})
	}()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdin *os.File, stdout, stderr io.Writer) int {
	o, err := parseFlags(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return exitUsage
	}
	out := &printer{w: stdout, json: o.json}
	err = o.demo(ctx, stdin, stderr, out)
	err = cmp.Or(err, out.err)
	var usage usageError
	var challenge *cognito.Challenge
	var interrupted terminal.Interrupted
	switch {
	case err == nil:
		return 0
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		fmt.Fprintln(stderr, "demo: interrupted")
		if errors.As(context.Cause(ctx), &interrupted) {
			return interrupted.ExitCode()
		}
		return exitInterrupted
	}
	fmt.Fprintln(stderr, "demo:", oneLine(err))
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &challenge):
		return exitChallenged
	}
	return exitFailed
}

// usageError marks what the user can mend without asking anybody.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func parseFlags(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.config, "config", "",
		"`file` with environments: by name, or of AWS Amplify (default: the stand-in)")
	flags.StringVar(&o.env, "env", "",
		"`name` of the environment in the file (default: the only one)")
	flags.StringVar(&o.user, "user", "", "user `name`")
	flags.StringVar(&o.bucket, "bucket", "",
		"`bucket` to list (default: the environment's bucket_name)")
	flags.StringVar(&o.prefix, "prefix", "", "list only keys that begin with `text`")
	flags.DurationVar(&o.duration, "duration", 0,
		"lifetime of the credentials, 15m to 12h, by the classic flow (default: the enhanced flow)")
	flags.BoolVar(&o.json, "json", false, "print one JSON object a line")
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
		fmt.Fprint(stderr, usageEnd)
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	var err error
	switch {
	case flags.NArg() > 0: // which is not repeated, for it may be a password
		err = errors.New("unexpected argument " +
			"(a password is never an argument: it is read from the terminal)")
	case o.duration != 0 && (o.duration < 15*time.Minute || o.duration > 12*time.Hour):
		err = fmt.Errorf("-duration is %v: it must be from 15m to 12h", o.duration)
	case o.config != "" && o.user == "":
		err = errors.New("-config needs -user")
	case o.config == "" && (o.env != "" || o.user != ""):
		err = errors.New("-env and -user need -config")
	}
	if err != nil {
		fmt.Fprintln(stderr, "demo:", err)
	}
	return o, err
}

// demo is what the program shows.
func (o options) demo(ctx context.Context, stdin *os.File, stderr io.Writer, out *printer) error {
	env, httpClient, password, err := o.prepare(ctx, stdin, stderr)
	if err != nil {
		return err
	}
	httpClient.Transport = &tracer{base: httpClient.Transport, out: out}
	bucket := cmp.Or(o.bucket, env.BucketName)
	if bucket == "" {
		return usageError{errors.New("there is no bucket to list: set bucket_name in the " +
			"environment, or -bucket")}
	}

	client := &cognito.Client{Environment: env, Duration: o.duration, HTTPClient: httpClient}
	var session *cognito.Session
	lister := &s3list.Client{
		Region: env.ResolveRegion(), Endpoint: env.Endpoints.S3, HTTPClient: httpClient,
		Credentials: func(ctx context.Context) (sigv4.Credentials, error) {
			return session.Credentials(ctx)
		},
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go lister.Connect(ctx, bucket) // the connection is there when it is needed

	out.say("start",
		fmt.Sprintf("Signing in as %s to user pool %s%s.", printable(o.user), env.UserPoolID,
			o.where()),
		"user", o.user, "user_pool_id", env.UserPoolID)
	if session, err = client.SignIn(ctx, o.user, password); err != nil {
		return err
	}
	claims := session.UnverifiedClaims()
	out.say("session",
		fmt.Sprintf("Signed in as %s, subject %s.", printable(claims.Username),
			printable(claims.Subject)),
		"username", claims.Username, "subject", claims.Subject)

	credentials, err := session.Credentials(ctx)
	if err != nil {
		return err
	}
	identity, err := session.IdentityID(ctx)
	if err != nil {
		return err
	}
	expires := credentials.Expires.UTC().Format(time.RFC3339)
	out.say("credentials",
		fmt.Sprintf("Identity %s has AWS credentials (access key %s) until %s.", identity,
			credentials.AccessKeyID, expires),
		"identity_id", identity, "access_key_id", credentials.AccessKeyID, "expires", expires)

	out.say("listing", fmt.Sprintf("Listing bucket %s.", printable(bucket)), "bucket", bucket)
	keys, size := 0, int64(0)
	for object, err := range lister.Objects(ctx, bucket, o.prefix) {
		if err != nil {
			return err
		}
		out.object(object)
		keys++
		size += object.Size
	}
	out.say("end", fmt.Sprintf("%d objects, %d bytes.", keys, size), "objects", keys, "bytes", size)
	return nil
}

// prepare reads the configuration and the password, or makes up both with the stand-in.
func (o *options) prepare(
	ctx context.Context, stdin *os.File, stderr io.Writer,
) (cognito.Environment, *http.Client, string, error) {
	if o.config == "" {
		o.user = cognitotest.ExampleUser
		return cognito.Environment{
			UserPoolID:     cognitotest.ExampleUserPoolID,
			ClientID:       cognitotest.ExampleClientID,
			IdentityPoolID: cognitotest.ExampleIdentityPoolID,
			RoleARN:        cognitotest.ExampleRoleARN,
			BucketName:     cognitotest.ExampleBucket,
		}, cognitotest.Example().Client(), cognitotest.ExamplePassword, nil
	}
	var none cognito.Environment
	file, err := os.Open(o.config)
	if err != nil {
		return none, nil, "", usageError{err}
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, 2<<20)) // more than environments.Parse takes
	if err != nil {
		return none, nil, "", usageError{err}
	}
	all, err := environments.Parse(data)
	if err != nil {
		return none, nil, "", usageError{fmt.Errorf("%s: %w", o.config, err)}
	}
	env, err := environments.Select(all, o.env)
	if err == nil {
		err = env.Validate()
	}
	if err != nil {
		return none, nil, "", usageError{fmt.Errorf("%s: %w", o.config, err)}
	}
	var in io.Reader = stdin
	if !terminal.Is(stdin) {
		in = bom.NewReader(stdin)
	}
	password, err := terminal.ReadSecret(ctx, in, stderr, "Password: ")
	if err != nil {
		return none, nil, "", usageError{fmt.Errorf("no password: %w", err)}
	}
	return env, cognito.NewHTTPClient(), password, nil
}

func (o options) where() string {
	if o.config == "" {
		return " of the stand-in inside this program, which verifies each step"
	}
	return ""
}
