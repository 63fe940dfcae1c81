package main

import (
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// unknownCommand returns the error for a command that does not exist.
func unknownCommand(name string) error {
	names := []string{"help", "version"}
	for _, c := range commands() {
		names = append(names, c.name)
	}
	if near := nearest(strings.ToLower(name), names); near != "" {
		return usagef("unknown command %q: did you mean %q?", name, near)
	}
	return usagef("unknown command %q: \"cognito help\" lists the commands", name)
}

// flagError returns an error of package flag in the words of this program. It shows a value only if
// that is a number or a duration, because other values may be a password.
func (a *app) flagError(f *flag.FlagSet, err error) error {
	text := err.Error()
	see := fmt.Sprintf("see \"cognito help %s\"", a.now.name)
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		var names []string
		f.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
		if near := nearest(strings.ToLower(name), names); near != "" {
			return usagef("unknown flag -%s: did you mean -%s?", name, near)
		}
		return usagef("unknown flag -%s: %s", name, see)
	} else if name, ok := strings.CutPrefix(text, "flag needs an argument: -"); ok {
		return usagef("-%s needs a value: %s", name, see)
	}
	rest, ok := strings.CutPrefix(text, "invalid value ")
	if !ok {
		rest, ok = strings.CutPrefix(text, "invalid boolean value ")
	}
	quoted, _ := strconv.QuotedPrefix(rest)
	value, _ := strconv.Unquote(quoted)
	rest = strings.TrimPrefix(strings.TrimPrefix(rest[len(quoted):], " for flag -"), " for -")
	name, why, _ := strings.Cut(rest, ": ")
	known := f.Lookup(name)
	if !ok || known == nil {
		return usagef("%s: %s", text, see) // such as "bad flag syntax"
	}
	shown := "" // the value, if it is a number with at most one letter and so not a password
	if digits := strings.Trim(value, "-.0123456789"); len(digits) <= 1 && len(value) <= 10 {
		shown = strings.TrimRight(" "+value, " ")
	}
	kind, _ := known.Value.(flag.Getter)
	if kind == nil { // the flag checks its own value
		return usagef("-%s: %s", name, why)
	}
	switch kind.Get().(type) {
	case bool:
		return usagef("-%s takes no value: %s", name, see)
	case time.Duration:
		return usagef("-%s%s: use %s", name, shown, withUnit(name, value))
	case int:
		return usagef("-%s%s: use a whole number", name, shown)
	}
	return usagef("-%s: %s", name, why)
}

// withUnit returns the duration that the user may mean by a number without a unit, or an example.
func withUnit(name, number string) string {
	for _, unit := range []string{"h", "m", "s"} {
		d, err := time.ParseDuration(number + unit)
		fits := unit == "m"
		if name == "duration" {
			fits = inRange(d)
		}
		if err == nil && fits {
			return number + unit
		}
	}
	return "a duration such as 1h or 30m"
}

// inRange reports whether AWS STS accepts d as the lifetime of credentials.
func inRange(d time.Duration) bool { return d >= 15*time.Minute && d <= 12*time.Hour }

// brief formats d without zero minutes and seconds, such as 1h30m.
func brief(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// nearest returns the name that typed may be a misspelling or the beginning of, or "".
func nearest(typed string, names []string) (name string) {
	best := 1 + min(2, len(typed)/2)
	for _, candidate := range names {
		if len(typed) > 2 && strings.HasPrefix(candidate, typed) {
			return candidate
		}
		if d := distance(typed, candidate); d < best {
			best, name = d, candidate
		}
	}
	return name
}

// distance returns how many insertions, deletions, replacements and swaps of neighbours turn a into
// b, or more than 2 if the lengths differ by more than that.
func distance(a, b string) int {
	if len(a)-len(b) > 2 || len(b)-len(a) > 2 {
		return 3
	}
	// rows[i][j] is the distance of a[:i] and b[:j].
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		for j := range rows[i] {
			switch {
			case i == 0 || j == 0:
				rows[i][j] = i + j
				continue
			case a[i-1] == b[j-1]:
				rows[i][j] = rows[i-1][j-1]
			default:
				rows[i][j] = 1 + min(rows[i-1][j-1], rows[i-1][j], rows[i][j-1])
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], 1+rows[i-2][j-2])
			}
		}
	}
	return rows[len(a)][len(b)]
}
