package s3list

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/loginwithcognito/cognito/internal/ascii"
	"github.com/loginwithcognito/cognito/internal/endpoint"
)

// maxBucketName is the longest name that was ever allowed, in us-east-1 before March 2018 (Amazon
// S3 User Guide, "General purpose bucket naming rules"). Today the limit is 63.
const maxBucketName = 255

// checkBucket refuses names that must not become part of a host name or a path, and buckets of
// kinds that this package cannot list. It accepts more than today's rules: older buckets may have
// upper case, underscores and 255 characters, and other servers may have names shorter than 3.
func checkBucket(bucket string) error {
	switch {
	case bucket == "":
		return errors.New("ListInput.Bucket is missing: set it to the name of the bucket")
	case strings.HasPrefix(bucket, "arn:"):
		return errors.New("it is an ARN: use the bucket's name or an alias (...-s3alias)")
	case len(bucket) > maxBucketName:
		return fmt.Errorf("the name has %d characters: the limit is %d", len(bucket), maxBucketName)
	case !ascii.Only(bucket, ascii.Alphanumeric+"-._", maxBucketName):
		return errors.New("the name may contain only letters, digits, '-', '.' and '_'")
	case strings.Trim(bucket, ".") == "": // in a path, "." and ".." have a meaning
		return errors.New("the name has only dots")
	// AWS reserves the following suffixes for buckets with other protocols and hosts.
	case strings.HasSuffix(bucket, "--x-s3"), strings.HasSuffix(bucket, "--xa-s3"):
		return errors.New("directory buckets (S3 Express One Zone) are not supported")
	case strings.HasSuffix(bucket, "--op-s3"):
		return errors.New("access points of S3 on Outposts are not supported")
	}
	return nil
}

// isLabel reports whether bucket can be the first label of a host name: 3 to 63 lower-case
// letters, digits and hyphens. Dots are excluded, because the certificate for
// *.s3.REGION.amazonaws.com covers one label (Amazon S3 User Guide, "Virtual hosting of general
// purpose buckets").
func isLabel(bucket string) bool {
	return len(bucket) >= 3 && ascii.Only(bucket, ascii.Lower+ascii.Digits+"-", 63) &&
		strings.Trim(bucket, "-") == bucket
}

// bucketURL returns the URL of a bucket in region, with the bucket in the host name or in the path.
func (c *Client) bucketURL(bucket, region string) (*url.URL, error) {
	if err := checkBucket(bucket); err != nil {
		return nil, err
	}
	options := endpoint.Options{FIPS: c.FIPS, DualStack: c.DualStack}
	u, err := endpoint.URL("s3", region, c.Endpoint, options)
	if err != nil {
		return nil, err
	}
	inHost := !c.PathStyle
	if c.Endpoint != "" {
		// A bucket has no name below an IP address, and http is restricted to this machine.
		_, err := netip.ParseAddr(u.Hostname())
		inHost = c.VirtualHosted && err != nil && u.Scheme == "https"
	}
	if inHost && isLabel(bucket) {
		u.Host = bucket + "." + u.Host
		return u, nil
	}
	return u.JoinPath(bucket), nil
}
