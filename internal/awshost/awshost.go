// Package awshost returns the scope of a signature, which is a signing name and a Region, for the
// host names of AWS services.
//
//	service, region, err := awshost.Scope("bedrock-runtime.eu-west-1.amazonaws.com")
//	// bedrock eu-west-1
//
// It knows the hosts in the endpoint rule sets that AWS publishes with its SDKs, and documented
// hosts of users' resources, such as those of API Gateway. It never derives a scope from the form
// of a name alone: the signing name often differs from it.
package awshost

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

// hosts is the table of hosts, with one key and its values in a line:
//
//	.amazonaws.com=us-east-1 af ap ca   suffix: its Region, and the prefixes of other Regions
//	kinesis=                            kinesis.REGION.SUFFIX, with the signing name kinesis
//	bedrock-runtime=bedrock             another signing name
//	*.execute-api=                      one label or more before execute-api.REGION.SUFFIX
//	*.@.es=es                           a Region at "@"
//	iam.$=                              iam.SUFFIX, in the Region of the suffix
//	sts.amazonaws.com=                  the same below one suffix
//	iam.us-gov.api.aws=iam us-gov-west-1
//	maps.geo.@.amazonaws.com=?          a host of two services
//
// A Region "?" means that the name does not decide it.
//
//go:embed hosts.txt
var hosts string

// maxName is the maximum length of a host name (RFC 1035 section 2.3.4).
const maxName = 255

// Scope returns the signing name and the Region for requests to host, which may have a port. The
// Region is empty if the name does not decide it, as for transfer acceleration of Amazon S3. Scope
// returns an error for names that it does not know.
func Scope(host string) (service, region string, err error) {
	name, _, _ := strings.Cut(strings.ToLower(host), ":")
	if len(name) > maxName {
		return "", "", fmt.Errorf("awshost: a host name of %d bytes is too long", len(name))
	}
	labels := strings.Split(name, ".")
	for i := 1; i < len(labels) && !strings.ContainsAny(name, "\n=*@$"); i++ {
		suffix := strings.Join(labels[i:], ".")
		if values, ok := row("." + suffix); ok && !slices.Contains(labels, "") {
			service, region = scope(plain(labels[:i]), suffix, values)
			break
		}
	}
	if service == "" || service == "?" {
		err = fmt.Errorf("awshost: the service and the Region of host %q are unknown", host)
		return "", "", err
	}
	return service, strings.Trim(region, "?"), nil
}

// Check returns an error if requests to host must be signed for another Region than region. It
// accepts hosts that do not decide that. These include the host of Amazon S3 without a Region,
// which resolves to the Region of the bucket. If the service is unknown, a Region in a host name of
// AWS decides.
func Check(host, region string) error {
	name, _, _ := strings.Cut(strings.ToLower(host), ":")
	name = strings.TrimSuffix(name, ".") // the dot of an absolute name
	_, in, err := Scope(name)
	switch {
	case len(name) > maxName:
		return err
	case err != nil:
		in = named(strings.Split(name, "."), region)
	}
	global := strings.HasSuffix("."+name, ".s3.amazonaws.com")
	if in == "" || in == region || global {
		return nil
	}
	return fmt.Errorf("requests to %s must be signed for Region %s, not %s", host, in, region)
}

// named returns the last label before a suffix that is a Region, but region if a label is that. It
// returns "" for machines, load balancers and private services of customers, which may be servers
// with other Regions.
func named(labels []string, region string) (found string) {
	for i, label := range labels {
		if label == "compute" || label == "elb" || strings.HasPrefix(label, "vpce-svc-") {
			return ""
		}
		values, ok := row("." + strings.Join(labels[i:], "."))
		_, prefixes, _ := strings.Cut(values, " ")
		for _, label := range labels[:i] {
			if ok && found != region && isRegion(label, prefixes) {
				found = label
			}
		}
	}
	return found
}

// scope returns the scope of the host that has the labels before a suffix. regions has the values
// of the suffix.
func scope(labels []string, suffix, regions string) (service, region string) {
	home, prefixes, _ := strings.Cut(regions, " ")
	last := len(labels) - 1
	if last > 0 && isRegion(labels[last], prefixes) {
		region, labels = labels[last], labels[:last]
		if service, region = find(labels, ".@."+suffix, region); service == "" {
			service, region = find(labels, "", region)
		}
		return service, region
	}
	if last > 0 && isRegion(labels[last-1], prefixes) {
		moved := slices.Clone(labels)
		moved[last-1] = "@"
		if service, region = find(moved, "", labels[last-1]); service != "" {
			return service, region
		}
	}
	if service, region = find(labels, "."+suffix, home); service == "" {
		service, region = find(labels, ".$", home)
	}
	return service, region
}

// find returns the scope in the row of the labels and tail, or of the longest end of the labels
// that has one after "*". The Region is the given one if the row has none.
func find(labels []string, tail, region string) (service, _ string) {
	star := ""
	for ; len(labels) > 0; labels, star = labels[1:], "*." {
		if values, ok := row(star + strings.Join(labels, ".") + tail); ok {
			name, explicit, ok := strings.Cut(values, " ")
			if ok {
				region = explicit
			}
			return cmp.Or(name, labels[0]), region
		}
		if labels[0] == "@" {
			break // "*" is not a Region
		}
	}
	return "", region
}

// row returns the values of a key.
func row(key string) (values string, ok bool) {
	_, rest, ok := strings.Cut(hosts, "\n"+key+"=")
	values, _, _ = strings.Cut(rest, "\n")
	return values, ok
}

// plain returns the labels that a key has:
//
//	kinesis-fips.us-east-1                   kinesis.us-east-1
//	bucket.s3.dualstack.us-east-1            bucket.s3.us-east-1
//	bucket.s3-us-west-2                      bucket.s3.us-west-2
//	bucket.s3express-use1-az4.us-east-1      bucket.s3express.us-east-1
//	vpce-0-abc.kinesis.us-east-1.vpce        kinesis.us-east-1
func plain(labels []string) []string {
	private := labels[len(labels)-1] == "vpce"
	var keys []string
	for _, label := range labels {
		label = strings.ReplaceAll(label, "-fips", "")
		switch {
		case label == "fips" || label == "dualstack" || label == "vpce":
		case private && strings.HasPrefix(label, "vpce-"):
			keys = nil
		case strings.HasPrefix(label, "s3express-") && label != "s3express-control":
			keys = append(keys, "s3express")
		default:
			keys = append(keys, label)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	last := len(keys) - 1
	region, old := strings.CutPrefix(keys[last], "s3-")
	if old && strings.Count(region, "-") > 1 {
		return append(keys[:last], "s3", region)
	}
	return keys
}

// isRegion reports whether label is one of the prefixes with a place and a number, as in us-east-1.
func isRegion(label, prefixes string) bool {
	rest := strings.TrimRight(label, "0123456789")
	i := strings.LastIndexByte(strings.TrimSuffix(rest, "-"), '-')
	return i > 0 && len(rest) < len(label) && rest[i+1:] != "-" && strings.HasSuffix(rest, "-") &&
		strings.Contains(" "+prefixes+" ", " "+label[:i]+" ")
}
