package s3list

import (
	"strings"
	"testing"
)

// TestCheck checks that invalid input is refused before anything is sent, by listings and by
// Connect.
func TestCheck(t *testing.T) {
	ok := &Client{Region: "us-east-1"}
	b12 := ListInput{Bucket: "b12"}
	for _, test := range []struct {
		client *Client
		in     ListInput
		want   string // in the text of the error
	}{
		{ok, ListInput{}, "ListInput.Bucket is missing"},
		{ok, ListInput{Bucket: "arn:aws:s3:us-east-1:123456789012:accesspoint/x"}, "it is an ARN"},
		{ok, ListInput{Bucket: "name--use1-az4--x-s3"}, "directory bucket"},
		{ok, ListInput{Bucket: "point--use1-az4--xa-s3"}, "directory bucket"},
		{ok, ListInput{Bucket: "point-o01ac5d28a6a232904--op-s3"}, "Outposts"},
		{ok, ListInput{Bucket: "a/b"}, "only letters"},
		{ok, ListInput{Bucket: "abc?versions"}, "only letters"},
		{ok, ListInput{Bucket: "abc#"}, "only letters"},
		{ok, ListInput{Bucket: "abc@evil.example"}, "only letters"},
		{ok, ListInput{Bucket: "evil.example:443"}, "only letters"},
		{ok, ListInput{Bucket: "a%2Fb"}, "only letters"},
		{ok, ListInput{Bucket: "a\\b"}, "only letters"},
		{ok, ListInput{Bucket: "a b"}, "only letters"},
		{ok, ListInput{Bucket: "a\r\nHost: evil"}, "only letters"},
		{ok, ListInput{Bucket: "a\x00b"}, "only letters"},
		{ok, ListInput{Bucket: "bücher"}, "only letters"},
		{ok, ListInput{Bucket: "s3://abc"}, "only letters"},
		{ok, ListInput{Bucket: "."}, "only dots"},
		{ok, ListInput{Bucket: ".."}, "only dots"},
		{ok, ListInput{Bucket: strings.Repeat("a", 256)}, "limit is 255"},
		{ok, ListInput{Bucket: "b12", PageSize: -1}, "ListInput.PageSize is -1"},
		{ok, ListInput{Bucket: "b12", PageSize: 1001}, "ListInput.PageSize is 1001"},
		{ok, ListInput{Bucket: "b12", Parallel: -1}, "ListInput.Parallel is -1"},
		{ok, ListInput{Bucket: "b12", Parallel: 65}, "ListInput.Parallel is 65"},
		{ok, ListInput{Bucket: "b12", ExpectedBucketOwner: "12345678901"}, "12 digits"},
		{ok, ListInput{Bucket: "b12", ExpectedBucketOwner: "12345678901\n"}, "12 digits"},
		{ok, ListInput{Bucket: "b12", StartAfter: "k", VersionIDMarker: "v"}, "only Versions"},
		{&Client{}, b12, "Client.Region is missing"},
		{&Client{Endpoint: "http://localhost:1"}, b12, "Client.Region is missing"},
		{&Client{Region: "evil.example/"}, b12, "is not a Region"},
		{&Client{Region: "us_east_1"}, b12, "is not a Region"},
		{&Client{Region: "aws-global"}, b12, "use one Region"},
		{&Client{Region: "cn-north-1", FIPS: true}, b12, "no FIPS"},
		{&Client{Region: "us-east-1", Endpoint: "https://h.example", FIPS: true}, b12, "FIPS"},
		{&Client{Region: "us-east-1", Endpoint: "https://h.example", DualStack: true}, b12,
			"DualStack"},
		{&Client{Region: "us-east-1", Endpoint: "http://h.example"}, b12, "use https"},
		{&Client{Region: "us-east-1", Endpoint: "https://u:p@h.example"}, b12, "user name"},
		{&Client{Region: "us-east-1", Endpoint: "h.example"}, b12, "Endpoint"},
	} {
		c := client(new(server)) // a request would panic
		c.Region, c.Endpoint = test.client.Region, test.client.Endpoint
		c.FIPS, c.DualStack = test.client.FIPS, test.client.DualStack
		keys, err := collect(t, c.List(t.Context(), test.in))
		if len(keys) != 0 || err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("List(%+v) = %q, %v, want an error with %q", test.in, keys, err, test.want)
			continue
		}
		text := err.Error()
		if !strings.HasPrefix(text, "s3list: ") || strings.ContainsAny(text, "\r\n\x00") {
			t.Errorf("List(%+v) = %q, want the prefix s3list and no control characters",
				test.in, text)
		}
		if test.client == ok && test.in.Bucket == "b12" {
			continue // Connect has no such input
		}
		if err := c.Connect(t.Context(), test.in.Bucket); err == nil {
			t.Errorf("Connect(%q) succeeds, want an error", test.in.Bucket)
		}
	}

	c := client(new(server))
	in := ListInput{Bucket: "b12", VersionIDMarker: "v"}
	_, err := collect(t, c.Versions(t.Context(), in))
	if err == nil || !strings.Contains(err.Error(), "ListInput.StartAfter") {
		t.Errorf("Versions without StartAfter = %v, want an error", err)
	}
}
