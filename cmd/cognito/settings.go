package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/files"
	"github.com/loginwithcognito/cognito/environments"
	"github.com/loginwithcognito/cognito/internal/bom"
)

// configPath returns the configuration file: that of -config, or the default file that "cognito
// configure" writes.
func (a *app) configPath() (string, error) {
	if a.config != "" {
		return a.config, nil
	}
	dir, err := os.UserConfigDir()
	if err != nil && a.getenv("XDG_CONFIG_HOME") == "" {
		dir, err = inHome("Library/Application Support", "AppData/Roaming", ".config")
	}
	if err != nil {
		return "", usagef("no configuration directory: %w: use -config", err)
	}
	return filepath.Join(dir, "cognito", "config.json"), nil
}

// readText reads a file of at most the given size as text: see package bom.
func readText(path string, most int64) ([]byte, error) {
	data, err := files.Read(path, most)
	if err != nil {
		return nil, err
	}
	if data, err = bom.Decode(data); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return data, nil
}

// environments returns the environments in the configuration file.
func (a *app) environments() (map[string]cognito.Environment, error) {
	path, err := a.configPath()
	if err != nil {
		return nil, err
	}
	data, err := files.ReadTrusted(path, maxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return nil,
			usagef("%s is missing: run \"cognito configure%s\" (-from FILE|URL)", path,
				a.sameFlags())
	} else if err != nil {
		return nil, usageError{err}
	}
	all, err := environments.Parse(data)
	if err != nil {
		return nil, usagef("%s: %w", path, err)
	}
	return all, nil
}

// environment returns the selected environment and its name. The AWS_ENDPOINT_URL variables
// override the endpoints in the configuration file.
func (a *app) environment() (name string, e cognito.Environment, err error) {
	all, err := a.environments()
	if err != nil {
		return "", e, err
	}
	if name, err = a.envName(all); err != nil {
		return "", e, err
	}
	e, err = a.named(all, name)
	return name, e, err
}

// named returns an environment by its name, with the endpoints of the AWS_ENDPOINT_URL variables.
func (a *app) named(
	all map[string]cognito.Environment, name string,
) (e cognito.Environment, err error) {
	if e, err = environments.Select(all, name); err != nil {
		return e, usagef("%w (-env, COGNITO_ENV, \"cognito use NAME\")", err)
	}
	if err := a.checkVariables(); err != nil {
		return e, err
	}
	if err := a.endpoints(&e.Endpoints); err != nil {
		return e, err
	}
	path, _ := a.configPath()
	if err := e.Validate(); err != nil {
		return e, usagef("environment %s of %s: %w", name, path, err)
	} else if (e.UserPoolID == "" || e.ClientID == "") && !a.federation.used() {
		return e, usagef("user_pool_id or client_id is missing in environment %s of %s: ask an "+
			"administrator for it", name, path)
	}
	return e, nil
}

// endpoints replaces the endpoints e with those of the AWS_ENDPOINT_URL variables.
func (a *app) endpoints(e *cognito.Endpoints) error {
	if a.switchedOn(ignoreEndpoints) {
		return nil
	}
	for _, service := range []struct {
		name     string
		endpoint *string
	}{
		{"COGNITO_IDENTITY_PROVIDER", &e.CognitoIDP},
		{"COGNITO_IDENTITY", &e.CognitoIdentity},
		{"STS", &e.STS},
		{"S3", &e.S3},
	} {
		variable := "AWS_ENDPOINT_URL_" + service.name
		if a.getenv(variable) == "" {
			variable = "AWS_ENDPOINT_URL"
		}
		value := a.getenv(variable)
		alone := cognito.Environment{Endpoints: cognito.Endpoints{S3: value}}
		if alone.Validate() != nil {
			return usagef("%s is not an https URL, or http on loopback: correct or unset it",
				variable)
		}
		*service.endpoint = cmp.Or(value, *service.endpoint)
	}
	return nil
}

// checkVariables returns an error that names a variable with an invalid value. The error does not
// have the value.
func (a *app) checkVariables() error {
	for _, name := range []string{
		"AWS_USE_FIPS_ENDPOINT",
		"AWS_USE_DUALSTACK_ENDPOINT",
		ignoreEndpoints,
	} {
		if a.getenv(name) != "" && !a.switchedOn(name) &&
			!strings.EqualFold(a.getenv(name), "false") {
			return usagef("%s is neither true nor false: correct or unset it", name)
		}
	}
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
		alone := cognito.Environment{ // with endpoints, as other servers have other Regions
			Region:    a.getenv(name),
			Endpoints: cognito.Endpoints{S3: "https://h", STS: "https://h"},
		}
		if alone.Validate() != nil {
			return usagef("%s is not a Region, such as us-east-1: correct or unset it", name)
		}
	}
	return nil
}

// serviceRegion returns the Region of the services that tools use with the credentials. It may
// differ from the Region of the pools.
func (a *app) serviceRegion(e cognito.Environment) string {
	return cmp.Or(a.region, a.getenv("AWS_REGION"), a.getenv("AWS_DEFAULT_REGION"),
		e.ResolveRegion())
}

// hosts reports whether to use the FIPS and dual-stack hosts of AWS services (AWS SDKs and Tools
// Reference Guide, "Dual-stack and FIPS endpoints").
func (a *app) hosts() (fips, dualStack bool) {
	return a.switchedOn("AWS_USE_FIPS_ENDPOINT"), a.switchedOn("AWS_USE_DUALSTACK_ENDPOINT")
}

// switchedOn reports whether an environment variable is "true", in any case.
func (a *app) switchedOn(variable string) bool {
	return strings.EqualFold(a.getenv(variable), "true")
}

// httpClient returns the library's HTTP client. If AWS_CA_BUNDLE is set, its certificates replace
// the system's root certificates. They are parsed when a connection needs them, because commands
// that send no request would spend most of their time on it.
func (a *app) httpClient() (*http.Client, error) {
	client := cognito.NewHTTPClient()
	bundle := a.getenv("AWS_CA_BUNDLE")
	if bundle == "" {
		return client, nil
	}
	data, err := readText(bundle, 16<<20)
	if err != nil || !hasCertificate(data) {
		return nil, usagef("AWS_CA_BUNDLE names no readable file of PEM certificates: correct or " +
			"unset it")
	}
	transport, ok := client.Transport.(*http.Transport)
	if !ok || transport.DialContext == nil {
		return nil, errors.New("AWS_CA_BUNDLE is not supported on this platform")
	}
	parse := sync.OnceFunc(func() {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(data)
		transport.TLSClientConfig.RootCAs = roots // net/http reads it after it has connected
	})
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		parse()
		return dial(ctx, network, addr)
	}
	return client, nil
}

// hasCertificate reports whether one of the PEM blocks in data is a certificate.
func hasCertificate(data []byte) bool {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		_, err := x509.ParseCertificate(block.Bytes)
		if err == nil && block.Type == "CERTIFICATE" && len(block.Headers) == 0 {
			return true // AppendCertsFromPEM takes it
		}
	}
	return false
}

// stateDir returns the directory for sessions: $COGNITO_STATE_DIR, or the default of the operating
// system ($XDG_STATE_HOME and ~/.local/state in the XDG Base Directory Specification).
func (a *app) stateDir() (string, error) {
	if dir := cmp.Or(a.state, a.getenv("COGNITO_STATE_DIR")); dir != "" {
		return filepath.Abs(dir)
	}
	if dir := a.getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "cognito"), nil
	} else if dir != "" {
		return "", usagef("XDG_STATE_HOME is not an absolute path")
	}
	if dir := a.getenv("LOCALAPPDATA"); dir != "" && runtime.GOOS == "windows" {
		return filepath.Join(dir, "cognito", "state"), nil
	}
	dir, err := inHome("Library/Application Support/cognito/state", "AppData/Local/cognito/state",
		".local/state/cognito")
	if err != nil {
		err = usagef("no session directory: %w: set COGNITO_STATE_DIR, or use -no-store", err)
	}
	return dir, err
}

// inHome returns the path of the operating system in the user's home directory.
func inHome(darwin, windows, other string) (string, error) {
	home, err := files.Home()
	path := other
	switch runtime.GOOS {
	case "darwin":
		path = darwin
	case "windows":
		path = windows
	}
	return filepath.Join(home, path), err
}
