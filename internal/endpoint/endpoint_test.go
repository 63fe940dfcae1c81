package endpoint

import (
	"strings"
	"testing"

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

// Every host name is the one that botocore's rule sets give, but for the FIPS hosts of Cognito in AWS GovCloud (US),
// which are used without being asked for.
func TestHost(t *testing.T) {
	deviations := 0
	for _, row := range load(t).Regional {
		for _, c := range []struct {
			o    Options
			want string
		}{
			{Options{}, row.Plain},
			{Options{DualStack: true}, row.DualStack},
			{Options{FIPS: true}, row.FIPS},
			{Options{FIPS: true, DualStack: true}, row.FIPSDualStack},
		} {
			want := c.want
			if row.Partition == "aws-us-gov" && strings.HasPrefix(row.Service, "cognito-") && !c.o.FIPS {
				want = map[bool]string{false: row.FIPS, true: row.FIPSDualStack}[c.o.DualStack]
				if want == c.want {
					t.Errorf("%s in %s: the rule sets have come to agree, drop the exception", row.Service, row.Region)
				}
				deviations++
			}
			host, err := Host(row.Service, row.Region, c.o)
			if strings.HasPrefix(want, "ERROR: ") {
				if err == nil || !strings.Contains(err.Error(), "FIPS") {
					t.Errorf("%s in %s, %+v: %q, %v", row.Service, row.Region, c.o, host, err)
				}
				continue
			}
			if err != nil || "https://"+host != want {
				t.Errorf("%s in %s, %+v: %q, %v, want %s", row.Service, row.Region, c.o, host, err, want)
			}
		}
		if id, _, err := Partition(row.Region); id != row.Partition || err != nil {
			t.Errorf("%s is in %q, %v, want %s", row.Region, id, err, row.Partition)
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
	for _, p := range v.Partitions {
		got, err := partitionOf(p.ImplicitGlobalRegion)
		if err != nil || got.id != p.ID || got.suffix != p.DNSSuffix || got.dualStack != p.DualStackDNSSuffix {
			t.Errorf("%s: %v, %v", p.ImplicitGlobalRegion, got, err)
		}
	}
	for region, want := range map[string]string{
		"us-gov-east-1":   "aws-us-gov",
		"us-gov-1":        "aws", // no place
		"us-gov-east-1-2": "aws",
		"us-gov-east-x":   "aws",
		"us-iso-west-1":   "aws-iso",
		"us-isob-west-1":  "aws-iso-b",
		"us-isof-east-1":  "aws-iso-f",
		"eu-isoe-west-1":  "aws-iso-e",
		"eu-west-1":       "aws",
		"cn-northwest-1":  "aws-cn",
		"cnx-north-1":     "aws",
		"eusc-de-east-1":  "aws-eusc",
		"eusc-fr-east-1":  "aws",
		"mx-central-1":    "aws",
		"xx-new-1":        "aws",
		"localhost":       "aws",
	} {
		if id, _, err := Partition(region); id != want || err != nil {
			t.Errorf("%s is in %q, %v, want %s", region, id, err, want)
		}
	}
}

func TestBadRegion(t *testing.T) {
	for _, region := range []string{"", "-", "us-east-1-", "-us-east-1", "US-EAST-1", "us east 1", "us-east-1.evil.example", "evil.example/", "evil.example#",
		"evil@x", "us-east-1:443", "us_east_1", "us-east-1\n", "ü-east-1", strings.Repeat("a", 64), "us%2deast-1", "us-east-1\x00"} {
		if ValidRegion(region) == nil {
			t.Errorf("%q passes", region)
		}
		if host, err := Host("sts", region, Options{}); err == nil {
			t.Errorf("%q has the host %q", region, host)
		}
		if _, suffix, err := Partition(region); err == nil || suffix != "" {
			t.Errorf("%q has a partition", region)
		}
		if u, err := URL("sts", region, "", Options{}); err == nil {
			t.Errorf("%q has the URL %q", region, u)
		}
		if _, err := URL("sts", region, "http://localhost:1", Options{}); (err == nil) != (region == "") {
			t.Errorf("%q with an endpoint: %v", region, err)
		}
	}
	for _, region := range []string{"a", "1", "us-east-1", strings.Repeat("a", 63)} {
		if err := ValidRegion(region); err != nil {
			t.Errorf("%q: %v", region, err)
		}
	}
	for _, region := range []string{"aws-global", "aws-cn-global", "aws-us-gov-global"} {
		if host, err := Host("s3", region, Options{}); err == nil {
			t.Errorf("%q has the host %q", region, host)
		}
	}
	if host, err := Host("evil", "us-east-1", Options{}); err == nil {
		t.Errorf("an unknown service has the host %q", host)
	}
}

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"https://host.example":            "https://host.example/",
		"https://host.example/":           "https://host.example/",
		"https://host.example:8443/a/b":   "https://host.example:8443/a/b/",
		"https://host.example/a%2Fb":      "https://host.example/a%2Fb/",
		"http://localhost:9000":           "http://localhost:9000/",
		"http://127.0.0.1:9000/x":         "http://127.0.0.1:9000/x/",
		"http://127.9.8.7":                "http://127.9.8.7/",
		"http://[::1]:80":                 "http://[::1]:80/",
		"HTTPS://Host.example":            "https://Host.example/",
		"http://host.example":             "",
		"http://localhost.example":        "",
		"http://127.0.0.1.example":        "",
		"http://10.0.0.1":                 "",
		"http://[::ffff:10.0.0.1]":        "",
		"http://0.0.0.0":                  "",
		"http://localhost@evil.example":   "",
		"https://user:secret@h.example":   "",
		"https://h.example?secret":        "",
		"https://h.example/?":             "",
		"https://h.example/#secret":       "",
		"https://":                        "",
		"https:///path":                   "",
		"https:h.example":                 "",
		"h.example":                       "",
		"h.example:443":                   "",
		"//h.example":                     "",
		"ftp://localhost":                 "",
		"file:///etc/passwd":              "",
		"https://user:secret@h.example:x": "",
		"https://h.example\n":             "",
		"":                                "",
	} {
		u, err := Parse(in)
		switch {
		case want == "" && err == nil:
			t.Errorf("%q passes as %s", in, u)
		case want == "" && strings.Contains(err.Error(), "secret"):
			t.Errorf("%q is shown in %q", in, err)
		case want != "" && (err != nil || u.String() != want):
			t.Errorf("%q: %v, %v", in, u, err)
		}
	}
}

func TestURL(t *testing.T) {
	u, err := URL("cognito-idp", "eu-west-1", "", Options{})
	if err != nil || u.String() != "https://cognito-idp.eu-west-1.amazonaws.com/" {
		t.Error(u, err)
	}
	u, err = URL("cognito-idp", "eu-west-1", "http://localhost:9229", Options{})
	if err != nil || u.String() != "http://localhost:9229/" {
		t.Error(u, err)
	}
	for _, o := range []Options{{FIPS: true}, {DualStack: true}} {
		if u, err := URL("cognito-idp", "eu-west-1", "http://localhost:9229", o); err == nil {
			t.Errorf("%+v with an endpoint: %s", o, u)
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
		if u.Host == "" || u.User != nil || u.RawQuery != "" || !strings.HasSuffix(u.Path, "/") || u.Scheme != "https" && !Loopback(u.Hostname()) {
			t.Errorf("%q: %s", in, u)
		}
		if again, err := Parse(u.String()); err != nil || again.String() != u.String() {
			t.Errorf("%q: %s, then %v, %v", in, u, again, err)
		}
	})
}
