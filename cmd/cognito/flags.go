package main

import (
	"flag"
	"io"
	"runtime/debug"
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
		"store nothing: sign in, with flags of \"cognito login\"")
	a.login.register(f)
	if a.now.name != "doctor" { // it checks the session
		a.federation.register(f)
	}
	return f
}

// bareFlags returns an empty flag set for the current command, for commands without an environment.
func (a *app) bareFlags() *flag.FlagSet {
	f := flag.NewFlagSet("cognito "+a.now.name, flag.ContinueOnError)
	f.SetOutput(a.stderr)
	f.BoolVar(&a.debug, "debug", false, "print one line for each request to standard error")
	f.Usage = func() { a.page(a.now, f, false) }
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
			return nil, a.flagError(f, err)
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
	case most < 0 && len(words) > 0 && words[0] == "":
		return nil, usagef("the first argument is empty, not the name of a command")
	case len(words) < least:
		return nil, usagef("%s is missing: see \"cognito help %s\"", a.now.args, a.now.name)
	case len(words) > most && most >= 0 && f.Lookup("password-fd") != nil:
		// The error does not quote the argument, because it may be a password.
		return nil, usagef("unexpected argument (passwords are read from the terminal or " +
			"-password-fd)")
	case len(words) > most && most >= 0:
		return nil, usagef("unexpected argument: see \"cognito help %s\"", a.now.name)
	case a.login.duration != 0 && !inRange(a.login.duration):
		return nil, usagef("-duration %s: must be from 15m to 12h", brief(a.login.duration))
	}
	return words, a.federation.check(a)
}

// version returns the module version that the go command stamped into the binary.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
