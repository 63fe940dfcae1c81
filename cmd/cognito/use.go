package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/state"
)

func useCommand() command {
	return command{
		name: "use", args: "[NAME]",
		summary: `Set the default environment, or its default user.
Commands use the default environment of the configuration file if neither -env nor $COGNITO_ENV is
set. Without NAME, use only sets the default user of the environment, who must be signed in.`,
		example: `cognito use PROD
cognito use -user ada`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.flags()
			a.login.registerUser(f)
			words, err := a.parse(f, args, 0, 1)
			if err != nil {
				return err
			}
			return a.use(ctx, words)
		},
	}
}

// use sets the defaults. words has the name of the environment, or is empty.
func (a *app) use(ctx context.Context, words []string) error {
	if len(words) == 0 && a.login.user == "" {
		return usagef("missing NAME or -user: \"cognito env\" lists both")
	}
	user := a.login.user // without COGNITO_USER
	if len(words) > 0 {
		a.env = words[0]
	}
	s, err := a.prepare() // checks that the environment exists
	if err != nil {
		return err
	}
	if user != "" {
		err := s.keep.Update(ctx, func(e *state.Edit) error {
			if e.Session == nil {
				return s.needed(s.nobody(e.Record))
			}
			e.MakeDefault()
			return nil
		})
		if err != nil {
			return err
		}
		a.notef("the default user of %s is now %s", s.name, user)
		a.noteVariable("COGNITO_USER", a.userOf(s.name), user)
	}
	if len(words) == 0 {
		return nil
	}
	if err := a.setDefaultEnv(ctx, s.name); err != nil {
		return err
	}
	a.notef("the default environment is now %s", s.name)
	a.noteVariable("COGNITO_ENV", a.getenv("COGNITO_ENV"), s.name)
	return nil
}

// noteVariable says that a variable with another value overrides a new default.
func (a *app) noteVariable(name, value, now string) {
	if value != "" && value != now {
		a.notef("%s is %s, which overrides the default: unset it", name, value)
	}
}

// envName returns the name in -env, the default environment, or the only one.
func (a *app) envName(all map[string]cognito.Environment) (string, error) {
	if a.env != "" {
		return a.env, nil
	}
	name, err := a.defaultEnv()
	if err != nil || len(all) == 0 {
		return "", err
	}
	if _, ok := all[name]; name != "" && !ok {
		return "", usagef("environment %s, which \"cognito use\" made the default, was removed: "+
			"run \"cognito use\" with one of %s", name,
			strings.Join(slices.Sorted(maps.Keys(all)), ", "))
	}
	if name == "" && len(all) == 1 {
		return slices.Collect(maps.Keys(all))[0], nil
	}
	return name, nil
}

// defaultEnv returns the name of the environment that is the configuration file's default, or "".
func (a *app) defaultEnv() (string, error) {
	config, err := a.absoluteConfig()
	if err != nil {
		return "", err
	}
	dir, err := a.stateDir()
	if err != nil {
		return "", nil // without a state directory, there are no defaults
	}
	defaults, err := state.ReadDefaults(dir)
	if errors.Is(err, state.ErrDamaged) {
		err = usagef("%w: run \"cognito use NAME\", or use -env", err)
	}
	return defaults[config], err
}

// setDefaultEnv sets the configuration file's default environment.
func (a *app) setDefaultEnv(ctx context.Context, name string) error {
	config, err := a.absoluteConfig()
	if err != nil {
		return err
	}
	dir, err := a.stateDir()
	if err != nil {
		return err
	}
	if err := state.SetDefault(ctx, dir, config, name, a.notef); err != nil {
		return fmt.Errorf("the default environment could not be set: %w", err)
	}
	return nil
}

// absoluteConfig returns the absolute path of the configuration file.
func (a *app) absoluteConfig() (string, error) {
	path, err := a.configPath()
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

// keepDefault makes the only environment of a configuration file its default before others are
// added, so that commands without -env keep working. before and now are the file's environments.
func (a *app) keepDefault(ctx context.Context, before, now map[string]cognito.Environment) error {
	name, err := a.defaultEnv()
	_, ok := now[name]
	switch {
	case err != nil || ok:
		return err
	case name != "" && len(before) == 0: // of an earlier file
		return a.setDefaultEnv(ctx, "")
	case name != "" || len(before) != 1 || len(now) == 1:
		return nil
	}
	name = slices.Collect(maps.Keys(before))[0]
	if err := a.setDefaultEnv(ctx, name); err != nil {
		return err
	}
	a.notef("%s stays the default environment: \"cognito use NAME\" changes it", name)
	return nil
}
