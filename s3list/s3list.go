// Package s3list lists the objects of an Amazon S3 bucket, in key order, however many there are.
//
//	c := &s3list.Client{Region: "eu-west-1", Credentials: session.Credentials}
//	for object, err := range c.Objects(ctx, "example-bucket", "photos/") {
//		if err != nil {
//			return err
//		}
//		fmt.Println(object.Size, object.Key)
//	}
//
// It speaks ListObjectsV2 and ListObjectVersions (Amazon S3 API Reference), to S3 and to servers that are compatible with
// it. A bucket in another Region of the same partition is found. A listing that ends without an error is complete. Memory
// does not grow with the number of keys. A large bucket is listed many times faster with [Input].Parallel.
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

	transport "github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/sigv4"
)

// A Client lists buckets. Its fields are set before the first call and not changed after it; then it is safe for
// concurrent use. It must not be copied once it is in use.
type Client struct {
	// Region is where buckets are looked for first, and what requests are signed for. Required. When an answer says
	// that a bucket is in another Region of the same partition, the request is signed again for that Region and sent
	// there, once, and the Client remembers it. Addresses in answers are never followed.
	Region string

	// Endpoint is the URL of a server to use in place of AWS's: https, or http on the loopback address. "" means the
	// hosts that AWS publishes. It stays the same when a bucket's Region turns out to be another.
	Endpoint string

	// FIPS and DualStack choose the hosts with validated cryptography (FIPS 140) and those that answer over IPv4 and
	// IPv6. False means the usual hosts. They cannot be combined with Endpoint.
	FIPS, DualStack bool

	// PathStyle puts the bucket's name into the path also where it could be part of the host name. False means that it
	// is part of the host name if it can be one label of it, and the Endpoint, if there is one, is a name without a
	// port. Otherwise it is in the path anyway.
	PathStyle bool

	// Credentials gives what to sign with; it is called before every page, in a goroutine of the listing. Nil means that
	// requests are not signed, which is enough for a public bucket.
	Credentials func(context.Context) (sigv4.Credentials, error)

	// HTTPClient sends the requests; its CheckRedirect is not used, as redirects are never followed. Nil means one of
	// the Client's own, with TLS 1.2 or better, time limits and the proxies of the environment.
	HTTPClient *http.Client

	sender transport.Sender

	mu      sync.Mutex
	regions map[string]string // of the buckets that are not in Region
	signers map[string]*sigv4.Signer
}

// Input is a request for a listing. Empty fields are not sent.
type Input struct {
	// Bucket is the name of the bucket or the alias of an access point (...-s3alias). Required. ARNs, directory
	// buckets and S3 on Outposts are refused.
	Bucket string

	Prefix     string // only keys that begin with it
	Delimiter  string // keys with it after the prefix are rolled up into one common prefix; usually "/"
	StartAfter string // only keys after it in order; it need not exist. Of Versions: KeyMarker
	PageSize   int    // keys and common prefixes in one answer, 1 to 1000; 0: the server's choice, 1000 for S3

	// VersionIDMarker is a version of the key StartAfter: Versions then also lists the versions of it that come after
	// this one. List has no use for it.
	VersionIDMarker string

	// Parallel is how many pages may be asked for at the same time, at most 64. 0 and 1 mean one after the other. The
	// result is the same, also its order: what is still to be listed is divided at places that are guessed from the keys
	// seen so far. A listing begins with one request at a time, and a bucket of two pages costs no more than that; as pages
	// come in, it asks for more at once, and for fewer when the server says SlowDown. Some requests find nothing new: a third more
	// of them than otherwise is usual, and several times as many have been seen where names leave large gaps.
	//
	// Pages that have come early wait in memory, in a compact form: 40 MB do for a Parallel of 32, and 60 MB for 64.
	// Client.Credentials is called from several goroutines at once. The server must list in the order of UTF-8 bytes, as
	// S3 does: if it is seen not to before the listing is divided, pages are asked for one after the other, and after
	// that it is an error. A server that is wrong about what is behind a place that was guessed is noticed, and costs
	// requests, not keys.
	Parallel int

	// Progress, if it is set, is called in the goroutine that ranges over the listing, between two objects: at most ten
	// times a second, and once at the end, however that comes.
	Progress func(Progress)

	FetchOwner    bool // fills Object.Owner; Versions always does
	RestoreStatus bool // fills Object.RestoreStatus
	RequestPayer  bool // agrees to be charged, for a requester-pays bucket

	// ExpectedBucketOwner is the id of the account, 12 digits, that the bucket must belong to; S3 refuses otherwise.
	ExpectedBucketOwner string
}

// Object is a key of a bucket with what the listing tells about it, or a common prefix.
//
// Strings of neighbouring objects share memory, about 1 KB: who keeps few of very many copies them with strings.Clone.
type Object struct {
	// Key is the full name, prefix included. In S3 it is UTF-8; it may hold any character, control characters and
	// line ends too: take care where it is printed or becomes a file name.
	Key string

	// CommonPrefix marks the prefix, up to and including the delimiter, that one or more keys share. The other fields
	// are zero then.
	CommonPrefix bool

	Size              int64     // in bytes
	LastModified      time.Time // UTC
	ETag              string    // as sent, with the quotes; not always a hash of the content
	StorageClass      string    // such as "STANDARD"; "" if the server names none
	ChecksumAlgorithm []string  // such as "CRC64NVME"; most often one or none. Shared with other objects: not to be changed.
	ChecksumType      string    // "FULL_OBJECT", "COMPOSITE" or ""
	Owner             Owner     // with Input.FetchOwner
	RestoreStatus     RestoreStatus

	VersionID    string // of Versions; "null" for an object that was put while the bucket kept no versions
	IsLatest     bool   // of Versions: the version that a GET of the key without a version finds
	DeleteMarker bool   // of Versions: the key was deleted at LastModified; Size, ETag and the rest are zero
}

// Progress is how far a listing has come.
type Progress struct {
	Keys     int64  // objects and common prefixes given to the caller
	Pages    int64  // whose objects these were
	Requests int64  // sent so far, repetitions and those whose answer is still to come included
	Key      string // the last one given to the caller
}

// Owner is the account that an object belongs to.
type Owner struct {
	ID          string // canonical user id
	DisplayName string // no longer sent by S3
}

// RestoreStatus tells whether an archived object can be read; see Input.RestoreStatus.
type RestoreStatus struct {
	IsRestoreInProgress bool
	RestoreExpiryDate   time.Time // until when the restored copy is there; zero: there is none
}

// Objects lists the keys of a bucket that begin with prefix, which may be empty. It is List with these two.
func (c *Client) Objects(ctx context.Context, bucket, prefix string) iter.Seq2[Object, error] {
	return c.List(ctx, Input{Bucket: bucket, Prefix: prefix})
}

// List lists a bucket, or the part of it that in describes.
//
// The objects come in the order of the UTF-8 bytes of their keys, with common prefixes in their place among them, if
// the server keeps to S3's order. Nothing is sent before the sequence is ranged over. While the objects of one page are
// consumed, from the second one on, the next page is asked for; with Input.Parallel, more than one. Each range over the
// sequence is a new listing. Breaking off cancels what is on the way, and leaves nothing running.
//
// An error is the last element of the sequence; an answer of the service is an [*Error]. What came before it is good,
// but not all there is. When ctx has ended, its error is yielded before the next object, also if all of them are there.
// An empty page is no end: a server can send any number of them, and only ctx limits for how long.
//
// To go on where a listing broke off, set Input.StartAfter to the Key of the last object that it gave.
func (c *Client) List(ctx context.Context, in Input) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) { c.list(ctx, in, false, yield) }
}

// Versions lists all versions of the objects, delete markers among them: the operation ListObjectVersions, which needs
// the permission s3:ListBucketVersions. They come in the order of their keys, and those of one key from the newest to
// the oldest. Otherwise it is like List.
//
// To go on where a listing broke off, set Input.StartAfter to the Key and Input.VersionIDMarker to the VersionID of the
// last object that it gave.
func (c *Client) Versions(ctx context.Context, in Input) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) { c.list(ctx, in, true, yield) }
}

// check refuses what cannot be asked, before anything is sent.
func (c *Client) check(in Input, versions bool) error {
	if c.Region == "" {
		return errors.New("Client.Region is missing: set it, for example to us-east-1")
	}
	if in.PageSize < 0 || in.PageSize > 1000 {
		return fmt.Errorf("Input.PageSize is %d: it must be 1 to 1000, or 0 for the server's choice", in.PageSize)
	}
	if in.Parallel < 0 || in.Parallel > maxParallel {
		return fmt.Errorf("Input.Parallel is %d: it must be at most %d, and 0 or 1 for one request at a time", in.Parallel, maxParallel)
	}
	if in.VersionIDMarker != "" && (!versions || in.StartAfter == "") {
		return errors.New("Input.VersionIDMarker is for Versions, beside the key that it is a version of in Input.StartAfter")
	}
	if o := in.ExpectedBucketOwner; o != "" && (len(o) != 12 || strings.Trim(o, "0123456789") != "") {
		return fmt.Errorf("Input.ExpectedBucketOwner is %.40q: it must be the 12 digits of an account id", o)
	}
	_, err := c.bucketURL(in.Bucket, c.Region)
	return err
}
