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
	"time"

	"github.com/loginwithcognito/cognito/internal/terminal"
	"github.com/loginwithcognito/cognito/sigv4"
)

func curlCommand() command {
	return command{
		name: "curl", args: "URL",
		summary: `Send a request signed with AWS Signature Version 4 and print the response body.
The service and the Region are derived from AWS host names; any other host requires -service. The
host receives your session token, so use only hosts that you trust. Redirects are not followed, and
-d does not add a Content-Type. The exit status is 0 only if the HTTP status is 2xx. On a terminal,
control characters in the response are shown as "?".`,
		example: `cognito curl https://abc123.execute-api.us-east-1.amazonaws.com/prod/items
cognito curl -X PUT -d @photo.jpg https://example-bucket.s3.us-east-1.amazonaws.com/photo.jpg`,
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
			f.Func("H", "`header` to send, as \"Name: value\"; may be repeated",
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
	region                string
	sends, include, fail  bool
	header                http.Header
}

// request returns the unsigned request. It also sets c.service and, from -region or the host name,
// c.region.
func (c *curl) request(ctx context.Context, address string) (*http.Request, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return nil, usagef("the URL is not absolute: it should look like https://HOST/PATH")
	case u.User != nil:
		return nil, usagef("the URL has a user name: remove it, because the request is signed")
	case u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())):
		return nil, usagef("the URL starts with %q: it must be https (or http to a loopback host)",
			u.Scheme+":")
	}
	service, region := guessService(u.Hostname())
	c.service, c.region = cmp.Or(c.service, service), cmp.Or(c.a.region, region)
	if c.service == "" {
		return nil, usagef("the service of host %s is unknown: use -service, such as -service "+
			"execute-api", u.Hostname())
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

// isLoopback reports whether host is localhost or a loopback address.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
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
	client := &http.Client{
		Transport: &sigv4.Transport{
			Service:     c.service,
			Region:      cmp.Or(c.region, c.a.serviceRegion(s.env)),
			Credentials: s.credentials,
			Now:         s.now,
			Base:        s.client.HTTPClient.Transport,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
	response, err := client.Do(request)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			// The text of a url.Error has the URL, whose query may be long or secret.
			err = fmt.Errorf("%s: %w", request.URL.Host, failed.Err)
		}
		return err
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

// redirected returns the part of an error text that names the target of a redirect, or "" if the
// response is not a redirect.
func redirected(response *http.Response) string {
	if to, err := response.Location(); err == nil && response.StatusCode/100 == 3 {
		return ", a redirect to " + to.Host + ", which is not followed"
	}
	return ""
}

// now returns the current time by AWS's clock. The offset of the local clock comes from an earlier
// response of this run or, without one, from the saved credentials.
func (s *signedIn) now() time.Time {
	off := s.clock.offset()
	if have, err := s.kept(); off == 0 && err == nil && have != nil {
		off = have.Offset
	}
	return corrected(off, maxSigningOffset)
}

// signingNames maps the service in a host name to the signing name, where they differ. They are
// endpointPrefix and signingName in the service models of botocore. Each service's documentation
// has the names that the models lack.
var signingNames = map[string]string{
	"lambda-url":            "lambda",
	"appsync-api":           "appsync",
	"appsync-realtime-api":  "appsync",
	"s3-accesspoint":        "s3",
	"s3-control":            "s3",
	"email":                 "ses",
	"pinpoint":              "mobiletargeting",
	"bedrock-runtime":       "bedrock",
	"bedrock-agent":         "bedrock",
	"bedrock-agent-runtime": "bedrock",
	"models-v2-lex":         "lex",
	"runtime-v2-lex":        "lex",
	"personalize-events":    "personalize",
	"personalize-runtime":   "personalize",
	"participant.connect":   "execute-api",
}

// guessService derives the service's signing name and the Region from an AWS host name. Each is ""
// if the name does not contain it. Examples:
//
//	abc.execute-api.eu-west-1.amazonaws.com       execute-api  eu-west-1
//	bucket.s3.dualstack.eu-west-1.amazonaws.com   s3           eu-west-1
//	kinesis-fips.us-east-1.amazonaws.com          kinesis      us-east-1
//	abc.lambda-url.eu-west-1.on.aws               lambda       eu-west-1
//	abc.eu-west-1.aoss.amazonaws.com              aoss         eu-west-1
func guessService(host string) (service, region string) {
	host = strings.ToLower(host)
	name, global := "", ""
	for suffix, where := range map[string]string{
		".amazonaws.com":                "us-east-1",
		".api.aws":                      "",
		".on.aws":                       "",
		".amazonaws.eu":                 "",
		".amazonaws.com.cn":             "",
		".api.amazonwebservices.com.cn": "",
		".api.amazonwebservices.eu":     "",
	} {
		if rest, ok := strings.CutSuffix(host, suffix); ok {
			name, global = rest, where
		}
	}
	labels := strings.Split(name, ".")
	// last returns the n-th label from the end, or "" if there is none. n is 1 or 2.
	last := func(n int) string { return append([]string{"", ""}, labels...)[len(labels)+2-n] }
	if last(1) == "vpce" { // an interface endpoint of a VPC
		labels = labels[:len(labels)-1]
	}
	old, isOld := strings.CutPrefix(last(1), "s3-")
	switch {
	case isOld && isRegion(old): // bucket.s3-us-west-2.amazonaws.com
		return "s3", old
	case isRegion(last(2)) && (last(1) == "es" || last(1) == "aoss"):
		return last(1), last(2)
	case isRegion(last(1)):
		region, labels = last(1), labels[:len(labels)-1]
	default:
		region = global
	}
	if last(1) == "dualstack" {
		labels = labels[:len(labels)-1]
	}
	service = strings.TrimSuffix(last(1), "-fips")
	// The data plane of IoT has hosts such as a1b2-ats.iot and data-ats.iot.
	if service == "iot" && strings.HasSuffix(last(2), "-ats") {
		service = "iotdata"
	}
	return cmp.Or(signingNames[last(2)+"."+service], signingNames[service], service), region
}

// isRegion reports whether label looks like a Region, such as us-east-1 or us-gov-west-1.
func isRegion(label string) bool {
	parts := strings.Split(label, "-")
	return len(parts) >= 3 && strings.Trim(parts[len(parts)-1], "0123456789") == "" &&
		parts[len(parts)-1] != "" && len(parts[0]) >= 2 &&
		strings.Trim(parts[0]+parts[1], "abcdefghijklmnopqrstuvwxyz") == ""
}
