package sigv4

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestCurl signs again what curl signed and sent, and compares.
// Older versions of curl neither sort a query nor encode a path: so both are plain here.
func TestCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err == nil {
		err = exec.Command(curl, "--aws-sigv4", "aws:amz", "--version").Run()
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("curl with --aws-sigv4 is needed: %v", err)
		}
		t.Skipf("SKIPPED: no curl with --aws-sigv4, so that no foreign signer was compared: %v", err)
	}
	address, requests := recorder(t)
	for _, args := range [][]string{
		{"http://" + address + "/"},
		{"http://" + address + "/prod/items?a=1&b=2"},
		{"http://" + address + "/prod/items", "-X", "POST", "-H", "Content-Type: application/json", "--data", `{"a": 1}`},
	} {
		args = append([]string{"-q", "-sS", "--noproxy", "*", "--max-time", "20", "--aws-sigv4", "aws:amz:eu-west-1:execute-api",
			"--user", example.AccessKeyID + ":" + example.SecretAccessKey, "-H", "X-Amz-Security-Token: " + example.SessionToken}, args...)
		if out, err := exec.CommandContext(t.Context(), curl, args...).CombinedOutput(); err != nil {
			t.Fatalf("curl: %v\n%s", err, out)
		}
		raw := string(<-requests)
		head, content, _ := strings.Cut(raw, "\r\n\r\n")
		lines := strings.Split(head, "\r\n")
		req := newRequest(t, strings.Split(lines[0], " ")[0], "http://"+address+target([]byte(raw)), strings.NewReader(content))
		received := http.Header{}
		for _, line := range lines[1:] {
			name, value, _ := strings.Cut(line, ": ")
			received.Add(name, value)
		}
		signed := received.Get("Authorization")
		_, names, _ := strings.Cut(signed, "SignedHeaders=")
		names, _, _ = strings.Cut(names, ",")
		for name := range strings.SplitSeq(names, ";") {
			switch name {
			case "host", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256":
			default:
				req.Header[http.CanonicalHeaderKey(name)] = received.Values(name)
			}
		}
		s := Signer{Region: "eu-west-1", Service: "execute-api"}
		if err := s.Sign(req, example, "", parseTime(t, received.Get("X-Amz-Date"))); err != nil {
			t.Fatal(err)
		}
		if got := req.Header.Get("Authorization"); got != signed {
			t.Errorf("Authorization is\n%s, curl's\n%s", got, signed)
		}
	}
}
