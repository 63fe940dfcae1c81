package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/internal/terminal"
)

func configureCommand() command {
	return command{
		name: "configure",
		summary: `Write down what an administrator handed out: the user pool, the app client and what goes with them.
-from reads environments files, amplify_outputs.json and the older files of Amplify, what "terraform output -json" prints
and what "cdk deploy --outputs-file" writes; flags go before what it says. At a terminal the rest is asked for, and Enter
keeps what is there. Ids are checked against each other, and other environments in the file stay as they are.`,
		example: `cognito configure -from amplify_outputs.json
terraform output -json | cognito configure -env PROD -from -
cognito configure -env DEV -user-pool-id us-east-1_EXAMPLE00 -client-id 1example23456789abcdefghij`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.flags()
			var c configuring
			c.register(f)
			if _, err := a.parse(f, args, 0, 0); err != nil {
				return err
			}
			return c.run(a)
		},
	}
}

// configuring is one run of the command.
type configuring struct {
	from, secretFile string
	given            cognito.Environment // by flags
	force            bool
}

func (c *configuring) register(f *flag.FlagSet) {
	f.StringVar(&c.from, "from", "", "`file` to read, - for standard input")
	for _, s := range settings(&c.given) {
		if s.flag != "" {
			f.StringVar(s.value, s.flag, "", "`"+s.key+"` of the environment")
		}
	}
	f.StringVar(&c.secretFile, "client-secret-file", "", "`file` with the app client's secret")
	f.BoolVar(&c.force, "force", false, "replace what an environment of that name has, without asking")
}

func (c *configuring) run(a *app) error {
	path, err := a.configPath()
	if err != nil {
		return err
	}
	all, err := a.configured(path)
	if err != nil {
		return err
	}
	if c.secretFile != "" {
		data, err := readFile(c.secretFile, 4096)
		if err != nil {
			return usagef("-client-secret-file: %w", err)
		}
		c.given.ClientSecret = strings.TrimSpace(string(data))
	}
	changed, err := c.read(a, all)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		e := changed[name]
		if err := c.complete(a, &name, &e, all, len(changed) == 1); err != nil {
			return err
		}
		all[name] = e
		a.env = name
	}
	if len(changed) > 1 {
		a.env = "NAME"
	}
	if err := saveEnvironments(path, all); err != nil {
		return err
	}
	if len(all) == 1 {
		a.env = ""
	}
	a.notef("wrote %s: now run \"cognito login%s -user NAME\"", path, a.sameFlags())
	return nil
}

// read returns the environments to write, by name, as far as flags and the file tell them.
func (c *configuring) read(a *app, all map[string]cognito.Environment) (map[string]cognito.Environment, error) {
	if c.from == "" {
		name := cmp.Or(a.envName(all), cognito.DefaultEnvironment)
		return map[string]cognito.Environment{name: all[name]}, nil
	}
	data, err := readFile(c.from, 2<<20)
	if c.from == "-" {
		data, err = io.ReadAll(io.LimitReader(a.stdin, 2<<20)) // more than the parsers take
	}
	if err != nil {
		return nil, usagef("-from: %w", err)
	}
	found, err := importEnvironments(data, c.given)
	if err != nil {
		return nil, usagef("-from %s: %w", c.from, err)
	}
	if a.env != "" {
		e, known := found[a.env]
		if !known { // the only one goes by the name that is given
			if e, err = cognito.SelectEnvironment(found, ""); err != nil {
				return nil, usagef("-from %s: %w (-env)", c.from, err)
			}
		}
		found = map[string]cognito.Environment{a.env: e}
	}
	if len(found) > 1 && c.given != (cognito.Environment{}) {
		return nil, usagef("-from %s has several environments: say with -env to which the flags belong", c.from)
	}
	return found, nil
}

// complete puts in what the flags say, asks for what is missing, and checks the environment.
func (c *configuring) complete(a *app, name *string, e *cognito.Environment, all map[string]cognito.Environment, only bool) error {
	given := settings(&c.given)
	for i, s := range settings(e) {
		*s.value = cmp.Or(*given[i].value, *s.value)
	}
	missing := func() bool { return e.UserPoolID == "" || e.ClientID == "" }
	ask := only && terminal.Is(a.answersFile())
	everything := ask && c.from == "" && c.given == (cognito.Environment{})
	if everything && a.env == "" {
		answer, err := a.ask("Name of the environment ["+*name+"]: ", false)
		if err != nil {
			return usageError{err}
		}
		if answer = strings.TrimSpace(answer); answer != "" && answer != *name {
			*name, *e = answer, all[answer]
		}
	}
	if everything || ask && missing() {
		for _, s := range settings(e) {
			if required := s.value == &e.UserPoolID || s.value == &e.ClientID; s.title != "" && (everything || required && *s.value == "") {
				if err := a.askSetting(e, s); err != nil {
					return err
				}
			}
		}
	}
	if err := e.Validate(); err != nil {
		return usagef("environment %s: %w", *name, err)
	}
	if missing() {
		return usagef("environment %s needs both user_pool_id and client_id: use -user-pool-id and -client-id", *name)
	}
	var differ []string
	old := all[*name]
	for i, s := range settings(&old) {
		if *s.value != "" && *s.value != *settings(e)[i].value {
			differ = append(differ, s.key)
		}
	}
	if differ == nil || c.force || everything { // everything that was there has been shown
		return nil
	}
	which := fmt.Sprintf("environment %s is there already, with another %s", *name, strings.Join(differ, ", "))
	if terminal.Is(a.answersFile()) {
		if answer, _ := a.ask(which+". Replace it? [y/N] ", false); strings.EqualFold(strings.TrimSpace(answer), "y") {
			return nil
		}
	}
	return usagef("%s: use -force to replace it, or another -env", which)
}

// askSetting asks until the answer has the right form. Enter keeps what is there, and - removes it.
func (a *app) askSetting(e *cognito.Environment, s setting) error {
	was, shown := *s.value, *s.value
	if was != "" && s.key == secretKey {
		shown = "as it is"
	}
	for attempt := 1; ; attempt++ {
		answer, err := a.ask(fmt.Sprintf("%s [%s]: ", s.title, shown), s.key == secretKey)
		if err != nil {
			return usageError{err}
		}
		switch answer = strings.TrimSpace(answer); answer {
		case "":
		case "-":
			*s.value = ""
		default:
			*s.value = answer
		}
		if err = e.Validate(); err == nil {
			return nil
		}
		*s.value = was
		if attempt == attempts {
			return usageError{err}
		}
		a.notef("%s", err)
	}
}
