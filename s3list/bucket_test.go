package s3list

import (
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/internal/testvectors"
)

// TestBucketURLVectors compares URLs with those of AWS's endpoint rules (botocore,
// endpoint-rule-set-1.json of S3).
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
		t.Fatal("decode vectors:", err)
	}
	if len(file.Rows) == 0 {
		t.Fatal("no vectors")
	}
	// The only difference: the rules put a bucket with dots in front of the host of an http
	// endpoint, even if that is an IP address. There is no such host name.
	const (
		theirs = "http://my.bucket.dots.127.0.0.1:9000"
		ours   = "http://127.0.0.1:9000/my.bucket.dots"
	)
	differences := 0
	for _, row := range file.Rows {
		p := row.Params
		if p.Accelerate || p.UseGlobalEndpoint {
			t.Fatalf("%+v: a row for an option that this package does not have", p)
		}
		c := &Client{
			Region:    p.Region,
			Endpoint:  p.Endpoint,
			FIPS:      p.UseFIPS,
			DualStack: p.UseDualStack,
			PathStyle: p.ForcePathStyle,

			VirtualHosted: true, // the rules have another default than the clients
		}
		u, err := c.bucketURL(p.Bucket, p.Region)
		if err != nil {
			t.Errorf("bucketURL for %+v = %v, want no error", p, err)
			continue
		}
		want := row.URL
		if want == theirs {
			want = ours
			differences++
		}
		if got := strings.TrimSuffix(u.String(), "/"); got != want {
			t.Errorf("bucketURL for %+v = %s, want %s", p, got, want)
		}
	}
	if differences != 1 {
		t.Errorf("%d rows are %s, want 1", differences, theirs)
	}
}

func TestBucketURL(t *testing.T) {
	long, upper := strings.Repeat("a", 64), strings.Repeat("A", 255)
	const aws = "https://s3.us-east-1.amazonaws.com/"
	other := func(endpoint string) *Client { return &Client{Endpoint: endpoint} }
	hosted := func(endpoint string) *Client {
		return &Client{Endpoint: endpoint, VirtualHosted: true}
	}
	for _, test := range []struct {
		client *Client
		bucket string
		want   string
	}{
		// AWS. The host is the one of the Region, not the global one.
		{&Client{}, "abc", "https://abc.s3.us-east-1.amazonaws.com/"},
		{&Client{PathStyle: true}, "abc", aws + "abc"},
		{&Client{Region: "cn-north-1"}, "abc", "https://abc.s3.cn-north-1.amazonaws.com.cn/"},
		{&Client{Region: "eusc-de-east-1"}, "abc", "https://abc.s3.eusc-de-east-1.amazonaws.eu/"},
		{&Client{}, "point-hash-s3alias", "https://point-hash-s3alias.s3.us-east-1.amazonaws.com/"},

		// Names that are not labels.
		{&Client{}, long, aws + long},
		{&Client{}, upper, aws + upper},
		{&Client{}, "a.b", aws + "a.b"},
		{&Client{}, "a..b", aws + "a..b"},
		{&Client{}, "..b", aws + "..b"},

		// Other servers.
		{other("https://o.example.com"), "abc", "https://o.example.com/abc"},
		{other("https://o.example.com"), "a.b", "https://o.example.com/a.b"},
		{other("https://o.example.com/s3"), "a_b", "https://o.example.com/s3/a_b"},
		{other("https://o.example.com/s3/"), "abc", "https://o.example.com/s3/abc"},
		{other("https://o.example.com:9000"), "abc", "https://o.example.com:9000/abc"},
		{other("https://192.0.2.1"), "abc", "https://192.0.2.1/abc"},
		{other("https://[2001:db8::1]"), "abc", "https://[2001:db8::1]/abc"},
		{other("http://localhost"), "abc", "http://localhost/abc"},
		{other("http://127.0.0.1:9000/"), "abc", "http://127.0.0.1:9000/abc"},
		{other("http://[::1]:9000"), "abc", "http://[::1]:9000/abc"},
		{&Client{Endpoint: "https://o.example", PathStyle: true}, "abc", "https://o.example/abc"},
		{&Client{VirtualHosted: true}, "abc", "https://abc.s3.us-east-1.amazonaws.com/"},

		// Other servers with names for buckets.
		{hosted("https://o.example.com"), "abc", "https://abc.o.example.com/"},
		{hosted("https://o.example.com"), "a.b", "https://o.example.com/a.b"},
		{hosted("https://o.example.com"), "a_b", "https://o.example.com/a_b"},
		{hosted("https://o.example.com/s3"), "abc", "https://abc.o.example.com/s3/"},
		{hosted("https://o.example.com:9000"), "abc", "https://abc.o.example.com:9000/"},
		{hosted("https://192.0.2.1"), "abc", "https://192.0.2.1/abc"},
		{hosted("https://[2001:db8::1]:9000"), "abc", "https://[2001:db8::1]:9000/abc"},
		{hosted("http://localhost:9000"), "abc", "http://localhost:9000/abc"},
	} {
		c := test.client
		if c.Region == "" {
			c.Region = "us-east-1"
		}
		u, err := c.bucketURL(test.bucket, c.Region)
		if err != nil || u.String() != test.want {
			t.Errorf("bucketURL(%.80q) at %q = %v, %v, want %s",
				test.bucket, c.Endpoint, u, err, test.want)
		}
	}
}
