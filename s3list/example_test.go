package s3list_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/s3list"
)

// exampleClient returns a client of an in-memory server with a public bucket. A program leaves
// HTTPClient nil and sets Credentials, for example to the method of a cognito.Session.
func exampleClient() *s3list.Client {
	server := cognitotest.Example()
	server.Buckets[0].Public = true
	return &s3list.Client{Region: cognitotest.ExampleRegion, HTTPClient: server.Client()}
}

func ExampleClient_Objects() {
	c := exampleClient()
	for object, err := range c.Objects(context.Background(), cognitotest.ExampleBucket, "notes/") {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%3d %q\n", object.Size, object.Key) // %q, as keys may have control characters
	}
	// Output:
	//  41 "notes/\x01control"
	//  37 "notes/2026 plan + 100%.txt"
	//  25 "notes/a=b&c=d?e#f.txt"
}

// A delimiter shows one level of a tree.
func ExampleClient_List() {
	c := exampleClient()
	in := s3list.ListInput{Bucket: cognitotest.ExampleBucket, Delimiter: "/"}
	for object, err := range c.List(context.Background(), in) {
		switch {
		case err != nil:
			fmt.Println(err)
			return
		case object.CommonPrefix:
			fmt.Println("   ", object.Key)
		default:
			date := object.LastModified.Format("2006-01-02")
			fmt.Printf("%3d %s, %s\n", object.Size, object.Key, date)
		}
	}
	// Output:
	//  13 hello.txt, 2009-10-12
	//     notes/
	//     photos/
}

// Several requests at once make the listing of a large bucket many times faster.
func ExampleClient_List_parallel() {
	c := exampleClient()
	var bytes int64
	for object, err := range c.List(context.Background(), s3list.ListInput{
		Bucket:   cognitotest.ExampleBucket,
		Parallel: 32,
		Progress: func(p s3list.Progress) {
			fmt.Printf("%d keys so far, the last one is %q\n", p.Keys, p.Key)
		},
	}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		bytes += object.Size
	}
	fmt.Println(bytes, "bytes")
	// Output:
	// 7 keys so far, the last one is "photos/2026/東京.jpg"
	// 184 bytes
}

// versionsServer is an http.RoundTripper that responds as S3 does for a bucket with versioning.
type versionsServer struct{}

func (versionsServer) RoundTrip(req *http.Request) (*http.Response, error) {
	const body = `<ListVersionsResult><IsTruncated>false</IsTruncated>
		<DeleteMarker><Key>draft.txt</Key><VersionId>uWl0</VersionId><IsLatest>true</IsLatest>
			<LastModified>2026-03-04T15:00:00.000Z</LastModified></DeleteMarker>
		<Version><Key>draft.txt</Key><VersionId>iT3c</VersionId><IsLatest>false</IsLatest>
			<LastModified>2026-03-02T09:30:00.000Z</LastModified><Size>52</Size></Version>
		<Version><Key>plan.txt</Key><VersionId>null</VersionId><IsLatest>true</IsLatest>
			<LastModified>2025-11-20T08:00:00.000Z</LastModified><Size>37</Size></Version>
		</ListVersionsResult>`
	return &http.Response{
		StatusCode: 200,
		Header:     http.Header{},
		Body:       io.NopCloser(strings.NewReader(body)),
		Request:    req,
	}, nil
}

// The versions of a key are yielded from the newest to the oldest. A delete marker says that the
// key was deleted; the version before it still exists.
func ExampleClient_Versions() {
	c := &s3list.Client{
		Region:     "eu-west-1",
		HTTPClient: &http.Client{Transport: versionsServer{}}, // only for this example
	}
	in := s3list.ListInput{Bucket: "example-bucket"}
	for object, err := range c.Versions(context.Background(), in) {
		if err != nil {
			fmt.Println(err)
			return
		}
		state := "old"
		switch {
		case object.DeleteMarker:
			state = "deleted"
		case object.IsLatest:
			state = "current"
		}
		date := object.LastModified.Format("2006-01-02")
		fmt.Printf("%s %s %-4s %s\n", date, object.Key, object.VersionID, state)
	}
	// Output:
	// 2026-03-04 draft.txt uWl0 deleted
	// 2026-03-02 draft.txt iT3c old
	// 2025-11-20 plan.txt null current
}

// A refusal by the service is an *Error, and its Code says why.
func ExampleError() {
	c := exampleClient()
	for _, err := range c.Objects(context.Background(), "no-such-bucket", "") {
		var e *s3list.Error
		if errors.As(err, &e) && e.Code == s3list.CodeNoSuchBucket {
			fmt.Println("there is no bucket", e.Bucket)
		}
	}
	// Output:
	// there is no bucket no-such-bucket
}
