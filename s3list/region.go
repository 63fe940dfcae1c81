package s3list

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/endpoint"
	"github.com/loginwithcognito/cognito/sigv4"
)

// maxHomes limits the number of buckets whose Region a Client remembers.
const maxHomes = 1000

// fetch requests a page from the Region where the bucket is expected. If the bucket is in another
// Region, fetch requests it from there, once.
func (c *Client) fetch(ctx context.Context, ask *call) error {
	here := c.home(ask.Bucket)
	err := c.send(ctx, ask, here)
	e, refused := err.(*Error) // not errors.As: Credentials may fail with the Error of another call
	if !refused || !e.wrongRegion() {
		return err
	}
	region, lasting := e.Region, !e.temporary()
	if region == "" {
		var why error
		if region, why = c.head(ctx, ask.Bucket, here.Region); why != nil {
			return fmt.Errorf("%w; requesting its Region: %w", err, why)
		}
	}
	if !c.reachable(region, here.Region) {
		return err
	}
	there := newSigner(region)
	err = c.send(ctx, ask, there)
	if e, refused = err.(*Error); lasting && (err == nil || refused && !e.wrongRegion()) {
		c.remember(ask.Bucket, there)
	}
	return err
}

// reachable reports whether a response from region here may send the client to region there. The
// name there comes from the network, so it must be a single label before it becomes part of a host
// name, and no request leaves the partition. With a custom endpoint it is only a part of the
// signature.
func (c *Client) reachable(there, here string) bool {
	if there == here || endpoint.ValidRegion(there) != nil {
		return false
	}
	from, _, _ := endpoint.Partition(here)
	to, _, _ := endpoint.Partition(there)
	return c.Endpoint != "" || from == to
}

// home returns the signer for the Region where the bucket is expected. Signers are kept because
// each caches its signing key.
func (c *Client) home(bucket string) *sigv4.Signer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.here == nil {
		c.here = newSigner(c.Region)
	}
	return cmp.Or(c.homes[bucket], c.here)
}

// remember makes home return the given signer for a bucket.
func (c *Client) remember(bucket string, home *sigv4.Signer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.homes == nil || len(c.homes) >= maxHomes {
		c.homes = make(map[string]*sigv4.Signer)
	}
	c.homes[bucket] = home
}

// newSigner returns a signer for requests to S3.
func newSigner(region string) *sigv4.Signer {
	return &sigv4.Signer{Region: region, Service: "s3"}
}

// head sends HEAD to the bucket and returns the Region that x-amz-bucket-region names, or "". The
// request has no signature and no query. S3 sends the header with refusals, too; the AWS SDKs find
// Regions in the same way (aws-sdk-go-v2 feature/s3/manager/bucket_region.go).
func (c *Client) head(ctx context.Context, bucket, region string) (string, error) {
	resp, err := c.sender.Do(ctx, awshttp.Request{
		HTTPClient: c.HTTPClient,
		New: func(ctx context.Context, _ time.Time) (*http.Request, error) {
			return c.newRequest(ctx, "HEAD", bucket, region, "")
		},
	})
	var header http.Header
	if f := (*awshttp.Failure)(nil); errors.As(err, &f) {
		header, err = f.Header, nil
	} else if err == nil {
		header = resp.Header
	}
	return header.Get("X-Amz-Bucket-Region"), err
}

// Connect opens a connection to the host of a bucket, so that a listing soon after it begins
// faster. If the bucket turns out to be in another Region of the partition, the Client remembers
// that and opens a connection to the host there.
//
// Connect sends HEAD requests without credentials. S3 refuses them for most buckets, which does not
// matter. An error means that the host was not reached; a listing may still work.
//
// If HTTPClient is set, it must keep connections open.
func (c *Client) Connect(ctx context.Context, bucket string) error {
	op := &operation{name: "HeadBucket", ListInput: ListInput{Bucket: bucket}}
	if err := c.check(op); err != nil {
		return op.wrap(err)
	}
	here := c.home(bucket).Region
	there, err := c.head(ctx, bucket, here)
	if err == nil && c.reachable(there, here) {
		c.remember(bucket, newSigner(there))
		if c.Endpoint == "" {
			_, err = c.head(ctx, bucket, there)
		}
	}
	return op.wrap(err)
}
