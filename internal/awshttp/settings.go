package awshttp

import (
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
)

// A settingError names an environment variable that net/http or crypto/x509 would ignore, because
// they cannot read its value. It does not contain the value, which may have a password.
type settingError string

func (e settingError) Error() string {
	return "the environment variable " + string(e) + ": correct or unset it"
}

// proxy is http.ProxyFromEnvironment, with an error for variables that it ignores. Requests to
// loopback addresses use no proxy. ALL_PROXY is unsupported, as in net/http.
func proxy(req *http.Request) (*url.URL, error) {
	if loopback(req.URL.Hostname()) {
		return nil, nil
	}
	for _, name := range []string{"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"} {
		valid, what := isProxy, "the URL of an HTTP or SOCKS5 proxy"
		if name == "NO_PROXY" {
			valid, what = isNoProxy, "a list of hosts and CIDR blocks"
		}
		if os.Getenv(name) == "" { // as in golang.org/x/net/http/httpproxy
			name = strings.ToLower(name)
		}
		if value := os.Getenv(name); value != "" && !valid(value) {
			return nil, settingError(name + " is not " + what)
		}
	}
	return http.ProxyFromEnvironment(req)
}

// isProxy reports whether value is the URL of a proxy, whose scheme may be missing.
func isProxy(value string) bool {
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	return err == nil && u.Hostname() != "" &&
		slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme)
}

// isNoProxy reports whether every entry of value with a slash is a CIDR block.
func isNoProxy(value string) bool {
	for entry := range strings.SplitSeq(value, ",") {
		entry = strings.TrimSpace(entry)
		if _, _, err := net.ParseCIDR(entry); err != nil && strings.Contains(entry, "/") {
			return false
		}
	}
	return true
}

// checkRoots returns an error if crypto/x509 cannot read the root certificates that the environment
// names. It would then trust those of the system.
func checkRoots() error {
	switch runtime.GOOS {
	case "windows", "darwin", "ios", "plan9":
		return nil // crypto/x509 does not use the variables
	}
	if file := os.Getenv("SSL_CERT_FILE"); file != "" {
		data, err := os.ReadFile(file)
		if err != nil || !x509.NewCertPool().AppendCertsFromPEM(data) {
			return settingError("SSL_CERT_FILE names no readable file of PEM certificates")
		}
	}
	for dir := range strings.SplitSeq(os.Getenv("SSL_CERT_DIR"), ":") {
		if _, err := os.ReadDir(dir); err != nil && dir != "" {
			return settingError("SSL_CERT_DIR names a directory that cannot be read")
		}
	}
	return nil
}
