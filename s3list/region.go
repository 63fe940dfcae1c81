package s3list

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	transport "github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/internal/endpoint"
	"github.com/loginwithcognito/cognito/sigv4"
)

// maxRegions is for how many buckets a Client remembers the Region, and of how many Regions it keeps a signing key.
const maxRegions = 1000

// fetch asks for one page where the bucket is thought to be, and if it is elsewhere, there: once.
func (c *Client) fetch(ctx context.Context, ask *call) error {
	bucket := ask.in.Bucket
	region := c.region(bucket)
	err := c.send(ctx, ask, region)
	e, refused := err.(*Error) // not errors.As: what getting credentials failed with is none of this
	if !refused || !e.wrongRegion() {
		return err
	}
	found := e.Region
	if found == "" {
		var why error
		if found, why = c.head(ctx, bucket, region); why != nil {
			return fmt.Errorf("%w; asking where it is: %w", err, why)
		}
	}
	if !c.reachable(found, region) {
		return err
	}
	lasting := !e.temporary()
	err = c.send(ctx, ask, found)
	if e, refused = err.(*Error); lasting && (err == nil || refused && !e.wrongRegion()) {
		c.remember(bucket, found)
	}
	return err
}

// reachable reports whether an answer from region may send us to found. The text came over the wire: it becomes part of
// a host name only if it is one label, and no request leaves the partition. With a custom endpoint it is no more than
// what the signature says.
func (c *Client) reachable(found, region string) bool {
	if found == region || endpoint.ValidRegion(found) != nil {
		return false
	}
	here, _, _ := endpoint.Partition(region)
	there, _, _ := endpoint.Partition(found)
	return c.Endpoint != "" || here == there
}

// region is where the bucket is, as far as is known.
func (c *Client) region(bucket string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r, ok := c.regions[bucket]; ok {
		return r
	}
	return c.Region
}

func (c *Client) remember(bucket, region string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.regions == nil || len(c.regions) >= maxRegions {
		c.regions = make(map[string]string)
	}
	c.regions[bucket] = region
}

// signer is what requests for a Region are signed with. It keeps the signing key.
func (c *Client) signer(region string) *sigv4.Signer {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.signers[region]
	if s == nil {
		if c.signers == nil || len(c.signers) >= maxRegions {
			c.signers = make(map[string]*sigv4.Signer)
		}
		s = &sigv4.Signer{Region: region, Service: "s3"}
		c.signers[region] = s
	}
	return s
}

// head sends HEAD to the bucket's host, without a signature and without a query, and returns the Region in
// x-amz-bucket-region, "" if there is none. S3 sends that header with a refusal too; the AWS SDKs find a bucket's
// Region in the same way (aws-sdk-go-v2 feature/s3/manager/bucket_region.go).
func (c *Client) head(ctx context.Context, bucket, region string) (string, error) {
	resp, err := c.sender.Do(ctx, transport.Request{
		HTTPClient: c.HTTPClient,
		New: func(ctx context.Context, _ time.Time) (*http.Request, error) {
			u, err := c.bucketURL(bucket, region)
			if err != nil {
				return nil, err
			}
			return http.NewRequestWithContext(ctx, http.MethodHead, u.String(), nil)
		},
	})
	var f *transport.Failure
	switch {
	case err == nil:
		return resp.Header.Get("X-Amz-Bucket-Region"), nil
	case errors.As(err, &f):
		return f.Header.Get("X-Amz-Bucket-Region"), nil
	}
	return "", err
}

// Connect opens a connection to the bucket's host, so that a listing that follows soon does not wait for it. It sends
// one HEAD request for the bucket, which carries no credentials and is not signed; S3 refuses it for most buckets, and
// that is all right. If the answer says that the bucket is in another Region of the partition, the Client remembers
// that, and the connection is opened there. An error means that the host was not reached; the listing may still work.
//
// It needs a Client whose HTTPClient, if it has one, keeps connections open.
func (c *Client) Connect(ctx context.Context, bucket string) error {
	if err := c.check(Input{Bucket: bucket}, false); err != nil {
		return wrap("HeadBucket", bucket, err)
	}
	region := c.region(bucket)
	found, err := c.head(ctx, bucket, region)
	if err == nil && c.reachable(found, region) {
		c.remember(bucket, found)
		if c.Endpoint == "" {
			_, err = c.head(ctx, bucket, found)
		}
	}
	if err != nil {
		return wrap("HeadBucket", bucket, err)
	}
	return nil
}
