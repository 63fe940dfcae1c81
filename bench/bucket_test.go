package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestKeysAreInOrder(t *testing.T) {
	for name, keys := range map[string][]string{deep: deepKeys(5000), flat: flatKeys(5000)} {
		different := len(slices.Compact(slices.Clone(keys)))
		if len(keys) != 5000 || !slices.IsSorted(keys) || different != 5000 {
			t.Errorf("%s: %d keys, %d of them different, sorted: %t; want 5000 sorted keys", name,
				len(keys), different, slices.IsSorted(keys))
		}
		for _, key := range keys {
			plain := strings.ReplaceAll(key, "/", "")
			if escaped := url.PathEscape(plain); escaped != plain {
				t.Errorf("%s: PathEscape(%q) = %q, want no escapes", name, plain, escaped)
			}
		}
	}
}

// listed is a response to ListObjectsV2.
type listed struct {
	NextContinuationToken string
	KeyCount              int
	IsTruncated           bool
	Contents              []struct {
		Key  string
		Size int
	}
	CommonPrefixes []struct{ Prefix string }
}

// walk lists all pages of a query.
func walk(t *testing.T, address string, query url.Values) (keys, prefixes []string) {
	t.Helper()
	query.Set("list-type", "2")
	for {
		resp, err := http.Get(address + "?" + query.Encode())
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		var page listed
		if err == nil {
			err = xml.Unmarshal(body, &page)
		}
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("GET = %s, %v, %q, want a listing", resp.Status, err, body)
		}
		if page.KeyCount != len(page.Contents)+len(page.CommonPrefixes) ||
			page.IsTruncated != (page.NextContinuationToken != "") {
			t.Fatalf("the page is inconsistent: %+v", page)
		}
		for _, c := range page.Contents {
			keys = append(keys, c.Key)
		}
		for _, c := range page.CommonPrefixes {
			prefixes = append(prefixes, c.Prefix)
		}
		if !page.IsTruncated {
			return keys, prefixes
		}
		query.Set("continuation-token", page.NextContinuationToken)
	}
}

// naive returns the right listing (Amazon S3 API Reference, ListObjectsV2). It has a common prefix
// if one of the prefix's keys is after start-after and the prefix is not start-after itself.
func naive(all []string, prefix, delimiter, after string) (keys, prefixes []string) {
	for _, key := range all {
		rest, found := strings.CutPrefix(key, prefix)
		if !found {
			continue
		}
		name, _, rolled := strings.Cut(rest, delimiter)
		switch common := prefix + name + delimiter; {
		case delimiter == "" || !rolled:
			if key > after {
				keys = append(keys, key)
			}
		case key > after && common != after:
			if !slices.Contains(prefixes, common) {
				prefixes = append(prefixes, common)
			}
		}
	}
	return keys, prefixes
}

// TestPages compares random listings with naive.
func TestPages(t *testing.T) {
	var all []string
	for i := range 300 {
		all = append(all, fmt.Sprintf("%c/%c%c%d", 'a'+i%3, "x/"[i%2], 'p'+i%5, i),
			fmt.Sprintf("%c%d", 'a'+i%4, i))
	}
	slices.Sort(all)
	all = slices.Compact(all)
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	for _, rendered := range []bool{false, true} {
		server := httptest.NewServer(&listing{
			buckets: map[string]*bucket{"b": newBucket(all, rendered)},
		})
		defer server.Close()
		for range 300 {
			prefix, delimiter := pick("", "a", "a/", "b/x", "c/", "zz"), pick("", "/")
			after := pick("", "", "a", "a/", "b1", "b/x", "b/xq", "zz", all[random.IntN(len(all))])
			query := url.Values{"prefix": {prefix}, "delimiter": {delimiter},
				"start-after": {after}, "max-keys": {pick("", "1", "3", "7")}}
			keys, prefixes := walk(t, server.URL+"/b", query)
			wantKeys, wantPrefixes := naive(all, prefix, delimiter, after)
			if !slices.Equal(keys, wantKeys) || !slices.Equal(prefixes, wantPrefixes) {
				t.Fatalf("prefix %q, delimiter %q, start-after %q: listed\n%q %q, want\n%q %q",
					prefix, delimiter, after, keys, prefixes, wantKeys, wantPrefixes)
			}
		}
	}
}

func TestInvalidRequests(t *testing.T) {
	server := httptest.NewServer(&listing{
		buckets: map[string]*bucket{"b": newBucket([]string{"k"}, true)},
	})
	defer server.Close()
	for _, test := range []struct {
		path string
		want int
	}{
		{"/b?list-type=2", 200},
		{"/b/?list-type=2&continuation-token=1", 200},
		{"/b?list-type=2&continuation-token=x", 400},
		{"/b?list-type=2&continuation-token=2", 400},
		{"/b?list-type=2&max-keys=0", 400},
		{"/b?versions", 501},
		{"/other?list-type=2", 501},
	} {
		resp, err := http.Get(server.URL + test.path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != test.want {
			t.Errorf("GET of %s = %s, want %d", test.path, resp.Status, test.want)
		}
	}
}
