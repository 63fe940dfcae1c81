package s3list

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// allVersions ranges over the versions in b, as "key version", with "!" for a delete marker.
func allVersions(t *testing.T, b http.RoundTripper, in Input) (all []string) {
	t.Helper()
	in.Bucket = "b12"
	for o, err := range client(b).Versions(t.Context(), in) {
		if err != nil {
			t.Fatalf("%+v: %v", in, err)
		}
		text := o.Key + " " + o.VersionID
		if o.DeleteMarker {
			text += "!"
		}
		if o.IsLatest != (o.VersionID == "v0") || o.DeleteMarker == (o.Size == 1) || o.LastModified.IsZero() {
			t.Fatalf("%+v", o)
		}
		all = append(all, text)
	}
	return all
}

// Every version of every key, once, in order: on pages of any size, which end in the middle of a key, one or many at once.
func TestVersions(t *testing.T) {
	small, large := distributions(60), distributions(3000)
	for name := range small {
		testVersions(t, name, small[name], []int{0, 1, 2, 7}, []int{0, 4, 16})
		testVersions(t, name, large[name], []int{100}, []int{32})
	}
}

func testVersions(t *testing.T, name string, keys []string, sizes, parallels []int) {
	b := bucketOf(keys)
	var want []string
	for i, key := range keys {
		for v := range versionsOf(i) {
			want = append(want, fmt.Sprintf("%s v%d%s", key, v, []string{"", "!"}[v%2]))
		}
	}
	for _, size := range sizes {
		for _, parallel := range parallels {
			if got := allVersions(t, b, Input{PageSize: size, Parallel: parallel}); !slices.Equal(got, want) {
				t.Fatalf("%s in pages of %d, parallel %d (-want +got)\n%s", name, size, parallel, gocmp.Diff(want, got))
			}
		}
	}
}

// A listing of versions is taken up where it was broken off, also within a key.
func TestVersionsCursor(t *testing.T) {
	keys := distributions(40)["any character"]
	b := bucketOf(keys)
	want := allVersions(t, b, Input{})
	for i, text := range want {
		at := strings.LastIndexByte(text, ' ')
		for _, parallel := range []int{0, 4} {
			in := Input{StartAfter: text[:at], VersionIDMarker: strings.TrimSuffix(text[at+1:], "!"), PageSize: 5, Parallel: parallel}
			if diff := gocmp.Diff(want[i+1:], allVersions(t, b, in)); i+1 < len(want) && diff != "" {
				t.Fatalf("after %q (-want +got)\n%s", text, diff)
			}
		}
	}
}

func TestVersionsPages(t *testing.T) {
	versions := func(s string) string { return "<ListVersionsResult>" + s + "</ListVersionsResult>" }
	const truncated = "<IsTruncated>true</IsTruncated>"
	for name, test := range map[string]struct{ body, want string }{
		"no marker":         {versions(truncated), "no NextKeyMarker"},
		"only a version":    {versions(truncated + "<NextVersionIdMarker>v</NextVersionIdMarker>"), "no NextKeyMarker"},
		"only a token":      {versions(truncated + "<NextContinuationToken>t</NextContinuationToken>"), "no NextKeyMarker"},
		"marker not a key":  {versions(truncated + encoded + "<NextKeyMarker>100%</NextKeyMarker>"), "not URL encoded"},
		"long marker":       {versions(truncated + "<NextKeyMarker>" + strings.Repeat("k", maxToken+1) + "</NextKeyMarker>"), "8193 bytes"},
		"long version":      {versions(truncated + "<NextKeyMarker>k</NextKeyMarker><NextVersionIdMarker>" + strings.Repeat("v", maxToken+1) + "</NextVersionIdMarker>"), "8193 bytes"},
		"the other listing": {pageOf(""), "<ListBucketResult>"},
		"endless":           {versions(truncated + "<NextKeyMarker>k</NextKeyMarker><NextVersionIdMarker>v</NextVersionIdMarker>"), "twice"},
		"refused":           {errorOf(CodeAccessDenied, ""), "s3:ListBucketVersions"},
	} {
		s := &server{answer: func(int, *http.Request) *http.Response { return reply(200, test.body) }}
		_, err := collect(t, client(s).Versions(t.Context(), Input{Bucket: "b12"}))
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), `s3list: ListObjectVersions of bucket "b12": `) {
			t.Errorf("%s: %v", name, err)
		}
		if e := new(Error); errors.As(err, &e) && e.Operation != "ListObjectVersions" {
			t.Errorf("%s: %+v", name, e)
		}
	}
	// A version marker alone means nothing, and List has none.
	s := new(server)
	for _, err := range []error{
		func() error {
			_, err := collect(t, client(s).Versions(t.Context(), Input{Bucket: "b12", VersionIDMarker: "v"}))
			return err
		}(),
		func() error {
			_, err := collect(t, client(s).List(t.Context(), Input{Bucket: "b12", StartAfter: "k", VersionIDMarker: "v"}))
			return err
		}(),
		func() error {
			_, err := collect(t, client(s).List(t.Context(), Input{Bucket: "b12", Parallel: 65}))
			return err
		}(),
		func() error {
			_, err := collect(t, client(s).List(t.Context(), Input{Bucket: "b12", Parallel: -1}))
			return err
		}(),
	} {
		if err == nil || !strings.Contains(err.Error(), "Input.") || len(s.seen) != 0 {
			t.Error(err)
		}
	}
}
