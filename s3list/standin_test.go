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
	"github.com/loginwithcognito/cognito/internal/longtest"
	"github.com/loginwithcognito/cognito/s3list"
	"github.com/loginwithcognito/cognito/sigv4"
)

// guest returns the credentials of a guest. The stand-in checks every signature made with them.
func guest(t *testing.T, hc *http.Client) func(context.Context) (sigv4.Credentials, error) {
	t.Helper()
	call := func(operation string, in map[string]string, out any) {
		body, err := json.Marshal(in)
		if err != nil {
			t.Fatalf("marshal the input of %s: %v", operation, err)
		}
		const url = "https://cognito-identity." + cognitotest.ExampleRegion + ".amazonaws.com/"
		content := strings.NewReader(string(body))
		req, err := http.NewRequestWithContext(t.Context(), "POST", url, content)
		if err != nil {
			t.Fatalf("request for %s: %v", operation, err)
		}
		req.Header.Set("Content-Type", "application/x-amz-json-1.1")
		req.Header.Set("X-Amz-Target", "AWSCognitoIdentityService."+operation)
		resp, err := hc.Do(req)
		if err != nil {
			t.Fatalf("%s: %v", operation, err)
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
	creds := sigv4.Credentials{
		AccessKeyID:     out.Credentials.AccessKeyId,
		SecretAccessKey: out.Credentials.SecretKey,
		SessionToken:    out.Credentials.SessionToken,
	}
	return func(context.Context) (sigv4.Credentials, error) { return creds, nil }
}

// list returns the objects and the error of a listing.
func list(t *testing.T, c *s3list.Client, in s3list.ListInput) ([]s3list.Object, error) {
	t.Helper()
	var objects []s3list.Object
	var err error
	for o, e := range c.List(t.Context(), in) {
		if err = e; err == nil {
			objects = append(objects, o)
		}
	}
	return objects, err
}

// oddKeys returns objects with keys that contain every ASCII character, alone and between others,
// and some more.
func oddKeys() map[string]cognitotest.Object {
	objects := map[string]cognitotest.Object{}
	add := func(key string) { objects[key] = cognitotest.Object{Body: []byte(key)} }
	for c := range 128 {
		add(string(rune(c)))
		add("a/" + string(rune(c)) + "/b")
	}
	for _, key := range []string{
		" leading and trailing ",
		"a//b",
		"a/../b",
		"./a",
		"a+b c%20d%2Bé",
		"&amp;<key>]]>",
		"\u0001\u001f\u007f",
		"\r\n",
		"e\u0301",
		"\u00e9",
		"\ufffd",
		"\ufffe",
		"\U0001F600",
		strings.Repeat("é", 512),
		strings.Repeat("&", 1024),
	} {
		add(key)
	}
	return objects
}

// TestStandInOddKeys checks that every key is yielded unchanged, once and in order: with pages of
// any size, from any start, signed and unsigned.
func TestStandInOddKeys(t *testing.T) {
	server := cognitotest.Example()
	objects := oddKeys()
	server.Buckets = []cognitotest.Bucket{
		{Name: "odd-keys", Region: "eu-west-1", Objects: objects},
		{Name: "public.keys", Objects: objects, Public: true},
	}
	unsigned := &s3list.Client{Region: cognitotest.ExampleRegion, HTTPClient: server.Client()}
	signed := &s3list.Client{Region: cognitotest.ExampleRegion, HTTPClient: server.Client()}
	signed.Credentials = guest(t, signed.HTTPClient)
	sorted := slices.Sorted(maps.Keys(objects))

	step := longtest.Step(t, 5)
	for offset, in := range []s3list.ListInput{{Bucket: "odd-keys"}, {Bucket: "public.keys"}} {
		c := signed
		if in.Bucket == "public.keys" {
			c = unsigned
		}
		sizes := []int{0, 1, 7, 1000, 1, 7, 30}
		for i := offset % step; i < len(sizes); i += step {
			in.PageSize, in.Parallel = sizes[i], i/4*8
			got, err := list(t, c, in)
			if err != nil || len(got) != len(sorted) {
				t.Fatalf("List(%+v) = %d objects, %v, want %d", in, len(got), err, len(sorted))
			}
			for i, o := range got {
				if o.Key != sorted[i] || o.Size != int64(len(o.Key)) || o.CommonPrefix ||
					o.LastModified.IsZero() || len(o.ETag) != 34 {
					t.Fatalf("object %d is %+v, want key %q", i, o, sorted[i])
				}
			}
		}
	}

	first := func(in s3list.ListInput) s3list.Object {
		in.Bucket, in.PageSize, in.FetchOwner = "odd-keys", 1, true
		for o, err := range signed.List(t.Context(), in) {
			if err != nil {
				t.Fatalf("List(%+v) = %v, want no error", in, err)
			}
			return o
		}
		return s3list.Object{}
	}
	starts := append([]string{""}, sorted...)
	for i := 0; i < len(starts); i += step {
		key, next := starts[i], ""
		if i < len(sorted) {
			next = sorted[i]
		}
		o := first(s3list.ListInput{StartAfter: key})
		if o.Key != next || (next != "") != (o.Owner.ID != "") {
			t.Fatalf("first object after %q = %+v, want %q", key, o, next)
		}
		if o := first(s3list.ListInput{Prefix: key}); key != "" && o.Key != key {
			t.Fatalf("first object with the prefix %q = %+v", key, o)
		}
	}
}

// TestStandInDelimiter checks that keys and common prefixes are sorted together across pages, and
// that every key is yielded or in one of the prefixes.
func TestStandInDelimiter(t *testing.T) {
	server := cognitotest.Example()
	objects := oddKeys()
	server.Buckets = []cognitotest.Bucket{{Name: "odd-keys", Objects: objects, Public: true}}
	c := &s3list.Client{Region: cognitotest.ExampleRegion, HTTPClient: server.Client()}
	step := longtest.Step(t, 8)
	for d, delimiter := range []string{"/", "a", "%", "+", " ", "é", "\x01", "/\x01/", "&"} {
		for p, prefix := range []string{"", "a", "a/"} {
			want := map[string]bool{} // whether the key is a common prefix
			for key := range objects {
				rest, ok := strings.CutPrefix(key, prefix)
				if !ok {
					continue
				}
				if head, _, found := strings.Cut(rest, delimiter); found {
					want[prefix+head+delimiter] = true
				} else {
					want[key] = false
				}
			}
			inputs := []s3list.ListInput{
				{PageSize: 0},
				{PageSize: 1},
				{PageSize: 5},
				{PageSize: 1, Parallel: 8},
				{PageSize: 5, Parallel: 8},
			}
			for i := (d*3 + p) % step; i < len(inputs); i += step {
				in := inputs[i]
				in.Bucket, in.Prefix, in.Delimiter = "odd-keys", prefix, delimiter
				got, err := list(t, c, in)
				if err != nil || len(got) != len(want) {
					t.Errorf("List(%+v) = %d objects, %v, want %d", in, len(got), err, len(want))
				}
				if !slices.IsSortedFunc(got, func(a, b s3list.Object) int {
					return strings.Compare(a.Key, b.Key)
				}) {
					t.Errorf("List(%+v) is not sorted", in)
				}
				for _, o := range got {
					if common, ok := want[o.Key]; !ok || common != o.CommonPrefix {
						t.Errorf("List(%+v) yields %q, CommonPrefix %t", in, o.Key, o.CommonPrefix)
					}
				}
			}
		}
	}
}

// TestStandInRefusals checks what the stand-in refuses, as AWS does.
func TestStandInRefusals(t *testing.T) {
	const bucket = cognitotest.ExampleBucket
	server := cognitotest.Example()
	server.Buckets = append(server.Buckets,
		cognitotest.Bucket{Name: "not-for-guests", Roles: []string{cognitotest.ExampleRoleARN}},
		cognitotest.Bucket{Name: "payers", RequesterPays: true, Owner: "999999999999"},
		cognitotest.Bucket{Name: "beijing", Region: "cn-north-1"},
	)
	httpClient := server.Client()
	credentials := guest(t, httpClient)
	valid, _ := credentials(t.Context())
	with := func(change func(*sigv4.Credentials)) func(context.Context) (sigv4.Credentials, error) {
		return func(context.Context) (sigv4.Credentials, error) {
			c := valid
			change(&c)
			return c, nil
		}
	}
	anotherKey := with(func(c *sigv4.Credentials) { c.AccessKeyID = "ASIAIOSFODNN7EXAMPLE" })
	anotherSecret := with(func(c *sigv4.Credentials) { c.SecretAccessKey += "x" })
	anotherToken := with(func(c *sigv4.Credentials) { c.SessionToken += "x" })
	for _, test := range []struct {
		name        string
		credentials func(context.Context) (sigv4.Credentials, error)
		in          s3list.ListInput
		code        string // "" for success
	}{
		{
			name:        "valid",
			credentials: credentials,
			in:          s3list.ListInput{Bucket: bucket},
		},
		{
			name:        "another Region",
			credentials: credentials,
			in:          s3list.ListInput{Bucket: cognitotest.ExampleBucketElsewhere},
		},
		{
			name:        "expected owner",
			credentials: credentials,
			in:          s3list.ListInput{Bucket: bucket, ExpectedBucketOwner: "123456789012"},
		},
		{
			name:        "requester pays",
			credentials: credentials,
			in:          s3list.ListInput{Bucket: "payers", RequestPayer: true},
		},
		{
			name: "unsigned",
			in:   s3list.ListInput{Bucket: bucket},
			code: s3list.CodeAccessDenied,
		},
		{
			name:        "another role",
			credentials: credentials,
			in:          s3list.ListInput{Bucket: "not-for-guests"},
			code:        s3list.CodeAccessDenied,
		},
		{
			name:        "another owner",
			credentials: credentials,
			in:          s3list.ListInput{Bucket: bucket, ExpectedBucketOwner: "111122223333"},
			code:        s3list.CodeAccessDenied,
		},
		{
			name:        "requester does not pay",
			credentials: credentials,
			in:          s3list.ListInput{Bucket: "payers"},
			code:        s3list.CodeAccessDenied,
		},
		{
			name:        "no such bucket",
			credentials: credentials,
			in:          s3list.ListInput{Bucket: "missing-bucket"},
			code:        s3list.CodeNoSuchBucket,
		},
		{
			name:        "another partition",
			credentials: credentials,
			in:          s3list.ListInput{Bucket: "beijing"},
			code:        s3list.CodePermanentRedirect,
		},
		{
			name:        "another access key",
			credentials: anotherKey,
			in:          s3list.ListInput{Bucket: bucket},
			code:        s3list.CodeInvalidAccessKeyID,
		},
		{
			name:        "another secret",
			credentials: anotherSecret,
			in:          s3list.ListInput{Bucket: bucket},
			code:        s3list.CodeSignatureDoesNotMatch,
		},
		{
			name:        "another session token",
			credentials: anotherToken,
			in:          s3list.ListInput{Bucket: bucket},
			code:        s3list.CodeInvalidToken,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := &s3list.Client{
				Region:      cognitotest.ExampleRegion,
				HTTPClient:  httpClient,
				Credentials: test.credentials,
			}
			objects, err := list(t, c, test.in)
			if test.code == "" {
				if err != nil {
					t.Errorf("List = %v, want no error", err)
				}
				return
			}
			var e *s3list.Error
			if !errors.As(err, &e) || e.Code != test.code || len(objects) != 0 {
				t.Fatalf("List = %d objects, %v, want %s", len(objects), err, test.code)
			}
			if e.RequestID == "" || e.HostID == "" {
				t.Errorf("Error = %+v, want a RequestID and a HostID", e)
			}
			text := fmt.Sprintf("%v %+v %#v", err, e, e)
			for _, secret := range []string{valid.SecretAccessKey, valid.SessionToken} {
				if strings.Contains(text, secret) {
					t.Errorf("the error contains a secret: %s", text)
				}
			}
		})
	}
}

func TestStandInConnect(t *testing.T) {
	const elsewhere = cognitotest.ExampleBucketElsewhere
	server := cognitotest.Example()
	c := &s3list.Client{Region: cognitotest.ExampleRegion, HTTPClient: server.Client()}
	c.Credentials = guest(t, c.HTTPClient)
	for _, bucket := range []string{cognitotest.ExampleBucket, elsewhere, "missing-bucket"} {
		if err := c.Connect(t.Context(), bucket); err != nil {
			t.Errorf("Connect(%q) = %v, want no error", bucket, err)
		}
	}
	objects, err := list(t, c, s3list.ListInput{Bucket: elsewhere})
	if err != nil || len(objects) != 1 {
		t.Errorf("List = %+v, %v, want one object", objects, err)
	}
}
