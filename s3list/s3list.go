// Package s3list lists the objects of an Amazon S3 bucket, or all their versions, in key order.
//
//	c := &s3list.Client{Region: "eu-west-1", Credentials: session.Credentials}
//	for object, err := range c.Objects(ctx, "example-bucket", "photos/") {
//		if err != nil {
//			return err
//		}
//		fmt.Println(object.Size, object.Key)
//	}
//
// It uses the operations ListObjectsV2 and ListObjectVersions of the Amazon S3 API, and works with
// compatible servers.
//
// # Completeness
//
// A listing that ends without an error is complete. A response is an error if it is cut short, is
// not well-formed, lacks a required element or repeats one. Keys that are repeated, out of order or
// not requested are errors too: accepting them could hide that other keys are missing.
//
// Servers may leave out what S3 always sends. An optional field of an [Object] is zero if its
// element is missing or has an unknown form.
//
// # Large buckets
//
// A listing of any length runs in bounded memory. With [ListInput].Parallel it sends many requests
// at once, which makes it many times faster, and returns the same objects in the same order.
//
// # Regions
//
// If a bucket is in another Region of the same partition, the [Client] finds it and remembers its
// Region. It never follows an address that a response names.
package s3list

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/sigv4"
)

// A Client lists buckets. Its fields must not be changed after the first call. It is safe for
// concurrent use and must not be copied after the first call.
type Client struct {
	// Region is the Region that requests are signed for and sent to first. It is required. With
	// Endpoint it may have any name, such as RegionOne.
	//
	// If a response says that a bucket is in another Region of the same partition, the request is
	// sent again to that Region, once, and the Client remembers the Region of the bucket.
	Region string

	// Endpoint is the URL of a server to use instead of AWS. It must be https, or http on the
	// loopback address. If it is empty, the published hosts of AWS are used. If a bucket is in
	// another Region, requests are signed for that Region and still sent to Endpoint.
	Endpoint string

	// FIPS selects the hosts with cryptography validated under FIPS 140. It cannot be combined with
	// Endpoint.
	FIPS bool

	// DualStack selects the hosts with IPv4 and IPv6 addresses. It cannot be combined with
	// Endpoint.
	DualStack bool

	// PathStyle puts the name of the bucket into the path of the URL at AWS's hosts. By default the
	// name is part of the host name there, unless it cannot be a single DNS label.
	PathStyle bool

	// VirtualHosted makes the name of the bucket part of the host name of Endpoint, as some
	// services require, unless it cannot be a single DNS label or Endpoint is an IP address or not
	// https. By default the name is in the path there, as in the AWS command line: most servers
	// have no names and certificates for buckets.
	VirtualHosted bool

	// Credentials returns the credentials that requests are signed with. It is called before
	// every request for a page, in a goroutine of the listing. If it is nil, requests are not
	// signed, which is sufficient for a public bucket.
	Credentials func(context.Context) (sigv4.Credentials, error)

	// HTTPClient sends the requests. Redirects are never followed, so its CheckRedirect is not
	// used. If it is nil, the Client uses its own, which requires TLS 1.2, has time limits and
	// respects the proxy variables of the environment.
	HTTPClient *http.Client

	sender awshttp.Sender

	mu    sync.Mutex
	here  *sigv4.Signer            // for Region
	homes map[string]*sigv4.Signer // by bucket, for buckets that are in another Region
}

// ListInput says what to list, and how. Only Bucket is required. Fields with zero values are not
// sent.
type ListInput struct {
	// Bucket is the name of the bucket or the alias of an access point (...-s3alias). ARNs,
	// directory buckets and S3 on Outposts are refused.
	Bucket string

	// Prefix selects the keys that begin with it.
	Prefix string

	// Delimiter combines keys that contain it after Prefix: those that are equal up to the end of
	// its first occurrence become one common prefix. A Delimiter of "/" shows one level of a tree.
	Delimiter string

	// StartAfter selects the keys that sort after it. It need not exist.
	StartAfter string

	// VersionIDMarker makes [Client.Versions] also return those versions of the key StartAfter that
	// follow this one. It requires StartAfter, and [Client.List] refuses it.
	VersionIDMarker string

	// PageSize is the maximum number of keys and common prefixes in a response, 1 to 1000. It is
	// called max-keys in the API. 0 leaves it to the server; S3 uses 1000.
	PageSize int

	// Parallel is the maximum number of requests in flight, up to 64. 0 and 1 request one page
	// after the other. The results and their order do not depend on it.
	//
	// A parallel listing divides the keys that remain at places that it guesses from the keys
	// seen so far. It begins with one request at a time, so a bucket of one or two pages costs no
	// more than otherwise. It sends more at once as pages arrive, and fewer when the server
	// responds SlowDown. Usually it sends a third more requests than a sequential listing,
	// because some guesses find nothing new. If there are large gaps between the keys, it can
	// send several times as many.
	//
	// Pages that arrive early wait in memory in a compact form. This takes up to 40 MB with a
	// Parallel of 32, and 60 MB with 64. Credentials is called from several goroutines at once.
	//
	// The server must list keys and common prefixes together in one order, as S3 does. If it does
	// not, the listing continues sequentially, or ends with an error if the keys have already been
	// divided. If the server gives a wrong response for a guessed place, the listing notices and
	// sends additional requests. No key is lost.
	Parallel int

	// Progress, if set, is called between objects, at most ten times a second, and when the listing
	// ends for any reason. It runs in the goroutine that ranges over the listing.
	Progress func(Progress)

	// FetchOwner fills in Object.Owner. Versions always does.
	FetchOwner bool

	// RestoreStatus fills in Object.RestoreStatus.
	RestoreStatus bool

	// RequestPayer agrees to be charged for the requests, as a requester-pays bucket demands.
	RequestPayer bool

	// ExpectedBucketOwner is the 12-digit ID of an AWS account. If the bucket belongs to another
	// account, S3 refuses the request.
	ExpectedBucketOwner string
}

// An Object is a key of a bucket, a version of a key, or a common prefix.
//
// The strings of several neighbouring objects share one allocation of about 1 KB. Programs that
// keep few of many objects should keep copies made with [strings.Clone].
type Object struct {
	// Key is the full name, including ListInput.Prefix. It may contain any character, such as
	// control characters and line ends, so it must be escaped before it is printed or used as a
	// file name.
	Key string

	// CommonPrefix reports whether Key is a common prefix; see ListInput.Delimiter. All other
	// fields are zero then.
	CommonPrefix bool

	Size         int64     // in bytes; 0 if the server sends none
	LastModified time.Time // in UTC; zero if the server sends none
	ETag         string    // with its quotes; not always a hash of the content
	StorageClass string    // such as "STANDARD", or "" if the server sends none

	// ChecksumAlgorithm lists algorithms such as "CRC64NVME"; there is rarely more than one.
	// Objects may share the slice, so it must not be changed.
	ChecksumAlgorithm []string
	ChecksumType      string // "FULL_OBJECT", "COMPOSITE" or ""

	Owner         Owner         // with ListInput.FetchOwner
	RestoreStatus RestoreStatus // with ListInput.RestoreStatus

	// VersionID is set by Versions. It is "null" for an object that was stored while versioning was
	// off.
	VersionID string

	// IsLatest is set by Versions. It reports whether this is the current version of the key.
	IsLatest bool

	// DeleteMarker is set by Versions. It reports that the key was deleted at LastModified. There
	// is no content then: Size, ETag and the fields about storage are zero.
	DeleteMarker bool
}

// An Owner is the account that an object belongs to.
type Owner struct {
	ID          string // canonical user ID
	DisplayName string // S3 no longer sends it
}

// A RestoreStatus reports whether an archived object can be read.
type RestoreStatus struct {
	IsRestoreInProgress bool
	RestoreExpiryDate   time.Time // when the restored copy is removed; zero if there is none
}

// Progress is the state of a listing.
type Progress struct {
	Keys     int64  // objects and common prefixes that were yielded
	Pages    int64  // pages that they came from
	Requests int64  // requests sent, including retries and requests in flight
	Key      string // the last key that was yielded
}

// Objects lists the keys of bucket that begin with prefix, which may be empty. It is List with
// these two fields.
func (c *Client) Objects(ctx context.Context, bucket, prefix string) iter.Seq2[Object, error] {
	return c.List(ctx, ListInput{Bucket: bucket, Prefix: prefix})
}

// List lists a bucket or a part of it.
//
// Objects are yielded in the order of the UTF-8 bytes of their keys. If a server lists them in
// another order, that is an error. Common prefixes are in their place among the objects of a page.
// Requests are sent only while the sequence is ranged over, and each range is a new listing. The
// next page is requested when the second object of a page is yielded.
//
// An error is the last element of the sequence. A refusal by the service is an [*Error]. The
// objects before it are valid but incomplete. When ctx ends, its error is yielded before the next
// object. A thousand pages in a row without new keys are an error. If the loop ends early, requests
// in flight are cancelled, and no goroutine is left.
//
// To resume a listing, set ListInput.StartAfter to the Key of the last object.
func (c *Client) List(ctx context.Context, in ListInput) iter.Seq2[Object, error] {
	return c.list(ctx, listObjects, in)
}

// Versions lists all versions of the objects in a bucket, including delete markers. It needs the
// permission s3:ListBucketVersions. The versions of a key are yielded from the newest to the
// oldest. In all other respects it is like List.
//
// To resume a listing, set ListInput.StartAfter to the Key, and ListInput.VersionIDMarker to the
// VersionID, of the last object.
func (c *Client) Versions(ctx context.Context, in ListInput) iter.Seq2[Object, error] {
	return c.list(ctx, listVersions, in)
}

// check refuses invalid input before anything is sent.
func (c *Client) check(op *operation) error {
	owner := op.ExpectedBucketOwner
	switch {
	case c.Region == "":
		return errors.New("Client.Region is missing: set it, for example to us-east-1")
	case op.PageSize < 0 || op.PageSize > 1000:
		return fmt.Errorf("ListInput.PageSize is %d: it must be 0 to 1000", op.PageSize)
	case op.Parallel < 0 || op.Parallel > maxParallel:
		return fmt.Errorf("ListInput.Parallel is %d: it must be 0 to %d", op.Parallel, maxParallel)
	case op.VersionIDMarker != "" && op.name != listVersions:
		return errors.New("ListInput.VersionIDMarker is set: only Versions supports it")
	case op.VersionIDMarker != "" && op.StartAfter == "":
		return errors.New("ListInput.VersionIDMarker needs ListInput.StartAfter: set both")
	case owner != "" && (len(owner) != 12 || strings.Trim(owner, "0123456789") != ""):
		return fmt.Errorf("ListInput.ExpectedBucketOwner is %.40q: it must be 12 digits", owner)
	}
	_, err := c.bucketURL(op.Bucket, c.Region)
	return err
}
