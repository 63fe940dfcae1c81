package interop

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestToolCrowd: forty processes of boto3 and ten of the aws command line at once, with credentials
// of one session by credential_process, for longer than the credentials and the tokens live. A
// refresh token is good for one use, and whoever uses it again is refused: the processes must agree
// on who renews.
func TestToolCrowd(t *testing.T) {
	t.Parallel()
	const boto3, aws, different = 40, 10, 3
	const life = 15 * time.Second
	m := newToolMachine(t, buildTool(t), life, life)
	m.login(t)
	env := m.profiled(t)
	began := time.Now()
	jobs := map[string]job{
		"boto3": {env,
			python(t, "testdata/python/tool_list.py", toolBucket, fmt.Sprint(different),
				fmt.Sprint(boto3)), func(t *testing.T, r result) {
				if n := checkListings(t, r); n < different {
					t.Errorf("%d different credentials", n)
				}
				if n := strings.Count(r.stdout, "\n"); n < boto3*different {
					t.Errorf("%d listings by %d processes that had %d different credentials each",
						n, boto3, different)
				}
			}},
	}
	for i := range aws {
		// Each lists, waits for longer than what it had is good for, and lists again.
		script := fmt.Sprintf(`"$@" && sleep %d && exec "$@"`, int(life.Seconds())+1)
		jobs[fmt.Sprintf("aws %d", i)] = job{env, append([]string{"sh", "-c", script, "sh"}, ls...),
			func(t *testing.T, r result) {
				checkLs(t, r, 2)
			}}
	}
	runJobs(t, jobs)
	if lasted := time.Since(began); lasted < life {
		t.Errorf("it took %v only, with credentials for %v", lasted, life)
	}
	var who struct{ Expiration time.Time }
	if err := json.Unmarshal([]byte(m.must(t, "", "credentials")), &who); err != nil ||
		time.Until(who.Expiration) <= 0 {
		t.Errorf("afterwards: %v, %v", who.Expiration, err)
	}
}
