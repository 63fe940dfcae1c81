package s3list

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/loginwithcognito/cognito/internal/endpoint"
)

// maxBucketName is the longest name that was ever allowed, in us-east-1 before March 2018 (AWS: "General purpose bucket
// naming rules"). Today's limit is 63.
const maxBucketName = 255

const lowerAndDigits = "abcdefghijklmnopqrstuvwxyz0123456789"

// checkBucket refuses what must not get into a host name or a path, and the kinds of bucket this package cannot list.
// It is wider than today's rules for new buckets: older ones may have upper case, underscores and up to 255
// characters, and other servers have names shorter than 3.
func checkBucket(bucket string) error {
	if bucket == "" {
		return errors.New("Input.Bucket is missing: set it to the bucket's name")
	}
	if strings.HasPrefix(bucket, "arn:") {
		return errors.New("it is an ARN: give the bucket's name, or an access point's alias (...-s3alias)")
	}
	if len(bucket) > maxBucketName {
		return fmt.Errorf("the name has %d characters: the limit is %d", len(bucket), maxBucketName)
	}
	if strings.Trim(bucket, lowerAndDigits+"ABCDEFGHIJKLMNOPQRSTUVWXYZ-._") != "" {
		return errors.New("only letters, digits, '-', '.' and '_' can be in the name")
	}
	if strings.Trim(bucket, ".") == "" { // "." and ".." are path segments with a meaning
		return errors.New("the name has only dots")
	}
	// Suffixes reserved by AWS for buckets that speak another protocol at other hosts.
	for _, r := range []struct{ suffix, kind string }{
		{"--x-s3", "a directory bucket (S3 Express One Zone), which needs CreateSession"},
		{"--xa-s3", "an access point of a directory bucket, which needs CreateSession"},
		{"--op-s3", "an access point of S3 on Outposts"},
	} {
		if strings.HasSuffix(bucket, r.suffix) {
			return fmt.Errorf("it is %s: this package does not list it", r.kind)
		}
	}
	return nil
}

// isLabel reports whether a bucket's name can stand in front of a host: a DNS label of 3 to 63 lower-case characters.
// Not with dots: the certificate for *.s3.<Region>.amazonaws.com covers one label (AWS: "Virtual hosting of general
// purpose buckets").
func isLabel(bucket string) bool {
	return len(bucket) >= 3 && len(bucket) <= 63 && strings.Trim(bucket, lowerAndDigits+"-") == "" && strings.Trim(bucket, "-") == bucket
}

// bucketURL is where the bucket is addressed when it is in the given Region: its own host, or the service's host with
// the bucket as the path.
func (c *Client) bucketURL(bucket, region string) (*url.URL, error) {
	if err := checkBucket(bucket); err != nil {
		return nil, err
	}
	if err := endpoint.ValidRegion(region); err != nil {
		return nil, err
	}
	u, err := endpoint.URL("s3", region, c.Endpoint, endpoint.Options{FIPS: c.FIPS, DualStack: c.DualStack})
	if err != nil {
		return nil, err
	}
	if isLabel(bucket) && !c.PathStyle && (c.Endpoint == "" || hasBucketHosts(u)) {
		u.Host = bucket + "." + u.Host
		return u, nil
	}
	return u.JoinPath(bucket), nil
}

// hasBucketHosts reports whether a server at a custom endpoint can be expected to answer at bucket.host. Servers on an
// address, on localhost or on a port of their own seldom have the wildcard name and certificate for it.
func hasBucketHosts(u *url.URL) bool {
	_, err := netip.ParseAddr(u.Hostname())
	return err != nil && u.Port() == "" && !endpoint.Loopback(u.Hostname())
}
