package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/internal/qr"
)

// bitmapOnScreen reads half blocks back: '1' is dark on a screen.
func bitmapOnScreen(text string, colours bool) (rows []string) {
	modules := map[rune]string{' ': "00", '▀': "10", '▄': "01", '█': "11"}
	if !colours {
		modules = map[rune]string{' ': "11", '▀': "01", '▄': "10", '█': "00"}
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		inside := strings.TrimPrefix(line, "\x1b[30;47m")
		inside, ok := strings.CutSuffix(inside, "\x1b[0m")
		if ok != colours {
			continue
		}
		if strings.Trim(inside, " ▀▄█") != "" || !colours && !strings.ContainsAny(inside, "▀▄█") {
			continue
		}
		var upper, lower strings.Builder
		for _, r := range inside {
			upper.WriteByte(modules[r][0])
			lower.WriteByte(modules[r][1])
		}
		rows = append(rows, upper.String(), lower.String())
	}
	return rows
}

// expectedBitmap is the code with white around it, as high as whole characters are.
func expectedBitmap(t *testing.T, text string, quiet int) (rows []string) {
	t.Helper()
	code, err := qr.Encode(text)
	if err != nil {
		t.Fatal(err)
	}
	for y := -quiet; y <= code.Size+quiet; y++ {
		row := ""
		for x := -quiet; x < code.Size+quiet; x++ {
			if code.Black(x, y) {
				row += "1"
			} else {
				row += "0"
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func TestSetUpAtTerminal(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		columns, rows uint16
		noColor       string
		quiet         int // 0: no code
	}{
		"wide":        {100, 50, "", 4},
		"80 columns":  {80, 24, "", 2},
		"no colour":   {100, 50, "1", 4},
		"just enough": {41, 24, "", 2},
		"few rows":    {60, 22, "", 2},
		"one too few": {60, 21, "", 0},
		"narrow":      {40, 24, "", 0},
		"very narrow": {10, 5, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.server.UserPools[0].MFAConfiguration = "ON"
			m.settings["NO_COLOR"] = test.noColor
			s := m.atTerminal(t, test.columns, test.rows, "login", "-user", "ada")
			s.answer("Password: ", cognitotest.ExamplePassword)
			s.answer("1 to 2: ", "SOFTWARE_TOKEN_MFA")
			s.expect("secret")
			if test.quiet == 0 {
				s.expect("authenticator app")
			}
			s.expect(":\r\n")
			seed := s.expect("\r\n")
			got := bitmapOnScreen(s.expect("Authenticator code: "), test.noColor == "")
			var want []string
			if test.quiet > 0 {
				want = expectedBitmap(t, cognito.TOTPURI("cognito", "ada", seed), test.quiet)
			}
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			code, err := cognito.TOTP(seed, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			wrong := code[:5] + string('0'+(code[5]-'0'+1)%10)
			s.press(wrong + "\n")
			s.expect("EnableSoftwareTokenMFAException")
			s.answer("Authenticator code: ", code)
			s.expect("signed in to DEV as ada")
			s.answer("for the AWS CLI and SDKs? [y/N] ", "")
			s.exits(0)
		})
	}
}

func TestConfigureAtTerminal(t *testing.T) {
	t.Parallel()
	m := blank(t)
	s := m.atTerminal(t, 80, 24, "configure")
	s.answer("Name of the environment [default]: ", "DEV")
	s.answer("User pool ID: ", imported.IdentityPoolID) // the wrong one
	s.expect("\r\ncognito: user_pool_id should look like")
	s.answer("User pool ID: ", imported.UserPoolID)
	s.answer("App client ID: ", imported.ClientID)
	s.expect("App client secret")
	s.expect(": ")
	if s.echoes() {
		t.Error("the secret is echoed")
	}
	s.press(cognitotest.ExampleClientSecret + "\n")
	s.answer("Identity pool ID: ", " "+imported.IdentityPoolID+" ")
	s.answer("Role ARN, for the classic flow: ", "")
	s.answer("Bucket: ", imported.BucketName)
	s.expect("cognito login -user NAME")
	s.exits(0)
	want := imported
	want.RoleARN, want.ClientSecret = "", cognitotest.ExampleClientSecret
	if got := m.configuration(t); len(got) != 1 || got["DEV"] != want {
		t.Errorf("%s", marshaled(t, got))
	}

	// Enter keeps, - removes.
	s = m.atTerminal(t, 80, 24, "configure")
	s.answer("Name of the environment [DEV]: ", "")
	s.answer("User pool ID ["+imported.UserPoolID+"]: ", "")
	s.answer("App client ID ["+imported.ClientID+"]: ", "")
	s.answer("[unchanged]: ", "-")
	s.answer("Identity pool ID ["+imported.IdentityPoolID+"]: ", "")
	s.answer("Role ARN, for the classic flow: ", imported.RoleARN)
	s.answer("Bucket ["+imported.BucketName+"]: ", "")
	s.exits(0)
	if got := m.configuration(t); got["DEV"] != imported {
		t.Errorf("%s", marshaled(t, got))
	}

	// Flags leave only what is missing to be asked for, and a replacement is asked about.
	s = m.atTerminal(t, 80, 24, "configure", "-env", "TWO", "-user-pool-id", imported.UserPoolID)
	s.answer("App client ID: ", imported.ClientID)
	s.exits(0)
	s = m.atTerminal(t, 80, 24, "configure", "-env", "DEV", "-bucket", "another")
	s.answer("Replace it? [y/N] ", "")
	s.exits(exitUsage)
	s = m.atTerminal(t, 80, 24, "configure", "-env", "DEV", "-bucket", "another")
	s.answer("Replace it? [y/N] ", "y")
	s.exits(0)
	if got := m.configuration(t); got["DEV"].BucketName != "another" || len(got) != 2 {
		t.Errorf("%s", marshaled(t, got))
	}

	// An interrupt in the middle changes nothing.
	before, _ := os.ReadFile(m.settings["COGNITO_CONFIG"])
	s = m.atTerminal(t, 80, 24, "configure", "-env", "DEV")
	s.answer("User pool ID ["+imported.UserPoolID+"]: ", "eu-west-1_Other")
	s.expect("App client ID")
	s.press("\x03")
	s.exits(exitInterrupted)
	after, err := os.ReadFile(m.settings["COGNITO_CONFIG"])
	leftovers, _ := filepath.Glob(
		filepath.Join(filepath.Dir(m.settings["COGNITO_CONFIG"]), "*.new"),
	)
	if err != nil || string(before) != string(after) || len(leftovers) > 0 {
		t.Error("the file has changed")
	}
}
