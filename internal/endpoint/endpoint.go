// Package endpoint returns the host names of the AWS services that a Cognito sign-in uses.
//
//	host, err := endpoint.Host("cognito-idp", "eu-west-1", endpoint.Options{})
//	// cognito-idp.eu-west-1.amazonaws.com
//
// The names follow the endpoint rule sets that AWS publishes with its SDKs (botocore:
// data/partitions.json and data/<service>/<version>/endpoint-rule-set-1.json). Regions also come
// from IDs and responses that an attacker may have written. The package therefore checks that a
// Region is one label of a host name before it becomes part of one.
package endpoint

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/loginwithcognito/cognito/internal/ascii"
)

// Options select one of the hosts of a service in a Region. The zero value selects the plain host.
type Options struct {
	FIPS      bool // the host with cryptography validated under FIPS 140
	DualStack bool // the host with IPv4 and IPv6 addresses
}

// A partition is a set of Regions with its own DNS suffixes.
type partition struct{ id, prefix, suffix, dualStack string }

// A Region belongs to the partition whose prefix it has, followed by a name and a number, such as
// "us-gov-" and "west-1". If there is none, it belongs to aws.
var (
	aws    = partition{"aws", "", "amazonaws.com", "api.aws"}
	others = [...]partition{
		{"aws-cn", "cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
		{"aws-eusc", "eusc-de-", "amazonaws.eu", "api.amazonwebservices.eu"},
		{"aws-iso", "us-iso-", "c2s.ic.gov", "api.aws.ic.gov"},
		{"aws-iso-b", "us-isob-", "sc2s.sgov.gov", "api.aws.scloud"},
		{"aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
		{"aws-iso-f", "us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
		{"aws-us-gov", "us-gov-", "amazonaws.com", "api.aws"},
	}
)

func partitionOf(region string) (partition, error) {
	if err := ValidRegion(region); err != nil {
		return partition{}, err
	}
	for _, p := range others {
		rest, ok := strings.CutPrefix(region, p.prefix)
		place, number, _ := strings.Cut(rest, "-")
		if ok && place != "" && ascii.Only(number, ascii.Digits, maxLabel) {
			return p, nil
		}
	}
	return aws, nil
}

// Partition returns the ID of the partition that a Region belongs to, as in ARNs ("aws", "aws-cn",
// "aws-us-gov"), and the suffix of its host names ("amazonaws.com"). Unknown Regions belong to aws.
func Partition(region string) (id, dnsSuffix string, err error) {
	p, err := partitionOf(region)
	return p.id, p.suffix, err
}

// Host returns the host name of a service ("cognito-idp", "cognito-identity", "sts" or "s3") in a
// Region. AWS may not offer the service there.
//
// In aws-us-gov it returns FIPS hosts of the Cognito services even if o does not select them:
// "Amazon Cognito in AWS GovCloud (US) uses FIPS endpoints only" (AWS GovCloud User Guide). AWS's
// SDKs differ in this.
func Host(service, region string, o Options) (string, error) {
	p, err := partitionOf(region)
	if err != nil {
		return "", err
	}
	if strings.HasSuffix(region, "-global") {
		return "", fmt.Errorf("endpoint: %q is a group of Regions without a host:"+
			" use one Region, such as us-east-1", region)
	}
	name, suffix := service, p.suffix
	switch service {
	case "cognito-idp", "cognito-identity":
		o.FIPS = o.FIPS || p.id == "aws-us-gov"
		// The other hosts of partition aws have both addresses.
		if o.DualStack && (p.id != "aws" || o.FIPS && !cognitoFIPS(region)) {
			suffix = p.dualStack
		}
	case "sts":
		if o.DualStack {
			suffix = p.dualStack
		} else if p.id == "aws-us-gov" {
			o.FIPS = false // the plain host is the FIPS host
		}
	case "s3":
		if o.FIPS && p.id == "aws-cn" {
			return "", fmt.Errorf("endpoint: S3 has no FIPS hosts in partition aws-cn (Region %s)",
				region)
		}
		if o.DualStack {
			region = "dualstack." + region // with the plain suffix
		}
	default:
		return "", fmt.Errorf("endpoint: the host names of service %q are unknown", service)
	}
	if o.FIPS {
		name += "-fips"
	}
	return name + "." + region + "." + suffix, nil
}

// cognitoFIPS reports whether the rule sets list Cognito's FIPS hosts for a Region of partition
// aws.
func cognitoFIPS(region string) bool {
	switch region {
	case "us-east-1", "us-east-2", "us-west-1", "us-west-2":
		return true
	}
	return false
}

// URL returns the URL of a service: custom, read by [Parse], or https and the [Host] if custom is
// empty. With a custom endpoint options are an error, as in AWS's rules, and the Region is only a
// part of the signature: it may be empty, or any [ValidScope].
func URL(service, region, custom string, o Options) (*url.URL, error) {
	if custom == "" {
		host, err := Host(service, region, o)
		return &url.URL{Scheme: "https", Host: host, Path: "/"}, err
	}
	if o != (Options{}) {
		return nil, errors.New("endpoint: FIPS and DualStack select AWS's hosts" +
			" and exclude an Endpoint: remove one of them")
	}
	if region != "" && !ValidScope(region) {
		return nil, fmt.Errorf("endpoint: Region %.70q cannot be part of a signature:"+
			" use the server's Region, such as us-east-1 or RegionOne", region)
	}
	return Parse(custom)
}

const maxLabel = 63 // of a host name (RFC 1035)

// ValidRegion returns an error if region cannot be one label of a host name: lower-case letters,
// digits and hyphens, but no hyphen at either end. It does not know which Regions exist.
func ValidRegion(region string) error {
	if region == "" {
		return errors.New("endpoint: the Region is missing: set it, for example to us-east-1")
	}
	const set = ascii.Lower + ascii.Digits + "-"
	if !ascii.Only(region, set, maxLabel) || strings.Trim(region, "-") != region {
		return fmt.Errorf("endpoint: %.70q is not a Region such as us-east-1", region)
	}
	return nil
}

// ValidScope reports whether region can be the Region in a signature. Servers other than AWS's have
// Regions such as RegionOne and zg_publicru.
func ValidScope(region string) bool { return ascii.Only(region, ascii.Alphanumeric+"-._~", 64) }

// ValidID reports whether id consists of a Region, the separator, and characters of set, in at most
// 55 bytes. Ids of user pools ("us-east-1_AbCdEfGhI") and identity pools have that form.
func ValidID(id, separator, set string) bool {
	region, name, _ := strings.Cut(id, separator)
	return len(id) <= 55 && ValidRegion(region) == nil && ascii.Only(name, set, len(id))
}

// Parse reads a custom endpoint: an absolute https URL, or http on the loopback address, that
// consists of host, port and path only. The path of the result ends in a slash.
func Parse(endpoint string) (*url.URL, error) {
	u, err := url.Parse(endpoint)
	const example = ", such as https://host or http://localhost:9000"
	switch {
	case err != nil: // it quotes the text, which may contain a password
		return nil, errors.New("endpoint: the Endpoint is not a URL" + example)
	case u.Hostname() == "" || u.Opaque != "":
		return nil, errors.New("endpoint: the Endpoint is not a URL with a host" + example)
	case u.User != nil:
		return nil, errors.New("endpoint: the Endpoint contains a user name: remove it")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("endpoint: the Endpoint has a query or fragment: remove it")
	case u.Scheme != "https" && !(u.Scheme == "http" && Loopback(u.Hostname())):
		return nil, fmt.Errorf("endpoint: the Endpoint uses %.10q: use https"+
			" (http only on the loopback address)", u.Scheme)
	}
	if !strings.HasSuffix(u.Path, "/") {
		u = u.JoinPath("/")
	}
	return u, nil
}

// Loopback reports whether host, without a port, is this machine: localhost or a loopback IP
// address.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
