package s3list

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/loginwithcognito/cognito/internal/testvectors"
	"github.com/loginwithcognito/cognito/sigv4"
)

// wireCase is a call that botocore made with a frozen clock, and what it read from the answer.
type wireCase struct {
	Service, Region, Operation string
	Params                     struct {
		Bucket, Prefix, Delimiter, StartAfter, ContinuationToken, RequestPayer, ExpectedBucketOwner string
		KeyMarker, VersionIdMarker                                                                  string

		MaxKeys                  int
		FetchOwner               bool
		OptionalObjectAttributes []string
	}
	Config struct {
		Token, S3 string
		FIPS      string `json:"use_fips_endpoint"`
	}
	Request struct {
		Method, URL string
		Headers     map[string]string
	}
	Canned struct {
		Status  int
		Headers map[string]string
		Body    string
	}
	Parsed struct {
		IsTruncated           bool
		NextContinuationToken string
		Contents              []struct {
			Key, ETag, StorageClass, LastModified string
			Size                                  int64
			ChecksumAlgorithm                     []string
			Owner                                 Owner
		}
		Versions, DeleteMarkers            []wireVersion
		NextKeyMarker, NextVersionIdMarker string

		CommonPrefixes []struct{ Prefix string }
		ClientError    *struct {
			Error struct{ Code, Message string }
		}
	}
}

type wireVersion struct {
	Key, VersionId, ETag, StorageClass, LastModified string
	IsLatest                                         bool
	Size                                             int64
}

func wireCases(t *testing.T, operation string) []wireCase {
	var file struct{ Cases []wireCase }
	if err := testvectors.Decode("wire_botocore_generated", &file); err != nil {
		t.Fatal(err)
	}
	cases := slices.DeleteFunc(file.Cases, func(c wireCase) bool { return c.Operation != operation })
	if len(cases) == 0 {
		t.Fatal("no vectors")
	}
	return cases
}

// Requests are botocore's, signature included, and answers mean to us what they mean to botocore.
func TestWireVectors(t *testing.T) {
	for _, vector := range wireCases(t, "ListObjectsV2") {
		synctest.Test(t, func(t *testing.T) {
			// The bubble's clock starts in the year 2000.
			time.Sleep(time.Until(time.Date(2023, 11, 5, 7, 8, 9, 0, time.UTC)))
			testWireCase(t, vector)
		})
	}
}

func testWireCase(t *testing.T, v wireCase) {
	s := &server{answer: func(n int, _ *http.Request) *http.Response {
		if v.Params.ContinuationToken != "" && n == 1 { // the case is the second page of a listing
			return reply(200, pageOf(v.Params.ContinuationToken))
		}
		body := strings.Replace(v.Canned.Body, "<IsTruncated>true<", "<IsTruncated>false<", 1) // where the case ends
		resp := reply(v.Canned.Status, body)
		for name, value := range v.Canned.Headers {
			resp.Header.Set(name, value)
		}
		return resp
	}}
	c := client(s)
	c.Region = v.Region
	c.FIPS = v.Config.FIPS == "True"
	c.PathStyle = strings.Contains(v.Config.S3, "path")
	c.Credentials = func(context.Context) (sigv4.Credentials, error) {
		creds := exampleCredentials
		creds.SessionToken = v.Config.Token
		return creds, nil
	}
	var objects []Object
	var err error
	for o, e := range c.List(t.Context(), Input{
		Bucket: v.Params.Bucket, Prefix: v.Params.Prefix, Delimiter: v.Params.Delimiter, StartAfter: v.Params.StartAfter,
		PageSize: v.Params.MaxKeys, FetchOwner: v.Params.FetchOwner, RequestPayer: v.Params.RequestPayer == "requester",
		ExpectedBucketOwner: v.Params.ExpectedBucketOwner, RestoreStatus: slices.Contains(v.Params.OptionalObjectAttributes, "RestoreStatus"),
	}) {
		if err = e; err == nil {
			objects = append(objects, o)
		}
	}

	first := 0
	if v.Params.ContinuationToken != "" {
		first = 1
	}
	req := s.seen[first]
	want, parseErr := url.Parse(v.Request.URL)
	if parseErr != nil {
		t.Fatal(parseErr)
	}
	if got := req.URL; req.Method != v.Request.Method || got.Scheme != want.Scheme || got.Host != want.Host || got.EscapedPath() != want.EscapedPath() {
		t.Errorf("%s %s, want %s %s", req.Method, got, v.Request.Method, want)
	}
	if got := req.URL.RawQuery; got != want.RawQuery { // byte for byte, and in botocore's order
		t.Errorf("query %s\nwant  %s", got, want.RawQuery)
	}
	header := http.Header{}
	for name, value := range v.Request.Headers {
		header.Set(name, value)
	}
	sent := req.Header.Clone()
	sent.Del("User-Agent")
	if diff := gocmp.Diff(header, sent); diff != "" {
		t.Errorf("headers of %s: %s", want, diff)
	}

	if failed := v.Parsed.ClientError; failed != nil {
		var e *Error
		if !errors.As(err, &e) || e.Code != failed.Error.Code || e.Message != failed.Error.Message || e.StatusCode != v.Canned.Status ||
			e.RequestID != "4442587FB7D0A2F9" || e.HostID != "hid=" || e.Bucket != v.Params.Bucket || e.Operation != "ListObjectsV2" {
			t.Errorf("error %+v (%v), want %+v", e, err, failed.Error)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	var listed []Object
	for _, o := range v.Parsed.Contents {
		modified, err := time.Parse("2006-01-02 15:04:05-07:00", o.LastModified)
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, Object{
			Key: o.Key, Size: o.Size, LastModified: modified.UTC(), ETag: o.ETag, StorageClass: o.StorageClass,
			ChecksumAlgorithm: o.ChecksumAlgorithm, Owner: o.Owner,
		})
	}
	for _, p := range v.Parsed.CommonPrefixes {
		listed = append(listed, Object{Key: p.Prefix, CommonPrefix: true})
	}
	slices.SortFunc(listed, func(a, b Object) int { return cmp.Compare(a.Key, b.Key) })
	if diff := gocmp.Diff(listed, objects); diff != "" {
		t.Error(diff)
	}
	p, err := parsePage([]byte(v.Canned.Body), objectsRoot)
	if err != nil || p.next.token != v.Parsed.NextContinuationToken || (p.next.token != "") != v.Parsed.IsTruncated {
		t.Errorf("next %q, %v; want %q", p.next.token, err, v.Parsed.NextContinuationToken)
	}
}

// ListObjectVersions, in a case that ends in the middle: the next request asks for what botocore read as the markers.
func TestWireVersions(t *testing.T) {
	for _, v := range wireCases(t, "ListObjectVersions") {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(time.Date(2023, 11, 5, 7, 8, 9, 0, time.UTC)))
			s := &server{answer: func(n int, _ *http.Request) *http.Response {
				if n > 1 {
					return reply(200, "<ListVersionsResult><IsTruncated>false</IsTruncated></ListVersionsResult>")
				}
				return reply(v.Canned.Status, v.Canned.Body)
			}}
			c := client(s)
			c.Region = v.Region
			var objects []Object
			for o, err := range c.Versions(t.Context(), Input{
				Bucket: v.Params.Bucket, Prefix: v.Params.Prefix, Delimiter: v.Params.Delimiter, PageSize: v.Params.MaxKeys,
				StartAfter: v.Params.KeyMarker, VersionIDMarker: v.Params.VersionIdMarker,
			}) {
				if err != nil {
					t.Fatal(err)
				}
				objects = append(objects, o)
			}
			want, err := url.Parse(v.Request.URL)
			if err != nil {
				t.Fatal(err)
			}
			req := s.seen[0]
			// The order in the query is that of the caller's arguments in botocore; the signature does not depend on it.
			if diff := gocmp.Diff(want.Query(), req.URL.Query()); diff != "" || req.URL.Host != want.Host || req.Header.Get("Authorization") != v.Request.Headers["Authorization"] {
				t.Errorf("%s, %s: %s", req.URL, req.Header.Get("Authorization"), diff)
			}
			if q := s.seen[1].URL.Query(); !v.Parsed.IsTruncated || q.Get("key-marker") != v.Parsed.NextKeyMarker || q.Get("version-id-marker") != v.Parsed.NextVersionIdMarker {
				t.Errorf("then %s", s.seen[1].URL)
			}
			var listed []Object
			for i, list := range [][]wireVersion{v.Parsed.Versions, v.Parsed.DeleteMarkers} {
				for _, o := range list {
					modified, err := time.Parse("2006-01-02 15:04:05-07:00", o.LastModified)
					if err != nil {
						t.Fatal(err)
					}
					listed = append(listed, Object{Key: o.Key, VersionID: o.VersionId, ETag: o.ETag, StorageClass: o.StorageClass, LastModified: modified.UTC(), IsLatest: o.IsLatest, Size: o.Size, DeleteMarker: i == 1})
				}
			}
			if diff := gocmp.Diff(listed, objects); diff != "" {
				t.Error(diff)
			}
		})
	}
}
