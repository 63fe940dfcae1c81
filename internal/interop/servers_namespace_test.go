package interop

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// This file provides a private network in which AWS's host names resolve to servers of the test.
// The code under test then needs no endpoint settings, and third-party servers can trust Cognito's
// issuers under their real names.

const (
	// namespaceAddress is the address of AWS's hosts. testdata/servers/namespace.sh adds it to the
	// loopback interface.
	namespaceAddress = "203.0.113.10"
	// namespaceVariable is set if this test binary runs in the namespace.
	namespaceVariable = "COGNITO_INTEROP_NAMESPACE"
)

// inNamespace reports whether the test runs in a private network namespace in which hosts resolve
// to namespaceAddress. If not, it runs the same test in a new process in such a namespace, adopts
// its outcome and returns false; the caller must then return.
//
// It needs root, or a system that allows users to create user namespaces.
func inNamespace(t *testing.T, hosts []string) bool {
	t.Helper()
	if os.Getenv(namespaceVariable) != "" {
		return true
	}
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		missing(t, "unshare (util-linux) is not installed")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		missing(t, "ip (iproute2) is not installed")
	}
	file := filepath.Join(t.TempDir(), "hosts")
	lines := "127.0.0.1 localhost\n" + namespaceAddress + " " + strings.Join(hosts, " ") + "\n"
	if err := os.WriteFile(file, []byte(lines), 0o644); err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("testdata/servers/namespace.sh")
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// In a PID namespace, all processes end when the first one ends.
	args := []string{"--net", "--mount", "--pid", "--fork", "--kill-child"}
	if os.Getuid() != 0 {
		args = append(args, "--map-root-user")
	}
	if out, err := exec.Command(unshare,
		append(args, script, file, "true")...).CombinedOutput(); err != nil {
		missing(t, "a private network namespace is not permitted here: %v: %s", err, out)
	}
	args = append(args, script, file, self, "-test.run=^"+t.Name()+"$", "-test.v")
	if deadline, ok := t.Deadline(); ok {
		args = append(args, "-test.timeout="+time.Until(deadline).String())
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cmd := exec.CommandContext(ctx, unshare, args...)
	// The process gets none of the caller's proxies, endpoints, credentials and certificates. It
	// shares the build cache, to avoid rebuilding programs.
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Env = environment(t, namespaceVariable+"=1", "CI="+os.Getenv("CI"),
		"SSL_CERT_DIR="+t.TempDir(), "GOCACHE="+strings.TrimSpace(string(cache)))
	cmd.Stderr = os.Stderr
	cmd.WaitDelay = 5 * time.Second
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	passed := false
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		t.Log(lines.Text())
		passed = passed || strings.HasPrefix(lines.Text(), "--- PASS: "+t.Name()+" ")
	}
	io.Copy(io.Discard, stdout)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("inside the namespace: %v", err)
	}
	if !passed {
		t.Fatal("the test did not run inside the namespace")
	}
	return false
}

// authority is a certificate authority for one test.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	file        string // the path of the certificate, in PEM
}

// newAuthority creates an authority that is valid for a day.
func newAuthority(t *testing.T) authority {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "interop test authority"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		0o644); err != nil {
		t.Fatal(err)
	}
	return authority{certificate, key, file}
}

// issue returns a server certificate for host names. Its chain includes the authority's
// certificate, because IAM's thumbprints refer to the last one in the chain.
func (a authority) issue(t *testing.T, names []string) tls.Certificate {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: names[0]},
		DNSNames:     names,
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der, a.certificate.Raw}, PrivateKey: key}
}

// thumbprint returns the SHA-1 of the authority's certificate. IAM uses it to name the authority
// that it trusts for an identity provider (AWS: "Obtain the thumbprint for an OpenID Connect
// identity provider").
func (a authority) thumbprint() string {
	sum := sha1.Sum(a.certificate.Raw)
	return hex.EncodeToString(sum[:])
}

// newKey returns a new key on the curve P-256.
func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// serveAWS serves HTTPS on namespaceAddress until the test ends. route returns the handler for a
// host.
func serveAWS(t *testing.T, certificate tls.Certificate, route func(host string) http.Handler) {
	t.Helper()
	listener, err := net.Listen("tcp", namespaceAddress+":443")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{
		TLSConfig: &tls.Config{
			Certificates: []tls.Certificate{certificate},
			MinVersion:   tls.VersionTLS12,
		},
		ReadHeaderTimeout: 10 * time.Second,
		// One test has a client that does not trust the certificate.
		ErrorLog: log.New(io.Discard, "", 0),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			route(r.Host).ServeHTTP(w, r)
		}),
	}
	done := make(chan error, 1)
	go func() { done <- server.ServeTLS(listener, "", "") }()
	t.Cleanup(func() {
		server.Close()
		<-done
	})
}

// forward returns a handler that forwards requests to the server at address. It keeps the Host
// header, which is signed.
func forward(address string) http.Handler {
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: address})
		r.Out.Host = r.In.Host
	}}
}
