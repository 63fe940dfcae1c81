package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/s3list"
	"github.com/loginwithcognito/cognito/sigv4"
)

func keysOf(t *testing.T, text string) (keys, prefixes []string) {
	t.Helper()
	for line := range strings.Lines(text) {
		var o struct{ Key, Prefix string }
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if o.Prefix != "" {
			prefixes = append(prefixes, o.Prefix)
		} else {
			keys = append(keys, o.Key)
		}
	}
	return keys, prefixes
}

// TestListKeys checks that ls prints every key of several pages unchanged, as text and as JSON, and
// that the library lists the same keys.
func TestListKeys(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	objects := m.server.Buckets[0].Objects
	for _, key := range oddKeys {
		objects[key] = cognitotest.Object{Body: []byte(key)}
	}
	for i := range 2300 {
		objects[fmt.Sprintf("many/%05d", i)] = cognitotest.Object{}
	}
	want := slices.Sorted(maps.Keys(objects))
	m.signedIn(t)

	text := m.must(t, "", "ls", "-r", "-json")
	checkPrintable(t, text)
	keys, prefixes := keysOf(t, text)
	if diff := cmp.Diff(want, keys); diff != "" || prefixes != nil {
		t.Errorf("-json: %v %s", prefixes, diff)
	}

	text = m.must(t, "", "ls", "-r", "-parallel", "1", "s3://"+cognitotest.ExampleBucket)
	checkPrintable(t, text)
	keys = nil
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, `"`) {
			plain, err := strconv.Unquote(line)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			line = plain
		}
		keys = append(keys, line)
	}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Error(diff)
	}

	var creds sigv4.Credentials
	err := json.Unmarshal([]byte(m.must(t, "", "credentials", "-format", "process")), &struct {
		AccessKeyID     *string `json:"AccessKeyId"`
		SecretAccessKey *string
		SessionToken    *string
	}{&creds.AccessKeyID, &creds.SecretAccessKey, &creds.SessionToken})
	if err != nil {
		t.Fatal(err)
	}
	client := &s3list.Client{
		Region: cognitotest.ExampleRegion, Endpoint: m.url,
		Credentials: func(context.Context) (sigv4.Credentials, error) { return creds, nil },
	}
	keys = nil
	for object, err := range client.Objects(t.Context(), cognitotest.ExampleBucket, "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, object.Key)
	}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Error(diff)
	}
}

func TestListForms(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	const date = "2009-10-12T17:50:30Z  "
	space := strings.Repeat(" ", 22)
	for _, test := range []struct {
		args         string
		want, stderr string
	}{
		{"", "hello.txt\nnotes/\nphotos/\n", ""},
		{"-l", date + "          13  hello.txt\n" + space + "         PRE  notes/\n" +
			space + "         PRE  photos/\n", ""},
		{"-l -human -summarize", date + "        13 B  hello.txt\n" +
			space + "         PRE  notes/\n" + space + "         PRE  photos/\n" +
			"\nTotal Objects: 1\nTotal Prefixes: 2\n   Total Size: 13 B\n", ""},
		{"-summarize s3://example-bucket/none",
			"\nTotal Objects: 0\nTotal Prefixes: 0\n   Total Size: 0\n", ""},
		{"-json -summarize s3://example-bucket/p", `{"prefix":"photos/"}` + "\n" +
			`{"total_objects":0,"total_prefixes":1,"total_size":0}` + "\n", ""},
		{"-reverse", "photos/\nnotes/\nhello.txt\n", ""},
		{"-S", "notes/\nphotos/\nhello.txt\n", ""},
		{"-t -reverse", "hello.txt\nphotos/\nnotes/\n", ""},
		{"s3://example-bucket/photos/2026/", "photos/2026/ærøskøbing.jpg\nphotos/2026/東京.jpg\n",
			""},
		{"-r s3://example-bucket/photos//", "photos//twice\n", ""},
		{"-json s3://example-bucket/p", `{"prefix":"photos/"}` + "\n", ""},
		{"s3://example-bucket/none", "", ""},
		{"s3://example-bucket-elsewhere", "bonjour.txt\n", ""}, // in another Region
		{"-own", "", ""},
	} {
		args := append([]string{"ls"}, strings.Fields(test.args)...)
		code, stdout, stderr := m.run(t, "", args...)
		if code != 0 || stdout != test.want || stderr != test.stderr {
			t.Errorf("ls %s: exit %d:\n%s%s", test.args, code, stdout, stderr)
		}
	}
}

// TestListHosts checks that the bucket is part of the path at a custom endpoint, and part of the
// host name only with -virtual-hosted.
func TestListHosts(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	var mu sync.Mutex
	var hosts []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		hosts = append(hosts, r.Host)
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(proxy.Close)
	m.settings["HTTPS_PROXY"] = proxy.URL // other endpoints are on loopback, without a proxy
	m.settings["AWS_ENDPOINT_URL_S3"] = "https://objects.example.net"
	for _, test := range []struct{ args, want string }{
		{"ls", "objects.example.net:443"},
		{"ls -virtual-hosted", "example-bucket.objects.example.net:443"},
		{"doctor", "objects.example.net:443"},
	} {
		out, err := m.process(t, strings.Fields(test.args)...).CombinedOutput()
		mu.Lock()
		if err == nil || !slices.Equal(slices.Compact(hosts), []string{test.want}) {
			t.Errorf("%s connects to %q, want %s; %v, %s", test.args, hosts, test.want, err, out)
		}
		hosts = nil
		mu.Unlock()
	}
}

func TestListFailures(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	if code, _, stderr := m.run(t, "", "ls"); code != exitSignIn ||
		!strings.Contains(stderr, "cognito login") {
		t.Errorf("nobody signed in: exit %d: %s", code, stderr)
	}
	m.signedIn(t)
	for _, test := range []struct {
		args   string
		code   int
		stderr string
	}{
		{"photos", exitUsage, "s3://BUCKET/PREFIX"},
		{"s3://", exitUsage, "s3://BUCKET/PREFIX"},
		{"s3:///photos", exitUsage, "s3://BUCKET/PREFIX"},
		{"-parallel 0", exitUsage, "1 to 64"},
		{"-parallel 65", exitUsage, "1 to 64"},
		{"-env BARE", exitUsage, "bucket_name"},
		{"-t -S", exitUsage, "-t excludes -S"},
		{"-summarize -l s3://no-such-bucket", exitFailed, "NoSuchBucket"},
		{"s3://no-such-bucket", exitFailed, "NoSuchBucket"},
	} {
		args := append([]string{"ls"}, strings.Fields(test.args)...)
		code, stdout, stderr := m.run(t, "", args...)
		if code != test.code || !strings.Contains(stderr, test.stderr) || stdout != "" {
			t.Errorf("ls %s: exit %d: %s%s", test.args, code, stdout, stderr)
		}
	}
}

// The caller's own prefix is known after the first time.
func TestListOwn(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	var asked atomic.Int32
	m.fault.set(func(r *http.Request) *http.Response {
		if operation(r) == "GetId" {
			asked.Add(1)
		}
		return nil
	})
	m.signedIn(t).must(t, "", "ls", "-own")
	var who struct {
		IdentityID string `json:"identity_id"`
	}
	err := json.Unmarshal([]byte(m.must(t, "", "whoami", "-offline", "-json")), &who)
	if err != nil || who.IdentityID == "" {
		t.Fatal(who, err)
	}
	m.must(t, "", "curl", "-service", "s3", "-X", "PUT", "-d", "mine", m.url+"/example-bucket/"+
		who.IdentityID+"/a/b")
	if got := m.must(t, "", "ls", "-own"); got != who.IdentityID+"/a/\n" {
		t.Error(got)
	}
	if got := m.must(t, "", "ls", "-own", "s3://example-bucket/a/"); got != who.IdentityID+
		"/a/b\n" {
		t.Error(got)
	}
	if asked.Load() != 1 {
		t.Errorf("GetId was asked %d times", asked.Load())
	}
}

func TestListVersions(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.fault.set(func(r *http.Request) *http.Response {
		if !r.URL.Query().Has("versions") {
			return nil
		}
		return answer(200, `<?xml version="1.0" encoding="UTF-8"?>
<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
<Name>example-bucket</Name><Prefix></Prefix><KeyMarker></KeyMarker>
<VersionIdMarker></VersionIdMarker><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType>
<IsTruncated>false</IsTruncated>
<DeleteMarker><Key>a</Key><VersionId>v3</VersionId><IsLatest>true</IsLatest>
<LastModified>2026-01-02T03:04:05.000Z</LastModified></DeleteMarker>
<Version><Key>a</Key><VersionId>v2</VersionId><IsLatest>false</IsLatest>
<LastModified>2026-01-01T03:04:05.000Z</LastModified>
<ETag>&quot;0&quot;</ETag><Size>2048</Size><StorageClass>STANDARD</StorageClass></Version>
</ListVersionsResult>`)
	})
	m.signedIn(t)
	space := strings.Repeat(" ", 30)
	want := "2026-01-02T03:04:05Z           DEL  *v3" + space + "  a\n" +
		"2026-01-01T03:04:05Z          2048   v2" + space + "  a\n"
	if got := m.must(t, "", "ls", "-r", "-versions"); got != want {
		t.Errorf("\n%s\n%s", got, want)
	}
	want = `{"key":"a","size":0,"last_modified":"2026-01-02T03:04:05Z",` +
		`"version_id":"v3","is_latest":true,"delete_marker":true}` + "\n" +
		`{"key":"a","size":2048,"last_modified":"2026-01-01T03:04:05Z","etag":"\"0\"",` +
		`"storage_class":"STANDARD","version_id":"v2","is_latest":false}` + "\n"
	if got := m.must(t, "", "ls", "-r", "-versions", "-json"); got != want {
		t.Errorf("\n%s\n%s", got, want)
	}
}

// Objects listed before a Ctrl-C remain in the output.
func TestListInterrupted(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for i := range 3000 {
		m.server.Buckets[0].Objects[fmt.Sprintf("%05d", i)] = cognitotest.Object{}
	}
	ctx, interrupt := context.WithCancel(t.Context())
	pages := 0
	m.fault.set(func(r *http.Request) *http.Response {
		if r.URL.Query().Has("list-type") {
			if pages++; pages == 3 {
				interrupt()
				<-r.Context().Done()
			}
		}
		return nil
	})
	m.signedIn(t)
	code, stdout, stderr := m.runContext(t, ctx, "", "ls", "-r", "-parallel", "1")
	if code != exitInterrupted || !strings.HasPrefix(stdout, "00000\n00001\n") ||
		!strings.HasSuffix(stdout, "\n") || stderr != "cognito: interrupted\n" {
		t.Errorf("exit %d, %d bytes: %s", code, len(stdout), stderr)
	}
}

// A closed pipe, as with "| head", is not reported as an error.
func TestListIntoClosedPipe(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	process := m.process(t, "ls", "-r")
	var stderr bytes.Buffer
	process.Stdout, process.Stderr = w, &stderr
	if err := process.Run(); err == nil || stderr.Len() > 0 {
		t.Errorf("%v: %s", err, &stderr)
	}
	w.Close()
}

// TestListRegion checks that the Region of a listing comes from -region, a variable or the
// environment, in this order.
func TestListRegion(t *testing.T) {
	t.Parallel()
	m := newMachine(t).signedIn(t)
	var mu sync.Mutex
	signed := ""
	m.fault.set(func(r *http.Request) *http.Response {
		if r.URL.Query().Has("list-type") {
			mu.Lock()
			defer mu.Unlock()
			signed = r.Header.Get("Authorization")
			return answer(403, "")
		}
		return nil
	})
	for _, test := range []struct{ variable, flag, want string }{
		{"", "", cognitotest.ExampleRegion},
		{"eu-central-1", "", "eu-central-1"},
		{"eu-central-1", "sa-east-1", "sa-east-1"},
	} {
		m.settings["AWS_REGION"] = test.variable
		m.run(t, "", "ls", "-region", test.flag)
		mu.Lock()
		if !strings.Contains(signed, "/"+test.want+"/s3/") {
			t.Errorf("AWS_REGION=%s ls -region %q signs %q, want Region %s", test.variable,
				test.flag, signed, test.want)
		}
		mu.Unlock()
	}
}
