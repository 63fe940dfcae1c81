package interop

import (
	"bufio"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/internal/awshost"
)

// TestHosts compares the scope of AWS's hosts with botocore's, for all of its service models.
func TestHosts(t *testing.T) {
	t.Parallel()
	r := run(t, environment(t), "", python(t, "testdata/python/aws_hosts.py")...)
	if r.status != 0 {
		t.Fatalf("exit status %d\n%s", r.status, r.stderr)
	}
	scopes := map[string][]string{} // by host
	services := map[string]bool{}
	lines := bufio.NewScanner(strings.NewReader(r.stdout))
	for lines.Scan() {
		var line [4]string // service model, host, signing name, Region
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		services[line[0]] = true
		if line[0] == "importexport" {
			continue // it has ended, and the generated table leaves it out
		}
		scope := line[2] + " " + line[3]
		if host := line[1]; !slices.Contains(scopes[host], scope) {
			scopes[host] = append(scopes[host], scope)
		}
	}
	if len(scopes) < 15_000 || len(services) < 400 {
		t.Errorf("%d hosts of %d service models, want at least 15000 of 400",
			len(scopes), len(services))
	}
	for host, want := range scopes {
		service, region, err := awshost.Scope(host)
		got := service + " " + region
		if !slices.Contains(want, got) && !undecided(host, want, region, err) {
			t.Errorf("Scope(%s) = %s, %v, want %v", host, got, err, want)
		}
	}
}

// undecided reports whether Scope returns no scope, or none of botocore's, because the name does
// not decide it.
func undecided(host string, want []string, region string, err error) bool {
	switch {
	case strings.Contains(host, "aws-global"):
		return err != nil // aws-global is not part of a real name
	case strings.Contains(host, ".s3-accelerate."), strings.HasPrefix(host, "codecatalyst"):
		return region == "" // a bucket can be in any Region, and CodeCatalyst takes a token
	case strings.HasSuffix(host, ".amazonaws.com") && strings.Contains(host, ".geo"):
		return err != nil // the host of Amazon Location, for which geo or geo-maps signs
	case strings.HasSuffix(host, ".api.aws") && strings.Contains(host, ".geo"):
		return strings.Contains(host, ".us-gov-") // of geo-maps, as elsewhere in api.aws
	}
	// Rules that are only reached in GovCloud, with a name that belongs to partition aws.
	return len(want) == 1 && strings.HasSuffix(want[0], " us-gov-west-1") && region == "us-east-1"
}
