package cognitotest

import (
	"net"
	"net/netip"
	"strings"
)

// host is what one of AWS's host names says.
type host struct {
	service string // cognito-idp, issuer-cognito-idp, cognito-identity, sts or s3; empty: not a host of AWS
	region  string // empty: a host without one (sts.amazonaws.com), or not a host of AWS
	bucket  string // S3 with the bucket in the host name
}

// suffixes are the domains of AWS's partitions, and of their dual-stack hosts (botocore partitions.json).
var suffixes = []string{
	"amazonaws.com", "api.aws",
	"amazonaws.com.cn", "api.amazonwebservices.com.cn",
	"amazonaws.eu", "api.amazonwebservices.eu",
	"c2s.ic.gov", "api.aws.ic.gov",
	"sc2s.sgov.gov", "api.aws.scloud",
	"cloud.adc-e.uk", "api.cloud-aws.adc-e.uk",
	"csp.hci.ic.gov", "api.aws.hci.ic.gov",
}

// parseHost reads a Host header: service[-fips].region.suffix, for S3 also bucket.s3[-fips][.dualstack][.region].suffix.
// It answers the zero host for a name that is not AWS's.
func parseHost(hostport string) host {
	name := strings.ToLower(hostport)
	if h, port, err := net.SplitHostPort(name); err == nil && port == "443" {
		name = h
	}
	for _, suffix := range suffixes {
		rest, ok := strings.CutSuffix(name, "."+suffix)
		if !ok {
			continue
		}
		labels := strings.Split(rest, ".")
		pop := func() (last string) {
			if len(labels) > 0 {
				last, labels = labels[len(labels)-1], labels[:len(labels)-1]
			}
			return last
		}
		var h host
		label := pop()
		if strings.Count(label, "-") >= 2 && label[len(label)-1] >= '0' && label[len(label)-1] <= '9' {
			h.region, label = label, pop()
		}
		if label == "dualstack" {
			label = pop()
		}
		h.service = strings.TrimSuffix(label, "-fips")
		h.bucket = strings.Join(labels, ".")
		switch h.service {
		case "s3":
			return h
		case "sts", "cognito-identity": // also without a Region: STS's global host, and the OpenID issuer of identity pools
		case "cognito-idp", "issuer-cognito-idp":
			if h.region == "" {
				return host{}
			}
		default:
			return host{}
		}
		if h.bucket != "" {
			return host{}
		}
		return h
	}
	return host{}
}

// serves reports whether a thing of the given Region may be had at the host: hosts that are not AWS's serve all Regions.
func (h host) serves(region string) bool { return h.service == "" || h.region == region }

// domain is the domain of a Region's partition.
func domain(region string) string {
	switch is := func(prefix string) bool { return strings.HasPrefix(region, prefix) }; {
	case is("cn-"):
		return "amazonaws.com.cn"
	case is("eusc-"):
		return "amazonaws.eu"
	case is("us-iso-"):
		return "c2s.ic.gov"
	case is("us-isob-"):
		return "sc2s.sgov.gov"
	case is("eu-isoe-"):
		return "cloud.adc-e.uk"
	case is("us-isof-"):
		return "csp.hci.ic.gov"
	}
	return "amazonaws.com"
}

// loopback reports whether hostport is this machine under one of its own names.
func loopback(hostport string) bool {
	name, _, err := net.SplitHostPort(hostport)
	if err != nil {
		name = strings.Trim(hostport, "[]")
	}
	if name == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.IsLoopback()
}
