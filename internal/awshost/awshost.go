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
	_ "embed"
	"fmt"
	"path"
	"slices"
	"strings"
)

// hosts is the table of hosts. A line is either
//
//	suffix amazonaws.com us-east-1 af ap ca
//	bedrock bedrock-runtime.@ bedrock.@
//
// The first form has a suffix of host names, the Region of its hosts without one, and the prefixes
// of its Regions. The second has a signing name and the patterns of its hosts. In a pattern, "@" is
// the Region, "*" is any part of a label, and "**" is one label or more. A pattern without a Region
// ends with the suffix. Patterns with a Region do so where that makes a difference. "=" precedes
// the Region for the signature if it is not the obvious one, or "?" if the name does not decide it.
// The signing name "?" is that of hosts that two services share.
//
//go:embed hosts.txt
var hosts string

// Scope returns the signing name and the Region for requests to host, which may have a port. The
// Region is empty if the name does not decide it, as for transfer acceleration of Amazon S3. Scope
// returns an error for names that it does not know.
func Scope(host string) (service, region string, err error) {
	name, _, _ := strings.Cut(strings.ToLower(host), ":")
	suffix, home, prefixes := suffixOf(name)
	labels := plain(strings.Split(strings.TrimSuffix(name, "."+suffix), "."))
	for i := len(labels) - 1; suffix != "" && i >= 0 && i >= len(labels)-2; i-- {
		if service != "" || !isRegion(labels[i], prefixes) {
			continue
		}
		key := slices.Clone(labels)
		key[i] = "@"
		pattern := strings.Join(key, ".")
		for _, pattern := range []string{pattern + "." + suffix, pattern} {
			if service == "" {
				service, region = find(pattern, labels[i])
			}
		}
	}
	if service == "" {
		service, region = find(strings.Join(labels, ".")+"."+suffix, home)
	}
	if service != "" && service != "?" {
		return service, region, nil
	}
	return "", "", fmt.Errorf("awshost: the service and the Region of host %q are unknown", host)
}

// Check returns an error if requests to host must be signed for another Region than region. It
// accepts hosts that do not decide that. These include the host of Amazon S3 without a Region,
// which resolves to the Region of the bucket.
func Check(host, region string) error {
	service, in, err := Scope(host)
	global := service == "s3" && !strings.Contains(strings.ToLower(host), in)
	if err != nil || in == "" || in == region || global {
		return nil
	}
	return fmt.Errorf("requests to %s must be signed for Region %s, not %s", host, in, region)
}

// suffixOf returns the values of the longest suffix of name.
func suffixOf(name string) (suffix, home, prefixes string) {
	for line := range strings.Lines(hosts) {
		rest, ok := strings.CutPrefix(line, "suffix ")
		s, rest, _ := strings.Cut(rest, " ")
		if ok && len(s) > len(suffix) && strings.HasSuffix(name, "."+s) {
			suffix = s
			home, prefixes, _ = strings.Cut(rest, " ")
		}
	}
	return suffix, home, prefixes
}

// plain returns the labels that a pattern has:
//
//	kinesis-fips.us-east-1                   kinesis.us-east-1
//	bucket.s3.dualstack.us-east-1            bucket.s3.us-east-1
//	bucket.s3-us-west-2                      bucket.s3.us-west-2
//	vpce-0-abc.kinesis.us-east-1.vpce        kinesis.us-east-1
func plain(labels []string) []string {
	for i, label := range labels {
		labels[i] = strings.ReplaceAll(label, "-fips", "")
	}
	labels = slices.DeleteFunc(labels, func(label string) bool {
		return label == "fips" || label == "dualstack"
	})
	last := len(labels) - 1
	if last < 0 {
		return labels
	}
	if region, ok := strings.CutPrefix(labels[last], "s3-"); ok && strings.Count(region, "-") > 1 {
		return append(labels[:last], "s3", region)
	}
	if labels[last] == "vpce" {
		labels = labels[:last]
		for i, label := range slices.Backward(labels) {
			if strings.HasPrefix(label, "vpce-") {
				return labels[i+1:]
			}
		}
	}
	return labels
}

// isRegion reports whether label is one of the prefixes with a place and a number, as in us-east-1.
func isRegion(label, prefixes string) bool {
	for prefix := range strings.FieldsSeq(prefixes) {
		rest, ok := strings.CutPrefix(label, prefix+"-")
		place, number, _ := strings.Cut(rest, "-")
		if ok && place != "" && strings.Trim(place, "abcdefghijklmnopqrstuvwxyz") == "" &&
			number != "" && strings.Trim(number, "0123456789") == "" {
			return true
		}
	}
	return false
}

// find returns the signing name of a host, and the given Region or the one in the table. The
// longest pattern decides.
func find(host, given string) (service, region string) {
	best := 0
	for line := range strings.Lines(hosts) {
		name, patterns, _ := strings.Cut(line, " ")
		for pattern := range strings.FieldsSeq(patterns) {
			pattern, explicit, other := strings.Cut(pattern, "=")
			if len(pattern) <= best || !match(pattern, host) {
				continue
			}
			service, region, best = name, given, len(pattern)
			if other {
				region = strings.Trim(explicit, "?")
			}
		}
	}
	return service, region
}

func match(pattern, host string) bool {
	if pattern == host || !strings.Contains(pattern, "*") {
		return pattern == host
	}
	if strings.Contains(pattern, "@") != strings.Contains(host, "@") {
		return false // a bucket name has the label before "s3"
	}
	want, have := strings.Split(pattern, "."), strings.Split(host, ".")
	if want[0] == "**" && len(have) > len(want) {
		have = have[len(have)-len(want):]
	}
	if len(have) != len(want) {
		return false
	}
	for i, label := range want {
		if ok, _ := path.Match(label, have[i]); !ok || have[i] == "" {
			return false
		}
	}
	return true
}
