package main

import (
	"bytes"
	"cmp"
	"flag"
	"strings"
)

// manual writes the manual page, in the format of man(7).
func (a *app) manual() {
	var b bytes.Buffer
	b.WriteString(".TH COGNITO 1 \"\" " + roff(quotedArg("cognito "+version())) + "\n")
	b.WriteString(".ad l\n") // do not pad words, so that commands can be copied
	section := func(name string) { b.WriteString(".SH " + roff(name) + "\n") }
	paragraphs := func(text string) {
		for _, p := range blocksOf(text) {
			if p.term == "" {
				b.WriteString(".PP\n" + roff(p.text) + "\n")
			} else {
				b.WriteString(".TP\n.B " + roff(quotedArg(p.term)) + "\n" + roff(p.text) + "\n")
			}
		}
	}
	list := func(flags []*flag.Flag) {
		for _, f := range flags {
			term, text := described(f)
			b.WriteString(".TP\n.B " + roff(quotedArg(term)) + "\n" + roff(text) + "\n")
		}
	}
	section("NAME")
	b.WriteString("cognito \\- sign in to Amazon Cognito and provide AWS credentials\n")
	section("SYNOPSIS")
	b.WriteString(".B cognito\n.I COMMAND\n[flags] [arguments]\n")
	section("COMMANDS")
	common, signIn := commonFlags()
	for _, c := range commands() {
		b.WriteString(".SS " + roff(quotedArg(strings.TrimSpace("cognito "+c.name+" "+c.args))) +
			"\n")
		paragraphs(c.first() + ".\n\n" + strings.TrimSpace(c.summary[len(c.first())+1:]))
		own, _ := ownFlags(c, a.flagsOf(c.name))
		list(own)
		b.WriteString(".PP\nExample:\n.PP\n.EX\n" + roff(strings.TrimSpace(c.example)) + "\n.EE\n")
	}
	section("COMMON FLAGS")
	list(common)
	section("FLAGS OF A SIGN-IN")
	paragraphs("With -no-store, commands also have these flags of \"cognito login\":")
	list(signIn)
	section("ENVIRONMENT")
	paragraphs(variablesText)
	section("EXIT STATUS")
	paragraphs(exitText)
	a.stdout.Write(b.Bytes())
}

// quotedArg returns s as one argument of a roff request.
func quotedArg(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// roff escapes text for roff (groff(7), "Escape sequences"). A line must not begin with a request.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~",
		`\(ti`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") {
			lines[i] = `\&` + line
		}
	}
	return cmp.Or(strings.Join(lines, "\n"), `\&`)
}
