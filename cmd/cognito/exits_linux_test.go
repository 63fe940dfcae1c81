package main

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/internal/longtest"
)

// A new refresh token is stored, however the process ends and if the disk fails, because the pool
// accepts no other. A killed process loses it only between the pool's response and the first write.
//
// COGNITO_TEST_EXITS=full runs the long form, which prints figures with -v and takes up to an hour.
// COGNITO_TEST_EXITS_ROWS is a regular expression for the rows of the signals and of the matrix.
func TestExits(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	t.Run("signals", w.testSignals)
	t.Run("matrix", w.testMatrix)
	t.Run("prompts", w.testPrompts)
	t.Run("no response", w.testNoResponse)
	t.Run("kills", w.testKills)
	t.Run("each kill", w.testEachKill)
	t.Run("faults", w.testFaults)
	t.Run("recovery", w.testRecovery)
	t.Run("full disk", w.testFullDisk)
	t.Run("read-only directory", w.testReadOnly)
}

// A subject is a command that refreshes the tokens.
type subject struct {
	name      string
	args      []string
	serves    bool   // it refreshes when its endpoint is asked for credentials
	operation string // the request during which it is ended
}

// The requests during which a command is ended.
const (
	refreshes = "GetTokensFromRefreshToken"
	revokes   = "RevokeToken"
)

// subjects returns the commands. Each runs with expired tokens.
func subjects(s *station) []subject {
	// The child prints where the endpoint is, and ends when it has read a line.
	child := []string{"exec", "-serve", "--", "sh", "-c", `
		echo "FULL_URI='$AWS_CONTAINER_CREDENTIALS_FULL_URI'"
		echo "TOKEN='$AWS_CONTAINER_AUTHORIZATION_TOKEN'"
		read line`}
	bucket := cognitotest.ExampleBucket
	list := s.url + "/" + bucket + "?list-type=2"
	all := []subject{
		{name: "credentials", args: []string{"credentials"}},
		{name: "credential_process", args: []string{"credentials", "-format", "process"}},
		{name: "exec", args: []string{"exec", "--", "sleep", "0.05"}},
		{name: "exec -serve", args: child, serves: true},
		{name: "serve", args: []string{"serve"}, serves: true},
		{name: "token", args: []string{"token"}},
		{name: "whoami", args: []string{"whoami"}},
		{name: "ls", args: []string{"ls", "s3://" + bucket}},
		{name: "curl", args: []string{"curl", "-service", "s3", "-region", "us-east-1", list}},
		{name: "doctor", args: []string{"doctor"}},
		{name: "logout", args: []string{"logout"}},
		{name: "logout -global", args: []string{"logout", "-global"}},
		{name: "logout, revoking", args: []string{"logout"}, operation: revokes},
	}
	for i := range all {
		all[i].operation = cmp.Or(all[i].operation, refreshes)
	}
	return all
}

// subjectNames returns the names of all subjects.
func subjectNames() (names []string) {
	for _, about := range subjects(new(station)) {
		names = append(names, about.name)
	}
	return names
}

// subject returns the subject with a name. For one that serves, it fetches credentials first.
func (s *station) subject(name string) (subject, error) {
	all := subjects(s)
	about := all[slices.IndexFunc(all, func(about subject) bool { return about.name == name })]
	if !about.serves {
		return about, nil
	}
	code, out := s.run("", "credentials")
	if code != 0 {
		return about, fmt.Errorf("cognito credentials: exit %d: %s", code, out)
	}
	return about, nil
}

// A wayOut is one way to end a process.
type wayOut struct {
	name     string
	terminal bool     // the process has a terminal
	wrapper  []string // the program that runs the tool, and ends it
	happen   func(r *run)
}

// waysOut returns all ways but those that a process cannot notice.
func waysOut() []wayOut {
	signals := func(name string, all ...syscall.Signal) wayOut {
		return wayOut{name: name, happen: func(r *run) { r.send(between, all...) }}
	}
	slowly := func(name string, all ...syscall.Signal) wayOut {
		return wayOut{name: name, happen: func(r *run) { r.send(400*time.Millisecond, all...) }}
	}
	typed := func(name string, keys ...string) wayOut {
		return wayOut{name: name, terminal: true, happen: func(r *run) { r.press(keys...) }}
	}
	const intr, term, hup, quit = syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT
	return []wayOut{
		signals("SIGTERM", term),
		signals("SIGINT", intr),
		signals("SIGHUP", hup),
		signals("SIGQUIT", quit),
		signals("SIGTERM twice", term, term),
		signals("SIGINT twice", intr, intr),
		signals("SIGHUP twice", hup, hup),
		signals("SIGQUIT twice", quit, quit),
		signals("SIGTERM three times", term, term, term),
		signals("SIGINT three times", intr, intr, intr),
		signals("SIGHUP three times", hup, hup, hup),
		signals("SIGQUIT three times", quit, quit, quit),
		signals("SIGINT, SIGQUIT, SIGTERM", intr, quit, term),
		slowly("SIGTERM slowly, three times", term, term, term),
		slowly("SIGINT slowly, three times", intr, intr, intr),
		slowly("SIGHUP slowly, three times", hup, hup, hup),
		signals("SIGTERM, SIGHUP, SIGCONT", term, hup, syscall.SIGCONT), // as systemd does
		signals("SIGPIPE", syscall.SIGPIPE),
		typed("Ctrl-C", "\x03"),
		typed("Ctrl-C three times", "\x03", "\x03", "\x03"),
		typed("Ctrl-\\", "\x1c"),
		{name: "closed terminal", terminal: true, happen: func(r *run) { r.keys.Close() }},
		{name: "closed output", happen: func(r *run) {
			r.output.Close()
			r.send(0, term) // it has something to say then
		}},
		{name: "timeout 0.5", wrapper: []string{"timeout", "0.5"}, happen: func(*run) {}},
		{name: "signals of timeout", happen: func(r *run) { // without a pause between them
			syscall.Kill(r.Process.Pid, term)
			syscall.Kill(-r.Process.Pid, term)
			syscall.Kill(r.Process.Pid, syscall.SIGCONT)
		}},
		{name: childEnds, happen: func(r *run) { r.press("\n") }},
	}
}

// childEnds is the ending for "exec -serve" alone.
const childEnds = "the child ends"

// A row is one line of the matrix of subjects, endings and stages.
type row struct {
	subject string
	ending  string
	at      stage
	runs    int
	hold    time.Duration // 0: the usual
}

func (r row) String() string {
	name := fmt.Sprintf("%s: %s: %s", r.subject, r.ending, r.at)
	if r.hold > 0 {
		name += fmt.Sprintf(", %v", r.hold)
	}
	return name
}

// testSignals ends every command in the ways and at the stages that matter most.
func (w *workshop) testSignals(t *testing.T) {
	rows := []row{
		{subject: "serve", ending: "SIGTERM", at: spent},
		{subject: "serve", ending: "SIGINT", at: received},
		{subject: "serve", ending: "SIGTERM twice", at: spent},
		{subject: "serve", ending: "SIGTERM slowly, three times", at: spent},
		{subject: "serve", ending: "closed terminal", at: spent},
		{subject: "exec -serve", ending: childEnds, at: spent},
		{subject: "exec -serve", ending: childEnds, at: received},
		{subject: "exec -serve", ending: "SIGTERM three times", at: spent},
		{subject: "exec -serve", ending: "closed terminal", at: spent},
		{subject: "exec", ending: "SIGHUP", at: spent},
		{subject: "credentials", ending: "SIGHUP", at: spent},
		{subject: "credentials", ending: "closed terminal", at: spent},
		{subject: "credentials", ending: "SIGTERM twice", at: spent},
		{subject: "credentials", ending: "SIGINT twice", at: received},
		{subject: "credentials", ending: "SIGINT slowly, three times", at: spent},
		{subject: "credentials", ending: "Ctrl-C three times", at: spent},
		{subject: "credentials", ending: "SIGQUIT", at: spent},
		{subject: "credentials", ending: "timeout 0.5", at: spent},
		{subject: "credentials", ending: "signals of timeout", at: spent},
		{subject: "credentials", ending: "closed output", at: spent},
		{subject: "credentials", ending: "SIGTERM", at: started},
		{subject: "credentials", ending: "SIGHUP twice", at: answered},
		{subject: "token", ending: "SIGHUP", at: received},
		{subject: "whoami", ending: "SIGTERM, SIGHUP, SIGCONT", at: spent},
		{subject: "ls", ending: "SIGINT, SIGQUIT, SIGTERM", at: spent},
		{subject: "curl", ending: "SIGHUP", at: spent},
		{subject: "logout", ending: "SIGTERM twice", at: spent},
		{subject: "logout, revoking", ending: "SIGTERM", at: spent},
		{subject: "logout, revoking", ending: "SIGHUP", at: received},
	}
	all, runs, step := rows, 1, 1
	if rows = nil; fullExits() {
		runs = 20
	} else {
		step = longtest.Step(t, 5)
	}
	for i := 0; i < len(all); i += step {
		all[i].runs = runs
		rows = append(rows, all[i])
	}
	for _, name := range subjectNames() {
		slow := row{subject: name, at: spent, runs: 3, hold: 3 * time.Second}
		for _, slow.ending = range []string{"SIGTERM three times", "closed terminal"} {
			if fullExits() {
				rows = append(rows, slow)
			}
		}
	}
	w.tryAll(t, rows)
}

// testMatrix ends every command in every way at every stage.
func (w *workshop) testMatrix(t *testing.T) {
	onlyFull(t, "every command, every ending, every stage")
	var rows []row
	for _, name := range subjectNames() {
		for _, e := range waysOut() {
			for _, at := range []stage{started, received, spent, answered} {
				if e.name != childEnds || name == "exec -serve" {
					rows = append(rows, row{subject: name, ending: e.name, at: at, runs: 1})
				}
			}
		}
	}
	w.tryAll(t, rows)
}

// tryAll tries rows, and fails the test if any session is lost.
func (w *workshop) tryAll(t *testing.T, rows []row) {
	t.Helper()
	needsTerminal(t)
	only, err := regexp.Compile(os.Getenv("COGNITO_TEST_EXITS_ROWS"))
	if err != nil {
		t.Fatal(err)
	}
	rows = slices.DeleteFunc(rows, func(row row) bool { return !only.MatchString(row.String()) })
	tallies := make([]tally, len(rows))
	var tries []int
	for i, row := range rows {
		tallies[i].name = row.String()
		for range row.runs {
			tries = append(tries, i)
		}
	}
	var mu sync.Mutex
	each(len(tries), func(n int) {
		i := tries[n]
		o := w.try(rows[i])
		mu.Lock()
		defer mu.Unlock()
		tallies[i].add(o)
	})
	total := tally{name: "all rows"}
	for i, row := range rows {
		y := &tallies[i]
		y.check(t)
		// A process under timeout(1) may come too late on a busy machine.
		inFlight := row.at == received || row.at == spent
		if inFlight && y.reached == 0 && !strings.HasPrefix(row.ending, "timeout") {
			t.Errorf("%v: no process lived when the stage was reached", row)
		}
		total.runs += y.runs
		total.reached += y.reached
		total.lost += y.lost
		total.failed += y.failed
		total.longest = max(total.longest, y.longest)
	}
	t.Log(&total)
}

// hold is how long the pool delays its response after the process was signalled. A process
// that does not wait for it ends within a fraction of that.
const hold = 150 * time.Millisecond

// try ends a subject at a stage, and returns the state of the session.
func (w *workshop) try(row row) (o outcome) {
	all := waysOut()
	e := all[slices.IndexFunc(all, func(e wayOut) bool { return e.name == row.ending })]
	s, err := w.newStation()
	if err != nil {
		return outcome{err: err}
	}
	defer s.close()
	about, err := s.subject(row.subject)
	if err != nil {
		return outcome{err: err}
	}
	var (
		r     *run
		ready = make(chan bool)
		once  sync.Once
		ended time.Time
	)
	happen := func() {
		once.Do(func() {
			<-ready
			select {
			case <-r.ended:
			default:
				o.reached = true
			}
			ended = time.Now()
			e.happen(r)
		})
	}
	s.pool.watch(func(operation string, now stage) {
		if operation != about.operation {
			return
		}
		if now == answered && row.at == answered {
			time.Sleep(rand.N(3 * time.Millisecond)) // the process reads, and writes to the disk
		}
		if now == row.at {
			happen()
		}
		switch {
		case now == answered || now == received && row.at != received:
		case len(e.wrapper) > 0:
			time.Sleep(700 * time.Millisecond)
		default:
			time.Sleep(cmp.Or(row.hold, hold))
		}
	})
	if r, err = s.start(e.terminal, e.wrapper, about.args...); err != nil {
		return outcome{err: err}
	}
	close(ready)
	if about.serves {
		err = s.askEndpoint(r)
	}
	if row.at == started {
		time.Sleep(rand.N(60 * time.Millisecond)) // about as long as a start takes
		happen()
	}
	err = errors.Join(err, r.wait())
	once.Do(func() {}) // where the process did not come so far; o is complete now
	o.status = r.ProcessState.String()
	if !ended.IsZero() {
		o.took = time.Since(ended)
	}
	switch {
	case err != nil:
		o.err = err
	case strings.HasPrefix(row.subject, "logout"):
		o.err = s.wholeLogout()
	default:
		o.err = s.works()
	}
	return o
}

// askEndpoint waits for the endpoint of a run, expires the tokens, and asks for credentials in the
// background.
func (s *station) askEndpoint(r *run) error {
	var settings [2]string
	for i, name := range []string{"FULL_URI='", "TOKEN='"} {
		if _, err := r.expect(name); err != nil {
			return err
		}
		for end := time.Now().Add(endLimit); settings[i] == ""; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				return fmt.Errorf("%s is cut short: %q", name, r.shown.String())
			}
			_, rest, _ := strings.Cut(r.shown.String(), name)
			if value, _, whole := strings.Cut(rest, "'"); whole {
				settings[i] = value
			}
		}
	}
	if err := s.expire(); err != nil {
		return err
	}
	request, err := http.NewRequest("GET", settings[0], nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", settings[1])
	go func() {
		if response, err := http.DefaultClient.Do(request); err == nil {
			response.Body.Close()
		}
	}()
	return nil
}

// wholeLogout returns an error if a session is left that is neither usable nor gone.
func (s *station) wholeLogout() error {
	forgotten, err := s.forgotten()
	if err != nil {
		return err
	}
	if !forgotten {
		return s.works()
	}
	revoked, err := s.revoked()
	if err == nil && !revoked {
		err = fmt.Errorf("%w: it is forgotten here, and the pool has not revoked it", errLost)
	}
	return err
}

// testNoResponse ends processes that wait for a pool that never responds, and checks how long they
// wait.
func (w *workshop) testNoResponse(t *testing.T) {
	onlyFull(t, "waiting for a pool that does not respond")
	names := subjectNames()
	each(len(names), func(i int) {
		s, err := w.newStation()
		if err != nil {
			t.Error(err)
			return
		}
		defer s.close()
		about, err := s.subject(names[i])
		if err != nil {
			t.Error(err)
			return
		}
		hangs, ended := make(chan bool, 100), make(chan bool)
		defer close(ended)
		s.pool.watch(func(operation string, at stage) {
			if at == spent && operation == about.operation {
				hangs <- true
				<-ended
			}
		})
		r, err := s.start(false, nil, about.args...)
		if err == nil && about.serves {
			err = s.askEndpoint(r)
		}
		if err != nil {
			t.Error(err)
			return
		}
		<-hangs
		begun := time.Now()
		r.send(between, syscall.SIGTERM, syscall.SIGTERM, syscall.SIGTERM)
		err = r.wait()
		took := time.Since(begun).Round(time.Millisecond)
		t.Logf("%-20s SIGTERM three times: ends after %v: %v", about.name, took, r.ProcessState)
		if err != nil {
			t.Errorf("%s: %v", about.name, err)
		}
	})
}

// testPrompts ends processes at a prompt, and checks that the terminal echoes afterwards.
func (w *workshop) testPrompts(t *testing.T) {
	needsTerminal(t)
	for _, signals := range [][]syscall.Signal{
		{syscall.SIGHUP},
		{syscall.SIGTERM},
		{syscall.SIGINT},
		{syscall.SIGQUIT},
		{syscall.SIGHUP, syscall.SIGTERM},
		{syscall.SIGTERM, syscall.SIGTERM},
	} {
		home, err := os.MkdirTemp(w.dir, "home")
		if err != nil {
			t.Fatal(err)
		}
		s := w.stationAt(home, home+"/state")
		defer s.close()
		r, err := s.start(true, nil, "login", "-user", cognitotest.ExampleUser)
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.expect("assword")
		if shown, failed := r.echoes(); failed != nil || shown || err != nil {
			t.Errorf("at the prompt: echo %v, %v, %v", shown, failed, err)
		}
		r.send(between, signals...)
		select {
		case <-r.ended:
		case <-time.After(endLimit):
			t.Errorf("%v: the process does not end", signals)
		}
		if shown, err := r.echoes(); err != nil || !shown {
			t.Errorf("after %v: echo %v, %v: %v", signals, shown, err, r.ProcessState)
		}
		if err := r.wait(); err != nil {
			t.Error(err)
		}
	}
}

// An outcome is the result of one run of a subject.
type outcome struct {
	reached bool // the process lived when the stage was reached
	status  string
	took    time.Duration // from the ending to the end
	err     error
}

// A tally counts outcomes.
type tally struct {
	name                        string
	runs, reached, lost, failed int
	longest                     time.Duration
	statuses                    map[string]int
	examples                    []string
}

func (y *tally) add(o outcome) {
	y.runs++
	if o.reached {
		y.reached++
	}
	switch {
	case errors.Is(o.err, errLost):
		y.lost++
	case o.err != nil:
		y.failed++
	}
	if o.err != nil && len(y.examples) < 2 {
		y.examples = append(y.examples, o.err.Error())
	}
	y.longest = max(y.longest, o.took)
	if y.statuses == nil {
		y.statuses = make(map[string]int)
	}
	y.statuses[o.status]++
}

func (y *tally) String() string {
	text := fmt.Sprintf("%-50s runs %3d  reached %3d  lost %3d  failed %d",
		y.name, y.runs, y.reached, y.lost, y.failed)
	if y.longest > 0 {
		text += fmt.Sprintf("  longest %d ms  %v", y.longest.Milliseconds(), y.statuses)
	}
	return text
}

// check prints a tally, and fails the test for losses.
func (y *tally) check(t *testing.T) {
	t.Helper()
	t.Log(y)
	if y.lost+y.failed > 0 {
		t.Errorf("%s: %d of %d lost, %d failed: %q", y.name, y.lost, y.runs, y.failed, y.examples)
	}
}

// each calls do for 0 to n-1, several at a time, because most processes wait for the pool.
func each(n int, do func(i int)) {
	const atOnce = 8
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(atOnce, n) {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				do(int(i))
			}
		})
	}
	all.Wait()
}

// onlyFull skips a test that only the long form runs.
func onlyFull(t *testing.T, what string) {
	t.Helper()
	if !fullExits() {
		t.Skipf("NOT TESTED without COGNITO_TEST_EXITS=full: %s", what)
	}
}
