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

// partitions are AWS's: the Regions' prefix, the domain of their hosts, and of their dual-stack hosts (botocore
// partitions.json). The last is for all other Regions.
var partitions = [...]struct{ prefix, domain, dualStack string }{
	{"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
	{"eusc-", "amazonaws.eu", "api.amazonwebservices.eu"},
	{"us-iso-", "c2s.ic.gov", "api.aws.ic.gov"},
	{"us-isob-", "sc2s.sgov.gov", "api.aws.scloud"},
	{"eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
	{"us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
	{"", "amazonaws.com", "api.aws"},
}

// domain is the domain of a Region's hosts.
func domain(region string) string {
	for _, p := range partitions {
		if strings.HasPrefix(region, p.prefix) {
			return p.domain
		}
	}
	return ""
}

// parseHost reads a Host header: service[-fips].region.suffix, for S3 also bucket.s3[-fips][.dualstack][.region].suffix.
// It answers the zero host for a name that is not AWS's.
func parseHost(hostport string) host {
	name := strings.ToLower(hostport)
	if h, port, err := net.SplitHostPort(name); err == nil && port == "443" {
		name = h
	}
	for _, p := range partitions {
		if rest, ok := strings.CutSuffix(name, "."+p.domain); ok {
			return parseLabels(strings.Split(rest, "."))
		}
		if rest, ok := strings.CutSuffix(name, "."+p.dualStack); ok {
			return parseLabels(strings.Split(rest, "."))
		}
	}
	return host{}
}

// parseLabels reads what stands in front of the domain, from the end.
func parseLabels(labels []string) (h host) {
	pop := func() (last string) {
		if len(labels) > 0 {
			last, labels = labels[len(labels)-1], labels[:len(labels)-1]
		}
		return last
	}
	label := pop()
	if strings.Count(label, "-") >= 2 && label[len(label)-1] >= '0' && label[len(label)-1] <= '9' {
		h.region, label = label, pop()
	}
	if label == "dualstack" {
		label = pop()
	}
	h.service, h.bucket = strings.TrimSuffix(label, "-fips"), strings.Join(labels, ".")
	known := false
	switch h.service {
	case "s3":
		known = true
	case "sts", "cognito-identity": // also without a Region: STS's global host, and the OpenID issuer of identity pools
		known = h.bucket == ""
	case "cognito-idp", "issuer-cognito-idp":
		known = h.bucket == "" && h.region != ""
	}
	if !known {
		return host{}
	}
	return h
}

// serves reports whether a thing of the given Region may be had at the host: hosts that are not AWS's serve all Regions.
func (h host) serves(region string) bool { return h.service == "" || h.region == region }

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
