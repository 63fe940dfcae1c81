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
// requests or, with some flows, the password. Those in redirect_uri receive only a code, which is
// useless without the verifier of the sign-in (RFC 7636).
func customHosts(e cognito.Environment) (hosts []string) {
	keys := make(map[string][]string)
	for _, s := range e.Settings() {
		service, ok := map[string]string{
			"issuer":                     "cognito-idp",
			"domain":                     "managed login",
			"endpoints.cognito_idp":      "cognito-idp",
			"endpoints.cognito_identity": "cognito-identity",
			"endpoints.sts":              "sts",
			"endpoints.s3":               "s3",
		}[s.Key]
		if !ok || *s.Value == "" {
			continue
		}
		value := *s.Value
		if !strings.Contains(value, "://") { // a domain may be a host name
			value = "https://" + value
		}
		u, err := url.Parse(value)
		if err != nil || ofAWS(service, u.Hostname()) {
			continue // Environment.Validate reports the error
		}
		host := u.Scheme + "://" + u.Host
		if !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
		keys[host] = append(keys[host], s.Key)
	}
	for i, host := range hosts {
		hosts[i] += " (" + strings.Join(keys[host], ", ") + ")"
	}
	return hosts
}

// ofAWS reports whether host is AWS's own for a service. Other hosts of AWS's domains may belong to
// any customer, such as those of load balancers, buckets and VPC endpoints.
func ofAWS(service, host string) bool {
	if service == "managed login" { // the prefix is the customer's, but the server is AWS's
		labels := strings.Split(strings.ToLower(host), ".")
		return len(labels) == 5 && (labels[1] == "auth" || labels[1] == "auth-fips") &&
			strings.Join(labels[3:], ".") == "amazoncognito.com"
	}
	host = strings.TrimPrefix(strings.ToLower(host), "issuer-") // see jwt.Verifier.Region
	name, _, err := awshost.Scope(host)
	label, _, _ := strings.Cut(host, ".")
	return err == nil && name == service && strings.TrimSuffix(label, "-fips") == service
}
