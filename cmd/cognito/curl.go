package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/loginwithcognito/cognito/internal/awshost"
	"github.com/loginwithcognito/cognito/internal/endpoint"
	"github.com/loginwithcognito/cognito/internal/terminal"
	"github.com/loginwithcognito/cognito/sigv4"
)

func curlCommand() command {
	return command{
		name: "curl", args: "URL",
		summary: `Send a signed request, and print the response body.
The signature is AWS Signature Version 4. Its service and Region come from the host name in the URL,
or in a "Host:" header, if that is a host of AWS. Other hosts require -service and -region; loopback
hosts are in the environment's Region. The host receives your session token, so use only hosts that
you trust. Redirects are not followed, and -d does not add a Content-Type. The exit status is 0 only
if the HTTP status is 2xx. On a terminal, control characters in the response are shown as "?".`,
		example: `cognito curl https://abc123.execute-api.us-east-1.amazonaws.com/prod/items
cognito curl -X PUT -d @photo.jpg https://example-bucket.s3.us-east-1.amazonaws.com/photo.jpg
cognito curl -connect-to localhost:9200 https://vpc-d-abc.us-east-1.es.amazonaws.com/_cat/indices`,
		run: func(ctx context.Context, a *app, args []string) error {
			c := curl{a: a, header: make(http.Header)}
			f := a.serviceFlags()
			f.StringVar(&c.method, "X", "", "`method` (default: GET, or POST with -d)")
			f.Func("d",
				"`data` to send, @FILE for a file, or @- for standard input (at most 16 MiB)",
				func(data string) error {
					c.data, c.sends = data, true
					return nil
				})
			f.Func("H", "`header` to send (\"Name: value\"); may be repeated",
				func(line string) error {
					name, value, ok := strings.Cut(line, ":")
					if name = strings.TrimSpace(name); !ok || name == "" {
						return errors.New(`a header must have the form "Name: value"`)
					}
					c.header.Add(name, strings.TrimSpace(value))
					return nil
				})
			f.StringVar(&c.service, "service", "",
				"signing `name` of the service, such as execute-api (default: from the host name)")
			f.Lookup("region").Usage = "`Region` of the host (default: from the host name)"
			f.StringVar(&c.connect, "connect-to", "",
				"`HOST:PORT` to connect to, such as a tunnel's, without a proxy; TLS and the "+
					"signature keep the name in the URL")
			f.BoolVar(&c.include, "i", false, "print the status and headers before the body")
			f.BoolVar(&c.fail, "f", false, "print no body if the status is not 2xx")
			words, err := a.parse(f, args, 1, 1)
			if err != nil {
				return err
			}
			request, err := c.request(ctx, words[0])
			if err != nil {
				return err
			}
			s, err := a.open(ctx)
			if err != nil {
				return err
			}
			return c.send(s, request)
		},
	}
}

// maxMemory is the maximum size of a body that is read into memory before it is sent. Regular files
// are not.
const maxMemory = 16 << 20

// A curl describes one request, as the flags and the URL specify it.
type curl struct {
	a                     *app
	method, data, service string
	region, connect       string
	sends, include, fail  bool
	header                http.Header
}

// request returns the unsigned request. It also sets c.service and c.region.
func (c *curl) request(ctx context.Context, address string) (*http.Request, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return nil, usagef("the URL is not absolute: it should look like https://HOST/PATH")
	case u.User != nil:
		return nil, usagef("the URL has a user name: remove it, because the request is signed")
	case !secure(u):
		return nil, usagef("the URL starts with %q: it must be https (or http to a loopback host)",
			u.Scheme+":")
	}
	if c.connect != "" {
		to, port, err := net.SplitHostPort(c.connect)
		if err != nil || to == "" || port == "" {
			return nil, usagef("-connect-to should look like localhost:9200")
		}
		if u.Scheme == "http" && !endpoint.Loopback(to) {
			return nil, usagef("-connect-to is not a loopback address: use an https URL")
		}
	}
	host := (&url.URL{Host: cmp.Or(c.header.Get("Host"), u.Host)}).Hostname()
	if err := c.scope(host); err != nil {
		return nil, err
	}
	if c.method == "" {
		c.method = http.MethodGet
		if c.sends {
			c.method = http.MethodPost
		}
	}
	body, size, err := c.body()
	if err != nil {
		return nil, usagef("-d: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, c.method, address, body)
	if err != nil {
		return nil, usagef("-X %q is not a valid method", c.method)
	}
	if size >= 0 {
		request.ContentLength = size
	}
	request.Header = c.header
	if host := c.header.Get("Host"); host != "" {
		request.Host = host
		c.header.Del("Host")
	}
	if c.header.Get("Accept-Encoding") == "" {
		// Without this header, net/http would request gzip and decompress the body.
		c.header.Set("Accept-Encoding", "identity")
	}
	return request, nil
}

// scope sets c.service and c.region for a host. If the host is a loopback address, the Region may
// stay empty.
func (c *curl) scope(host string) error {
	service, region, err := awshost.Scope(host)
	c.service, c.region = cmp.Or(c.service, service), cmp.Or(c.a.region, region)
	switch {
	case c.service == "" || c.region == "" && err != nil && !endpoint.Loopback(host):
		return usagef("the service and the Region of host %s are unknown: use -service and "+
			"-region, such as -service execute-api -region us-east-1", host)
	case c.region == "" && err == nil:
		return usagef("host %s does not name the Region: use -region", host)
	}
	if err := awshost.Check(host, c.region); err != nil {
		return usagef("-region: %w", err)
	}
	return nil
}

// body returns the data that -d specifies. size is the length of a regular file. It is -1 for other
// data, whose length [http.NewRequestWithContext] sets.
func (c *curl) body() (body io.Reader, size int64, err error) {
	name, isFile := strings.CutPrefix(c.data, "@")
	if !isFile {
		return strings.NewReader(c.data), -1, nil
	}
	file := c.a.stdin
	if name != "-" {
		if file, err = os.Open(name); err != nil {
			return nil, 0, err
		}
		info, err := file.Stat()
		if err != nil {
			return nil, 0, err
		}
		if info.Mode().IsRegular() && info.Size() > 0 {
			// The transport reads the file twice, to sign and to send it, and then closes it.
			return file, info.Size(), nil
		}
		defer file.Close()
	}
	data, err := io.ReadAll(io.LimitReader(file, maxMemory+1))
	if err == nil && len(data) > maxMemory {
		err = fmt.Errorf("%s has more than 16 MiB: use a regular file", c.data)
	}
	return bytes.NewReader(data), -1, err
}

// send signs and sends the request and prints the response. It returns an [exitStatus] error if the
// status is not 2xx.
func (c *curl) send(s *signedIn, request *http.Request) error {
	base, err := c.transport(s)
	if err != nil {
		return err
	}
	client := &http.Client{
		Transport: &sigv4.Transport{
			Service:     c.service,
			Region:      cmp.Or(c.region, c.a.serviceRegion(s.env)),
			Credentials: s.credentials,
			Now:         s.now,
			Base:        base,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("%s: %w", request.URL.Host, withoutURL(err))
	}
	defer response.Body.Close()
	out := c.a.stdout
	if onTerminal(out) {
		out = &terminal.Writer{Out: out}
	}
	if c.include {
		fmt.Fprintf(out, "%s %s\n", response.Proto, terminal.Printable(response.Status))
		names := make([]string, 0, len(response.Header))
		for name := range response.Header {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			for _, value := range response.Header[name] {
				fmt.Fprintf(out, "%s: %s\n", terminal.Printable(name), terminal.Printable(value))
			}
		}
		fmt.Fprintln(out)
	}
	good := response.StatusCode/100 == 2
	if good || !c.fail {
		if _, err := io.Copy(out, response.Body); err != nil {
			return fmt.Errorf("reading the response of %s: %w", request.URL.Host, err)
		}
	}
	if good {
		return nil
	}
	c.a.notef("%s returned %s%s", request.URL.Host, response.Status, redirected(response))
	return exitStatus(exitFailed)
}

// transport returns the transport that sends the signed request. With -connect-to, it connects to
// that address without a proxy, and TLS still verifies the name in the URL.
func (c *curl) transport(s *signedIn) (http.RoundTripper, error) {
	if c.connect == "" {
		return s.client.HTTPClient.Transport, nil
	}
	client, err := c.a.httpClient()
	if err != nil {
		return nil, err
	}
	transport, ok := client.Transport.(*http.Transport)
	if !ok || transport.DialContext == nil {
		return nil, errors.New("-connect-to is not supported on this platform")
	}
	transport.Proxy = nil
	dial := transport.DialContext // localhost must be a loopback address
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dial(ctx, network, c.connect)
	}
	return c.a.traced(transport, onTerminal(c.a.stderr)), nil
}

// secure reports whether a URL has https, or http and a loopback host.
func secure(u *url.URL) bool {
	return u.Scheme == "https" || u.Scheme == "http" && endpoint.Loopback(u.Hostname())
}

// withoutURL returns an error of an http.Client without the URL, whose query may be long or secret.
func withoutURL(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

// redirected returns the part of an error text that names the target of a redirect, or "" if the
// response is not a redirect.
func redirected(response *http.Response) string {
	if to, err := response.Location(); err == nil && response.StatusCode/100 == 3 {
		return ", a redirect to " + to.Host + ", which is not followed"
	}
	return ""
}
