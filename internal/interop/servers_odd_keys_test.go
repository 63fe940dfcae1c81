package interop

import (
	"crypto/rand"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/sigv4"
)

// This file uploads more than 10,000 keys that a careless encoding breaks to three S3 servers, with
// requests that sigv4 signs. In every way of listing, s3list must return what boto3 returns.

// store is an S3 server with its root credentials.
type store struct {
	endpoint string
	root     sigv4.Credentials
}

// stores are the servers, and their treatment of the keys of oddKeys.
var stores = []struct {
	name  string
	start func(*testing.T) store

	// refused maps the name of a key that the server refuses to the error code.
	refused map[string]string
	// changed maps a key to the one that the server lists in its place, or to "" if it lists none.
	changed map[string]string
	// plain is set if the server ignores encoding-type=url. It then lists characters that XML
	// cannot represent as U+FFFD.
	plain bool

	// withheld are keys that are not uploaded, because they break the server's listings.
	withheld []string
	// without names the ways of listing that the server does not support.
	without []string
	// serial names the ways of listing in which pages depend on where they start.
	serial []string
	// unordered names the ways of listing that s3list refuses, because the server does not sort.
	unordered []string
}{
	{name: "MinIO", start: startMinIO,
		serial: []string{"another delimiter"}, // it returns one continuation token twice
		refused: map[string]string{
			"\x00":                         "XMinioInvalidObjectName",
			"nul\x00in":                    "XMinioInvalidObjectName",
			".":                            "XMinioInvalidResourceName",
			"..":                           "XMinioInvalidResourceName",
			"./dot":                        "XMinioInvalidResourceName",
			"../up":                        "XMinioInvalidResourceName",
			"dots/.":                       "XMinioInvalidResourceName",
			"dots/..":                      "XMinioInvalidResourceName",
			"dots/./in":                    "XMinioInvalidResourceName",
			"dots/../in":                   "XMinioInvalidResourceName",
			"dots/../../out":               "XMinioInvalidResourceName",
			"back\\..\\slash":              "XMinioInvalidResourceName",
			"/":                            "XMinioInvalidObjectName",
			"//":                           "XMinioInvalidObjectName",
			"///":                          "XMinioInvalidObjectName",
			"/./lead":                      "XMinioInvalidResourceName",
			"twice//in":                    "XMinioInvalidObjectName",
			"thrice///in":                  "XMinioInvalidObjectName",
			"trail2//":                     "XMinioInvalidObjectName",
			"256 bytes in one segment":     "XMinioInvalidObjectName",
			"1024 bytes in one segment":    "XMinioInvalidObjectName",
			"1024 bytes in one segment, é": "XMinioInvalidObjectName",
			"1024 bytes, percent":          "XMinioInvalidObjectName",
			"1025 bytes":                   "KeyTooLongError",
		},
		changed: map[string]string{
			"/lead":        "lead",
			"//lead":       "lead",
			"x__XLDIR__":   "x/", // MinIO stores a trailing slash in this form
			"__XLDIR__":    "//",
			".../c":        "", // MinIO does not search for keys below another key
			".minio.sys/x": "",
			"both/in":      "",
		},
	},
	{name: "versitygw", start: startPosixGateway, plain: true,
		serial: []string{"versions"}, // it repeats and omits versions between two pages
		// It stores a key that is longer than those of S3, and s3list refuses its listings.
		withheld: []string{strings.Repeat(strings.Repeat("d", 127)+"/", 8) + "d"},
		refused: map[string]string{ // keys are paths of files and directories
			"\x00":                         "InternalError",
			"nul\x00in":                    "InternalError",
			".":                            "400",
			"..":                           "400",
			"../up":                        "400",
			"dots/..":                      "400",
			"dots/../../out":               "400",
			"/":                            "400",
			"//":                           "400",
			"///":                          "400",
			"dots/./in":                    "ObjectParentIsFile",
			".../c":                        "ObjectParentIsFile",
			".minio.sys/x":                 "ObjectParentIsFile",
			"both/in":                      "ObjectParentIsFile",
			"256 bytes in one segment":     "KeyTooLongError",
			"1024 bytes in one segment":    "KeyTooLongError",
			"1024 bytes in one segment, é": "KeyTooLongError",
			"1024 bytes, percent":          "KeyTooLongError",
		},
		changed: map[string]string{
			"./dot":       "dot",
			"dots/.":      "dots",
			"dots/../in":  "in",
			"/lead":       "lead",
			"//lead":      "lead",
			"/./lead":     "lead",
			"twice//in":   "twice/in",
			"thrice///in": "thrice/in",
			"trail2//":    "trail2/",
			".sgwtmp/x":   "", // versitygw uses this directory itself
		},
	},
	{name: "gofakes3", start: startGoFakeS3, plain: true,
		refused: map[string]string{
			"1025 bytes": "KeyTooLongError",
		},
		// gofakes3 groups keys that begin with the delimiter into a common prefix with an empty
		// name, which s3list refuses. Its list of versions is a <ListBucketVersionsResult> with the
		// oldest version first. S3 and s3list have <ListVersionsResult>, with the newest first. If
		// a list is truncated it has no NextKeyMarker, so boto3 does not find all versions either.
		withheld: []string{"/", "//", "///"},
		without:  []string{"another delimiter", "versions"},
		// It lists common prefixes out of order, and repeats them between two pages.
		unordered: []string{"delimiter"},
	},
}

// startMinIO starts MinIO over a directory.
func startMinIO(t *testing.T) store {
	t.Helper()
	s := store{"http://" + freePort(t), sigv4.Credentials{
		AccessKeyID:     "root",
		SecretAccessKey: rand.Text(),
	}}
	start(t, s.endpoint+"/minio/health/cluster", "", []string{
		"HOME=" + t.TempDir(),
		"MINIO_ROOT_USER=" + s.root.AccessKeyID,
		"MINIO_ROOT_PASSWORD=" + s.root.SecretAccessKey,
		"MINIO_BROWSER=off",
		"MINIO_UPDATE=off",
		"MINIO_REGION=" + region,
	}, tool(t, "minio"), "server", "--address", strings.TrimPrefix(s.endpoint, "http://"),
		t.TempDir())
	return s
}

// startPosixGateway starts versitygw over a directory.
func startPosixGateway(t *testing.T) store {
	t.Helper()
	s := store{"http://" + freePort(t), sigv4.Credentials{
		AccessKeyID:     "AKIAROOT",
		SecretAccessKey: rand.Text(),
	}}
	start(t, s.endpoint+"/healthz", "", []string{
		"ROOT_ACCESS_KEY_ID=" + s.root.AccessKeyID,
		"ROOT_SECRET_ACCESS_KEY=" + s.root.SecretAccessKey,
	}, tool(t, "versitygw"), "--quiet", "--health", "/healthz", "--port",
		strings.TrimPrefix(s.endpoint, "http://"), "--region", region,
		"posix", "--versioning-dir", t.TempDir(), t.TempDir())
	return s
}

// startGoFakeS3 starts gofakes3, which keeps objects in memory and does not check signatures.
func startGoFakeS3(t *testing.T) store {
	t.Helper()
	s := store{"http://" + freePort(t), sigv4.Credentials{
		AccessKeyID:     "unchecked",
		SecretAccessKey: rand.Text(),
	}}
	start(t, s.endpoint, "", nil, tool(t, "gofakes3"), "-quiet", "-backend", "memory", "-host",
		strings.TrimPrefix(s.endpoint, "http://"))
	return s
}

// do sends a signed request and returns the status and the error code of the response. It may be
// called from any goroutine.
func (s store) do(
	client *http.Client, method, target, body string,
) (status int, code string, err error) {
	request, err := http.NewRequest(method, s.endpoint+target, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return 0, "", err
	}
	var doc struct{ Code string }
	if response.StatusCode >= 300 {
		if xml.Unmarshal(data, &doc); doc.Code == "" {
			doc.Code = fmt.Sprintf("HTTP %d", response.StatusCode)
		}
	}
	return response.StatusCode, doc.Code, nil
}

// client returns a client that signs with the root credentials and reuses up to writers
// connections.
func (s store) client(t *testing.T) *http.Client {
	base := &http.Transport{MaxIdleConnsPerHost: writers}
	t.Cleanup(base.CloseIdleConnections)
	return &http.Client{
		Transport: &sigv4.Transport{
			Region:      region,
			Service:     "s3",
			Credentials: static(s.root),
			Base:        base,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
		Timeout: 30 * time.Second,
	}
}

// writers is the number of goroutines that upload keys.
const writers = 8

// enableVersions enables versioning of a bucket.
func (s store) enableVersions(t *testing.T, bucket string) {
	t.Helper()
	status, code, err := s.do(s.client(t), http.MethodPut, "/"+bucket+"?versioning",
		`<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`+
			`<Status>Enabled</Status></VersioningConfiguration>`)
	if err != nil || status != http.StatusOK {
		t.Fatalf("PutBucketVersioning: %d %s, %v", status, code, err)
	}
}

// send uploads or deletes keys with several goroutines. It returns the error codes of those that
// the server refuses, by name.
func (s store) send(t *testing.T, method, bucket string, goroutines int,
	keys []string) map[string]string {
	t.Helper()
	client := s.client(t)
	work := make(chan string)
	refused := map[string]string{}
	var mu sync.Mutex
	var group sync.WaitGroup
	for range goroutines {
		group.Go(func() {
			for key := range work {
				body := key
				// For versitygw a trailing slash means a directory, which must be empty.
				if method != http.MethodPut || strings.HasSuffix(key, "/") {
					body = ""
				}
				_, code, err := s.do(client, method, "/"+bucket+"/"+escapePath(key), body)
				if err != nil {
					t.Errorf("%s %q: %v", method, key, err)
				} else if code != "" {
					mu.Lock()
					refused[name(key)] = code
					mu.Unlock()
				}
			}
		})
	}
	for _, key := range keys {
		work <- key
	}
	close(work)
	group.Wait()
	return refused
}
