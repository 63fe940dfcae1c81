package cognitotest

import (
	"net"
	"net/netip"
	"strings"
)

// host is the meaning of one of AWS's host names. The zero host is not one of AWS's.
type host struct {
	service string // cognito-idp, issuer-cognito-idp, cognito-identity, sts or s3
	region  string // empty for a global host such as sts.amazonaws.com
	bucket  string // S3 with the bucket in the host name
}

// partitions are AWS's partitions by the prefix of their Regions, with the domain of their hosts
// and of their dual-stack hosts (botocore partitions.json). The last one is for all other Regions.
var partitions = [...]struct{ prefix, domain, dualStack string }{
	{"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
	{"eusc-", "amazonaws.eu", "api.amazonwebservices.eu"},
	{"us-iso-", "c2s.ic.gov", "api.aws.ic.gov"},
	{"us-isob-", "sc2s.sgov.gov", "api.aws.scloud"},
	{"eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
	{"us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
	{"", "amazonaws.com", "api.aws"},
}

// domain returns the domain of a Region's hosts.
func domain(region string) string {
	for _, p := range partitions {
		if strings.HasPrefix(region, p.prefix) {
			return p.domain
		}
	}
	return ""
}

// parseHost parses a Host header: service[-fips].region.suffix, and for S3 also
// bucket.s3[-fips][.dualstack][.region].suffix. It returns the zero host for any other name.
func parseHost(hostport string) host {
	name := strings.ToLower(hostport)
	if h, port, err := net.SplitHostPort(name); err == nil && port == "443" {
		name = h
	}
	for _, p := range partitions {
		for _, suffix := range []string{p.domain, p.dualStack} {
			if rest, ok := strings.CutSuffix(name, "."+suffix); ok {
				return parseLabels(strings.Split(rest, "."))
			}
		}
	}
	return host{}
}

// parseLabels parses the labels in front of the domain, starting from the last.
func parseLabels(labels []string) (h host) {
	pop := func() (last string) {
		if len(labels) > 0 {
			last = labels[len(labels)-1]
			labels = labels[:len(labels)-1]
		}
		return last
	}
	label := pop()
	if strings.Count(label, "-") >= 2 && strings.Trim(label[len(label)-1:], "0123456789") == "" {
		h.region = label
		label = pop()
	}
	if label == "dualstack" {
		label = pop()
	}
	h.service = strings.TrimSuffix(label, "-fips")
	h.bucket = strings.Join(labels, ".")
	known := false
	switch h.service {
	case "s3":
		known = true
	case "sts", "cognito-identity": // STS's global host, and the OpenID issuer of identity pools
		known = h.bucket == ""
	case "cognito-idp", "issuer-cognito-idp":
		known = h.bucket == "" && h.region != ""
	}
	if !known {
		return host{}
	}
	return h
}

// serves reports whether resources of the Region are available at the host. A host that is not
// AWS's serves all Regions.
func (h host) serves(region string) bool { return h.service == "" || h.region == region }

// loopback reports whether hostport is a loopback address or localhost.
func loopback(hostport string) bool {
	name, _, err := net.SplitHostPort(hostport)
	if err != nil {
		name = strings.Trim(hostport, "[]")
	}
	addr, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && addr.IsLoopback()
}
