package cognitotest

import (
	"net/url"
	"testing"

	"github.com/loginwithcognito/cognito/internal/testvectors"
)

// Every host that botocore resolves for our services is understood, and named after the right service and Region.
func TestParseHostOfBotocore(t *testing.T) {
	var v struct {
		Regional []map[string]any
		Buckets  []struct {
			Params struct {
				Region, Bucket                                string
				UseGlobalEndpoint, ForcePathStyle, Accelerate bool
			}
			URL string
		} `json:"s3_buckets"`
	}
	if err := testvectors.Decode("endpoints_botocore_generated", &v); err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, row := range v.Regional {
		service, region := row["service"].(string), row["region"].(string)
		for _, variant := range []string{"fips0_ds0", "fips0_ds1", "fips1_ds0", "fips1_ds1"} {
			text, _ := row[variant].(string)
			u, err := url.Parse(text)
			if err != nil || u.Host == "" {
				continue // an error in botocore: no such host
			}
			checked++
			want := host{service: service, region: region}
			if region == "aws-global" {
				want.region = ""
			}
			if got := parseHost(u.Host); got != want {
				t.Errorf("parseHost(%q) = %+v, want %+v", u.Host, got, want)
			}
		}
	}
	for _, row := range v.Buckets {
		u, err := url.Parse(row.URL)
		if err != nil || u.Host == "" || u.Scheme != "https" || row.Params.Accelerate {
			continue
		}
		h := parseHost(u.Host)
		if h.service == "" {
			continue // an access point, Outposts, a custom endpoint
		}
		checked++
		if h.service != "s3" || h.region != row.Params.Region && h.region != "" {
			t.Errorf("parseHost(%q) = %+v, want s3 in %s", u.Host, h, row.Params.Region)
		}
		if h.bucket != "" && h.bucket != row.Params.Bucket {
			t.Errorf("parseHost(%q) has bucket %q, want %q", u.Host, h.bucket, row.Params.Bucket)
		}
		if (h.bucket != "") != (u.Path == "") {
			t.Errorf("parseHost(%q) has bucket %q, path %q", u.Host, h.bucket, u.Path)
		}
	}
	if checked < 400 {
		t.Errorf("only %d hosts checked", checked)
	}
}

func TestParseHost(t *testing.T) {
	for in, want := range map[string]host{
		"cognito-idp.us-east-1.amazonaws.com:443":         {service: "cognito-idp", region: "us-east-1"},
		"COGNITO-IDP.us-east-1.amazonaws.com":             {service: "cognito-idp", region: "us-east-1"},
		"issuer-cognito-idp.us-east-1.amazonaws.com":      {service: "issuer-cognito-idp", region: "us-east-1"},
		"cognito-identity.amazonaws.com":                  {service: "cognito-identity"},
		"sts.amazonaws.com":                               {service: "sts"},
		"s3.amazonaws.com":                                {service: "s3"},
		"bucket.s3.amazonaws.com":                         {service: "s3", bucket: "bucket"},
		"dotted.bucket.s3.us-east-1.amazonaws.com":        {service: "s3", region: "us-east-1", bucket: "dotted.bucket"},
		"a.s3-fips.dualstack.us-gov-west-1.amazonaws.com": {service: "s3", region: "us-gov-west-1", bucket: "a"},
		"s3.cn-north-1.amazonaws.com.cn":                  {service: "s3", region: "cn-north-1"},
		"cognito-idp.us-east-1.amazonaws.com:8443":        {},
		"cognito-idp.amazonaws.com":                       {},
		"cognito-idp.us-east-1.amazonaws.com.evil.com":    {},
		"evil-amazonaws.com":                              {},
		"amazonaws.com":                                   {},
		".amazonaws.com":                                  {},
		"us-east-1.amazonaws.com":                         {},
		"x.cognito-idp.us-east-1.amazonaws.com":           {},
		"dynamodb.us-east-1.amazonaws.com":                {},
		"127.0.0.1:8080":                                  {},
		"localhost":                                       {},
		"":                                                {},
	} {
		if got := parseHost(in); got != want {
			t.Errorf("parseHost(%q) = %+v, want %+v", in, got, want)
		}
	}
}

func TestDomain(t *testing.T) {
	var v struct {
		Regional   []struct{ Partition, Region string }
		Partitions []struct{ ID, DNSSuffix string }
	}
	if err := testvectors.Decode("endpoints_botocore_generated", &v); err != nil {
		t.Fatal(err)
	}
	suffix := map[string]string{}
	for _, p := range v.Partitions {
		suffix[p.ID] = p.DNSSuffix
	}
	for _, row := range v.Regional {
		if got := domain(row.Region); got != suffix[row.Partition] {
			t.Errorf("domain(%q) = %q, want %q", row.Region, got, suffix[row.Partition])
		}
	}
}

func TestLoopback(t *testing.T) {
	for in, want := range map[string]bool{
		"localhost": true, "localhost:80": true, "127.0.0.1": true, "127.9.9.9:1": true, "[::1]": true, "[::1]:443": true,
		"": false, "localhost.evil.com": false, "127.0.0.1.evil.com": false, "10.0.0.1": false, "evil.com:80": false,
	} {
		if got := loopback(in); got != want {
			t.Errorf("loopback(%q) = %v, want %v", in, got, want)
		}
	}
}
