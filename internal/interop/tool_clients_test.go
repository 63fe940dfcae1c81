package interop

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loginwithcognito/cognito"
)

// A job is a program that runs in parallel with others. check checks its result.
type job struct {
	env     []string
	command []string
	check   func(t *testing.T, r result)
}

// startJobs starts all jobs at once, whereas t.Parallel runs only as many tests at a time as there
// are processors. It returns a function that waits for the jobs and checks each.
func startJobs(t *testing.T, jobs map[string]job) (finish func(*testing.T)) {
	type ended struct {
		name string
		result
		err error
	}
	all := make(chan ended, len(jobs))
	for name, j := range jobs {
		go func() {
			r, err := execute(t.Context(), j.env, "", j.command)
			all <- ended{name, r, err}
		}()
	}
	return func(t *testing.T) {
		t.Helper()
		results := make(map[string]ended)
		for range jobs {
			e := <-all
			results[e.name] = e
		}
		for _, name := range slices.Sorted(maps.Keys(jobs)) {
			t.Run(name, func(t *testing.T) {
				if err := results[name].err; err != nil {
					t.Fatal(err)
				}
				jobs[name].check(t, results[name].result)
			})
		}
	}
}

// runJobs runs all jobs at once and checks each.
func runJobs(t *testing.T, jobs map[string]job) {
	t.Helper()
	startJobs(t, jobs)(t)
}

// A source gives a program its credentials: through its environment, or through a command in front
// of its own.
type source struct{ env, prefix []string }

// consumers returns the command lines of third-party programs that list the bucket until they have
// seen a number of different credentials.
func consumers(t *testing.T, list string, different int) map[string][]string {
	t.Helper()
	n := fmt.Sprint(different)
	js := node(t, "testdata/js/tool_list.mjs", toolBucket, n)
	return map[string][]string{
		"boto3":         python(t, "testdata/python/tool_list.py", toolBucket, n),
		"aws-sdk-go-v2": {list, toolBucket, n},
		// The SDK warns about old versions of node.
		"@aws-sdk": slices.Insert(js, 1, "--no-warnings"),
	}
}

// ls lists the bucket with the AWS CLI. The command env finds the CLI in the PATH of the job.
var ls = []string{"env", "aws", "s3", "ls", "--recursive", "s3://" + toolBucket}

// lsWaiting returns a script that first runs an AWS CLI process that outlives its credentials. The
// process polls every five seconds for an object, which the script uploads after 16 seconds. The
// script then lists the bucket.
func lsWaiting(key string) []string {
	return append([]string{"sh", "-c", `set -e
aws s3api wait object-exists --bucket $0 --key "$1" &
sleep 16
echo late | aws s3 cp --no-progress --quiet - "s3://$0/$1"
wait $!
shift
exec "$@"
`, lateBucket, key}, ls...)
}

// TestToolClients lists a bucket with third-party programs that get their credentials from the
// tool: through a profile with credential_process, from the endpoint of "cognito serve", and under
// "cognito exec" with and without -serve.
func TestToolClients(t *testing.T) {
	t.Parallel()
	list, program := buildListDefault(t), buildTool(t)

	t.Run("exec", func(t *testing.T) {
		m := newToolMachine(t, program, 0, 0)
		m.login(t)
		runJobs(t,
			listOnce(t, list, map[string]source{"exec": {m.env, []string{program, "exec", "--"}}}))
	})

	// Each SDK splits the value of credential_process into arguments in its own way, or with a
	// shell.
	t.Run("odd paths", func(t *testing.T) {
		m := newToolMachine(t, program, 0, 0)
		jobs := make(map[string]job)
		for folder, config := range map[string]string{"a b": "c'd",
			"it's (a) & [b]": "quo\"ted $HOME `id` \\", "~a=b!": "c%d ^*?{x,y}"} {
			m.program = filepath.Join(m.dir, folder, "cognito")
			m.env = m.with("COGNITO_CONFIG="+
				m.write(t, config+"/config.json", m.read(t, "config.json"), 0o600),
				"AWS_CONFIG_FILE="+m.write(t, folder+"/aws", "", 0o600))
			if err := os.Symlink(program, m.program); err != nil {
				t.Fatal(err)
			}
			m.login(t)
			maps.Copy(jobs, listOnce(t, list, map[string]source{folder: {env: m.profiled(t)}}))
		}
		runJobs(t, jobs)
	})

	// Credentials and tokens expire after seconds, and a refresh token is valid for one use. The
	// credentials of each program are renewed while it runs.
	t.Run("renewed", func(t *testing.T) {
		const life, different = 9 * time.Second, 4
		m := newToolMachine(t, program, life, life)
		m.login(t)
		serving, served := m.served(t)
		ways := map[string]source{
			"credential_process": {env: m.profiled(t)},
			"serve":              {env: served},
			"exec -serve":        {m.env, []string{program, "exec", "-serve", "--"}},
		}
		jobs := make(map[string]job)
		for by, way := range ways {
			jobs[by+", aws"] = job{way.env, slices.Concat(way.prefix, lsWaiting(by)),
				func(t *testing.T, r result) {
					checkLs(t, r, 1)
				}}
			for name, command := range consumers(t, list, different) {
				jobs[by+", "+name] = job{way.env, slices.Concat(way.prefix, command),
					func(t *testing.T, r result) {
						if n := checkListings(t, r); n != different {
							t.Errorf("used %d different credentials, want %d", n, different)
						}
					}}
			}
		}
		runJobs(t, jobs)

		// A global sign-out ends the session while programs run. Credentials that they already have
		// stay valid for some seconds.
		jobs = make(map[string]job)
		for by, way := range ways {
			jobs[by+" ends, boto3"] = job{way.env,
				slices.Concat(way.prefix, consumers(t, list, 1000)["boto3"]), checkHint}
		}
		finish := startJobs(t, jobs)
		other := *m
		other.env = m.with("COGNITO_STATE_DIR=" + m.dir + "/other")
		other.login(t)
		other.must(t, "", "logout", "-global")
		for deadline := time.Now().Add(time.Minute); run(t, m.env, "", program,
			"credentials").status == 0; time.Sleep(200 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("credentials were still valid a minute after the sign-out")
			}
		}
		finish(t)
		jobs = make(map[string]job)
		for by, way := range ways {
			jobs[by+" has ended, aws"] = job{way.env, slices.Concat(way.prefix, ls), checkHint}
			for name, command := range consumers(t, list, different) {
				check := checkHint
				if name == "@aws-sdk" && by == "credential_process" {
					// The SDK's default chain does not print the message of the process.
					command = append(command, "fromProcess")
				} else if name == "@aws-sdk" && by == "serve" {
					// The SDK does not print the message of an endpoint, but the server does.
					check = func(t *testing.T, r result) {
						r.stderr += serving.String()
						checkHint(t, r)
					}
				}
				jobs[by+" has ended, "+name] = job{way.env, slices.Concat(way.prefix, command),
					check}
			}
		}
		runJobs(t, jobs)
	})
}

// buildListDefault builds the consumer in Go, which is in the module that requires the AWS SDK. It
// first checks that the other consumers are installed.
func buildListDefault(t *testing.T) string {
	t.Helper()
	python(t)
	node(t, "")
	return buildProgram(t, "../../bench",
		"github.com/loginwithcognito/cognito/bench/cmd/list-default")
}

// listOnce returns jobs in which every consumer lists the bucket once with credentials from every
// source.
func listOnce(t *testing.T, list string, ways map[string]source) map[string]job {
	t.Helper()
	jobs := make(map[string]job)
	for by, way := range ways {
		jobs[by+", aws"] = job{way.env, slices.Concat(way.prefix, ls),
			func(t *testing.T, r result) {
				checkLs(t, r, 1)
			}}
		for name, command := range consumers(t, list, 1) {
			jobs[by+", "+name] = job{way.env, slices.Concat(way.prefix, command),
				func(t *testing.T, r result) {
					checkListings(t, r)
				}}
		}
	}
	return jobs
}

// checkTool runs the tool against the third-party servers of an environment, and then third-party
// programs with the tool's credentials. On the servers, the environment's bucket holds keys and
// toolBucket holds toolKeys.
func checkTool(t *testing.T, e cognito.Environment, keys []string) {
	t.Helper()
	m := bareToolMachine(t, buildTool(t))
	writeEnvironment(t, filepath.Join(m.dir, "config.json"), e)
	m.login(t)
	var listed []string
	for line := range strings.Lines(m.must(t, "", "ls", "-r", "-json", "-duration", "1h")) {
		var object struct{ Key string }
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatal(err)
		}
		listed = append(listed, object.Key)
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(keys)), listed); diff != "" {
		t.Errorf("keys that cognito ls printed (-want +got):\n%s", diff)
	}
	m.must(t, "", "profile", "-profile", "interop", "-duration", "1h")
	s3 := m.with("AWS_ENDPOINT_URL_S3=" + e.Endpoints.S3)
	runJobs(t, listOnce(t, buildListDefault(t), map[string]source{
		"credential_process": {env: append(s3, "AWS_PROFILE=interop")},
		"exec":               {s3, []string{m.program, "exec", "-duration", "1h", "--"}},
		"exec -serve":        {s3, []string{m.program, "exec", "-duration", "1h", "-serve", "--"}},
	}))
}

// checkHint checks that a program failed and told the user to run cognito login.
func checkHint(t *testing.T, r result) {
	t.Helper()
	if r.status == 0 || !strings.Contains(r.stderr, "has ended") ||
		!strings.Contains(r.stderr, "cognito login") {
		t.Errorf("exit status %d, want a failure that mentions cognito login:\n%s%s", r.status,
			r.stdout, r.stderr)
	}
}

// checkListings checks all listings that a consumer printed, and returns how many different
// credentials it used.
func checkListings(t *testing.T, r result) (different int) {
	t.Helper()
	if r.status != 0 || r.stderr != "" {
		t.Fatalf("exit status %d, want 0 without messages: %s", r.status, r.stderr)
	}
	seen := make(map[string]bool)
	lines := json.NewDecoder(strings.NewReader(r.stdout))
	for lines.More() {
		var listing struct {
			AccessKey string
			Keys      []string
		}
		if err := lines.Decode(&listing); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(listing.Keys, toolKeys) {
			t.Fatalf("listed %q, want %q", listing.Keys, toolKeys)
		}
		seen[listing.AccessKey] = true
	}
	if len(seen) == 0 {
		t.Fatal("printed no listing")
	}
	return len(seen)
}

// checkLs checks that "aws s3 ls --recursive" printed the keys of toolBucket a number of times.
func checkLs(t *testing.T, r result, times int) {
	t.Helper()
	if r.status != 0 || r.stderr != "" {
		t.Fatalf("exit status %d, want 0 without messages: %s", r.status, r.stderr)
	}
	var names []string
	for line := range strings.Lines(r.stdout) { // 2026-01-02 03:04:05         13 hello.txt
		names = append(names, strings.TrimSuffix(line[min(31, len(line)):], "\n"))
	}
	if want := slices.Repeat(toolKeys, times); !slices.Equal(names, want) {
		t.Errorf("listed %q, want %q", names, want)
	}
}
