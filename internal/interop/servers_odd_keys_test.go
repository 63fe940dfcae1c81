package interop

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/loginwithcognito/cognito/s3list"
	"github.com/loginwithcognito/cognito/sigv4"
)

// Three S3 servers hold more than 10,000 keys that a careless encoding breaks, put there by requests that sigv4 signs.
// What s3list finds, however it is asked, must be what boto3 finds.

// store is an S3 server with its root credentials.
type store struct {
	endpoint string
	root     sigv4.Credentials
}

// stores are the servers, and what they do with the names of oddKeys.
var stores = []struct {
	name  string
	start func(*testing.T) store

	refused map[string]string // by name: the error code
	changed map[string]string // taken, but listed under another name; "": not listed at all
	plain   bool              // no encoding-type=url: what XML cannot carry is listed as U+FFFD

	withheld []string // what the server breaks on
	without  []string // ways of listing that it has not
}{
	{name: "MinIO", start: startMinIO,
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
			"x__XLDIR__":   "x/", // it is how MinIO writes a trailing slash to its disk
			"__XLDIR__":    "//",
			".../c":        "", // it does not look for keys below another key
			".minio.sys/x": "",
			"both/in":      "",
		},
	},
	{name: "versitygw", start: startPosixGateway, plain: true,
		refused: map[string]string{ // it has files and directories
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
			".sgwtmp/x":   "", // its own directory
		},
	},
	{name: "gofakes3", start: startGoFakeS3, plain: true,
		refused: map[string]string{
			"1025 bytes": "KeyTooLongError",
		},
		// It rolls up keys that begin with the delimiter as a common prefix without a name, and has another document for
		// versions. s3list refuses both.
		withheld: []string{"/", "//", "///"},
		without:  []string{"another delimiter", "versions"},
	},
}

func startMinIO(t *testing.T) store {
	t.Helper()
	s := store{"http://" + freePort(t), sigv4.Credentials{AccessKeyID: "root", SecretAccessKey: rand.Text()}}
	start(t, s.endpoint+"/minio/health/cluster", "", []string{
		"HOME=" + t.TempDir(),
		"MINIO_ROOT_USER=" + s.root.AccessKeyID,
		"MINIO_ROOT_PASSWORD=" + s.root.SecretAccessKey,
		"MINIO_BROWSER=off",
		"MINIO_UPDATE=off",
		"MINIO_REGION=" + region,
	}, tool(t, "minio"), "server", "--address", strings.TrimPrefix(s.endpoint, "http://"), t.TempDir())
	return s
}

// startPosixGateway starts versitygw over a directory.
func startPosixGateway(t *testing.T) store {
	t.Helper()
	s := store{"http://" + freePort(t), sigv4.Credentials{AccessKeyID: "AKIAROOT", SecretAccessKey: rand.Text()}}
	start(t, s.endpoint+"/healthz", "", []string{
		"ROOT_ACCESS_KEY_ID=" + s.root.AccessKeyID,
		"ROOT_SECRET_ACCESS_KEY=" + s.root.SecretAccessKey,
	}, tool(t, "versitygw"), "--quiet", "--health", "/healthz", "--port", strings.TrimPrefix(s.endpoint, "http://"), "--region", region,
		"posix", "--versioning-dir", t.TempDir(), t.TempDir())
	return s
}

// startGoFakeS3 starts gofakes3, which keeps objects in memory and does not check signatures.
func startGoFakeS3(t *testing.T) store {
	t.Helper()
	s := store{"http://" + freePort(t), sigv4.Credentials{AccessKeyID: "nobody", SecretAccessKey: rand.Text()}}
	start(t, s.endpoint, "", nil, tool(t, "gofakes3"), "-quiet", "-backend", "memory", "-host", strings.TrimPrefix(s.endpoint, "http://"))
	return s
}

// do sends a signed request and returns the status and the error code of the answer. It may be called from any goroutine.
func (s store) do(client *http.Client, method, target, body string) (status int, code string, err error) {
	request, err := http.NewRequest(method, s.endpoint+target, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return 0, "", err
	}
	var doc struct{ Code string }
	if response.StatusCode >= 300 {
		if xml.Unmarshal(answer, &doc); doc.Code == "" {
			doc.Code = fmt.Sprintf("HTTP %d", response.StatusCode)
		}
	}
	return response.StatusCode, doc.Code, nil
}

// client signs with the root credentials and keeps as many connections as goroutines use it.
func (s store) client(t *testing.T) *http.Client {
	base := &http.Transport{MaxIdleConnsPerHost: writers}
	t.Cleanup(base.CloseIdleConnections)
	return &http.Client{
		Transport:     &sigv4.Transport{Region: region, Service: "s3", Credentials: static(s.root), Base: base},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       30 * time.Second,
	}
}

// writers is how many goroutines put keys.
const writers = 8

// put puts keys with several goroutines and returns those that the server refuses, by name, with its error codes.
func (s store) put(t *testing.T, bucket string, goroutines int, keys []string) map[string]string {
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
				if strings.HasSuffix(key, "/") { // versitygw takes it for a directory
					body = ""
				}
				_, code, err := s.do(client, http.MethodPut, "/"+bucket+"/"+escapePath(key), body)
				if err != nil {
					t.Errorf("put %q: %v", key, err)
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

// An entry is what a listing tells about one key, version or common prefix.
type entry struct {
	Listing, Kind, Key           string
	Size                         int64
	ETag, Modified, StorageClass string
	Owner, VersionID             string
	IsLatest                     bool
}

// A way is a way to list the bucket.
type way struct {
	Name      string `json:"name"`
	Versions  bool   `json:"versions"`
	Prefix    string
	Delimiter string
}

// ways are those in which a bucket is listed.
var ways = []way{
	{Name: "all"},
	{Name: "delimiter", Delimiter: "/"},
	{Name: "prefix and delimiter", Prefix: "d+ir &/", Delimiter: "/"},
	{Name: "another delimiter", Delimiter: "%"},
	{Name: "versions", Versions: true},
	{Name: "prefix", Prefix: "\""},
}

// TestOddKeys: s3list finds in 10,000 objects under odd names what boto3 finds.
func TestOddKeys(t *testing.T) {
	for _, test := range stores {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := test.start(t)
			hostile, bulk := oddKeys()
			refused := map[string]string{}
			for _, bucket := range []string{"odd-keys", "control-keys"} {
				// A server that cannot tell these keys apart in a listing has a bucket for them.
				controls := bucket == "control-keys"
				withheld := func(key string) bool {
					return test.plain && inXML(key) == controls || slices.Contains(test.withheld, key)
				}
				if controls && !test.plain {
					continue
				}
				hostile := slices.DeleteFunc(slices.Clone(hostile), withheld)
				bulk := slices.DeleteFunc(slices.Clone(bulk), withheld)
				t.Run(bucket, func(t *testing.T) {
					if status, code, err := s.do(s.client(t), http.MethodPut, "/"+bucket, ""); err != nil || status != http.StatusOK {
						t.Fatalf("make bucket: %d %s, %v", status, code, err)
					}
					maps.Copy(refused, s.put(t, bucket, 1, hostile))
					maps.Copy(refused, s.put(t, bucket, writers, bulk))

					listed := map[string]bool{}
					for _, key := range slices.Concat(hostile, bulk) {
						if _, no := refused[name(key)]; no {
							continue
						}
						if now, ok := test.changed[key]; ok {
							key = now
						}
						if test.plain {
							key = strings.Map(toXML, key)
						}
						if key != "" {
							listed[key] = true
						}
					}
					s.check(t, bucket, listed, test.without)
				})
			}
			if diff := cmp.Diff(test.refused, refused); diff != "" {
				t.Errorf("keys that the server refuses (-want +got):\n%s", diff)
			}
		})
	}
}

// check lists a bucket in all ways but some, and demands that it has the given keys.
func (s store) check(t *testing.T, bucket string, keys map[string]bool, without []string) {
	theirs := s.boto3(t, bucket)
	for _, w := range ways {
		if slices.Contains(without, w.Name) {
			continue
		}
		ours := s.list(t, bucket, w, s3list.Input{})
		compare(t, w.Name, theirs[w.Name], ours)
		if w.Name == "all" {
			got := map[string]bool{}
			for _, e := range ours {
				got[e.Key] = true
			}
			if diff := cmp.Diff(keys, got); diff != "" {
				t.Errorf("keys (-put +listed):\n%s", diff)
			}
		}
	}
}

// boto3 returns what boto3 lists.
func (s store) boto3(t *testing.T, bucket string) map[string][]entry {
	t.Helper()
	input, err := json.Marshal(map[string]any{
		"endpoint": s.endpoint, "region": region, "bucket": bucket, "listings": ways,
		"accessKeyID": s.root.AccessKeyID, "secretAccessKey": s.root.SecretAccessKey,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, environment(t), string(input), python(t, "testdata/python/list_keys.py")...)
	if r.status != 0 {
		t.Fatalf("boto3: exit status %d\n%s", r.status, r.stderr)
	}
	listed := map[string][]entry{}
	for decoder := json.NewDecoder(bytes.NewReader([]byte(r.stdout))); decoder.More(); {
		var e entry
		if err := decoder.Decode(&e); err != nil {
			t.Fatal(err)
		}
		listed[e.Listing] = append(listed[e.Listing], e)
	}
	return listed
}

// list returns what s3list lists.
func (s store) list(t *testing.T, bucket string, w way, in s3list.Input) []entry {
	t.Helper()
	l := &s3list.Client{Region: region, Endpoint: s.endpoint, Credentials: static(s.root)}
	in.Bucket, in.Prefix, in.Delimiter, in.FetchOwner = bucket, w.Prefix, w.Delimiter, true
	sequence, kind := l.List(t.Context(), in), "Contents"
	if w.Versions {
		sequence, kind = l.Versions(t.Context(), in), "Versions"
	}
	var entries []entry
	for o, err := range sequence {
		if err != nil {
			t.Errorf("%s: after %d entries: %v", w.Name, len(entries), err)
			break
		}
		e := entry{w.Name, kind, o.Key, o.Size, o.ETag, "", o.StorageClass, o.Owner.ID, o.VersionID, o.IsLatest}
		if o.CommonPrefix {
			e.Kind = "CommonPrefixes"
		} else {
			e.Modified = o.LastModified.Format("2006-01-02T15:04:05.000000Z")
		}
		if o.DeleteMarker {
			e.Kind = "DeleteMarkers"
		}
		entries = append(entries, e)
	}
	return entries
}

// compare demands that two listings are the same, kind by kind: boto3 tells no order between the kinds.
func compare(t *testing.T, name string, want, got []entry) {
	t.Helper()
	if len(want) == 0 {
		t.Errorf("%s: boto3 listed nothing", name)
	}
	order := func(a, b entry) int { return strings.Compare(a.Kind, b.Kind) }
	want, got = slices.Clone(want), slices.Clone(got)
	slices.SortStableFunc(want, order)
	slices.SortStableFunc(got, order)
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) || want[i] != got[i] {
			near := func(entries []entry) []entry { return entries[min(i, len(entries)):min(i+3, len(entries))] }
			t.Errorf("%s: %d entries, want %d; they differ from entry %d on (-want +got):\n%s", name, len(got), len(want), i, cmp.Diff(near(want), near(got)))
			return
		}
	}
}
