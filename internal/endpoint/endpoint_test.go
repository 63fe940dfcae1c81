package endpoint

import (
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/internal/ascii"
	"github.com/loginwithcognito/cognito/internal/testvectors"
)

type vectors struct {
	Partitions []struct {
		ID                   string
		DNSSuffix            string
		DualStackDNSSuffix   string
		ImplicitGlobalRegion string
	}
	Regional []struct {
		Service, Partition, Region string

		Plain         string `json:"fips0_ds0"`
		DualStack     string `json:"fips0_ds1"`
		FIPS          string `json:"fips1_ds0"`
		FIPSDualStack string `json:"fips1_ds1"`
	}
}

func load(t *testing.T) (v vectors) {
	t.Helper()
	if err := testvectors.Decode("endpoints_botocore_generated", &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Partitions) == 0 || len(v.Regional) == 0 {
		t.Fatal("no vectors")
	}
	return v
}

// TestHost compares all host names with those of botocore's rule sets. They differ for Cognito in
// AWS GovCloud (US), where Host returns the FIPS hosts without being asked for them.
func TestHost(t *testing.T) {
	deviations := 0
	for _, row := range load(t).Regional {
		for _, test := range []struct {
			o    Options
			want string
		}{
			{Options{}, row.Plain},
			{Options{DualStack: true}, row.DualStack},
			{Options{FIPS: true}, row.FIPS},
			{Options{FIPS: true, DualStack: true}, row.FIPSDualStack},
		} {
			want := test.want
			cognito := strings.HasPrefix(row.Service, "cognito-")
			if row.Partition == "aws-us-gov" && cognito && !test.o.FIPS {
				want = row.FIPS
				if test.o.DualStack {
					want = row.FIPSDualStack
				}
				if want == test.want {
					t.Errorf("%s in %s: the rule sets have the FIPS host too: remove the exception",
						row.Service, row.Region)
				}
				deviations++
			}
			host, err := Host(row.Service, row.Region, test.o)
			got := "https://" + host
			if err != nil && strings.Contains(err.Error(), "no FIPS hosts") &&
				strings.HasPrefix(want, "ERROR: ") {
				got = want
			}
			if got != want {
				t.Errorf("Host(%s, %s, %+v) = %q, %v, want %s",
					row.Service, row.Region, test.o, host, err, want)
			}
		}
		if id, _, err := Partition(row.Region); id != row.Partition || err != nil {
			t.Errorf("Partition(%s) = %q, %v, want %s", row.Region, id, err, row.Partition)
		}
	}
	if deviations != 4 {
		t.Errorf("%d rows deviate, want 4", deviations)
	}
}

func TestPartition(t *testing.T) {
	v := load(t)
	if len(v.Partitions) != len(others)+1 {
		t.Errorf("%d partitions, want %d", len(others)+1, len(v.Partitions))
	}
	for _, want := range v.Partitions {
		got, err := partitionOf(want.ImplicitGlobalRegion)
		if err != nil || got.id != want.ID || got.suffix != want.DNSSuffix ||
			got.dualStack != want.DualStackDNSSuffix {
			t.Errorf("partitionOf(%s) = %v, %v, want %v", want.ImplicitGlobalRegion, got, err, want)
		}
	}
	for _, test := range []struct{ region, want string }{
		{"us-gov-east-1", "aws-us-gov"},
		{"us-gov-1", "aws"}, // no name before the number
		{"us-gov-east-1-2", "aws"},
		{"us-gov-east-x", "aws"},
		{"us-iso-west-1", "aws-iso"},
		{"us-isob-west-1", "aws-iso-b"},
		{"us-isof-east-1", "aws-iso-f"},
		{"eu-isoe-west-1", "aws-iso-e"},
		{"eu-west-1", "aws"},
		{"cn-northwest-1", "aws-cn"},
		{"cnx-north-1", "aws"},
		{"eusc-de-east-1", "aws-eusc"},
		{"eusc-fr-east-1", "aws"},
		{"mx-central-1", "aws"},
		{"xx-new-1", "aws"},
		{"localhost", "aws"},
	} {
		if id, _, err := Partition(test.region); id != test.want || err != nil {
			t.Errorf("Partition(%s) = %q, %v, want %s", test.region, id, err, test.want)
		}
	}
}

func TestInvalidRegion(t *testing.T) {
	for _, region := range []string{
		"",
		"-",
		"us-east-1-",
		"-us-east-1",
		"US-EAST-1",
		"us east 1",
		"us-east-1.evil.example",
		"evil.example/",
		"evil.example#",
		"evil@x",
		"us-east-1:443",
		"us_east_1",
		"us-east-1\n",
		"ü-east-1",
		strings.Repeat("a", 64),
		"us%2deast-1",
		"us-east-1\x00",
	} {
		if ValidRegion(region) == nil {
			t.Errorf("ValidRegion(%q) = nil, want an error", region)
		}
		if host, err := Host("sts", region, Options{}); err == nil || host != "" {
			t.Errorf("Host(sts, %q) = %q, %v, want an error", region, host, err)
		}
		if id, suffix, err := Partition(region); err == nil || id != "" || suffix != "" {
			t.Errorf("Partition(%q) = %q, %q, %v, want an error", region, id, suffix, err)
		}
		if u, err := URL("sts", region, "", Options{}); err == nil {
			t.Errorf("URL(sts, %q) = %s, want an error", region, u)
		}
		if id := region + "_a"; ValidID(id, "_", ascii.Lower) {
			t.Errorf("ValidID(%q) = true, want false", id)
		}
	}
	for _, region := range []string{"a", "1", "us-east-1", strings.Repeat("a", 63)} {
		if err := ValidRegion(region); err != nil {
			t.Errorf("ValidRegion(%q) = %v, want nil", region, err)
		}
	}
	for _, region := range []string{"aws-global", "aws-cn-global", "aws-us-gov-global"} {
		if host, err := Host("s3", region, Options{}); err == nil {
			t.Errorf("Host(s3, %q) = %q, want an error", region, host)
		}
	}
	if host, err := Host("evil", "us-east-1", Options{}); err == nil {
		t.Errorf("Host of an unknown service = %q, want an error", host)
	}
}

// TestRegionOfCustomEndpoint checks that with an endpoint the Region is only a part of the
// signature.
func TestRegionOfCustomEndpoint(t *testing.T) {
	for _, region := range []string{
		"",
		"us-east-1",
		"RegionOne",
		"GRA",
		"US",
		"zg_publicru",
		"us_east_1",
		"-",
		"eu.central",
		strings.Repeat("a", 64),
	} {
		u, err := URL("sts", region, "http://localhost:1", Options{})
		if err != nil || u.String() != "http://localhost:1/" {
			t.Errorf("URL(sts, %q) with an endpoint = %v, %v, want the endpoint", region, u, err)
		}
	}
	for _, region := range []string{
		"a/b",
		"evil.example/",
		"a b",
		"us-east-1\n",
		"us-east-1\x00",
		"us%2deast-1",
		"a,b",
		"ü-east-1",
		strings.Repeat("a", 65),
	} {
		if u, err := URL("sts", region, "http://localhost:1", Options{}); err == nil {
			t.Errorf("URL(sts, %q) with an endpoint = %s, want an error", region, u)
		}
	}
}

func TestValidID(t *testing.T) {
	for _, test := range []struct {
		id   string
		want bool
	}{
		{"us-east-1_AbCdEfGhI", true},
		{"us-east-1_" + strings.Repeat("a", 45), true},
		{"us-east-1_" + strings.Repeat("a", 46), false},
		{"us-east-1", false},
		{"us-east-1_", false},
		{"_AbC", false},
		{"us-east-1_Ab_C", false},
		{"us-east-1_Ab/C", false},
		{"US_x", false},
		{"", false},
	} {
		if got := ValidID(test.id, "_", ascii.Alphanumeric); got != test.want {
			t.Errorf("ValidID(%q) = %v, want %v", test.id, got, test.want)
		}
	}
}

func TestParse(t *testing.T) {
	for _, test := range []struct{ endpoint, want string }{
		{"https://host.example", "https://host.example/"},
		{"https://host.example/", "https://host.example/"},
		{"https://host.example:8443/a/b", "https://host.example:8443/a/b/"},
		{"https://host.example/a%2Fb", "https://host.example/a%2Fb/"},
		{"http://localhost:9000", "http://localhost:9000/"},
		{"http://127.0.0.1:9000/x", "http://127.0.0.1:9000/x/"},
		{"http://127.9.8.7", "http://127.9.8.7/"},
		{"http://[::1]:80", "http://[::1]:80/"},
		{"HTTPS://Host.example", "https://Host.example/"},
	} {
		u, err := Parse(test.endpoint)
		if err != nil || u.String() != test.want {
			t.Errorf("Parse(%q) = %v, %v, want %s", test.endpoint, u, err, test.want)
		}
	}
	for _, endpoint := range []string{
		"http://host.example",
		"http://localhost.example",
		"http://127.0.0.1.example",
		"http://10.0.0.1",
		"http://[::ffff:10.0.0.1]",
		"http://0.0.0.0",
		"http://localhost@evil.example",
		"https://user:secret@h.example",
		"https://h.example?secret",
		"https://h.example/?",
		"https://h.example/#secret",
		"https://",
		"https:///path",
		"https:h.example",
		"h.example",
		"h.example:443",
		"//h.example",
		"ftp://localhost",
		"file:///etc/passwd",
		"https://user:secret@h.example:x",
		"https://h.example\n",
		"",
	} {
		if u, err := Parse(endpoint); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("Parse(%q) = %v, %v, want an error without the secret", endpoint, u, err)
		}
	}
}

func TestURL(t *testing.T) {
	for _, test := range []struct{ custom, want string }{
		{"", "https://cognito-idp.eu-west-1.amazonaws.com/"},
		{"http://localhost:9229", "http://localhost:9229/"},
	} {
		u, err := URL("cognito-idp", "eu-west-1", test.custom, Options{})
		if err != nil || u.String() != test.want {
			t.Errorf("URL with the endpoint %q = %v, %v, want %s", test.custom, u, err, test.want)
		}
	}
	for _, o := range []Options{{FIPS: true}, {DualStack: true}} {
		if u, err := URL("cognito-idp", "eu-west-1", "http://localhost:9229", o); err == nil {
			t.Errorf("URL with an endpoint and %+v = %s, want an error", o, u)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("https://host.example/a/../b")
	f.Add("http://[::1%25lo]:1/%2f")
	f.Fuzz(func(t *testing.T, in string) {
		u, err := Parse(in)
		if err != nil {
			return
		}
		if u.Host == "" || u.User != nil || u.RawQuery != "" || !strings.HasSuffix(u.Path, "/") ||
			u.Scheme != "https" && !Loopback(u.Hostname()) {
			t.Errorf("Parse(%q) = %s, which is not allowed", in, u)
		}
		again, err := Parse(u.String())
		if err != nil || again.String() != u.String() {
			t.Errorf("Parse(%q) = %s, and Parse of that = %v, %v", in, u, again, err)
		}
	})
}
