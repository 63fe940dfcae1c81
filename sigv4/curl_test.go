package sigv4

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestCurl checks that Sign computes the signatures of curl. The requests have sorted queries and
// plain paths, because older versions of curl neither sort nor encode them.
func TestCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err == nil {
		err = exec.Command(curl, "--aws-sigv4", "aws:amz", "--version").Run()
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the test needs curl with --aws-sigv4: %v", err)
		}
		t.Skipf("SKIPPED: no comparison with curl, which lacks --aws-sigv4 or is missing: %v", err)
	}
	address, requests := recorder(t)
	for _, args := range [][]string{
		{"http://" + address + "/"},
		{"http://" + address + "/prod/items?a=1&b=2"},
		{
			"http://" + address + "/prod/items",
			"-X", "POST",
			"-H", "Content-Type: application/json",
			"--data", `{"a": 1}`,
		},
	} {
		args = append([]string{
			"-q", // must be first
			"-sS",
			"--noproxy", "*",
			"--max-time", "20",
			"--aws-sigv4", "aws:amz:eu-west-1:execute-api",
			"--user", example.AccessKeyID + ":" + example.SecretAccessKey,
			"-H", "X-Amz-Security-Token: " + example.SessionToken,
		}, args...)
		out, err := exec.CommandContext(t.Context(), curl, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("curl: %v\n%s", err, out)
		}

		// Build the same request from what arrived, without the headers that a signer adds.
		raw := string(<-requests)
		head, content, _ := strings.Cut(raw, "\r\n\r\n")
		lines := strings.Split(head, "\r\n")
		method, rawURL := strings.Split(lines[0], " ")[0], "http://"+address+target([]byte(raw))
		req := newRequest(t, method, rawURL, strings.NewReader(content))
		received := http.Header{}
		for _, line := range lines[1:] {
			name, value, _ := strings.Cut(line, ": ")
			received.Add(name, value)
		}
		want := received.Get("Authorization")
		_, names, _ := strings.Cut(want, "SignedHeaders=")
		names, _, _ = strings.Cut(names, ",")
		for name := range strings.SplitSeq(names, ";") {
			switch name {
			case "host", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256":
			default:
				req.Header[http.CanonicalHeaderKey(name)] = received.Values(name)
			}
		}
		s := Signer{Region: "eu-west-1", Service: "execute-api"}
		err = s.Sign(req, example, "", parseTime(t, received.Get("X-Amz-Date")))
		if err != nil {
			t.Fatal(err)
		}
		if got := req.Header.Get("Authorization"); got != want {
			t.Errorf("Authorization = %s, want %s", got, want)
		}
	}
}
