package cognitotest

import (
	"net/url"
	"testing"

	"github.com/loginwithcognito/cognito/internal/testvectors"
)

// parseHost understands every host that botocore resolves for these services.
func TestParseHostOfBotocore(t *testing.T) {
	var v struct {
		Regional []map[string]any
		Buckets  []struct {
			Params struct {
				Region, Bucket string
				Accelerate     bool
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
				continue // botocore has an error instead of a host
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
			continue // an access point, Outposts, or a custom endpoint
		}
		checked++
		if h.service != "s3" || h.region != row.Params.Region && h.region != "" {
			t.Errorf("parseHost(%q) = %+v, want s3 in %s", u.Host, h, row.Params.Region)
		}
		if h.bucket != "" && h.bucket != row.Params.Bucket {
			t.Errorf("parseHost(%q).bucket = %q, want %q", u.Host, h.bucket, row.Params.Bucket)
		}
		if (h.bucket != "") != (u.Path == "") {
			t.Errorf("parseHost(%q).bucket = %q with path %q", u.Host, h.bucket, u.Path)
		}
	}
	if checked < 400 {
		t.Errorf("%d hosts checked, want at least 400", checked)
	}
}

func TestParseHost(t *testing.T) {
	idp := host{service: "cognito-idp", region: "us-east-1"}
	for _, tt := range []struct {
		in   string
		want host
	}{
		{"cognito-idp.us-east-1.amazonaws.com:443", idp},
		{"COGNITO-IDP.us-east-1.amazonaws.com", idp},
		{"issuer-cognito-idp.us-east-1.amazonaws.com",
			host{service: "issuer-cognito-idp", region: "us-east-1"}},
		{"cognito-identity.amazonaws.com", host{service: "cognito-identity"}},
		{"sts.amazonaws.com", host{service: "sts"}},
		{"s3.amazonaws.com", host{service: "s3"}},
		{"bucket.s3.amazonaws.com", host{service: "s3", bucket: "bucket"}},
		{"dotted.bucket.s3.us-east-1.amazonaws.com",
			host{service: "s3", region: "us-east-1", bucket: "dotted.bucket"}},
		{"a.s3-fips.dualstack.us-gov-west-1.amazonaws.com",
			host{service: "s3", region: "us-gov-west-1", bucket: "a"}},
		{"s3.cn-north-1.amazonaws.com.cn", host{service: "s3", region: "cn-north-1"}},
		{"cognito-idp.us-east-1.amazonaws.com:8443", host{}},
		{"cognito-idp.amazonaws.com", host{}},
		{"cognito-idp.us-east-1.amazonaws.com.evil.com", host{}},
		{"evil-amazonaws.com", host{}},
		{"amazonaws.com", host{}},
		{".amazonaws.com", host{}},
		{"us-east-1.amazonaws.com", host{}},
		{"x.cognito-idp.us-east-1.amazonaws.com", host{}},
		{"dynamodb.us-east-1.amazonaws.com", host{}},
		{"127.0.0.1:8080", host{}},
		{"localhost", host{}},
		{"", host{}},
	} {
		if got := parseHost(tt.in); got != tt.want {
			t.Errorf("parseHost(%q) = %+v, want %+v", tt.in, got, tt.want)
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
	suffix := make(map[string]string)
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
	for _, tt := range []struct {
		in   string
		want bool
	}{
		{"localhost", true},
		{"localhost:80", true},
		{"127.0.0.1", true},
		{"127.9.9.9:1", true},
		{"[::1]", true},
		{"[::1]:443", true},
		{"", false},
		{"localhost.evil.com", false},
		{"127.0.0.1.evil.com", false},
		{"10.0.0.1", false},
		{"evil.com:80", false},
	} {
		if got := loopback(tt.in); got != tt.want {
			t.Errorf("loopback(%q) = %v, want %v", tt.in, got, tt.want)
		}
	}
}

// FuzzParseHost checks that a parsed host has a service, and that only S3 has a bucket.
func FuzzParseHost(f *testing.F) {
	f.Add("cognito-idp.us-east-1.amazonaws.com")
	f.Add("a.b.s3.dualstack.eu-west-1.amazonaws.com:443")
	f.Add("s3.amazonaws.com")
	f.Add("[::1]:80")
	f.Add(".amazonaws.com")
	f.Fuzz(func(t *testing.T, text string) {
		h := parseHost(text)
		loopback(text)
		if (h.service == "") != (h == host{}) || h.bucket != "" && h.service != "s3" {
			t.Errorf("parseHost(%q) = %+v", text, h)
		}
	})
}
