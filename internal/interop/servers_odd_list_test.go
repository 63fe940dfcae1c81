package interop

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/loginwithcognito/cognito/s3list"
)

// An entry is one key, version or common prefix in a listing.
type entry struct {
	Listing, Kind, Key           string
	Size                         int64
	ETag, Modified, StorageClass string
	Owner, VersionID             string
	IsLatest                     bool
}

// A way is a set of parameters for a listing.
type way struct {
	Name      string `json:"name"`
	Versions  bool   `json:"versions"`
	Prefix    string
	Delimiter string
}

// ways are the ways in which each bucket is listed.
var ways = []way{
	{Name: "all"},
	{Name: "delimiter", Delimiter: "/"},
	{Name: "prefix and delimiter", Prefix: "d+ir &/", Delimiter: "/"},
	{Name: "another delimiter", Delimiter: "%"},
	{Name: "versions", Versions: true},
	{Name: "prefix", Prefix: "\""},
}

// TestOddKeys checks that s3list and boto3 list the same entries of buckets that hold more than
// 10,000 odd keys.
func TestOddKeys(t *testing.T) {
	for _, test := range stores {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := test.start(t)
			hostile, bulk := oddKeys()
			refused := map[string]string{}
			for _, bucket := range []string{"odd-keys", "control-keys"} {
				// A plain server lists different control characters alike. Their keys have their
				// own bucket.
				controls := bucket == "control-keys"
				withheld := func(key string) bool {
					return test.plain && inXML(key) == controls ||
						slices.Contains(test.withheld, key)
				}
				if controls && !test.plain {
					continue
				}
				hostile := slices.DeleteFunc(slices.Clone(hostile), withheld)
				bulk := slices.DeleteFunc(slices.Clone(bulk), withheld)
				t.Run(bucket, func(t *testing.T) {
					status, code, err := s.do(s.client(t), http.MethodPut, "/"+bucket, "")
					if err != nil || status != http.StatusOK {
						t.Fatalf("create bucket: %d %s, %v", status, code, err)
					}
					versions := !slices.Contains(test.without, "versions")
					if versions {
						s.enableVersions(t, bucket)
					}
					maps.Copy(refused, s.send(t, http.MethodPut, bucket, 1, hostile))
					maps.Copy(refused, s.send(t, http.MethodPut, bucket, writers, bulk))
					deleted := bulk[:200]
					if versions { // some keys get a second version, some a delete marker
						maps.Copy(refused,
							s.send(t, http.MethodPut, bucket, writers, bulk[100:300]))
						maps.Copy(refused, s.send(t, http.MethodDelete, bucket, writers, deleted))
					}

					listed := map[string]bool{}
					for _, key := range slices.Concat(hostile, bulk) {
						if _, no := refused[name(key)]; no || versions &&
							slices.Contains(deleted, key) {
							continue
						}
						if now, ok := test.changed[key]; ok {
							key = now
						}
						if test.plain {
							key = strings.Map(toXML, key)
						}
						if key != "" {
							listed[key] = true
						}
					}
					s.check(t, bucket, listed, test.without, test.serial,
						test.unordered, !controls)
				})
			}
			if diff := cmp.Diff(test.refused, refused); diff != "" {
				t.Errorf("error codes of refused keys (-want +got):\n%s", diff)
			}
		})
	}
}

// check lists a bucket in all ways except those in without, compares the entries with boto3's, and
// checks that the bucket holds exactly keys. If parallel is set, it lists the bucket again with
// parallel requests, except in the ways of serial. The ways of unordered end with an error.
func (s store) check(t *testing.T, bucket string, keys map[string]bool, without, serial,
	unordered []string, parallel bool) {
	theirs := s.boto3(t, bucket)
	for _, w := range ways {
		if slices.Contains(without, w.Name) {
			continue
		}
		ours, err := s.list(t, bucket, w, s3list.ListInput{})
		refuse := slices.Contains(unordered, w.Name)
		if refuse && err == nil && parallel {
			t.Errorf("%s: no error, want one about the order", w.Name)
		}
		if err != nil && (refuse || !parallel) { // if the server changes names, they are unsorted
			if text := err.Error(); !strings.Contains(text, "in the order of their UTF-8 bytes") &&
				!strings.Contains(text, "is repeated") {
				t.Errorf("%s: %v, want an error about the order", w.Name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: after %d entries: %v", w.Name, len(ours), err)
		}
		compare(t, w.Name, theirs[w.Name], ours)
		for _, in := range []s3list.ListInput{{Parallel: 8}, {Parallel: 8, PageSize: 150}} {
			if !parallel || slices.Contains(serial, w.Name) {
				continue
			}
			again, err := s.list(t, bucket, w, in)
			if err != nil || !slices.Equal(ours, again) {
				t.Errorf("%s: page size %d: the parallel listing differs from the serial one: %v",
					w.Name, in.PageSize, err)
				compare(t, w.Name, ours, again)
			}
		}
		if w.Name == "all" {
			got := map[string]bool{}
			for _, e := range ours {
				got[e.Key] = true
			}
			if diff := cmp.Diff(keys, got); diff != "" {
				t.Errorf("keys (-uploaded +listed):\n%s", diff)
			}
		}
	}
}

// boto3 returns the entries that boto3 lists, by way.
func (s store) boto3(t *testing.T, bucket string) map[string][]entry {
	t.Helper()
	input, err := json.Marshal(map[string]any{
		"endpoint": s.endpoint, "region": region, "bucket": bucket, "listings": ways,
		"accessKeyID": s.root.AccessKeyID, "secretAccessKey": s.root.SecretAccessKey,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, environment(t), string(input), python(t, "testdata/python/list_keys.py")...)
	if r.status != 0 {
		t.Fatalf("boto3: exit status %d\n%s", r.status, r.stderr)
	}
	listed := map[string][]entry{}
	for decoder := json.NewDecoder(bytes.NewReader([]byte(r.stdout))); decoder.More(); {
		var e entry
		if err := decoder.Decode(&e); err != nil {
			t.Fatal(err)
		}
		listed[e.Listing] = append(listed[e.Listing], e)
	}
	return listed
}

// list returns the entries that s3list lists, and its error.
func (s store) list(t *testing.T, bucket string, w way, in s3list.ListInput) ([]entry, error) {
	t.Helper()
	l := &s3list.Client{Region: region, Endpoint: s.endpoint, Credentials: static(s.root)}
	in.Bucket, in.Prefix, in.Delimiter, in.FetchOwner = bucket, w.Prefix, w.Delimiter, true
	sequence, kind := l.List(t.Context(), in), "Contents"
	if w.Versions {
		sequence, kind = l.Versions(t.Context(), in), "Versions"
	}
	var entries []entry
	for o, err := range sequence {
		if err != nil {
			return entries, err
		}
		e := entry{w.Name, kind, o.Key, o.Size, o.ETag, "", o.StorageClass, o.Owner.ID, o.VersionID,
			o.IsLatest}
		if o.CommonPrefix {
			e.Kind = "CommonPrefixes"
		} else {
			e.Modified = o.LastModified.Format("2006-01-02T15:04:05.000000Z")
		}
		if o.DeleteMarker {
			// MinIO sends a storage class for delete markers, which boto3 ignores.
			e.Kind, e.StorageClass = "DeleteMarkers", ""
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// compare checks that two listings have the same entries in the same order within each kind. boto3
// does not report the order of entries of different kinds.
func compare(t *testing.T, name string, want, got []entry) {
	t.Helper()
	if len(want) == 0 {
		t.Errorf("%s: the listing to compare with is empty", name)
	}
	order := func(a, b entry) int { return strings.Compare(a.Kind, b.Kind) }
	want, got = slices.Clone(want), slices.Clone(got)
	slices.SortStableFunc(want, order)
	want = slices.Compact(want) // s3list lists once what is at the end of a page and in the next
	slices.SortStableFunc(got, order)
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) || want[i] != got[i] {
			near := func(entries []entry) []entry {
				return entries[min(i, len(entries)):min(i+3, len(entries))]
			}
			t.Errorf("%s: %d entries, want %d; the first difference is at %d (-want +got):\n%s",
				name, len(got), len(want), i, cmp.Diff(near(want), near(got)))
			return
		}
	}
}
