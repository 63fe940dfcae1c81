package s3list_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/s3list"
)

// standIn is a client of a server in memory, whose bucket anybody may list. A program leaves HTTPClient out and sets
// Credentials, for example to the method of that name of a cognito.Session.
func standIn() *s3list.Client {
	server := cognitotest.Example()
	server.Buckets[0].Public = true
	return &s3list.Client{Region: cognitotest.ExampleRegion, HTTPClient: server.Client()}
}

func Example() {
	c := standIn()
	for object, err := range c.Objects(context.Background(), cognitotest.ExampleBucket, "notes/") {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%3d %q\n", object.Size, object.Key) // %q, because a key may hold control characters
	}
	// Output:
	//  41 "notes/\x01control"
	//  37 "notes/2026 plan + 100%.txt"
	//  25 "notes/a=b&c=d?e#f.txt"
}

// A delimiter shows one level of a tree.
func ExampleClient_List() {
	c := standIn()
	for object, err := range c.List(context.Background(), s3list.Input{Bucket: cognitotest.ExampleBucket, Delimiter: "/"}) {
		switch {
		case err != nil:
			fmt.Println(err)
			return
		case object.CommonPrefix:
			fmt.Println("   ", object.Key)
		default:
			fmt.Printf("%3d %s, %s\n", object.Size, object.Key, object.LastModified.Format("2006-01-02"))
		}
	}
	// Output:
	//  13 hello.txt, 2009-10-12
	//     notes/
	//     photos/
}

// A large bucket is listed many times faster with several requests at once, and says how far it is.
func ExampleClient_List_parallel() {
	c := standIn()
	var bytes int64
	for object, err := range c.List(context.Background(), s3list.Input{
		Bucket:   cognitotest.ExampleBucket,
		Parallel: 32,
		Progress: func(p s3list.Progress) { fmt.Printf("%d keys so far, the last one is %q\n", p.Keys, p.Key) },
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

// What the service refuses is an *Error, and its code says why.
func ExampleError() {
	c := standIn()
	for _, err := range c.Objects(context.Background(), "no-such-bucket", "") {
		var e *s3list.Error
		if errors.As(err, &e) && e.Code == s3list.CodeNoSuchBucket {
			fmt.Println("there is no bucket", e.Bucket)
		}
	}
	// Output:
	// there is no bucket no-such-bucket
}
