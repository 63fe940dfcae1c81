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

// flags begins the flags of the command that is being run with those that all commands on an
// environment have.
func (a *app) flags() *flag.FlagSet {
	f := a.bareFlags()
	f.StringVar(&a.config, "config", a.getenv("COGNITO_CONFIG"),
		"`file` with environments (default: $COGNITO_CONFIG, or what \"cognito configure\" writes)")
	f.StringVar(&a.env, "env", a.getenv("COGNITO_ENV"),
		"`name` of the environment (default: $COGNITO_ENV, or the only one)")
	return f
}

// serviceFlags are flags with those of commands that use AWS credentials.
func (a *app) serviceFlags() *flag.FlagSet {
	f := a.flags()
	f.StringVar(&a.region, "region", "",
		"`Region` of what the credentials are used for (default: $AWS_REGION, or the environment's)")
	f.DurationVar(&a.login.duration, "duration", 0,
		"life of the credentials, 15m to 12h, by the classic flow (default: the enhanced flow, "+
			"an hour)")
	f.BoolVar(&a.noStore, "no-store", false,
		"keep nothing on disk: sign in anew, by the flags of \"cognito login\"")
	a.login.register(f)
	return f
}

// bareFlags begins the flags of a command that needs no environment.
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

// parse reads args: flags and, in any order, from least to most other words, which it returns. "--"
// ends the flags. With most below 0 there is no bound, and the first other word ends the flags,
// too: what follows is another command's.
func (a *app) parse(f *flag.FlagSet, args []string, least, most int) ([]string, error) {
	if a.inspect != nil {
		a.inspect(f)
		return nil, flag.ErrHelp
	}
	usage := f.Usage
	asked := false
	f.Usage = func() { asked = true } // a wrong flag is told in one line; -help shows it all
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
		if ended := len(args) > len(rest) && args[len(args)-len(rest)-1] == "--"; ended ||
			len(rest) == 0 || most < 0 {
			words = append(words, rest...)
			break
		}
		words, args = append(words, rest[0]), rest[1:]
	}
	var unused string // only a sign-in asks what it says
	signIn := flag.NewFlagSet("", flag.ContinueOnError)
	new(loginFlags).register(signIn)
	f.Visit(func(set *flag.Flag) {
		if signIn.Lookup(set.Name) != nil && f.Lookup("no-store") != nil && !a.noStore &&
			a.now.name != "login" {
			unused = set.Name
		}
	})
	switch {
	case unused != "":
		return nil,
			usagef("-%s goes with -no-store: without it the session is that of \"cognito login\"",
				unused)
	case len(words) < least:
		return nil, usagef("%s is missing: see \"cognito help %s\"", a.now.args, a.now.name)
	case len(words) > most && most >= 0:
		// It is not repeated, for it may be a password.
		return nil,
			usagef("there is an argument too many (a password, too, is never an argument): see "+
				"\"cognito help %s\"", a.now.name)
	case a.login.duration != 0 &&
		(a.login.duration < 15*time.Minute || a.login.duration > 12*time.Hour):
		return nil, usagef("-duration is %v: it must be from 15m to 12h", a.login.duration)
	}
	return words, nil
}

// withoutValue leaves the value of a flag out of an error of package flag, for it may be a
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
"cognito help COMMAND" shows its flags and an example. Flags come before environment variables, and those before the
configuration file. Read from the environment: COGNITO_CONFIG, COGNITO_ENV, COGNITO_STATE_DIR, AWS_REGION (or
AWS_DEFAULT_REGION), AWS_ENDPOINT_URL and its forms for COGNITO_IDENTITY_PROVIDER, COGNITO_IDENTITY, STS and S3,
AWS_IGNORE_CONFIGURED_ENDPOINT_URLS, AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE, HTTPS_PROXY, NO_PROXY, AWS_CA_BUNDLE,
AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT, NO_COLOR.

Exit status: 0 done, 1 refused or failed, 2 wrong flags or configuration, 3 a sign-in is needed, 130 interrupted;
"cognito exec" ends with its command's, 126 if that can't be run and 127 if it is not there.
`

// overview writes the list of commands.
func (a *app) overview() {
	fmt.Fprint(a.stdout,
		"Usage: cognito COMMAND [flags]\n\nSigns in to Amazon Cognito and hands the AWS "+
			"credentials to other tools.\n\nCommands:\n")
	for _, c := range commands() {
		first, _, _ := strings.Cut(c.summary, ".")
		fmt.Fprintf(a.stdout, "  %-12s %s\n", c.name, strings.ReplaceAll(first, "\n", " "))
	}
	fmt.Fprint(a.stdout, overviewEnd)
}

func indent(s string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimSpace(s) + "\n") {
		b.WriteString("  " + line)
	}
	return b.String()
}

// version is that of the module, as the go command has built it in.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
