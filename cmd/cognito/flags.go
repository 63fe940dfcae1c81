package main

import (
	"flag"
	"fmt"
	"io"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// flags returns a flag set for the current command, with the flags of all commands that use an
// environment.
func (a *app) flags() *flag.FlagSet {
	f := a.bareFlags()
	f.StringVar(&a.config, "config", a.getenv("COGNITO_CONFIG"),
		"configuration `file` (default: $COGNITO_CONFIG, or that of \"cognito configure\")")
	f.StringVar(&a.env, "env", a.getenv("COGNITO_ENV"),
		"`name` of the environment (default: $COGNITO_ENV, that of \"cognito use\", or the only "+
			"one)")
	f.StringVar(&a.state, "state-dir", a.getenv("COGNITO_STATE_DIR"),
		"`directory` of the sessions (default: $COGNITO_STATE_DIR, or that of the user)")
	return f
}

// serviceFlags returns the flags of commands that use AWS credentials.
func (a *app) serviceFlags() *flag.FlagSet {
	f := a.flags()
	f.StringVar(&a.region, "region", "",
		"`Region` of the AWS services that tools use (default: $AWS_REGION, or the environment's)")
	f.DurationVar(&a.login.duration, "duration", 0,
		"lifetime of the credentials, 15m to 12h, with the classic flow (default: an hour, with "+
			"the enhanced flow)")
	f.BoolVar(&a.noStore, "no-store", false,
		"store nothing on disk: sign in again, with the flags of \"cognito login\"")
	a.login.register(f)
	return f
}

// bareFlags returns an empty flag set for the current command, for commands without an environment.
func (a *app) bareFlags() *flag.FlagSet {
	f := flag.NewFlagSet("cognito "+a.now.name, flag.ContinueOnError)
	f.SetOutput(a.stderr)
	f.Usage = func() {
		fmt.Fprintf(a.stdout, "Usage: cognito %s\n\n%s\n",
			strings.TrimSpace(a.now.name+" [flags] "+a.now.args), a.now.summary)
		fmt.Fprintf(a.stdout, "\nExample:\n%s", indent(a.now.example))
		fmt.Fprintln(a.stdout, "\nFlags:")
		f.SetOutput(a.stdout)
		f.PrintDefaults()
		f.SetOutput(a.stderr)
	}
	return f
}

// parse parses args, which may have flags and positional arguments in any order. It returns the
// positional arguments, of which there must be from least to most. "--" ends the flags.
//
// If most is negative, there is no upper bound, and the first positional argument also ends the
// flags, because those that follow belong to another command.
func (a *app) parse(f *flag.FlagSet, args []string, least, most int) ([]string, error) {
	if a.inspect != nil {
		a.inspect(f)
		return nil, flag.ErrHelp
	}
	usage := f.Usage
	asked := false
	f.Usage = func() { asked = true } // only -help shows the usage; errors take one line
	f.SetOutput(io.Discard)
	var words []string
	for {
		err := f.Parse(args)
		if err == flag.ErrHelp && asked {
			usage()
			return nil, err
		} else if err != nil {
			return nil, usagef("%s: see \"cognito help %s\"", withoutValue(err.Error()), a.now.name)
		}
		rest := f.Args()
		ended := len(args) > len(rest) && args[len(args)-len(rest)-1] == "--"
		if ended || len(rest) == 0 || most < 0 {
			words = append(words, rest...)
			break
		}
		words, args = append(words, rest[0]), rest[1:]
	}
	var unused string // a sign-in flag that is set although the command does not sign in
	signIn := flag.NewFlagSet("", flag.ContinueOnError)
	new(loginFlags).register(signIn)
	f.Visit(func(set *flag.Flag) {
		if signIn.Lookup(set.Name) != nil && f.Lookup("no-store") != nil && !a.noStore &&
			a.now.name != "login" && set.Name != "user" {
			unused = set.Name
		}
	})
	switch {
	case unused != "":
		return nil,
			usagef("-%s requires -no-store: otherwise the session of \"cognito login\" is used",
				unused)
	case len(words) < least:
		return nil, usagef("%s is missing: see \"cognito help %s\"", a.now.args, a.now.name)
	case len(words) > most && most >= 0:
		// The error does not quote the argument, because it may be a password.
		return nil,
			usagef("unexpected argument (passwords are read from the terminal or -password-fd): "+
				"see \"cognito help %s\"", a.now.name)
	case a.login.duration != 0 &&
		(a.login.duration < 15*time.Minute || a.login.duration > 12*time.Hour):
		return nil, usagef("-duration is %v: must be from 15m to 12h", a.login.duration)
	}
	return words, nil
}

// withoutValue removes the flag's value from an error text of package flag, because it may be a
// password.
func withoutValue(text string) string {
	for _, begin := range []string{"invalid value ", "invalid boolean value "} {
		if rest, ok := strings.CutPrefix(text, begin); ok {
			value, _ := strconv.QuotedPrefix(rest)
			return strings.TrimSpace(begin) + strings.TrimPrefix(rest, value)
		}
	}
	return text
}

const overviewEnd = `
"cognito help COMMAND" shows a command's flags and an example. Flags override environment variables,
which override the configuration file.

Environment variables: COGNITO_CONFIG, COGNITO_ENV, COGNITO_STATE_DIR, COGNITO_KEYCHAIN, AWS_REGION
(or AWS_DEFAULT_REGION), AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_SERVICE (where SERVICE is
COGNITO_IDENTITY_PROVIDER, COGNITO_IDENTITY, STS or S3), AWS_IGNORE_CONFIGURED_ENDPOINT_URLS,
AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE, HTTPS_PROXY, NO_PROXY, AWS_CA_BUNDLE,
AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT, NO_COLOR. ALL_PROXY is unsupported.

Exit status: 0 success, 1 rejected or failed, 2 invalid flags or configuration, 3 sign-in needed,
130 interrupted. "cognito exec" exits with its command's status, with 126 if the command cannot be
run, and with 127 if it is not found.
`

// overview writes the general help, with the first sentence of each command's summary.
func (a *app) overview() {
	fmt.Fprint(a.stdout,
		"Usage: cognito COMMAND [flags]\n\nSigns in to Amazon Cognito and provides AWS "+
			"credentials to other tools.\n\nCommands:\n")
	for _, c := range commands() {
		first, _, _ := strings.Cut(c.summary, ".")
		fmt.Fprintf(a.stdout, "  %-12s %s\n", c.name, strings.ReplaceAll(first, "\n", " "))
	}
	fmt.Fprint(a.stdout, overviewEnd)
}

// indent indents each line of s.
func indent(s string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimSpace(s) + "\n") {
		b.WriteString("  " + line)
	}
	return b.String()
}

// version returns the module version that the go command stamped into the binary.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
