package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/files"
	"github.com/loginwithcognito/cognito/environments"
	"github.com/loginwithcognito/cognito/internal/terminal"
)

func configureCommand() command {
	return command{
		name: "configure",
		summary: `Save the settings of an environment.
-from reads environments files, amplify_outputs.json, older Amplify files, the output of
"terraform output -json" and "aws cloudformation describe-stacks", and the file that "cdk deploy
--outputs-file" writes. The file may be at an https URL. Flags override -from. At a terminal,
configure prompts for missing settings; Enter keeps a value and - removes it. configure checks the
form of the settings. Other environments in the file are not changed. If -from adds hosts that are
not AWS's (endpoints, issuer or domain), configure shows them, and asks at a terminal or requires
-force, because they receive tokens and credentials.`,
		example: `cognito configure -from amplify_outputs.json
cognito configure -from https://example.com/cognito.json
terraform output -json | cognito configure -env PROD -from -
cognito configure -env DEV -user-pool-id us-east-1_EXAMPLE00 -client-id 1example23456789abcdefghij`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.flags()
			var c configuring
			c.register(f)
			if _, err := a.parse(f, args, 0, 0); err != nil {
				return err
			}
			return c.run(ctx, a)
		},
	}
}

// A configuring is one run of the command.
type configuring struct {
	from, secretFile string
	// given has the settings that flags set.
	given cognito.Environment
	force bool
}

// register defines the flags.
func (c *configuring) register(f *flag.FlagSet) {
	f.StringVar(&c.from, "from", "",
		"`file` or https URL to read settings from, or - for standard input")
	for _, s := range settings(&c.given) {
		if s.flag != "" {
			f.StringVar(s.Value, s.flag, "", "`"+s.Key+"` of the environment")
		}
	}
	f.StringVar(&c.secretFile, "client-secret-file", "", "`file` with the app client's secret")
	f.BoolVar(&c.force, "force", false,
		"replace the settings of an existing environment, and accept hosts that are not AWS's, "+
			"without asking")
}

// run reads, completes and saves the environments.
func (c *configuring) run(ctx context.Context, a *app) error {
	path, err := a.configPath()
	if err != nil {
		return err
	}
	data, err := files.ReadTrusted(path, maxConfig)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return usageError{err}
	}
	all, err := replaceable(path, data)
	if err != nil {
		return err
	}
	if c.secretFile != "" {
		data, err := readText(c.secretFile, 4096)
		if err != nil {
			return usagef("-client-secret-file: %w", err)
		}
		c.given.ClientSecret = strings.TrimSpace(string(data))
	}
	changed, err := c.read(ctx, a, all)
	if err != nil {
		return err
	}
	set := make(map[string]cognito.Environment)
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		e := changed[name]
		if err := c.complete(ctx, a, &name, &e, all, len(changed) == 1); err != nil {
			return err
		}
		set[name] = e
		a.env = name
	}
	if len(set) > 1 {
		a.env = "NAME"
	}
	err = a.changeConfig(ctx, path, func(now map[string]cognito.Environment) error {
		for _, name := range slices.Sorted(maps.Keys(set)) {
			if now[name] != all[name] && now[name] != set[name] {
				return fmt.Errorf("environment %s was changed by another process: try again", name)
			}
		}
		before := maps.Clone(now)
		maps.Copy(now, set)
		if len(now) == 1 {
			a.env = ""
		}
		// Before the file changes: otherwise other processes would find no default for a moment.
		if err := a.keepDefault(ctx, before, now); err != nil {
			a.notef("%s", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if a.now.name == "login" { // it continues
		a.notef("wrote %s", path)
		return nil
	}
	a.notef("wrote %s: now run \"cognito login%s -user NAME\"", path, a.sameFlags())
	return nil
}

// read returns the environments to write, by name. They come from the file that -from names or,
// without -from, from the configuration file. complete adds the settings of the flags.
func (c *configuring) read(ctx context.Context, a *app,
	all map[string]cognito.Environment) (map[string]cognito.Environment, error) {
	if c.from == "" {
		name, err := a.envName(all)
		if err != nil {
			return nil, err
		}
		name = cmp.Or(name, environments.Default)
		return map[string]cognito.Environment{name: all[name]}, nil
	}
	data, err := c.source(ctx, a)
	if err != nil {
		return nil, err
	}
	c.from = withoutQuery(c.from) // for messages
	found, notes, err := environments.Import(data, c.given)
	for _, note := range notes {
		a.notef("-from %s: %s", c.from, note)
	}
	if errors.Is(err, environments.ErrAmbiguous) {
		return nil, usagef("-from %s: %w (use a flag such as -client-id, -client-secret-file or "+
			"-bucket)", c.from, err)
	} else if err != nil {
		return nil, usagef("-from %s: %w", c.from, err)
	}
	if a.env != "" {
		e, known := found[a.env]
		if !known {
			// If the file has only one environment, -env renames it.
			if e, err = environments.Select(found, ""); err != nil {
				return nil, usagef("-from %s: %w (-env)", c.from, err)
			}
		}
		found = map[string]cognito.Environment{a.env: e}
	}
	if len(found) > 1 && c.given != (cognito.Environment{}) {
		return nil, usagef("-from %s has several environments: use -env to choose the one that "+
			"the other flags change", c.from)
	}
	return found, nil
}

// source returns the data that -from names.
func (c *configuring) source(ctx context.Context, a *app) (data []byte, err error) {
	switch {
	case isURL(c.from):
		return a.download(ctx, c.from, maxConfig)
	case c.from == "-":
		// The parsers refuse data of this size.
		data, err = io.ReadAll(io.LimitReader(a.stdin, maxConfig))
	default:
		data, err = files.Read(c.from, maxConfig)
	}
	if err != nil {
		return nil, usagef("-from: %w", err)
	}
	return data, nil
}

// complete applies the flags to the environment, prompts for missing settings and validates the
// result. If the environment exists with other settings, or a setting has a new host that is not
// AWS's, complete continues only with -force or after the user agrees. only reports whether a
// single environment is written.
func (c *configuring) complete(ctx context.Context, a *app, name *string, e *cognito.Environment,
	all map[string]cognito.Environment, only bool) error {
	given := settings(&c.given)
	for i, s := range settings(e) {
		*s.Value = cmp.Or(*given[i].Value, *s.Value)
	}
	missing := func() bool { return e.UserPoolID == "" || e.ClientID == "" }
	ask := only && terminal.Is(a.answersFile())
	everything := ask && c.from == "" && c.given == (cognito.Environment{})
	if everything && a.env == "" {
		answer, err := a.ask(ctx, "Name of the environment ["+*name+"]: ", false)
		if err != nil {
			return usageError{err}
		}
		if answer = strings.TrimSpace(answer); answer != "" && answer != *name {
			*name, *e = answer, all[answer]
		}
	}
	if everything || ask && missing() {
		for _, s := range settings(e) {
			required := s.Value == &e.UserPoolID || s.Value == &e.ClientID
			if s.title != "" && (everything || required && *s.Value == "") {
				if err := a.askSetting(ctx, e, s); err != nil {
					return err
				}
			}
		}
	}
	if err := e.Validate(); err != nil {
		return usagef("environment %s: %w", *name, err)
	}
	if missing() {
		return usagef("environment %s requires user_pool_id and client_id: use -user-pool-id "+
			"and -client-id", *name)
	}
	var differ []string
	old, changed := all[*name], *e
	for i, s := range settings(&changed) {
		switch was := *settings(&old)[i].Value; {
		case was == *s.Value:
			*s.Value = ""
		case was != "":
			differ = append(differ, s.Key)
		}
	}
	if hosts := customHosts(changed); hosts != nil {
		which := fmt.Sprintf("environment %s gets hosts that are not AWS's: %s", *name,
			strings.Join(hosts, ", "))
		a.notef("%s", which)
		if !c.agreed(ctx, a, "They receive tokens and credentials. Use these hosts? [y/N] ") {
			return usagef("%s: use -force to accept them", which)
		}
	}
	// With everything set, the prompts have shown the old settings.
	if differ == nil || everything {
		return nil
	}
	which := fmt.Sprintf("environment %s already exists with a different %s", *name,
		strings.Join(differ, ", "))
	if !c.agreed(ctx, a, which+". Replace it? [y/N] ") {
		return usagef("%s: use -force to replace it, or choose another -env", which)
	}
	return nil
}

// agreed reports whether -force is set or the user, at a terminal, answers yes.
func (c *configuring) agreed(ctx context.Context, a *app, question string) bool {
	if c.force || !terminal.Is(a.answersFile()) {
		return c.force
	}
	answer, _ := a.ask(ctx, question, false)
	return strings.EqualFold(strings.TrimSpace(answer), "y")
}

// askSetting prompts for a setting until the value is valid. An empty line keeps the old value, and
// "-" removes it.
func (a *app) askSetting(ctx context.Context, e *cognito.Environment, s setting) error {
	was, shown := *s.Value, *s.Value
	if was != "" && s.Key == secretKey {
		shown = "unchanged"
	}
	prompt := s.title + ": "
	if shown != "" {
		prompt = fmt.Sprintf("%s [%s]: ", s.title, shown)
	}
	for attempt := 1; ; attempt++ {
		answer, err := a.ask(ctx, prompt, s.Key == secretKey)
		if err != nil {
			return usageError{err}
		}
		switch answer = strings.TrimSpace(answer); answer {
		case "":
		case "-":
			*s.Value = ""
		default:
			*s.Value = answer
		}
		if err = e.Validate(); err == nil {
			return nil
		}
		*s.Value = was
		if attempt == attempts {
			return usageError{err}
		}
		a.notef("%s", onePrefix(err.Error()))
	}
}
