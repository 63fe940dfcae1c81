package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/state"
	"github.com/loginwithcognito/cognito/internal/terminal"
)

func envCommand() command {
	return command{
		name: "env",
		summary: `List the environments and the users that are signed in.
The line of the default environment and user begins with *. The first user of an environment is its
default user, or that of $COGNITO_USER. A session can end earlier than its credentials: "cognito
whoami" asks the user pool.`,
		example: `cognito env
cognito env -json`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.flags()
			asJSON := f.Bool("json", false, "write one JSON object")
			if _, err := a.parse(f, args, 0, 0); err != nil {
				return err
			}
			list, err := a.listEnvironments()
			if err != nil {
				return err
			}
			return list.write(a, *asJSON)
		},
	}
}

// An envList is the output of the command.
type envList struct {
	Default      string     `json:"default,omitempty"`
	Environments []envEntry `json:"environments"`
	lacking      error      // why there is no default
}

// An envEntry describes an environment.
type envEntry struct {
	Name  string    `json:"name"`
	Error string    `json:"error,omitempty"`
	Users []envUser `json:"users,omitempty"` // first the default user
}

// An envUser describes a user of an environment.
type envUser struct {
	User              string `json:"user"`
	SignedIn          bool   `json:"signed_in"`
	CredentialsExpire string `json:"credentials_expire,omitempty"`
	left              string // the time until then
}

// listEnvironments describes the environments in the configuration file. It sends no request.
func (a *app) listEnvironments() (list envList, err error) {
	all, err := a.environments()
	if err != nil {
		return list, err
	}
	dir, err := a.stateDir()
	if err != nil {
		return list, err
	}
	list.Default, list.lacking = a.envName(all)
	if _, ok := all[list.Default]; !ok {
		list.Default = ""
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		entry := envEntry{Name: name}
		e, err := a.named(all, name)
		var r state.Record
		if err == nil {
			a.login.user = a.userOf(name)
			r, err = a.keeper(dir, name, e).Load()
		}
		if err != nil {
			entry.Error = err.Error()
		}
		for _, account := range r.Accounts() {
			if account.User != "" {
				entry.Users = append(entry.Users, a.describeUser(e, r, account))
			}
		}
		list.Environments = append(list.Environments, entry)
	}
	return list, nil
}

// describeUser describes a user of an environment, from the user's account in its record.
func (a *app) describeUser(e cognito.Environment, r state.Record, of state.Account) envUser {
	u := envUser{User: of.User, SignedIn: of.SavedSession() != nil}
	if c := of.Credentials; c != nil && u.SignedIn {
		u.CredentialsExpire = c.Expires.UTC().Format(time.RFC3339)
		u.left = "expired"
		if left := c.Left(time.Now().Add(r.ClockOffset)); left > 0 {
			u.left = left.Truncate(time.Minute).String()
			u.left = strings.TrimSuffix(u.left, "0s") + " left"
			if left < time.Minute {
				u.left = left.Truncate(time.Second).String() + " left"
			}
		}
	}
	return u
}

// write writes the list as JSON, or as a table.
func (l envList) write(a *app, asJSON bool) error {
	if asJSON {
		line, err := terminal.JSONLine(l)
		if err == nil {
			_, err = a.stdout.Write(line)
		}
		return err
	}
	rows := [][]string{{"", "ENVIRONMENT", "USER", "SESSION", "CREDENTIALS"}}
	for _, e := range l.Environments {
		if e.Error != "" {
			a.notef("%s", e.Error)
		}
		if len(e.Users) == 0 {
			e.Users = []envUser{{User: "-"}}
		}
		for i, u := range e.Users {
			row := []string{"", e.Name, u.User, "signed out", cmp.Or(u.left, "-")}
			if e.Name == l.Default && i == 0 {
				row[0] = "*"
			}
			if u.SignedIn {
				row[3] = "signed in"
			}
			rows = append(rows, row)
		}
	}
	if err := a.writeTable(rows, []int{1, 20, 30, 10, 12}); err != nil {
		return err
	}
	if l.lacking != nil {
		a.notef("%s", l.lacking)
	} else if l.Default == "" {
		a.notef("no default environment is set: \"cognito use NAME\" sets one")
	}
	return nil
}

// writeTable writes rows of cells. Cells that are longer than the limit of their column are cut.
func (a *app) writeTable(rows [][]string, limits []int) error {
	widths := make([]int, len(limits))
	for _, row := range rows {
		for i := range row {
			row[i] = shorten(terminal.Printable(row[i]), limits[i])
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			line += cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+1)
		}
		if _, err := fmt.Fprintln(a.stdout, strings.TrimRight(line, " ")); err != nil {
			return err
		}
	}
	return nil
}

// shorten returns s with at most the given number of characters. The last one of a longer text is
// an ellipsis.
func shorten(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}
