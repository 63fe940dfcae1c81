package s3list

import (
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

	transport "github.com/loginwithcognito/cognito/internal/awshttp"
	"github.com/loginwithcognito/cognito/sigv4"
)

// maxPage is the longest answer that is read. A page has at most 1000 entries, and a key at most 1024 bytes, each of
// which takes up to 6 in XML: with everything else this is not 8 MB.
const maxPage = 16 << 20

// A call is one request for a page.
type call struct {
	in       *Input
	versions bool
	position
	into   *page  // what comes of it
	buffer []byte // for reading; may be nil

	attempts  *atomic.Int64 // counts what is sent
	throttled bool          // an attempt was refused for the rate of requests
}

// A position is where a page begins: behind a key, or, if next is not zero, where the page before ended.
type position struct {
	from string
	next cursor
}

func (c *call) operation() string {
	if c.versions {
		return "ListObjectVersions"
	}
	return "ListObjectsV2"
}

// query is the query of the call. Signature Version 4 needs a space to be %20.
func (c *call) query() string {
	var b strings.Builder
	add := func(name, value string) {
		if value != "" {
			b.WriteString("&" + name + "=" + strings.ReplaceAll(url.QueryEscape(value), "+", "%20"))
		}
	}
	if c.versions {
		b.WriteString("versions")
	} else {
		b.WriteString("list-type=2")
	}
	add("prefix", c.in.Prefix)
	add("delimiter", c.in.Delimiter)
	if c.in.PageSize != 0 {
		add("max-keys", strconv.Itoa(c.in.PageSize))
	}
	if c.versions {
		marker := c.next
		if marker == (cursor{}) {
			marker.keyMarker = c.from
			if c.from == c.in.StartAfter {
				marker.versionIDMarker = c.in.VersionIDMarker
			}
		}
		add("key-marker", marker.keyMarker)
		add("version-id-marker", marker.versionIDMarker)
	} else {
		add("start-after", c.from) // has no effect beside a token
		if c.in.FetchOwner {
			add("fetch-owner", "true")
		}
		add("continuation-token", c.next.token)
	}
	add("encoding-type", "url") // XML cannot carry every key
	return b.String()
}

// newRequest makes the request for one page, not yet signed.
func (c *Client) newRequest(ctx context.Context, ask *call, region string) (*http.Request, error) {
	in := ask.in
	u, err := c.bucketURL(in.Bucket, region)
	if err != nil {
		return nil, err
	}
	u.RawQuery = ask.query()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	if in.RequestPayer {
		req.Header.Set("X-Amz-Request-Payer", "requester")
	}
	if in.ExpectedBucketOwner != "" {
		req.Header.Set("X-Amz-Expected-Bucket-Owner", in.ExpectedBucketOwner)
	}
	if in.RestoreStatus {
		req.Header.Set("X-Amz-Optional-Object-Attributes", "RestoreStatus")
	}
	return req, nil
}

// send asks for one page in one Region. It is put into ask.into.
func (c *Client) send(ctx context.Context, ask *call, region string) error {
	in, root := ask.in, objectsRoot
	if ask.versions {
		root = versionsRoot
	}
	var creds sigv4.Credentials
	if c.Credentials != nil {
		var err error
		if creds, err = c.Credentials(ctx); err != nil {
			return wrap(ask.operation(), in.Bucket, fmt.Errorf("getting credentials: %w", err))
		}
	}
	signer := c.signer(region)
	var doc *errorDocument
	resp, err := c.sender.Do(ctx, transport.Request{
		HTTPClient: c.HTTPClient,
		Idempotent: true,
		MaxBody:    maxPage,
		New: func(ctx context.Context, now time.Time) (*http.Request, error) {
			ask.attempts.Add(1)
			req, err := c.newRequest(ctx, ask, region)
			if err == nil && c.Credentials != nil {
				err = signer.Sign(req, creds, "", now)
			}
			return req, err
		},
		Read: func(body io.Reader) error {
			doc = nil
			err := readPage(body, root, ask.into, &ask.buffer)
			if errors.As(err, &doc) { // an error in spite of the status
				return nil
			}
			return err
		},
		Failure: func(resp *transport.Response) *transport.Failure {
			doc = readFailure(resp)
			ask.throttled = ask.throttled || resp.StatusCode == 503 || resp.StatusCode == 429 || doc != nil && doc.Code == CodeSlowDown
			if doc == nil {
				return nil
			}
			return &transport.Failure{Code: doc.Code, Message: doc.Message, RequestID: doc.RequestId}
		},
	})
	if err == nil && doc != nil {
		err = &transport.Failure{
			Code: transport.Clean(doc.Code, 128), Message: transport.Clean(doc.Message, 1024), StatusCode: resp.StatusCode,
			RequestID: transport.Clean(transport.RequestID(resp.Header), 128), Header: resp.Header,
		}
	}
	if err != nil {
		return wrapAnswer(ask.operation(), in.Bucket, err, doc)
	}
	return nil
}
