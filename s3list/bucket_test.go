package s3list

import (
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/internal/testvectors"
)

// The addresses that AWS's endpoint rules give (botocore, endpoint-rule-set-1.json of S3).
func TestBucketURLVectors(t *testing.T) {
	var file struct {
		Rows []struct {
			Params struct {
				Region, Bucket, Endpoint      string
				UseFIPS, UseDualStack         bool
				Accelerate, UseGlobalEndpoint bool
				ForcePathStyle                bool
			}
			URL string
		} `json:"s3_buckets"`
	}
	if err := testvectors.Decode("endpoints_botocore_generated", &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Rows) == 0 {
		t.Fatal("no vectors")
	}
	// Where we differ. The rules put a bucket with dots in front of an http endpoint, even before an IP address, which
	// gives a name that does not exist.
	differs := map[string]string{
		"http://my.bucket.dots.127.0.0.1:9000": "http://127.0.0.1:9000/my.bucket.dots",
	}
	met := 0
	for _, row := range file.Rows {
		p := row.Params
		if p.Accelerate || p.UseGlobalEndpoint {
			t.Fatalf("%+v: a row for what this package does not have", p)
		}
		c := &Client{Region: p.Region, Endpoint: p.Endpoint, FIPS: p.UseFIPS, DualStack: p.UseDualStack, PathStyle: p.ForcePathStyle}
		u, err := c.bucketURL(p.Bucket, p.Region)
		if err != nil {
			t.Errorf("%+v: %v", p, err)
			continue
		}
		want := row.URL
		if ours, ok := differs[want]; ok {
			want = ours
			met++
		}
		if got := strings.TrimSuffix(u.String(), "/"); got != want {
			t.Errorf("%+v: %s, want %s", p, got, want)
		}
	}
	if met != len(differs) {
		t.Errorf("%d of the %d known differences met", met, len(differs))
	}
}

func TestBucketURL(t *testing.T) {
	long := strings.Repeat("a", 64)
	for _, test := range []struct {
		client *Client
		bucket string
		want   string
	}{
		{&Client{}, "abc", "https://abc.s3.us-east-1.amazonaws.com/"}, // the Regional host, not the global one
		{&Client{PathStyle: true}, "abc", "https://s3.us-east-1.amazonaws.com/abc"},
		{&Client{Region: "cn-north-1"}, "abc", "https://abc.s3.cn-north-1.amazonaws.com.cn/"},
		{&Client{Region: "eusc-de-east-1"}, "abc", "https://abc.s3.eusc-de-east-1.amazonaws.eu/"},
		{&Client{}, "my-point-metadatahash-s3alias", "https://my-point-metadatahash-s3alias.s3.us-east-1.amazonaws.com/"},
		{&Client{}, long, "https://s3.us-east-1.amazonaws.com/" + long},
		{&Client{}, strings.Repeat("A", 255), "https://s3.us-east-1.amazonaws.com/" + strings.Repeat("A", 255)},
		{&Client{}, "a.b", "https://s3.us-east-1.amazonaws.com/a.b"},
		{&Client{}, "a..b", "https://s3.us-east-1.amazonaws.com/a..b"},
		{&Client{}, "..b", "https://s3.us-east-1.amazonaws.com/..b"},
		{&Client{Endpoint: "https://objects.example.com"}, "abc", "https://abc.objects.example.com/"},
		{&Client{Endpoint: "https://objects.example.com", PathStyle: true}, "abc", "https://objects.example.com/abc"},
		{&Client{Endpoint: "https://objects.example.com"}, "a.b", "https://objects.example.com/a.b"},
		{&Client{Endpoint: "https://objects.example.com/s3"}, "a_b", "https://objects.example.com/s3/a_b"},
		{&Client{Endpoint: "https://objects.example.com/s3/"}, "abc", "https://abc.objects.example.com/s3/"},
		{&Client{Endpoint: "https://objects.example.com:9000"}, "abc", "https://objects.example.com:9000/abc"},
		{&Client{Endpoint: "https://192.0.2.1"}, "abc", "https://192.0.2.1/abc"},
		{&Client{Endpoint: "https://[2001:db8::1]"}, "abc", "https://[2001:db8::1]/abc"},
		{&Client{Endpoint: "http://localhost"}, "abc", "http://localhost/abc"},
		{&Client{Endpoint: "http://127.0.0.1:9000/"}, "abc", "http://127.0.0.1:9000/abc"},
		{&Client{Endpoint: "http://[::1]:9000"}, "abc", "http://[::1]:9000/abc"},
	} {
		if test.client.Region == "" {
			test.client.Region = "us-east-1"
		}
		u, err := test.client.bucketURL(test.bucket, test.client.Region)
		if err != nil || u.String() != test.want {
			t.Errorf("%.80s at %q: %v, %v; want %s", test.bucket, test.client.Endpoint, u, err, test.want)
		}
	}
}

// What must be refused before anything is sent, and what the error must say.
func TestCheck(t *testing.T) {
	ok := &Client{Region: "us-east-1"}
	for _, test := range []struct {
		client *Client
		in     Input
		want   string
	}{
		{ok, Input{}, "Input.Bucket is missing"},
		{ok, Input{Bucket: "arn:aws:s3:us-east-1:123456789012:accesspoint/x"}, "it is an ARN"},
		{ok, Input{Bucket: "name--use1-az4--x-s3"}, "directory bucket"},
		{ok, Input{Bucket: "point--use1-az4--xa-s3"}, "directory bucket"},
		{ok, Input{Bucket: "point-o01ac5d28a6a232904--op-s3"}, "Outposts"},
		{ok, Input{Bucket: "a/b"}, "only letters"},
		{ok, Input{Bucket: "abc?versions"}, "only letters"},
		{ok, Input{Bucket: "abc#"}, "only letters"},
		{ok, Input{Bucket: "abc@evil.example"}, "only letters"},
		{ok, Input{Bucket: "evil.example:443"}, "only letters"},
		{ok, Input{Bucket: "a%2Fb"}, "only letters"},
		{ok, Input{Bucket: "a\\b"}, "only letters"},
		{ok, Input{Bucket: "a b"}, "only letters"},
		{ok, Input{Bucket: "a\r\nHost: evil"}, "only letters"},
		{ok, Input{Bucket: "a\x00b"}, "only letters"},
		{ok, Input{Bucket: "bücher"}, "only letters"},
		{ok, Input{Bucket: "s3://abc"}, "only letters"},
		{ok, Input{Bucket: "."}, "only dots"},
		{ok, Input{Bucket: ".."}, "only dots"},
		{ok, Input{Bucket: strings.Repeat("a", 256)}, "limit is 255"},
		{ok, Input{Bucket: "abc", PageSize: -1}, "PageSize is -1"},
		{ok, Input{Bucket: "abc", PageSize: 1001}, "PageSize is 1001"},
		{ok, Input{Bucket: "abc", ExpectedBucketOwner: "12345678901"}, "12 digits"},
		{ok, Input{Bucket: "abc", ExpectedBucketOwner: "12345678901\n"}, "12 digits"},
		{&Client{}, Input{Bucket: "abc"}, "Client.Region is missing"},
		{&Client{Endpoint: "http://localhost:1"}, Input{Bucket: "abc"}, "Client.Region is missing"},
		{&Client{Region: "evil.example/"}, Input{Bucket: "abc"}, "is not a Region"},
		{&Client{Region: "us_east_1"}, Input{Bucket: "abc"}, "is not a Region"},
		{&Client{Region: "aws-global"}, Input{Bucket: "abc"}, "name one Region"},
		{&Client{Region: "cn-north-1", FIPS: true}, Input{Bucket: "abc"}, "no FIPS"},
		{&Client{Region: "us-east-1", Endpoint: "https://h.example", FIPS: true}, Input{Bucket: "abc"}, "FIPS"},
		{&Client{Region: "us-east-1", Endpoint: "https://h.example", DualStack: true}, Input{Bucket: "abc"}, "DualStack"},
		{&Client{Region: "us-east-1", Endpoint: "http://h.example"}, Input{Bucket: "abc"}, "must be https"},
		{&Client{Region: "us-east-1", Endpoint: "https://u:p@h.example"}, Input{Bucket: "abc"}, "user name"},
		{&Client{Region: "us-east-1", Endpoint: "h.example"}, Input{Bucket: "abc"}, "Endpoint"},
	} {
		s := new(server) // answers nothing: being asked would panic
		c := client(s)
		c.Region, c.Endpoint, c.FIPS, c.DualStack = test.client.Region, test.client.Endpoint, test.client.FIPS, test.client.DualStack
		keys, err := collect(t, c.List(t.Context(), test.in))
		if len(keys) != 0 || err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "s3list: ") {
			t.Errorf("%+v: %q, %v; want an error with %q", test.in, keys, err, test.want)
		}
		if strings.ContainsAny(err.Error(), "\r\n\x00") {
			t.Errorf("%+v: control characters in the error", test.in)
		}
		if test.in.PageSize == 0 && test.in.ExpectedBucketOwner == "" {
			if err := c.Connect(t.Context(), test.in.Bucket); err == nil {
				t.Errorf("%+v: Connect accepts it", test.in)
			}
		}
	}
}
