package main

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode"

	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/internal/longtest"
)

// typed runs the tool in this process at a pseudo-terminal, with the lines, and then Ctrl-D, typed
// ahead. It returns the exit code and what the window shows.
func (m *machine) typed(t *testing.T, lines []string, args ...string) (code int, shown string) {
	t.Helper()
	keyboard, tty := openTerminal(t, 80, 24)
	screen := make(chan string)
	go func() {
		all, _ := io.ReadAll(keyboard) // until tty is closed
		screen <- string(all)
	}()
	io.WriteString(keyboard, strings.Join(lines, "\n")+"\n\x04\x04")
	a := &app{stdin: tty, stdout: tty, stderr: tty}
	a.getenv = func(name string) string { return m.settings[name] }
	code = a.main(t.Context(), args)
	tty.Close()
	defer keyboard.Close()
	return code, unfolded(<-screen)
}

// unfolded joins the lines of folded messages.
func unfolded(shown string) string {
	lines := strings.Split(shown, "\r\n")
	message, joined := false, lines[:0]
	for _, line := range lines {
		rest, indented := strings.CutPrefix(line, "  ")
		message = strings.Contains(line, "cognito: ") || message && indented
		if message && indented {
			joined[len(joined)-1] += " " + rest
			continue
		}
		joined = append(joined, line)
	}
	return strings.Join(joined, "\r\n")
}

// A password typed at every prompt is sent only if the user selected that by name.
func TestHostilePoolAtTerminal(t *testing.T) {
	t.Parallel()
	for _, flow := range toolFlows {
		t.Run(strings.Join(flow.args, " "), func(t *testing.T) {
			t.Parallel()
			m, pool := newMachine(t), newHostilePool(t)
			m.settings["AWS_ENDPOINT_URL"] = pool.url
			pool.refuse = "The password is missing. Password:"
			sent, step := false, longtest.Step(t, 3)
			for i, name := range challengeNames {
				// The pool issues all challenges, from the i-th on, so each row covers the others.
				if i%step != 0 {
					continue
				}
				for j, lines := range typedLines(flow.asks) {
					pool.reset((i+j)%2 == 0, rotated(challengeNames, i)...)
					code, shown := m.typed(t, lines, login(flow.args...)...)
					if code == 0 || code == exitUsage {
						t.Fatalf("%s: exit %d, %s", name, code, shown)
					}
					if sent = sent || pool.leaks(t); sent && !flow.named {
						t.Fatalf("%s, %q: the password was sent:\n%s\n%s",
							name, lines[:2], pool.received(), shown)
					}
				}
			}
			if sent != flow.named {
				t.Errorf("the password was sent: %t, want %t", sent, flow.named)
			}
		})
	}
}

// At SELECT_CHALLENGE, the password is sent if the user chooses that, and is prompted for once.
func TestChoicesAtTerminal(t *testing.T) {
	t.Parallel()
	m, pool := newMachine(t), newHostilePool(t)
	m.settings["AWS_ENDPOINT_URL"] = pool.url
	const password, confirm = cognitotest.ExamplePassword, "Type PASSWORD to send it: "
	for _, test := range []struct {
		name    string
		choices string
		lines   []string
		flag    string
		sent    bool
		says    []string // in this order
	}{
		{"PASSWORD only, confirmed", "PASSWORD", []string{"PASSWORD", password}, "", true,
			[]string{"which is sent (PASSWORD)", confirm, "Password: "}},
		{"PASSWORD only, not confirmed", "PASSWORD", []string{"1", "", password}, "", false,
			[]string{confirm, confirm, confirm}},
		{"PASSWORD by number", "EMAIL_OTP,PASSWORD", []string{"2", password}, "", true,
			[]string{"  2  the password, which is sent", "1 to 2: ", "Password: "}},
		{"PASSWORD_SRP only", "PASSWORD_SRP", []string{password}, "", false,
			[]string{"Password: "}},
		{"PASSWORD by -challenge", "PASSWORD", []string{password}, "PASSWORD", true,
			[]string{"Password: "}},
		{"PASSWORD after all", "PASSWORD", []string{password, "PASSWORD"}, "PASSWORD_SRP", true,
			[]string{"Password: ", confirm}},
		{"PASSWORD not after all", "PASSWORD", []string{password, password}, "PASSWORD_SRP", false,
			[]string{"Password: ", confirm, "nothing was sent"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			pool.reset(true, "SELECT_CHALLENGE:"+test.choices)
			args := login("-flow", "USER_AUTH", "-challenge", test.flag)
			_, shown := m.typed(t, test.lines, args...)
			if pool.leaks(t) != test.sent {
				t.Errorf("the password was sent: %t, want %t:\n%s", !test.sent, test.sent, shown)
			}
			rest := shown
			for _, text := range test.says {
				_, after, ok := strings.Cut(rest, text)
				if !ok {
					t.Fatalf("%q is missing:\n%s", text, shown)
				}
				rest = after
			}
			if strings.Contains(rest, "Password: ") {
				t.Errorf("the password is asked for again:\n%s", shown)
			}
		})
	}
}

// An answer equal to the password of the SRP proof is not sent. Other answers are.
func TestPasswordAsAnswer(t *testing.T) {
	t.Parallel()
	m, pool := newMachine(t), newHostilePool(t)
	m.settings["AWS_ENDPOINT_URL"] = pool.url
	pool.parameters = map[string]string{"requiredAttributes": `["userAttributes.x"]`}
	const password = cognitotest.ExamplePassword
	for _, test := range []struct {
		flow       string
		challenges []string
	}{
		{"CUSTOM_AUTH", []string{"CUSTOM_CHALLENGE"}},
		{"USER_SRP_AUTH", []string{"NEW_PASSWORD_REQUIRED"}},
		{"USER_SRP_AUTH", []string{"MFA_SETUP"}},
		{"USER_AUTH", []string{"SELECT_CHALLENGE:PASSWORD_SRP", "NEW_PASSWORD_REQUIRED"}},
	} {
		name, flow := strings.Join(test.challenges, ", "), test.flow
		for _, answer := range []string{password, " " + password + "\t"} {
			pool.reset(false, test.challenges...)
			lines := []string{password, answer, answer, answer}
			code, shown := m.typed(t, lines, login("-flow", flow)...)
			says := strings.Contains(unfolded(shown), "which SRP keeps secret: nothing was sent")
			if code != exitSignIn || !says || pool.leaks(t) {
				t.Errorf("%s: exit %d:\n%s", name, code, shown)
			}
		}
		pool.reset(false, test.challenges...)
		lines := []string{password, "Answer8!", "Answer8!", "Answer8!"}
		_, shown := m.typed(t, lines, login("-flow", flow)...)
		if !strings.Contains(pool.received(), `"Answer8!"`) {
			t.Errorf("%s: the answer was not sent:\n%s", name, shown)
		}
	}
}

// cells is the most columns that a terminal needs for s.
func cells(s string) (n int) {
	for _, r := range s {
		if n++; r >= 0x80 {
			n++
		}
	}
	return n
}

// A refused password is sent once, for every error code of the pool.
func TestRefusedPassword(t *testing.T) {
	t.Parallel()
	m, pool := newMachine(t), newHostilePool(t)
	m.settings["AWS_ENDPOINT_URL"], pool.refuse = pool.url, "try again"
	for _, choice := range []string{"PASSWORD", "PASSWORD_SRP"} {
		pool.reset(true, "SELECT_CHALLENGE:PASSWORD,PASSWORD_SRP")
		lines := []string{choice, cognitotest.ExamplePassword, cognitotest.ExamplePassword}
		code, shown := m.typed(t, lines, login("-flow", "USER_AUTH")...)
		asked := strings.Count(shown, "Password: ")
		answers := strings.Count(pool.received(), "RespondToAuthChallenge")
		if code != exitFailed || asked+answers != 2 {
			t.Errorf("%s: exit %d, asked %d times, answered %d times:\n%s", choice, code, asked,
				answers, shown)
		}
	}
}

// looksAlike are texts of a pool that imitate a prompt or hide what they are.
var looksAlike = []string{
	"EVIL\nPassword: ",
	"EVIL\rPassword of EVIL: ",
	"EVIL\r\n\r\nPassword: EVIL",
	"\nEVIL\tPassword: ",
	"EVIL\v\f\bPassword: ",
	"\x1b[2J\x1b[1;1HEVIL Password: ",
	"EVIL\u009b2JPassword: ",
	"EVIL\u2028Password: \u2029EVIL",
	"\u202e:drowssaP EVIL\u2066\u200b\ufeff",
	"\u0338EVIL\"" + strings.Repeat("\u0338\u0300", 40) + "Password: ",
	`EVIL". Password: `,
	strings.Repeat("EVIL ", 2000) + "Password: ",
	strings.Repeat("EVIL", 15) + "Password: EVIL",
	strings.Repeat("ＥEVILＥ", 30),
	"EVIL" + strings.Repeat("\u3164\u2800", 40) + "Password: EVIL",
	"+*EVIL Password: ",
	"EVIL@\nPassword: ",
	strings.Repeat("*", 58) + "EVIL",
	"EVIL\U000e0041\U0001f468\u200d\U0001f469",
}

const says = `The user pool says: "`

// notMarked returns what is wrong with a row of the window, or "".
func notMarked(row string) string {
	ours := strings.TrimLeft(row, " 12") // in a list of choices
	switch {
	case strings.ContainsFunc(row, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "has what does not print"
	case strings.HasPrefix(ours, says) && !strings.HasSuffix(strings.TrimSuffix(row, "…"), `"`):
		return "does not end in a quotation mark"
	case strings.HasPrefix(ours, says) && cells(row) >= 80:
		return "is too long"
	case strings.Contains(row, "EVIL") && !strings.HasPrefix(ours, says) &&
		!strings.HasPrefix(row, "cognito: the user pool asks for "): // the error at the end
		return "is not marked"
	}
	return ""
}

// Each row of the window that shows text of the pool is marked, in every message.
func TestLookAlikes(t *testing.T) {
	t.Parallel()
	m, pool := newMachine(t), newHostilePool(t)
	m.settings["AWS_ENDPOINT_URL"] = pool.url
	list := func(text string) string {
		encoded, err := json.Marshal([]string{text, "SMS_MFA"})
		if err != nil {
			t.Fatal(err)
		}
		return string(encoded)
	}
	set := func(name string) func(string) {
		return func(text string) { pool.parameters[name] = text }
	}
	const custom = "Answer to the user pool's question (not your password): "
	step := longtest.Step(t, 3)
	for i, place := range []struct {
		name, challenge, flow string
		set                   func(text string)
		prompt                string // the tool's own
	}{
		{"question", "CUSTOM_CHALLENGE", "CUSTOM_AUTH", set("question"), custom},
		{"name", "CUSTOM_CHALLENGE", "CUSTOM_AUTH", func(text string) { set(text)("") }, custom},
		{"destination", "SMS_MFA", "", set("CODE_DELIVERY_DESTINATION"), "Code sent by SMS: "},
		{"choice", "SELECT_MFA_TYPE", "",
			func(text string) { set("MFAS_CAN_CHOOSE")(list(text)) }, "1 to 2: "},
		{"attribute", "NEW_PASSWORD_REQUIRED", "",
			func(text string) { set("requiredAttributes")(list(text)) },
			"Your attribute of this name (not your password): "},
		{"error", "SMS_MFA", "", func(text string) { pool.refuse = text }, "Code sent by SMS: "},
	} {
		for j, text := range looksAlike {
			if (i+j)%step != 0 {
				continue
			}
			pool.parameters, pool.refuse = map[string]string{"CODE_DELIVERY_DESTINATION": ""}, ""
			place.set(text)
			pool.reset(false, place.challenge)
			lines := []string{cognitotest.ExamplePassword, "0123456", "0123456"}
			_, shown := m.typed(t, lines, login("-flow", place.flow)...)
			if !strings.Contains(shown, "\n"+place.prompt) || !strings.Contains(shown, says) {
				t.Errorf("%s, %.60q:\n%s", place.name, text, shown)
			}
			for row := range strings.Lines(shown) {
				row = strings.TrimRight(row, "\r\n")
				if problem := notMarked(row); problem != "" {
					t.Errorf("%s, %.60q: a row %s: %q", place.name, text, problem, row)
				}
			}
		}
	}
	t.Run("usual destination", func(t *testing.T) {
		pool.parameters = map[string]string{"CODE_DELIVERY_DESTINATION": "+*******34"}
		pool.reset(false, "SMS_MFA")
		_, shown := m.typed(t, []string{cognitotest.ExamplePassword, "123456"}, login()...)
		if !strings.Contains(shown, "Code sent by SMS to +*******34: ") {
			t.Errorf("the destination is not in the prompt:\n%s", shown)
		}
	})
	t.Run("TOTP secret", func(t *testing.T) {
		pool.parameters = map[string]string{"MFAS_CAN_SETUP": ""}
		pool.refuse, pool.secretCode = "", "EVIL\nPassword: "
		pool.reset(false, "MFA_SETUP")
		code, shown := m.typed(t, []string{cognitotest.ExamplePassword}, login()...)
		named := strings.Contains(unfolded(shown), "not base32")
		if code != exitFailed || strings.Contains(shown, "EVIL") || !named {
			t.Errorf("exit %d:\n%s", code, shown)
		}
	})
}
