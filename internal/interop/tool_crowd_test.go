package interop

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestToolCrowd runs 40 processes of boto3 and 10 of the AWS CLI in parallel, all with
// credential_process and one session, for longer than the lifetime of credentials and tokens. A
// refresh token is valid for one use, so the processes must agree on one of them to renew the
// tokens.
func TestToolCrowd(t *testing.T) {
	t.Parallel()
	const boto3, aws, different = 40, 10, 3
	const life = 15 * time.Second
	m := newToolMachine(t, buildTool(t), life, life)
	m.login(t)
	env := m.profiled(t)
	began := time.Now()
	jobs := map[string]job{
		"boto3": {
			env: env,
			command: python(t, "testdata/python/tool_list.py", toolBucket, fmt.Sprint(different),
				fmt.Sprint(boto3)),
			check: func(t *testing.T, r result) {
				if n := checkListings(t, r); n < different {
					t.Errorf("used %d different credentials, want at least %d", n, different)
				}
				if n := strings.Count(r.stdout, "\n"); n < boto3*different {
					t.Errorf("%d listings, want at least %d from each of %d processes", n,
						different, boto3)
				}
			},
		},
	}
	for i := range aws {
		// Each process lists, waits until its credentials have expired, and lists again.
		script := fmt.Sprintf(`"$@" && sleep %d && exec "$@"`, int(life.Seconds())+1)
		jobs[fmt.Sprintf("aws %d", i)] = job{
			env:     env,
			command: append([]string{"sh", "-c", script, "sh"}, ls...),
			check:   func(t *testing.T, r result) { checkLs(t, r, 2) },
		}
	}
	runJobs(t, jobs)
	if lasted := time.Since(began); lasted < life {
		t.Errorf("the test took %v, want at least the lifetime of credentials, %v", lasted, life)
	}
	var last struct{ Expiration time.Time }
	if err := json.Unmarshal([]byte(m.must(t, "", "credentials")), &last); err != nil ||
		time.Until(last.Expiration) <= 0 {
		t.Errorf("credentials after the test expire at %v, %v, want valid ones", last.Expiration,
			err)
	}
}
