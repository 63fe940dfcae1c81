package s3list_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/s3list"
	"github.com/loginwithcognito/cognito/sigv4"
)

// guest gets a guest's credentials from the stand-in, which checks every signature made with them.
func guest(t *testing.T, httpClient *http.Client) func(context.Context) (sigv4.Credentials, error) {
	t.Helper()
	call := func(operation string, in map[string]string, out any) {
		body, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), "POST", "https://cognito-identity."+cognitotest.ExampleRegion+".amazonaws.com/", strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-amz-json-1.1")
		req.Header.Set("X-Amz-Target", "AWSCognitoIdentityService."+operation)
		resp, err := httpClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if err := json.NewDecoder(resp.Body).Decode(out); err != nil || resp.StatusCode != 200 {
			t.Fatalf("%s: status %d, %v", operation, resp.StatusCode, err)
		}
	}
	var id struct{ IdentityId string }
	call("GetId", map[string]string{"IdentityPoolId": cognitotest.ExampleIdentityPoolID}, &id)
	var out struct {
		Credentials struct{ AccessKeyId, SecretKey, SessionToken string }
	}
	call("GetCredentialsForIdentity", map[string]string{"IdentityId": id.IdentityId}, &out)
	creds := sigv4.Credentials{AccessKeyID: out.Credentials.AccessKeyId, SecretAccessKey: out.Credentials.SecretKey, SessionToken: out.Credentials.SessionToken}
	return func(context.Context) (sigv4.Credentials, error) { return creds, nil }
}

func list(t *testing.T, c *s3list.Client, in s3list.Input) (objects []s3list.Object, err error) {
	t.Helper()
	for o, e := range c.List(t.Context(), in) {
		if err = e; err == nil {
			objects = append(objects, o)
		}
	}
	return objects, err
}

// oddKeys holds every byte of ASCII and more in keys, alone and beside others, as far as UTF-8 goes.
func oddKeys() map[string]cognitotest.Object {
	objects := map[string]cognitotest.Object{}
	add := func(key string) { objects[key] = cognitotest.Object{Body: []byte(key)} }
	for c := range 128 {
		add(string(rune(c)))
		add("a/" + string(rune(c)) + "/b")
	}
	for _, key := range []string{
		" leading and trailing ", "a//b", "a/../b", "./a", "a+b c%20d%2Bé", "&amp;<key>]]>", "\u0001\u001f\u007f", "\r\n", "e\u0301", "\u00e9",
		"\ufffd", "\ufffe", "\U0001F600", strings.Repeat("é", 512), strings.Repeat("&", 1024),
	} {
		add(key)
	}
	return objects
}

// Every key comes back as it is, once, in order: in pages of any size, from any start, signed or not.
func TestStandInOddKeys(t *testing.T) {
	server := cognitotest.Example()
	objects := oddKeys()
	server.Buckets = []cognitotest.Bucket{{Name: "odd-keys", Region: "eu-west-1", Objects: objects}, {Name: "public.keys", Objects: objects, Public: true}}
	c := &s3list.Client{Region: cognitotest.ExampleRegion, HTTPClient: server.Client()}
	c.Credentials = guest(t, c.HTTPClient)
	unsigned := &s3list.Client{Region: cognitotest.ExampleRegion, HTTPClient: c.HTTPClient}
	sorted := slices.Sorted(maps.Keys(objects))

	for _, test := range []struct {
		client *s3list.Client
		bucket string
	}{{c, "odd-keys"}, {unsigned, "public.keys"}} {
		for i, size := range []int{0, 1, 7, 1000, 1, 7, 30} {
			parallel := i / 4 * 8
			got, err := list(t, test.client, s3list.Input{Bucket: test.bucket, PageSize: size, Parallel: parallel})
			if err != nil || len(got) != len(sorted) {
				t.Fatalf("%s in pages of %d, parallel %d: %d objects, %v; want %d", test.bucket, size, parallel, len(got), err, len(sorted))
			}
			for i, o := range got {
				if o.Key != sorted[i] || o.Size != int64(len(o.Key)) || o.CommonPrefix || o.LastModified.IsZero() || len(o.ETag) != 34 {
					t.Fatalf("object %d is %+v, want key %q", i, o, sorted[i])
				}
			}
		}
	}
	first := func(in s3list.Input) s3list.Object {
		in.Bucket, in.PageSize, in.FetchOwner = "odd-keys", 1, true
		for o, err := range c.List(t.Context(), in) {
			if err != nil {
				t.Fatalf("%+v: %v", in, err)
			}
			return o
		}
		return s3list.Object{}
	}
	for i, key := range append([]string{""}, sorted...) {
		next := ""
		if i < len(sorted) {
			next = sorted[i]
		}
		if o := first(s3list.Input{StartAfter: key}); o.Key != next || (next != "") != (o.Owner.ID != "") {
			t.Fatalf("after %q comes %+v, want %q", key, o, next)
		}
		if o := first(s3list.Input{Prefix: key}); key != "" && o.Key != key {
			t.Fatalf("with prefix %q comes %+v", key, o)
		}
	}
}

// Keys and common prefixes are one sorted sequence across pages, and every key is in one of them.
func TestStandInDelimiter(t *testing.T) {
	server := cognitotest.Example()
	objects := oddKeys()
	server.Buckets = []cognitotest.Bucket{{Name: "odd-keys", Objects: objects, Public: true}}
	c := &s3list.Client{Region: cognitotest.ExampleRegion, HTTPClient: server.Client()}
	for _, delimiter := range []string{"/", "a", "%", "+", " ", "é", "\x01", "/\x01/", "&"} {
		for _, prefix := range []string{"", "a", "a/"} {
			want := map[string]bool{} // to whether it is a common prefix
			for key := range objects {
				if rest, ok := strings.CutPrefix(key, prefix); ok {
					if head, _, found := strings.Cut(rest, delimiter); found {
						want[prefix+head+delimiter] = true
					} else {
						want[key] = false
					}
				}
			}
			for i, size := range []int{0, 1, 5, 1, 5} {
				got, err := list(t, c, s3list.Input{Bucket: "odd-keys", Prefix: prefix, Delimiter: delimiter, PageSize: size, Parallel: i / 3 * 8})
				if err != nil || len(got) != len(want) {
					t.Errorf("delimiter %q, prefix %q, pages of %d: %d, %v; want %d", delimiter, prefix, size, len(got), err, len(want))
				}
				if !slices.IsSortedFunc(got, func(a, b s3list.Object) int { return strings.Compare(a.Key, b.Key) }) {
					t.Errorf("delimiter %q, prefix %q, pages of %d: not sorted", delimiter, prefix, size)
				}
				for _, o := range got {
					if common, ok := want[o.Key]; !ok || common != o.CommonPrefix {
						t.Errorf("delimiter %q, prefix %q, pages of %d: %q, common prefix %t", delimiter, prefix, size, o.Key, o.CommonPrefix)
					}
				}
			}
		}
	}
}

// What the stand-in refuses as AWS does.
func TestStandInRefusals(t *testing.T) {
	server := cognitotest.Example()
	server.Buckets = append(server.Buckets,
		cognitotest.Bucket{Name: "not-for-guests", Roles: []string{cognitotest.ExampleRoleARN}},
		cognitotest.Bucket{Name: "payers", RequesterPays: true, Owner: "999999999999"},
		cognitotest.Bucket{Name: "beijing", Region: "cn-north-1"})
	httpClient := server.Client()
	credentials := guest(t, httpClient)
	good, _ := credentials(t.Context())
	with := func(change func(*sigv4.Credentials)) func(context.Context) (sigv4.Credentials, error) {
		return func(context.Context) (sigv4.Credentials, error) {
			c := good
			change(&c)
			return c, nil
		}
	}
	for _, test := range []struct {
		name        string
		credentials func(context.Context) (sigv4.Credentials, error)
		in          s3list.Input
		code        string // "" for success
	}{
		{"good", credentials, s3list.Input{Bucket: cognitotest.ExampleBucket}, ""},
		{"another Region", credentials, s3list.Input{Bucket: cognitotest.ExampleBucketElsewhere}, ""},
		{"its owner", credentials, s3list.Input{Bucket: cognitotest.ExampleBucket, ExpectedBucketOwner: "123456789012"}, ""},
		{"payer", credentials, s3list.Input{Bucket: "payers", RequestPayer: true}, ""},
		{"unsigned", nil, s3list.Input{Bucket: cognitotest.ExampleBucket}, s3list.CodeAccessDenied},
		{"another role", credentials, s3list.Input{Bucket: "not-for-guests"}, s3list.CodeAccessDenied},
		{"another owner", credentials, s3list.Input{Bucket: cognitotest.ExampleBucket, ExpectedBucketOwner: "111122223333"}, s3list.CodeAccessDenied},
		{"no payer", credentials, s3list.Input{Bucket: "payers"}, s3list.CodeAccessDenied},
		{"no bucket", credentials, s3list.Input{Bucket: "nobody-has-this"}, s3list.CodeNoSuchBucket},
		{"another partition", credentials, s3list.Input{Bucket: "beijing"}, s3list.CodePermanentRedirect},
		{"another key", with(func(c *sigv4.Credentials) { c.AccessKeyID = "ASIAIOSFODNN7EXAMPLE" }), s3list.Input{Bucket: cognitotest.ExampleBucket}, s3list.CodeInvalidAccessKeyID},
		{"another secret", with(func(c *sigv4.Credentials) { c.SecretAccessKey += "x" }), s3list.Input{Bucket: cognitotest.ExampleBucket}, s3list.CodeSignatureDoesNotMatch},
		{"another token", with(func(c *sigv4.Credentials) { c.SessionToken += "x" }), s3list.Input{Bucket: cognitotest.ExampleBucket}, s3list.CodeInvalidToken},
	} {
		c := &s3list.Client{Region: cognitotest.ExampleRegion, HTTPClient: httpClient, Credentials: test.credentials}
		objects, err := list(t, c, test.in)
		var e *s3list.Error
		if test.code == "" {
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
			continue
		}
		if !errors.As(err, &e) || e.Code != test.code || len(objects) != 0 || e.RequestID == "" || e.HostID == "" {
			t.Errorf("%s: %v, want %s", test.name, err, test.code)
		}
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, e, e), good.SecretAccessKey) || strings.Contains(fmt.Sprintf("%v %+v %#v", err, e, e), good.SessionToken) {
			t.Errorf("%s: a secret in the error", test.name)
		}
	}
}

func TestStandInConnect(t *testing.T) {
	server := cognitotest.Example()
	c := &s3list.Client{Region: cognitotest.ExampleRegion, HTTPClient: server.Client()}
	c.Credentials = guest(t, c.HTTPClient)
	for _, bucket := range []string{cognitotest.ExampleBucket, cognitotest.ExampleBucketElsewhere, "nobody-has-this"} {
		if err := c.Connect(t.Context(), bucket); err != nil {
			t.Errorf("%s: %v", bucket, err)
		}
	}
	if objects, err := list(t, c, s3list.Input{Bucket: cognitotest.ExampleBucketElsewhere}); err != nil || len(objects) != 1 {
		t.Errorf("%+v, %v", objects, err)
	}
}
