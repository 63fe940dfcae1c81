package s3list

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/testvectors"
	"github.com/loginwithcognito/cognito/sigv4"
)

// A wireCase is a call that botocore made with a fixed clock, and what it read from the response.
type wireCase struct {
	Service, Region, Operation string
	Params                     struct {
		Bucket, Prefix, Delimiter, StartAfter, ContinuationToken string
		KeyMarker, VersionIdMarker                               string
		RequestPayer, ExpectedBucketOwner                        string

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

// eachWireCase runs test for every vector of an operation, at the time of the vectors.
func eachWireCase(t *testing.T, operation string, test func(*testing.T, wireCase)) {
	var file struct{ Cases []wireCase }
	if err := testvectors.Decode("wire_botocore_generated", &file); err != nil {
		t.Fatal("decode vectors:", err)
	}
	found := false
	for _, v := range file.Cases {
		if v.Operation != operation {
			continue
		}
		found = true
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(time.Date(2023, 11, 5, 7, 8, 9, 0, time.UTC)))
			test(t, v)
		})
	}
	if !found {
		t.Fatal("no vectors")
	}
}

// wireTime parses a time as Python prints it.
func wireTime(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02 15:04:05-07:00", text)
	if err != nil {
		t.Fatal("parse a time of the vectors:", err)
	}
	return at.UTC()
}

// TestWireVectors compares requests, with their signatures, and parsed responses with botocore's.
func TestWireVectors(t *testing.T) { eachWireCase(t, listObjects, testWireObjects) }

func testWireObjects(t *testing.T, v wireCase) {
	second := v.Params.ContinuationToken != "" // the vector is the second page of a listing
	s := &server{respond: func(n int, _ *http.Request) *http.Response {
		if second && n == 1 {
			return reply(200, pageOf(v.Params.ContinuationToken))
		}
		resp := reply(v.Canned.Status, strings.Replace(v.Canned.Body, truncated, notTruncated, 1))
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
	var err error
	for _, e := range c.List(t.Context(), ListInput{
		Bucket:              v.Params.Bucket,
		Prefix:              v.Params.Prefix,
		Delimiter:           v.Params.Delimiter,
		StartAfter:          v.Params.StartAfter,
		PageSize:            v.Params.MaxKeys,
		FetchOwner:          v.Params.FetchOwner,
		RequestPayer:        v.Params.RequestPayer == "requester",
		ExpectedBucketOwner: v.Params.ExpectedBucketOwner,
		RestoreStatus:       slices.Contains(v.Params.OptionalObjectAttributes, "RestoreStatus"),
	}) {
		err = e
	}

	req := s.seen[0]
	if second {
		req = s.seen[1]
	}
	compareRequest(t, req, v)
	if failed := v.Parsed.ClientError; failed != nil {
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("error = %v, want an *Error", err)
		}
		got := *e
		want := Error{
			Service:    "s3list",
			Operation:  "ListObjectsV2",
			Code:       failed.Error.Code,
			Message:    failed.Error.Message,
			StatusCode: v.Canned.Status,
			RequestID:  "4442587FB7D0A2F9",
			HostID:     "hid=",
			Bucket:     v.Params.Bucket,
			Region:     e.Region, // botocore does not return it
		}
		if got != want {
			t.Errorf("Error = %+v, want %+v", got, want)
		}
		return
	}
	// The responses of the vectors do not depend on Prefix and StartAfter.
	if err != nil && !strings.Contains(err.Error(), "ListInput.") {
		t.Fatalf("List = %v, want no error", err)
	}
	p, err := parsePage([]byte(v.Canned.Body), false)
	if err != nil || p.next.token != v.Parsed.NextContinuationToken {
		t.Errorf("next token = %q, %v, want %q", p.next.token, err, v.Parsed.NextContinuationToken)
	}
	var want []Object
	for _, o := range v.Parsed.Contents {
		want = append(want, Object{
			Key:               o.Key,
			Size:              o.Size,
			LastModified:      wireTime(t, o.LastModified),
			ETag:              o.ETag,
			StorageClass:      o.StorageClass,
			ChecksumAlgorithm: o.ChecksumAlgorithm,
			Owner:             o.Owner,
		})
	}
	for _, p := range v.Parsed.CommonPrefixes {
		want = append(want, Object{Key: p.Prefix, CommonPrefix: true})
	}
	slices.SortFunc(want, func(a, b Object) int { return cmp.Compare(a.Key, b.Key) })
	if diff := gocmp.Diff(want, p.objects); diff != "" {
		t.Errorf("objects (-botocore +s3list):\n%s", diff)
	}
	if more := p.next.token != ""; more != v.Parsed.IsTruncated {
		t.Errorf("page has a token = %t, want %t", more, v.Parsed.IsTruncated)
	}
}

// compareRequest compares a request with botocore's, byte for byte.
func compareRequest(t *testing.T, req *http.Request, v wireCase) {
	t.Helper()
	want, err := url.Parse(v.Request.URL)
	if err != nil {
		t.Fatal("parse a URL of the vectors:", err)
	}
	target := func(u *url.URL) string { return u.Scheme + "://" + u.Host + u.EscapedPath() }
	if req.Method != v.Request.Method || target(req.URL) != target(want) {
		t.Errorf("request = %s %s, want %s %s", req.Method, req.URL, v.Request.Method, want)
	}
	if got := req.URL.RawQuery; got != want.RawQuery {
		t.Errorf("query = %s\nwant    %s", got, want.RawQuery)
	}
	header := http.Header{}
	for name, value := range v.Request.Headers {
		header.Set(name, value)
	}
	sent := req.Header.Clone()
	sent.Del("User-Agent")
	if diff := gocmp.Diff(header, sent); diff != "" {
		t.Errorf("headers for %s (-botocore +s3list):\n%s", want, diff)
	}
}

// TestWireVersions does the same for ListObjectVersions. The vector ends within a listing, so the
// second request must have the markers that botocore read from the response.
func TestWireVersions(t *testing.T) { eachWireCase(t, listVersions, testWireVersions) }

func testWireVersions(t *testing.T, v wireCase) {
	s := &server{respond: func(n int, _ *http.Request) *http.Response {
		if n > 1 {
			return reply(200, versionsPage(notTruncated))
		}
		key := "<Key>" + v.Params.Prefix // the keys of the vector do not have it
		return reply(v.Canned.Status, strings.ReplaceAll(v.Canned.Body, "<Key>", key))
	}}
	c := client(s)
	c.Region = v.Region
	p, err := parsePage([]byte(v.Canned.Body), true)
	if err != nil {
		t.Fatalf("readPage = %v, want no error", err)
	}
	for _, err := range c.Versions(t.Context(), ListInput{
		Bucket:          v.Params.Bucket,
		Prefix:          v.Params.Prefix,
		Delimiter:       v.Params.Delimiter,
		PageSize:        v.Params.MaxKeys,
		StartAfter:      v.Params.KeyMarker,
		VersionIDMarker: v.Params.VersionIdMarker,
	}) {
		if err != nil {
			t.Fatalf("Versions = %v, want no error", err)
		}
	}
	want, err := url.Parse(v.Request.URL)
	if err != nil {
		t.Fatal("parse a URL of the vectors:", err)
	}
	// In botocore, the order of the query is that of the caller's arguments. The signature does not
	// depend on it.
	req := s.seen[0]
	if diff := gocmp.Diff(want.Query(), req.URL.Query()); diff != "" {
		t.Errorf("query (-botocore +s3list):\n%s", diff)
	}
	if req.URL.Host != want.Host {
		t.Errorf("host = %s, want %s", req.URL.Host, want.Host)
	}
	authorization := v.Request.Headers["Authorization"]
	if got := req.Header.Get("Authorization"); got != authorization {
		t.Errorf("Authorization = %s, want %s", got, authorization)
	}
	if !v.Parsed.IsTruncated {
		t.Error("the vector has no markers")
	}
	q := s.seen[1].URL.Query()
	if got, want := q.Get("key-marker"), v.Parsed.NextKeyMarker; got != want {
		t.Errorf("key-marker = %q, want %q", got, want)
	}
	if got, want := q.Get("version-id-marker"), v.Parsed.NextVersionIdMarker; got != want {
		t.Errorf("version-id-marker = %q, want %q", got, want)
	}
	var listed []Object
	for i, list := range [][]wireVersion{v.Parsed.Versions, v.Parsed.DeleteMarkers} {
		for _, o := range list {
			listed = append(listed, Object{
				Key:          o.Key,
				VersionID:    o.VersionId,
				ETag:         o.ETag,
				StorageClass: o.StorageClass,
				LastModified: wireTime(t, o.LastModified),
				IsLatest:     o.IsLatest,
				Size:         o.Size,
				DeleteMarker: i == 1,
			})
		}
	}
	if diff := gocmp.Diff(listed, p.objects); diff != "" {
		t.Errorf("objects (-botocore +s3list):\n%s", diff)
	}
}

// TestSpacesInQuery checks that a space is %20 and a plus is %2B, with and without a signature.
func TestSpacesInQuery(t *testing.T) {
	for _, signed := range []bool{true, false} {
		s := &server{respond: threePages}
		c := client(s)
		if !signed {
			c.Credentials = nil
		}
		in := ListInput{Bucket: "b12", Prefix: "a b+c~/", Delimiter: " ", StartAfter: "+ ~"}
		if _, err := collect(t, c.List(t.Context(), in)); err != nil {
			t.Fatalf("List = %v, want no error", err)
		}
		for i, req := range s.seen {
			q := req.URL.RawQuery
			const want = "&prefix=a%20b%2Bc~%2F&delimiter=%20&start-after=%2B%20~&"
			if !strings.Contains(q, want) {
				t.Errorf("signed %t, page %d: query = %s, want %s in it", signed, i+1, q, want)
			}
		}
	}
}

// TestTokensAreOpaque checks that a token is sent back unchanged and encoded once, even if the
// response says that the keys in it are encoded.
func TestTokensAreOpaque(t *testing.T) {
	for _, token := range []string{
		"a+b",
		"a%2Bb",
		"a%20b",
		"100%",
		"1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=",
	} {
		s := &server{respond: func(n int, req *http.Request) *http.Response {
			if n == 1 {
				first := pageOf(token, "k+1%2B")
				first = strings.Replace(first, "<IsTruncated>", encoded+"<IsTruncated>", 1)
				return reply(200, first)
			}
			if got := req.URL.Query().Get("continuation-token"); got != token {
				t.Errorf("token %q is sent back as %q in %s", token, got, req.URL.RawQuery)
			}
			return reply(200, pageOf(""))
		}}
		keys, err := collect(t, client(s).Objects(t.Context(), "b12", ""))
		if err != nil || !slices.Equal(keys, []string{"k 1+"}) || len(s.seen) != 2 {
			t.Errorf("token %q: keys %q, error %v, %d requests", token, keys, err, len(s.seen))
		}
	}
}

// TestListCredentials checks that credentials are obtained before every page, in case they expire.
func TestListCredentials(t *testing.T) {
	s := &server{respond: threePages}
	c := client(s)
	n := 0
	c.Credentials = func(context.Context) (sigv4.Credentials, error) {
		n++
		return sigv4.Credentials{
			AccessKeyID:     fmt.Sprint("AKIA", n),
			SecretAccessKey: "secret",
			SessionToken:    fmt.Sprint("token", n),
		}, nil
	}
	if _, err := collect(t, c.Objects(t.Context(), "b12", "")); err != nil {
		t.Fatalf("Objects = %v, want no error", err)
	}
	for i, req := range s.seen {
		key, token := fmt.Sprintf("Credential=AKIA%d/", i+1), fmt.Sprint("token", i+1)
		if !strings.Contains(req.Header.Get("Authorization"), key) ||
			req.Header.Get("X-Amz-Security-Token") != token {
			t.Errorf("page %d: headers %v, want %s and %s", i+1, req.Header, key, token)
		}
	}

	fail := func(creds sigv4.Credentials, err error) error {
		c.Credentials = func(context.Context) (sigv4.Credentials, error) { return creds, err }
		_, got := collect(t, c.Objects(t.Context(), "b12", ""))
		return got
	}
	signedOut := errors.New("signed out")
	if err := fail(sigv4.Credentials{}, signedOut); !errors.Is(err, signedOut) {
		t.Errorf("error = %v, want that of Credentials", err)
	}
	// A refusal by the service that issues the credentials is not a refusal by S3.
	other := &awshttp.Failure{Code: CodePermanentRedirect, StatusCode: 301}
	err := fail(sigv4.Credentials{}, other)
	if err == nil || errors.As(err, new(*Error)) ||
		!strings.Contains(err.Error(), "getting credentials") {
		t.Errorf("error = %v, want one about getting credentials that is not an *Error", err)
	}
	err = fail(sigv4.Credentials{}, nil)
	if err == nil || !strings.Contains(err.Error(), "access key") {
		t.Errorf("error for empty credentials = %v, want one about the access key", err)
	}
	if len(s.seen) != 3 {
		t.Error("a request was sent without credentials")
	}
}

func TestListUnsigned(t *testing.T) {
	s := &server{respond: threePages}
	c := client(s)
	c.Credentials = nil
	if _, err := collect(t, c.Objects(t.Context(), "b12", "")); err != nil {
		t.Fatalf("Objects = %v, want no error", err)
	}
	for _, req := range s.seen {
		for name := range req.Header {
			if name != "User-Agent" {
				t.Errorf("header %s is sent", name)
			}
		}
	}
}

// TestListRetry checks which failures are retried, at most twice and each time with a new
// signature.
func TestListRetry(t *testing.T) {
	cut := func() *http.Response {
		r := reply(200, pageOf("", "x"))
		r.Body = http.MaxBytesReader(nil, r.Body, 10)
		return r
	}
	with := func(status int, body string) func() *http.Response {
		return func() *http.Response { return reply(status, body) }
	}
	for _, test := range []struct {
		name    string
		first   func() *http.Response
		retried bool
	}{
		{"slow down", with(503, errorOf(CodeSlowDown, "")), true},
		{"internal error", with(500, errorOf(CodeInternalError, "")), true},
		{"no error document", with(502, "<html>"), true},
		{"request timeout", with(400, errorOf("RequestTimeout", "")), true},
		{"connection lost", func() *http.Response { return nil }, true},
		{"body cut", cut, true},
		{"access denied", with(403, errorOf(CodeAccessDenied, "")), false},
		{"no such bucket", with(404, errorOf(CodeNoSuchBucket, "")), false},
		{"expired token", with(400, errorOf(CodeExpiredToken, "")), false},
		{"malformed page", with(200, "<ListBucketResult>"), false},
		{"error with status 200", with(200, errorOf(CodeInternalError, "")), false},
		{"too long", with(200, strings.Repeat(" ", maxPage+1)), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server{respond: func(n int, req *http.Request) *http.Response {
					time.Sleep(2 * time.Second) // so that X-Amz-Date changes
					if n == 1 {
						return test.first()
					}
					return reply(200, pageOf("", "a"))
				}}
				keys, err := collect(t, client(s).Objects(t.Context(), "b12", ""))
				if test.retried != (err == nil) || len(keys) != len(s.seen)-1 {
					t.Fatalf("Objects = %q, %v after %d requests, want a retry: %t",
						keys, err, len(s.seen), test.retried)
				}
				if !test.retried {
					return
				}
				if s.seen[0].Header.Get("X-Amz-Date") == s.seen[1].Header.Get("X-Amz-Date") {
					t.Error("the retry has the signature of the first request")
				}
			})
		})
	}
	t.Run("three times", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := always(503, errorOf(CodeSlowDown, ""))
			_, err := collect(t, client(s).Objects(t.Context(), "b12", ""))
			var e *Error
			if !errors.As(err, &e) || e.Code != CodeSlowDown || e.StatusCode != 503 ||
				len(s.seen) != 3 {
				t.Errorf("error = %v after %d requests, want SlowDown after 3", err, len(s.seen))
			}
		})
	})
}

// TestListSkew checks that a wrong local clock is corrected by the server's Date header.
func TestListSkew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{respond: func(_ int, req *http.Request) *http.Response {
			now := time.Now().Add(time.Hour).UTC()
			date := now.Format(http.TimeFormat)
			signed, err := time.Parse("20060102T150405Z", req.Header.Get("X-Amz-Date"))
			if err != nil || now.Sub(signed).Abs() > 15*time.Minute {
				children := "<ServerTime>x</ServerTime>" +
					"<MaxAllowedSkewMilliseconds>900000</MaxAllowedSkewMilliseconds>"
				return reply(403, errorOf(CodeRequestTimeTooSkewed, children), "Date", date)
			}
			return reply(200, pageOf("", "a"), "Date", date)
		}}
		c := client(s)
		for range 2 {
			keys, err := collect(t, c.Objects(t.Context(), "b12", ""))
			if err != nil || len(keys) != 1 {
				t.Fatalf("Objects = %q, %v, want one key", keys, err)
			}
		}
		if len(s.seen) != 3 { // the second listing knows the time
			t.Errorf("%d requests, want 3", len(s.seen))
		}
	})
}

// TestShortBody checks, with a real server, that a response shorter than its Content-Length is
// retried and then an error.
func TestShortBody(t *testing.T) {
	var n atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		body := pageOf("", "a", "b")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
		w.Write([]byte(body))
	}))
	defer s.Close()
	c := &Client{Region: "us-east-1", Endpoint: s.URL}
	keys, err := collect(t, c.Objects(t.Context(), "b12", ""))
	if err == nil || len(keys) != 0 || n.Load() != 3 {
		t.Errorf("Objects = %q, %v after %d requests, want an error after 3", keys, err, n.Load())
	}
}
