package s3list

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// listOnce lists a server that sends the same response once, as objects or as versions.
func listOnce(t *testing.T, body string, versions bool) (objects []Object, err error) {
	t.Helper()
	s := &server{respond: func(n int, _ *http.Request) *http.Response {
		if n > 1 {
			t.Errorf("%s: there is a second request", body)
		}
		return reply(200, body)
	}}
	c, in := client(s), ListInput{Bucket: "b12"}
	listing := c.List(t.Context(), in)
	if versions {
		listing = c.Versions(t.Context(), in)
	}
	for o, e := range listing {
		if err = e; err == nil {
			objects = append(objects, o)
		}
	}
	return objects, err
}

// TestMissingFields checks that fields that are missing, or that have an unknown form, are zero and
// do not end the listing.
func TestMissingFields(t *testing.T) {
	at := time.Date(2026, 6, 25, 10, 0, 0, 0, time.UTC)
	const modified = "<LastModified>2026-06-25T10:00:00.000Z</LastModified>"
	object := func(fields string) string {
		return root + notTruncated + "<Contents><Key>dir/</Key></Contents>" +
			"<Contents><Key>dir/file</Key>" + fields + "</Contents>" +
			"<Contents><Key>dir/last</Key><Size>7</Size>" + modified + "</Contents>" + end
	}
	long := strings.Repeat("x", maxKey+1)
	for _, test := range []struct {
		name, fields string
		want         Object
	}{
		{
			name: "all",
		},
		{
			name:   "no Size",
			fields: modified,
			want:   Object{LastModified: at},
		},
		{
			name:   "no LastModified",
			fields: "<Size>3</Size><ETag>&quot;x&quot;</ETag>",
			want:   Object{Size: 3, ETag: `"x"`},
		},
		{
			name: "empty elements",
			fields: "<Size/><LastModified/><ETag/><StorageClass/><Owner/><RestoreStatus/>" +
				"<ChecksumType/><IsLatest/><VersionId/>",
		},
		{
			name: "empty elements below",
			fields: "<Owner><ID/><DisplayName/></Owner><RestoreStatus><IsRestoreInProgress/>" +
				"<RestoreExpiryDate/></RestoreStatus>",
		},
		{
			name: "odd values",
			fields: "<IsLatest>yes</IsLatest><RestoreStatus><IsRestoreInProgress>1" +
				"</IsRestoreInProgress><RestoreExpiryDate>soon</RestoreExpiryDate></RestoreStatus>",
		},
		{
			name: "long texts",
			fields: "<ETag>" + long + "</ETag><StorageClass>" + long + "</StorageClass>" +
				"<ChecksumType>" + long + "</ChecksumType><VersionId>" + long + "</VersionId>" +
				"<Owner><ID>" + long + "</ID></Owner><Size>" + long + "</Size>" +
				"<LastModified>" + long + "</LastModified>",
		},
		{
			name:   "long quoted text",
			fields: "<ETag>&quot;" + long + "&quot;</ETag>",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.want.Key = "dir/file"
			want := []Object{
				{Key: "dir/"},
				test.want,
				{Key: "dir/last", Size: 7, LastModified: at},
			}
			got, err := listOnce(t, object(test.fields), false)
			if diff := gocmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("List with %.200s = %v (-want +got):\n%s", test.fields, err, diff)
			}
		})
	}
	for _, size := range []string{
		"-1",
		"+1",
		"1.0",
		"1e3",
		"0x10",
		"1_000",
		" 1",
		"9223372036854775808",
		"99999999999999999999999",
		"unknown",
	} {
		got, err := listOnce(t, object("<Size>"+size+"</Size>"+modified), false)
		if err != nil || len(got) != 3 || got[1].Size != 0 || got[1].LastModified != at {
			t.Errorf("List with the Size %q = %+v, %v, want zero", size, got, err)
		}
	}
	for _, text := range []string{
		":2024-10-11T13:22:41Z",
		"2009-10-12T17:50:30",
		"2009-10-12T17:50:30+0000",
		"Mon, 12 Oct 2009 17:50:30 GMT",
		"2009-02-30T00:00:00Z",
		"2009-10-12",
		"1255369830",
		"null",
	} {
		field := "<LastModified>" + text + "</LastModified>"
		got, err := listOnce(t, object("<Size>3</Size>"+field), false)
		if err != nil || len(got) != 3 || got[1].Size != 3 || !got[1].LastModified.IsZero() {
			t.Errorf("List with LastModified %q = %+v, %v, want zero", text, got, err)
		}
	}
	got, err := listOnce(t, versionsPage(
		"<Version><Key>a</Key></Version><DeleteMarker><Key>a</Key></DeleteMarker>"), true)
	want := []Object{{Key: "a"}, {Key: "a", DeleteMarker: true}}
	if diff := gocmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Versions without optional fields = %v (-want +got):\n%s", err, diff)
	}
}

// TestElementsInOtherCase checks that elements that differ from S3's only in case are errors: a
// listing that ignored them could end early.
func TestElementsInOtherCase(t *testing.T) {
	for _, name := range pageElements[:len(pageElements)-2] { // not Key and Prefix
		for _, other := range []string{strings.ToLower(name), strings.ToUpper(name)} {
			body := root + "<" + other + ">true</" + other + ">" + end
			_, err := parsePage([]byte(body), false)
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("parsePage(%s) = %v, want an error that names %s", body, err, name)
			}
		}
	}
}

// TestElementsInUnknownElement checks that elements below one that S3 does not send are errors: a
// listing that ignored them could lack objects, or end early.
func TestElementsInUnknownElement(t *testing.T) {
	for _, name := range pageElements[:len(pageElements)-2] { // not Key and Prefix
		for _, versions := range []bool{false, true} {
			for _, other := range []string{name, strings.ToLower(name)} {
				element := "<" + other + ">true</" + other + ">"
				body := root + notTruncated + "<Items><List>" + element + "</List></Items>" + end
				if versions {
					body = strings.ReplaceAll(body, "ListBucketResult", "ListVersionsResult")
				}
				_, err := parsePage([]byte(body), versions)
				want := "that is not the " + name
				if name == "Version" && !versions { // that of a server
					want = ""
				}
				if (err == nil) != (want == "") ||
					err != nil && !strings.Contains(err.Error(), want) {
					t.Errorf("parsePage(%s) = %v, want %q", body, err, want)
				}
			}
		}
	}
}

// TestLostElements checks that a key or a common prefix in a place where S3 sends none is an error,
// as is an error of the server after the first objects.
func TestLostElements(t *testing.T) {
	for _, test := range []struct{ name, body, err string }{
		{"object in an object", "<Contents><Key>a</Key>" + contents("b") + "</Contents>",
			"not the Contents"},
		{"object in a field", "<Contents><Key>a</Key><More><List>" + contents("b") +
			"</List></More></Contents>", "not the Contents"},
		{"key in another case", "<Contents><Key>a</Key><key>b</key></Contents>", "not the Key"},
		{"prefix in an object", "<Contents><Key>a</Key><Prefix>b/</Prefix></Contents>",
			"not the Prefix"},
		{"prefix in another case", commonPrefix("a/</Prefix><prefix>b/</prefix><Prefix>c/"),
			"not the Prefix"},
		{"prefixes in prefixes", "<CommonPrefixes><Prefix>a/</Prefix>" + commonPrefix("b/") +
			"</CommonPrefixes>", "not the CommonPrefixes"},
		{"key in prefixes", "<CommonPrefixes><Prefix>a/</Prefix><Key>b</Key></CommonPrefixes>",
			"not the Key"},
		{"object with another name", contents("a") + "<Object><Key>b</Key></Object>",
			"not the Key"},
		{"prefix with another name", "<CommonPrefix><Prefix>b/</Prefix></CommonPrefix>",
			"not the Prefix"},
		{"element in a key", contents("a<b>c</b>d"), "text of Key"},
		{"element in a prefix", commonPrefix("a<b/>/"), "text of Prefix"},
		{"element in EncodingType", "<EncodingType>url<x/></EncodingType>", "text of EncodingType"},
		{"error", contents("a") + "<Error><Code>InternalError</Code><Message>try again\x1b" +
			"</Message></Error>", "illegal character"},
		{"error of the server", contents("a") + "<Error><Code>InternalError</Code>" +
			"<Message>try again</Message></Error>", "InternalError: try again"},
		{"namespaces", strings.ReplaceAll(contents("a"), "Key>", "s3:Key>"), ""},
		{"fields with tags", "<Contents><Key>a</Key><Tags><Tag><Key>b</Key></Tag></Tags>" +
			"<Version>1</Version></Contents>", ""},
		{"comment in a key", contents("a<!-- <b/> --><![CDATA[<b>]]>"), ""},
	} {
		_, err := parsePage([]byte(root+notTruncated+test.body+end), false)
		if (err == nil) != (test.err == "") ||
			err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: parsePage(%s) = %v, want %q", test.name, test.body, err, test.err)
		}
		compareXML(t, []byte(root+test.body+end))
		compareParts(t, []byte(root+test.body+end), 1, 100)
	}
}

// TestKeyCount checks that the number of keys that a server states does not change a listing.
func TestKeyCount(t *testing.T) {
	for _, text := range []string{"", "0", "1", "2", "3", "1000", "-1", "many"} {
		count := "<KeyCount>" + text + "</KeyCount>"
		body := root + count + notTruncated + contents("a") + commonPrefix("b/") + count + end
		p, err := parsePage([]byte(body), false)
		if err != nil || len(p.objects) != 2 {
			t.Errorf("KeyCount %q: parsePage() = %d objects, %v, want 2", text, len(p.objects), err)
		}
	}
}

// TestRepeatedElements checks that an element that must not be repeated, but is, ends the listing
// with an error that names it. Otherwise one of the two would be lost.
func TestRepeatedElements(t *testing.T) {
	object := func(fields string) string {
		return "<Contents><Key>a</Key>" + fields + "</Contents>"
	}
	twice := func(name, first, second string) string {
		element := func(text string) string { return "<" + name + ">" + text + "</" + name + ">" }
		return element(first) + element(second)
	}
	for _, test := range []struct {
		name, body string
		versions   bool
	}{
		{name: "Key", body: object("<Key>b</Key>")},
		{name: "Key", body: object("<Size>1</Size><Key>b</Key><Size>2</Size>")},
		{name: "Key", body: object("<Key>a</Key>")},
		{name: "Key", body: object("<Key/>")},
		{name: "Key", body: "<Contents><Key/><Key>b</Key></Contents>"},
		{name: "Size", body: object(twice("Size", "1", "2"))},
		{name: "LastModified", body: object(twice("LastModified", "", "2009-10-12T17:50:30Z"))},
		{name: "ETag", body: object(twice("ETag", "&quot;x&quot;", "&quot;y&quot;"))},
		{name: "StorageClass", body: object(twice("StorageClass", "STANDARD", "GLACIER"))},
		{name: "ChecksumType", body: object(twice("ChecksumType", "COMPOSITE", ""))},
		{name: "ID", body: object("<Owner>" + twice("ID", "1", "2") + "</Owner>")},
		{name: "ID", body: object(twice("Owner", "<ID>1</ID>", "<ID>2</ID>"))},
		{name: "DisplayName", body: object(twice("Owner", "<DisplayName/>", "<DisplayName/>"))},
		{name: "RestoreExpiryDate", body: object("<RestoreStatus>" +
			twice("RestoreExpiryDate", "1", "2") + "</RestoreStatus>")},
		{name: "IsRestoreInProgress", body: object(twice("RestoreStatus",
			"<IsRestoreInProgress>true</IsRestoreInProgress>",
			"<IsRestoreInProgress>false</IsRestoreInProgress>"))},
		{
			name:     "VersionId",
			body:     "<Version><Key>a</Key>" + twice("VersionId", "1", "2") + "</Version>",
			versions: true,
		},
		{
			name:     "IsLatest",
			body:     "<DeleteMarker>" + twice("IsLatest", "true", "false") + "</DeleteMarker>",
			versions: true,
		},
		{
			name:     "Key",
			body:     "<DeleteMarker>" + twice("Key", "a", "b") + "</DeleteMarker>",
			versions: true,
		},
		{name: "IsTruncated", body: twice("IsTruncated", "true", "false")},
		{name: "IsTruncated", body: twice("IsTruncated", "false", "true")},
		{name: "EncodingType", body: twice("EncodingType", "url", "")},
		{name: "NextContinuationToken", body: twice("NextContinuationToken", "a", "b")},
		{name: "NextMarker", body: twice("NextMarker", "a", "b")},
		{name: "NextKeyMarker", body: twice("NextKeyMarker", "a", "b"), versions: true},
		{name: "NextVersionIdMarker", body: twice("NextVersionIdMarker", "a", ""), versions: true},
	} {
		body := root + contents("0") + test.body + contents("z") + end
		if test.versions {
			body = versionsPage(test.body)
		}
		got, err := listOnce(t, body, test.versions)
		if err == nil || !strings.Contains(err.Error(), "more than one "+test.name) ||
			len(got) != 0 {
			t.Errorf("List of %s = %d objects, %v, want an error that names %s",
				test.body, len(got), err, test.name)
		}
	}
}

// TestGroupedElements checks that elements that may be repeated are all listed.
func TestGroupedElements(t *testing.T) {
	body := root + commonPrefix("c/</Prefix><Prefix>d/") + contents("a") +
		"<Contents><Key>b</Key><ChecksumAlgorithm>CRC32</ChecksumAlgorithm><Size>2</Size>" +
		"<ChecksumAlgorithm>SHA256</ChecksumAlgorithm></Contents>" + commonPrefix("e/") +
		contents("f") + notTruncated + end
	got, err := listOnce(t, body, false)
	var keys []string
	for _, o := range got {
		keys = append(keys, o.Key)
	}
	if want := []string{"a", "b", "c/", "d/", "e/", "f"}; err != nil || !slices.Equal(keys, want) {
		t.Fatalf("List = %q, %v, want %q", keys, err, want)
	}
	if got := strings.Join(got[1].ChecksumAlgorithm, " "); got != "CRC32 SHA256" {
		t.Errorf("ChecksumAlgorithm = %s, want CRC32 SHA256", got)
	}
}

// TestTruncation checks when a page is the last one.
func TestTruncation(t *testing.T) {
	const token = "<NextContinuationToken>t</NextContinuationToken>"
	for _, test := range []struct {
		name, head string
		more       bool
		err        string
	}{
		{name: "nothing"},
		{name: "token", head: token, more: true},
		{name: "false", head: notTruncated},
		{name: "false and token", head: notTruncated + token},
		{name: "true and token", head: truncated + token, more: true},
		{name: "empty", head: "<IsTruncated/>"},
		{name: "empty and token", head: "<IsTruncated/>" + token, more: true},
		{name: "empty token", head: "<NextContinuationToken/>"},
		{name: "upper case", head: "<IsTruncated>False</IsTruncated>"},
		{name: "white space", head: "<IsTruncated> true\n</IsTruncated>" + token, more: true},
		{name: "true", head: truncated, err: "no NextContinuationToken"},
		{name: "another marker", head: "<NextMarker>a</NextMarker>", err: "no NextContinuation"},
		{name: "neither", head: "<IsTruncated>yes</IsTruncated>", err: "neither true nor false"},
		{name: "neither, with token", head: "<IsTruncated>-</IsTruncated>" + token, err: "neither"},
	} {
		s := &server{respond: func(n int, _ *http.Request) *http.Response {
			if n == 1 {
				return reply(200, root+contents("a")+test.head+end)
			}
			return reply(200, root+contents("b")+end)
		}}
		want := []string{"a"}
		if test.more {
			want = append(want, "b")
		}
		keys, err := collect(t, client(s).Objects(t.Context(), "b12", ""))
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: List = %q, %v, want an error with %q", test.name, keys, err, test.err)
			}
			continue
		}
		if err != nil || !slices.Equal(keys, want) {
			t.Errorf("%s: List = %q, %v, want %q", test.name, keys, err, want)
		}
	}
}
