package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/loginwithcognito/cognito/internal/terminal"
)

// A topic is a part of the help that belongs to no command.
type topic struct {
	name, summary string
	text          string // in the format of command.summary
}

// topics returns the topics of "cognito help".
func topics() []topic {
	return []topic{
		{"flags", "Show the flags that most commands have", ""},
		{"variables", "Show the environment variables", variablesText},
		{"exit-codes", "Show the exit codes", exitText},
	}
}

const variablesText = `Flags override environment variables, which override the configuration file.
  COGNITO_CONFIG  the configuration file
  COGNITO_ENV, COGNITO_USER  the environment, and the user in it
  COGNITO_STATE_DIR  the directory of the sessions
  COGNITO_KEYCHAIN  the keychain with the key of new sessions
  XDG_CONFIG_HOME  the parent of the configuration's directory, not on macOS and Windows
  XDG_STATE_HOME  the parent of the directory of the sessions
  AWS_REGION, AWS_DEFAULT_REGION  the Region of the AWS services that tools use
  AWS_ENDPOINT_URL  the endpoint of all services
  AWS_ENDPOINT_URL_SERVICE  the endpoint of COGNITO_IDENTITY_PROVIDER,
                            COGNITO_IDENTITY, STS or S3
  AWS_IGNORE_CONFIGURED_ENDPOINT_URLS  true ignores both
  AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT  true selects such hosts
  AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE  the files of profiles
  AWS_CA_BUNDLE   a file with the certificates of trusted authorities
  HTTPS_PROXY, NO_PROXY  the proxy; ALL_PROXY is unsupported
  BROWSER         the browser of "cognito login -browser"
  NO_COLOR        if not empty, QR codes have no colours`

const exitText = `"cognito exec" exits with its command's code. The others are:
  0    success
  1    a service, the network or the file system returned an error
  2    the flags or the configuration are wrong
  3    a sign-in is needed: run "cognito login"
  126  exec: the command cannot be run
  127  exec: the command does not exist
  130  interrupted by Ctrl-C; for other signals, 128 plus the signal's number`

// help writes the help that args select.
func (a *app) help(args []string) error {
	args = append(args, "", "")
	name, all := args[0], args[0] == "-all" || args[0] == "--all"
	if all {
		name = args[1]
	}
	for _, t := range topics() {
		if t.name == name {
			a.topic(t)
			return nil
		}
	}
	for _, c := range commands() {
		if c.name == name {
			a.page(c, a.flagsOf(name), all)
			return nil
		}
	}
	switch name {
	case "", "help", "-h", "-help", "--help":
		a.overview()
	case "-man", "--man":
		a.manual()
	case "version":
		fmt.Fprintln(a.stdout, "cognito", version())
	default:
		return unknownCommand(name)
	}
	return nil
}

// overview writes the general help, with the commands in groups.
func (a *app) overview() {
	a.printf("Usage: cognito COMMAND [flags]\n")
	for _, g := range groups() {
		heading := g.name
		for _, c := range g.commands {
			a.entry(fmt.Sprintf("%-7s  %s", heading, c.name), 22, c.first())
			heading = ""
		}
	}
	var names []string
	for _, t := range topics() {
		names = append(names, t.name)
	}
	a.printf("\n%s\n", a.fold(`"cognito help NAME" explains a command or topic (`+
		strings.Join(names, ", ")+`), and "cognito help -man" prints a manual page.`, 0))
}

// topic writes the help of a topic.
func (a *app) topic(t topic) {
	if t.name != "flags" {
		a.blocks(t.text)
		return
	}
	common, signIn := commonFlags()
	a.printf("Flags of most commands:\n")
	a.flagList(common, false)
	also := `With -no-store, also these of "cognito login":` + flagNames(signIn)
	a.printf("\n%s\n", a.fold(also, 0))
}

// page writes the help of a command whose flags are f. Unless it writes all, the page fits in a
// window of 24 rows.
func (a *app) page(c command, f *flag.FlagSet, all bool) {
	a.printf("Usage: cognito %s\n%s\n",
		strings.TrimSpace(c.name+" [flags] "+c.args), a.fold(c.first()+".", 0))
	if _, details, _ := strings.Cut(c.summary, "."); all && details != "" {
		a.printf("\n")
		a.blocks(strings.TrimSpace(details))
	}
	own, shared := ownFlags(c, f)
	if len(own) > 0 {
		a.printf("\nFlags:\n")
		a.flagList(own, !all)
	}
	if all {
		a.printf("\nCommon flags:\n")
		a.flagList(shared, false)
	} else {
		names := "Common flags:" + flagNames(shared)
		a.printf("%s\n", a.fold(names+` (see "cognito help flags")`, 4))
	}
	// left is the number of rows for examples. Of 24 rows, the other lines take 9, and the names of
	// common flags one more for every seven.
	left := 15 - len(own) - len(shared)/7
	for _, f := range own {
		if term, _ := described(f); len(term) > flagColumn-4 {
			left--
		}
	}
	if all || left > 0 {
		a.printf("\nExample:\n")
	}
	for line := range strings.SplitSeq(strings.TrimSpace(c.example), "\n") {
		lines := strings.Split(a.fold(line, 4), "\n")
		if left -= len(lines); all || left >= 0 {
			a.printf("  %s\n", strings.Join(lines, " \\\n"))
		}
	}
	if !all {
		a.printf("\"cognito help -all %s\" shows all details.\n", c.name)
	}
}

// ownFlags returns the flags of a command: its own, and those that it shares with others. The flags
// of a sign-in are own flags, unless the command has them for -no-store.
func ownFlags(c command, f *flag.FlagSet) (own, shared []*flag.Flag) {
	common, signIn := commonFlags()
	if c.name == "login" || f.Lookup("no-store") == nil {
		signIn = nil
		common = slices.DeleteFunc(common, func(f *flag.Flag) bool { return f.Name == "user" })
	}
	f.VisitAll(func(f *flag.Flag) {
		same := func(other *flag.Flag) bool {
			return f.Name == other.Name && f.Usage == other.Usage
		}
		switch {
		case slices.ContainsFunc(common, same):
			shared = append(shared, f)
		case !slices.ContainsFunc(signIn, same):
			own = append(own, f)
		}
	})
	return own, shared
}

// commonFlags returns the flags that most commands have, and the flags of a sign-in that commands
// have for -no-store. -user is a common flag, because it also selects a stored session.
func commonFlags() (common, signIn []*flag.Flag) {
	a := &app{getenv: func(string) string { return "" }}
	login := flag.NewFlagSet("", flag.ContinueOnError)
	new(loginFlags).register(login)
	a.serviceFlags().VisitAll(func(f *flag.Flag) {
		if login.Lookup(f.Name) != nil && f.Name != "user" {
			signIn = append(signIn, f)
		} else {
			common = append(common, f)
		}
	})
	return common, signIn
}

// flagColumn is the column of the usage of flags.
const flagColumn = 24

// flagList writes a list of flags. If short is set, it writes only the main part of each usage.
func (a *app) flagList(flags []*flag.Flag, short bool) {
	for _, f := range flags {
		term, text := described(f)
		if short {
			text = mainPart(text)
		}
		a.entry("  "+term, flagColumn, text)
	}
}

// mainPart returns the first part of a flag's usage, in one line of the short help if possible.
func mainPart(usage string) string {
	for _, end := range []string{" (", "; ", ": "} {
		if main, _, _ := strings.Cut(usage, end); strings.Count(main, `"`)%2 == 0 {
			usage = main
		}
	}
	const most = 55
	for len(usage) > most {
		comma := strings.LastIndex(usage, ", ")
		if comma < 0 {
			break
		}
		usage = usage[:comma]
	}
	return usage
}

// flagNames returns a list of names, each after a space.
func flagNames(flags []*flag.Flag) (names string) {
	for _, f := range flags {
		names += " -" + f.Name
	}
	return names
}

// described returns a flag with the name of its value, and its usage with the default.
func described(f *flag.Flag) (term, text string) {
	value, text := flag.UnquoteUsage(f)
	term = strings.TrimSpace("-" + f.Name + " " + strings.ToUpper(value))
	if !slices.Contains([]string{"", "0", "0s", "false"}, f.DefValue) &&
		!strings.Contains(text, "(default") {
		text += " (default: " + f.DefValue + ")"
	}
	return term, text
}

// first returns the first sentence of the summary, without the full stop.
func (c command) first() string {
	first, _, _ := strings.Cut(c.summary, ".")
	return strings.ReplaceAll(first, "\n", " ")
}

// A block is a paragraph, or an entry of a list if it has a term.
type block struct{ term, text string }

// blocksOf returns the blocks of a text. An empty line ends a paragraph. Two spaces start an entry
// of a list, such as "  json  an object", and two more separate its term from its text. More than
// two spaces start a line that continues an entry.
func blocksOf(text string) (all []block) {
	ended := true
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		inList := strings.HasPrefix(line, "  ")
		switch {
		case trimmed == "":
			ended = true
			continue
		case inList && line[2] != ' ':
			term, rest, _ := strings.Cut(trimmed, "  ")
			all = append(all, block{term, strings.TrimSpace(rest)})
		case ended || !inList && all[len(all)-1].term != "":
			all = append(all, block{"", trimmed})
		default:
			last := &all[len(all)-1]
			last.text = strings.TrimSpace(last.text + " " + trimmed)
		}
		ended = false
	}
	return all
}

// blocks writes the blocks of a text.
func (a *app) blocks(text string) {
	widest := 0
	all := blocksOf(text)
	for _, b := range all {
		if n := len(b.term) + 4; n <= 34 {
			widest = max(widest, n)
		}
	}
	for i, b := range all {
		if b.term != "" {
			a.entry("  "+b.term, widest, b.text)
			continue
		}
		if i > 0 {
			a.printf("\n")
		}
		a.printf("%s\n", a.fold(b.text, 0))
	}
}

// entry writes a term and, from a column on, a text. The text begins on the next line if the term
// is too long.
func (a *app) entry(term string, column int, text string) {
	column = min(column, a.width()/2)
	if len(term)+2 > column {
		a.printf("%s\n%*s", term, column, "")
	} else {
		a.printf("%-*s", column, term)
	}
	a.printf("%s\n", a.fold(text, column))
}

// fold breaks a text of the help into lines. The first one begins in the column indent, and the
// others are indented up to there.
func (a *app) fold(text string, indent int) string { return fold(text, indent, indent, a.width()) }

// fold breaks a text between words into lines of at most width columns, if that is possible. The
// first one begins in a column, and the others are indented. A command in quotation marks is not
// broken, because users copy it. A word that is too long for the lines, such as an ARN, gets a line
// of its own, which is indented by longIndent.
func fold(text string, column, indent, width int) string {
	const longIndent = 2
	var b strings.Builder
	for i, word := range words(text) {
		size := utf8.RuneCountInString(word)
		switch {
		case column > longIndent && indent+size > width:
			fmt.Fprintf(&b, "\n%*s", longIndent, "")
			column = longIndent
		case i == 0:
		case column+1+size > width:
			fmt.Fprintf(&b, "\n%*s", indent, "")
			column = indent
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += size
	}
	return b.String()
}

// words returns the words of a text. Words in quotation marks are one.
func words(text string) (all []string) {
	quoted := false
	for _, word := range strings.Fields(text) {
		if quoted {
			all[len(all)-1] += " " + word
		} else {
			all = append(all, word)
		}
		quoted = quoted != (strings.Count(word, `"`)%2 == 1)
	}
	if quoted { // the last mark has no partner
		return strings.Fields(text)
	}
	return all
}

// width returns the length of the longest line of help: that of the terminal, but at most 80, so
// that no line wraps.
func (a *app) width() int {
	return max(40, min(cmp.Or(columns(a.stdout), 80), 80)) - 1
}

// columns returns the width of a terminal, or 0 if w is not a terminal.
func columns(w io.Writer) int {
	if file, ok := w.(*os.File); ok && terminal.Is(file) {
		width, _ := terminal.Size(file)
		return width
	}
	return 0
}

// screenful folds a text for w if that is a terminal and not very narrow: see [fold].
func screenful(w io.Writer, text string, column, indent int) string {
	if width := columns(w); width > indent+20 && column+utf8.RuneCountInString(text) >= width {
		return fold(text, column, indent, width-1)
	}
	return text
}

// printf writes help to standard output.
func (a *app) printf(format string, args ...any) { fmt.Fprintf(a.stdout, format, args...) }
