package s3list

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/sigv4"
)

// maxPage is the longest response that is read. A page has at most 1000 entries, and a key at
// most 1024 bytes, each of which takes up to 6 bytes in XML. Together with the other elements
// this is less than 8 MB.
const maxPage = 16 << 20

// The operations for the two kinds of listings.
const (
	listObjects  = "ListObjectsV2"
	listVersions = "ListObjectVersions"
)

// An operation is what all requests of a listing have in common.
type operation struct {
	name string
	ListInput
	attempts atomic.Int64 // requests sent, including retries
}

// A call requests one page of a listing.
type call struct {
	*operation
	position
	page      *page  // receives the entries
	buffer    []byte // for reading; may be nil
	throttled bool   // the server refused an attempt because of the rate of requests
	err       error

	// For the listing.
	span      *span
	epoch     int      // of the window, when the call was made
	wrong     error    // of check
	following position // set by check
}

// A position is where a page begins: at the cursor that the page before it ended with, or after a
// key if there is no such page.
type position struct {
	from string
	next cursor
	last [kinds]mark // before the page
}

// A cursor is the server's name for the position after a page: a token in ListObjectsV2, and the
// other two fields in ListObjectVersions. It is zero after the last page.
type cursor struct {
	token, keyMarker, versionIDMarker string
}

// query returns the query of the request. Signature Version 4 requires that a space is "%20".
func (ask *call) query() string {
	var b strings.Builder
	add := func(name, value string) {
		if value != "" {
			value = strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
			b.WriteString("&" + name + "=" + value)
		}
	}
	size := ""
	if ask.PageSize > 0 {
		size = strconv.Itoa(ask.PageSize)
	}
	versions := ask.name == listVersions
	if versions {
		b.WriteString("versions")
	} else {
		b.WriteString("list-type=2")
	}
	add("prefix", ask.Prefix)
	add("delimiter", ask.Delimiter)
	add("max-keys", size)
	if versions {
		add("key-marker", cmp.Or(ask.next.keyMarker, ask.from))
		add("version-id-marker", ask.next.versionIDMarker)
	} else {
		add("start-after", ask.from) // ignored if there is a token
		if ask.FetchOwner {
			add("fetch-owner", "true")
		}
		add("continuation-token", ask.next.token)
	}
	add("encoding-type", "url") // some keys cannot be represented in XML
	return b.String()
}

// setHeader sets the headers of the request.
func (ask *call) setHeader(h http.Header) {
	if ask.RequestPayer {
		h.Set("X-Amz-Request-Payer", "requester")
	}
	if ask.ExpectedBucketOwner != "" {
		h.Set("X-Amz-Expected-Bucket-Owner", ask.ExpectedBucketOwner)
	}
	if ask.RestoreStatus {
		h.Set("X-Amz-Optional-Object-Attributes", "RestoreStatus")
	}
}

// newRequest returns a request for a bucket in region.
func (c *Client) newRequest(
	ctx context.Context, method, bucket, region, query string,
) (*http.Request, error) {
	u, err := c.bucketURL(bucket, region)
	if err != nil {
		return nil, err
	}
	u.RawQuery = query
	return http.NewRequestWithContext(ctx, method, u.String(), nil)
}

// send requests a page from the Region of signer and reads it into ask.page.
func (c *Client) send(ctx context.Context, ask *call, signer *sigv4.Signer) error {
	var creds sigv4.Credentials
	if c.Credentials != nil {
		var err error
		if creds, err = c.Credentials(ctx); err != nil {
			return ask.wrap(fmt.Errorf("getting credentials: %w", err))
		}
	}
	doc, inSuccess := new(errorDocument), false
	resp, err := c.sender.Do(ctx, awshttp.Request{
		HTTPClient: c.HTTPClient,
		Idempotent: true,
		MaxBody:    maxPage,
		New: func(ctx context.Context, now time.Time) (*http.Request, error) {
			ask.attempts.Add(1)
			req, err := c.newRequest(ctx, "GET", ask.Bucket, signer.Region, ask.query())
			if err != nil {
				return nil, err
			}
			ask.setHeader(req.Header)
			if c.Credentials != nil {
				err = signer.Sign(req, creds, "", now)
			}
			return req, err
		},
		Read: func(body io.Reader) error {
			err := readPage(body, ask.name == listVersions, ask.page, &ask.buffer)
			if inSuccess = errors.As(err, &doc); inSuccess {
				return nil // Do would return the error without the status and the headers
			}
			return err
		},
		Failure: func(resp *awshttp.Response) *awshttp.Failure {
			doc = readFailure(resp)
			if resp.StatusCode == 503 || resp.StatusCode == 429 || doc.Code == CodeSlowDown {
				ask.throttled = true
			}
			return &awshttp.Failure{
				Code:      doc.Code,
				Message:   doc.Message,
				RequestID: doc.RequestID,
			}
		},
	})
	if err == nil && inSuccess {
		err = &awshttp.Failure{
			Code:       doc.Code,
			Message:    doc.Message,
			StatusCode: resp.StatusCode,
			RequestID:  awshttp.RequestID(resp.Header),
			Header:     resp.Header,
		}
	}
	return ask.newError(err, doc)
}
