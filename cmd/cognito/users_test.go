package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/needs"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/state"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// withUsers returns a machine whose user pool also has the users bob and eve.
func withUsers(t *testing.T) *machine {
	t.Helper()
	m := newMachine(t)
	for _, name := range []string{"bob", "eve"} {
		m.server.UserPools[0].Users = append(m.server.UserPools[0].Users, cognitotest.User{
			Name:     name,
			Password: cognitotest.ExamplePassword,
			Attributes: map[string]string{
				"email":          name + "@example.com",
				"email_verified": "true",
			},
		})
	}
	return m
}

// as signs a user in and returns what login says.
func (m *machine) as(t *testing.T, user string, flags ...string) (stderr string) {
	t.Helper()
	args := append([]string{"login", "-user", user}, flags...)
	code, _, stderr := m.run(t, cognitotest.ExamplePassword+"\n", args...)
	if code != 0 {
		t.Fatalf("login -user %s: exit %d: %s", user, code, stderr)
	}
	return stderr
}

// whois returns the user of the session that a command with these flags uses.
func (m *machine) whois(t *testing.T, flags ...string) string {
	t.Helper()
	out := m.must(t, "", append([]string{"whoami", "-json"}, flags...)...)
	var is whoami
	if err := json.Unmarshal([]byte(out), &is); err != nil {
		t.Fatal(err)
	}
	return is.User
}

// Several users stay signed in to an environment. The last one is the default.
func TestSeveralUsers(t *testing.T) {
	t.Parallel()
	m := withUsers(t)
	m.as(t, "ada")
	ada := m.stored(t)
	stderr := m.as(t, "bob")
	if !strings.HasSuffix(stderr, "still signed in to DEV: ada (use -user, or "+
		"\"cognito use -user NAME\")\n") {
		t.Errorf("login of another user says %q", stderr)
	}
	bob := m.stored(t)
	if !m.valid(t, ada) || !m.valid(t, bob) {
		t.Error("login of another user revokes a session")
	}
	for _, test := range []struct{ flag, want string }{
		{"", "bob"},
		{"bob", "bob"},
		{"ada", "ada"},
	} {
		if got := m.whois(t, "-user", test.flag); got != test.want {
			t.Errorf("whoami -user %q = %s, want %s", test.flag, got, test.want)
		}
	}
	// Their credentials are cached apart.
	first, other := m.key(t), m.key(t, "-user", "ada")
	if m.key(t) != first || m.key(t, "-user", "ada") != other || first == other {
		t.Error("the users' credentials are not cached apart")
	}
	// An alias signs the same user in.
	m.as(t, "bob@example.com")
	if m.valid(t, bob) || !m.valid(t, ada) {
		t.Error("login by an alias does not replace the session of the same user")
	}
	if got := m.whois(t, "-user", "bob"); got != "bob" {
		t.Errorf("whoami -user bob = %s after a login by an alias", got)
	}
}

// A user's device and rotated tokens stay the user's.
func TestUsersRefresh(t *testing.T) {
	t.Parallel()
	m := withUsers(t)
	m.server.UserPools[0].Clients[0].RefreshTokenRotation = true
	for _, user := range []string{"ada", "bob"} {
		m.as(t, user)
	}
	for range 2 {
		for _, user := range []string{"ada", "bob", ""} {
			path, _ := m.record(t)
			k := state.New(filepath.Dir(path), "DEV", cognito.Environment{
				UserPoolID: cognitotest.ExampleUserPoolID,
				ClientID:   cognitotest.ExampleClientID,
				Endpoints:  cognito.Endpoints{CognitoIDP: m.url},
			})
			k.User = user
			err := k.Update(t.Context(), func(e *state.Edit) error {
				saved := e.SavedSession()
				saved.Tokens.ID, saved.Tokens.Access = "", ""
				e.SetSession(*saved)
				e.Credentials = nil
				return nil
			})
			if err != nil || k.Path() != path {
				t.Fatalf("Update() = %v, of %s", err, k.Path())
			}
			want := user
			if want == "" {
				want = "bob"
			}
			if got := m.whois(t, "-user", user); got != want {
				t.Errorf("whoami -user %q = %s, want %s", user, got, want)
			}
		}
	}
	if _, r := m.record(t); r.User != "bob" || len(r.Others) != 1 || r.Replaced != nil {
		t.Errorf("the record has the default user %s, %d others, %d replaced tokens", r.User,
			len(r.Others), len(r.Replaced))
	}
}

// The record of an earlier version becomes that of its user.
func TestOlderRecord(t *testing.T) {
	t.Parallel()
	m := withUsers(t).signedIn(t)
	path, r := m.record(t)
	text, err := os.ReadFile(path)
	if err != nil || r.Version != 1 || strings.Contains(string(text), `"others"`) {
		t.Fatalf("the record of one user has version %d, %v", r.Version, err)
	}
	ada := m.stored(t)
	if got := m.whois(t, "-user", "ada"); got != "ada" {
		t.Errorf("whoami -user ada = %s", got)
	}
	m.as(t, "bob")
	if _, r := m.record(t); r.Version != 2 || !m.valid(t, ada) ||
		m.whois(t, "-user", "ada") != "ada" {
		t.Errorf("the session is lost, version %d", r.Version)
	}
	m.must(t, "", "logout", "-user", "ada")
	if _, r := m.record(t); r.Version != 1 || m.valid(t, ada) {
		t.Errorf("logout -user ada: version %d", r.Version)
	}
}

// logout ends one session. It does not make another user the default.
func TestLogoutOfOneUser(t *testing.T) {
	t.Parallel()
	m := withUsers(t)
	tokens := make(map[string]string)
	for _, user := range []string{"ada", "eve", "bob"} {
		m.as(t, user)
		tokens[user] = m.stored(t)
	}
	check := func(valid ...string) {
		t.Helper()
		for user, token := range tokens {
			if m.valid(t, token) != slices.Contains(valid, user) {
				t.Errorf("the session of %s: valid is %v", user, !slices.Contains(valid, user))
			}
		}
	}
	code, _, stderr := m.run(t, "", "logout", "-user", "eve")
	if code != 0 || !strings.Contains(stderr, "\ncognito: still signed in to DEV: bob, ada (end a "+
		"session with \"cognito logout -user NAME\")\n") {
		t.Errorf("logout -user eve: exit %d: %s", code, stderr)
	}
	check("ada", "bob")
	m.must(t, "", "logout")
	check("ada")
	code, _, stderr = m.run(t, "", "token")
	if code != exitSignIn || stderr != "cognito: nobody is signed in to DEV by default (-user: "+
		"ada): run \"cognito login -env DEV\"\n" {
		t.Errorf("token after logout of the default user: exit %d: %s", code, stderr)
	}
	m.must(t, "", "use", "-user", "ada")
	if got := m.whois(t); got != "ada" {
		t.Errorf("whoami after use -user ada = %s", got)
	}
	if code, _, stderr := m.run(t, "", "use", "-user", "eve"); code != exitSignIn ||
		!strings.Contains(stderr, "eve is not signed in to DEV") {
		t.Errorf("use -user eve: exit %d: %s", code, stderr)
	}
	m.must(t, "", "logout", "-global")
	check()
}

// The number of sessions is limited before the user is asked anything.
func TestTooManyUsers(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	path, r := m.record(t)
	for i := range state.MaxOthers {
		other := state.Account{User: string(rune('a' + i))}
		other.SetSession(cognito.SavedSession{Tokens: cognito.Tokens{Refresh: other.User}})
		r.Others = append(r.Others, other)
	}
	r.Version = 2
	text, err := json.Marshal(r)
	if err != nil || os.WriteFile(path, text, 0o600) != nil {
		t.Fatal(err)
	}
	m.as(t, "ada")
	code, _, stderr := m.run(t, "", "login", "-user", "grace")
	if code != exitUsage || !strings.Contains(stderr, "20 users are signed in to DEV") {
		t.Errorf("login of one more user: exit %d: %s", code, stderr)
	}
	// A browser may sign any user in, so one more is possible, but not two.
	r.Others = append(r.Others, r.Others[0])
	r.Others[state.MaxOthers].User = "z"
	text, err = json.Marshal(r)
	if err != nil || os.WriteFile(path, text, 0o600) != nil {
		t.Fatal(err)
	}
	code, _, stderr = m.run(t, "", "login", "-browser")
	if code != exitUsage || !strings.Contains(stderr, "20 users are signed in to DEV") {
		t.Errorf("login with a browser: exit %d: %s", code, stderr)
	}
}

// An endpoint serves the same user if the default user changes.
func TestServedUser(t *testing.T) {
	t.Parallel()
	needs.Unix(t)
	m := withUsers(t)
	m.as(t, "ada")
	m.as(t, "bob")
	c, settings := m.serve(t)
	defer c.Wait()
	defer c.Process.Kill()
	want := m.key(t)
	m.must(t, "", "use", "-user", "ada")
	if m.key(t) == want {
		t.Fatal("the default user has not changed")
	}
	if code, object := get(t, settings); code != 200 || object["AccessKeyId"] != want {
		t.Errorf("the endpoint returns %d and the keys of another user", code)
	}
}

// A command uses the session of one user if the default user changes while it runs.
func TestPinnedUser(t *testing.T) {
	t.Parallel()
	m := withUsers(t)
	m.as(t, "ada")
	m.as(t, "bob")
	m.key(t)
	m.key(t, "-user", "ada")
	a := m.app()
	a.stderr, a.config, a.env = io.Discard, m.settings["COGNITO_CONFIG"], "DEV"
	s, err := a.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	before, err := s.credentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m.must(t, "", "use", "-user", "ada")
	after, err := s.credentials(t.Context())
	if err != nil || after.AccessKeyID != before.AccessKeyID {
		t.Errorf("the credentials are of another user, %v", err)
	}
	m.must(t, "", "logout", "-user", "bob")
	if _, err := s.credentials(t.Context()); err == nil ||
		!strings.Contains(err.Error(), "bob is not signed in to DEV") {
		t.Errorf("after the user's logout: %v", err)
	}
}

// COGNITO_USER selects the user, in the environment of COGNITO_ENV only. -user overrides it.
func TestUserVariable(t *testing.T) {
	t.Parallel()
	m := withUsers(t)
	m.as(t, "ada", "-env", "BARE")
	m.as(t, "bob")
	m.as(t, "ada")
	m.settings["COGNITO_USER"] = "bob"
	for _, test := range []struct {
		flags []string
		want  string
	}{
		{nil, "bob"},
		{[]string{"-user", "ada"}, "ada"},
		{[]string{"-env", "BARE"}, "ada"},
	} {
		if got := m.whois(t, test.flags...); got != test.want {
			t.Errorf("whoami %q = %s, want %s", test.flags, got, test.want)
		}
	}
	if out := m.must(t, "", "env"); !strings.Contains(out, "\n* DEV         bob") ||
		!strings.Contains(out, "\n  BARE        ada") {
		t.Errorf("env prints\n%s", out)
	}
	// The command line of a profile selects its user.
	key := func(object string) string {
		var of struct{ AccessKeyID string }
		if err := json.Unmarshal([]byte(object), &of); err != nil {
			t.Fatal(err)
		}
		return of.AccessKeyID
	}
	ada := key(m.must(t, "", "credentials", "-user", "ada"))
	bob := key(m.must(t, "", "credentials"))
	if got := key(m.must(t, "", "credentials", "-format", "process")); got != ada || ada == bob {
		t.Errorf("credential_process has the key %s, want %s, and not %s", got, ada, bob)
	}
	// use without -user changes no user.
	m.must(t, "", "use", "DEV")
	if _, r := m.record(t); r.User != "ada" {
		t.Errorf("the default user is %s", r.User)
	}
	// A token of another provider belongs to no user.
	code, _, stderr := m.run(t, "", "credentials", "-token-file", m.tokenFile(t, "x"))
	if code != exitUsage || strings.Contains(stderr, "-user") {
		t.Errorf("-token-file: exit %d: %s", code, stderr)
	}
	// The advice is for the same user, and so is the next sign-in.
	m.must(t, "", "logout")
	code, _, stderr = m.run(t, "", "token")
	if code != exitSignIn || !strings.HasPrefix(stderr, "cognito: bob is not signed in to DEV: ") ||
		strings.Contains(stderr, "-user") {
		t.Errorf("token after logout: exit %d: %s", code, stderr)
	}
	m.must(t, cognitotest.ExamplePassword+"\n", "login")
	if _, r := m.record(t); r.User != "bob" || m.whois(t, "-user", "ada") != "ada" {
		t.Errorf("login signs %s in, want bob", r.User)
	}
	// A new default has no effect here, and login and use say so.
	const overrides = "cognito: COGNITO_USER is bob, which overrides the default: unset it\n"
	_, _, stderr = m.run(t, "", "use", "-user", "ada")
	for _, text := range []string{stderr, m.as(t, "ada")} {
		if !strings.Contains(text, overrides) {
			t.Errorf("a command that makes ada the default says %q, want %q", text, overrides)
		}
	}
	if text := m.as(t, "bob@example.com") + m.as(t, "eve", "-no-store"); strings.Contains(text,
		"COGNITO_USER") {
		t.Errorf("login as the same user, and without a default, says %q", text)
	}
}

// The commands that exec runs use the account of exec, even if the default user changes.
func TestExecUser(t *testing.T) {
	t.Parallel()
	needs.Unix(t)
	m := withUsers(t)
	m.as(t, "ada")
	m.as(t, "bob")
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	m.settings["TOOL"] = executable
	const script = `"$TOOL" use -user ada >/dev/null 2>&1; "$TOOL" whoami | head -1`
	for _, test := range []struct {
		flags []string
		want  string
	}{
		{nil, "bob"},
		{[]string{"-serve"}, "bob"},
		{[]string{"-user", "ada"}, "ada"},
		{[]string{"-user", "eve", "-no-store"}, ""}, // the session is not stored
	} {
		m.must(t, "", "use", "-user", "bob")
		c := m.process(t, slices.Concat([]string{"exec"}, test.flags, []string{"--", "sh", "-c",
			script})...)
		c.Stdin = strings.NewReader(cognitotest.ExamplePassword + "\n")
		out, err := c.Output()
		if user := strings.TrimSpace(strings.TrimPrefix(string(out), "user")); err != nil ||
			user != test.want {
			t.Errorf("exec %q: whoami = %q, %v, want %q", test.flags, out, err, test.want)
		}
	}
}
