package main

import (
	"net/url"
	"slices"
	"strings"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/internal/awshost"
)

// customHosts returns the hosts in e that are not AWS's, with the settings that name them, such as
// "http://127.0.0.1:9400 (endpoints.sts, endpoints.s3)". They receive tokens, credentials, signed
// requests or, with some flows, the password.
func customHosts(e cognito.Environment) (hosts []string) {
	keys := make(map[string][]string)
	for _, s := range e.Settings() {
		service, ok := map[string]string{
			"domain":                     "amazoncognito",
			"redirect_uri":               "",
			"issuer":                     "cognito-idp",
			"endpoints.cognito_idp":      "cognito-idp",
			"endpoints.cognito_identity": "cognito-identity",
			"endpoints.sts":              "sts",
			"endpoints.s3":               "s3",
		}[s.Key]
		if !ok {
			continue
		}
		for text := range strings.SplitSeq(*s.Value, ",") { // redirect_uri may have several
			host := hostOf(strings.TrimSpace(text), service)
			if host == "" || slices.Contains(keys[host], s.Key) {
				continue
			}
			if !slices.Contains(hosts, host) {
				hosts = append(hosts, host)
			}
			keys[host] = append(keys[host], s.Key)
		}
	}
	for i, host := range hosts {
		hosts[i] += " (" + strings.Join(keys[host], ", ") + ")"
	}
	return hosts
}

// hostOf returns the scheme and host of a setting's URL. It returns "" for hosts of AWS's service,
// and for callback URLs (service "") that lead to a program on this machine. Environment.Validate
// reports URLs that cannot be parsed.
func hostOf(text, service string) string {
	if service == "amazoncognito" && text != "" && !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if text == "" || err != nil || ofAWS(service, u.Hostname()) ||
		service == "" && u.Scheme != "https" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// ofAWS reports whether host is AWS's own for a service. Other hosts of AWS's domains may belong to
// any customer, such as those of load balancers, buckets and VPC endpoints.
func ofAWS(service, host string) bool {
	host = strings.TrimPrefix(strings.ToLower(host), "issuer-") // see jwt.Verifier.Region
	if service == "amazoncognito" {                             // PREFIX.auth.REGION.amazoncognito.com
		return strings.HasSuffix(host, ".amazoncognito.com")
	}
	name, _, err := awshost.Scope(host)
	label, _, _ := strings.Cut(host, ".")
	return err == nil && name == service && strings.TrimSuffix(label, "-fips") == service
}
