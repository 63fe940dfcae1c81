// Package endpoint knows the host names of the AWS services that a Cognito sign-in uses.
//
//	host, err := endpoint.Host("cognito-idp", "eu-west-1", endpoint.Options{}) // cognito-idp.eu-west-1.amazonaws.com
//
// The names follow the endpoint rule sets that AWS publishes with its SDKs (botocore: data/partitions.json and
// data/<service>/<version>/endpoint-rule-set-1.json). A Region is checked to be one label of a host name before it
// becomes part of one, because Regions are also read from ids and answers that somebody else may have written.
package endpoint

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Options choose between the hosts of one service in one Region. The zero value is the plain host.
type Options struct {
	FIPS      bool // the host whose cryptography is validated under FIPS 140
	DualStack bool // the host that answers over IPv4 and IPv6
}

// A partition of AWS is a set of Regions with DNS suffixes of its own.
type partition struct{ id, prefix, suffix, dualStack string }

// A Region belongs to the partition whose prefix it has, followed by a name and a number ("us-gov-" + "west-1"), and if
// there is none, to aws.
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
		if ok && place != "" && number != "" && strings.Trim(number, "0123456789") == "" {
			return p, nil
		}
	}
	return aws, nil
}

// Partition is the id of the partition that a Region belongs to, as it stands in ARNs ("aws", "aws-cn",
// "aws-us-gov" ...), and the suffix of its host names ("amazonaws.com"). A Region that no partition claims is in aws.
func Partition(region string) (id, dnsSuffix string, err error) {
	p, err := partitionOf(region)
	return p.id, p.suffix, err
}

// Host is the name of the host of a service ("cognito-idp", "cognito-identity", "sts", "s3") in a Region. That there
// is a name does not mean that AWS offers the service there.
//
// In aws-us-gov the Cognito services get their FIPS hosts also when they are not asked for: "Amazon Cognito in
// AWS GovCloud (US) uses FIPS endpoints only" (AWS GovCloud User Guide, Amazon Cognito). AWS's SDKs differ here.
func Host(service, region string, o Options) (string, error) {
	p, err := partitionOf(region)
	if err != nil {
		return "", err
	}
	if strings.HasSuffix(region, "-global") {
		return "", fmt.Errorf("endpoint: %q is a group of Regions and has no host here: name one Region, such as us-east-1", region)
	}
	name, suffix := service, p.suffix
	switch service {
	case "cognito-idp", "cognito-identity":
		o.FIPS = o.FIPS || p.id == "aws-us-gov"
		if o.DualStack && !(p.id == "aws" && (!o.FIPS || cognitoFIPS(region))) {
			suffix = p.dualStack // otherwise the plain host has both addresses already
		}
	case "sts":
		if o.DualStack {
			suffix = p.dualStack
		} else if p.id == "aws-us-gov" {
			o.FIPS = false // the plain host is the FIPS host
		}
	case "s3":
		if o.FIPS && p.id == "aws-cn" {
			return "", fmt.Errorf("endpoint: S3 has no FIPS hosts in partition aws-cn (Region %s)", region)
		}
		if o.DualStack {
			region = "dualstack." + region // S3 keeps the plain suffix
		}
	default:
		return "", fmt.Errorf("endpoint: no host names are known for service %q", service)
	}
	if o.FIPS {
		name += "-fips"
	}
	return name + "." + region + "." + suffix, nil
}

// cognitoFIPS tells the Regions of partition aws whose Cognito FIPS hosts are listed.
func cognitoFIPS(region string) bool {
	switch region {
	case "us-east-1", "us-east-2", "us-west-1", "us-west-2":
		return true
	}
	return false
}

// URL is where a service is reached: at custom if that is not empty (see [Parse]), else at https and its [Host].
// The Region may be empty with a custom endpoint. Options and a custom endpoint exclude each other, as in AWS's rules.
func URL(service, region, custom string, o Options) (*url.URL, error) {
	if custom == "" {
		host, err := Host(service, region, o)
		return &url.URL{Scheme: "https", Host: host, Path: "/"}, err
	}
	if o.FIPS || o.DualStack {
		return nil, errors.New("endpoint: FIPS and DualStack choose among AWS's hosts and cannot go with an Endpoint of your own: leave one of them out")
	}
	if region != "" {
		if err := ValidRegion(region); err != nil {
			return nil, err
		}
	}
	return Parse(custom)
}

// ValidRegion reports whether region can be one label of a host name: 1 to 63 lower-case letters, digits and
// hyphens, with a letter or digit at both ends. It does not know which Regions exist.
func ValidRegion(region string) error {
	if region == "" {
		return errors.New("endpoint: the Region is missing: set it, for example to us-east-1")
	}
	const alnum = "abcdefghijklmnopqrstuvwxyz0123456789"
	if len(region) > 63 || strings.Trim(region, alnum+"-") != "" || strings.Trim(region, "-") != region {
		return fmt.Errorf("endpoint: %.70q is not a Region: it should look like us-east-1", region)
	}
	return nil
}

// Parse reads a custom endpoint: an absolute https URL, or http when the host is this machine's loopback address,
// with or without a path, and with nothing else in it. The path of the result ends in a slash.
func Parse(endpoint string) (*url.URL, error) {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil: // url.Parse quotes what it was given, which may hold a password
		return nil, errors.New("endpoint: the Endpoint is not a URL: it should look like https://host or http://localhost:9000")
	case u.Hostname() == "" || u.Opaque != "":
		return nil, errors.New("endpoint: the Endpoint names no host: it should look like https://host or http://localhost:9000")
	case u.User != nil:
		return nil, errors.New("endpoint: the Endpoint holds a user name: leave it out")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("endpoint: the Endpoint has a query or fragment: leave it out")
	case u.Scheme != "https" && !(u.Scheme == "http" && Loopback(u.Hostname())):
		return nil, fmt.Errorf("endpoint: the Endpoint uses %.10q: it must be https (http only on the loopback address)", u.Scheme)
	}
	if !strings.HasSuffix(u.Path, "/") {
		u = u.JoinPath("/")
	}
	return u, nil
}

// Loopback reports whether host, without a port, is this machine: localhost or a loopback IP address.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
