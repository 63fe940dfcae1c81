package s3list

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/loginwithcognito/cognito/internal/longtest"
)

// A parsed page is what readPage read.
type parsed struct {
	objects []Object
	next    cursor
}

func (p parsed) keys() (keys []string) {
	for _, o := range p.objects {
		keys = append(keys, o.Key)
	}
	return keys
}

// used are calls for reuse, so that tests notice what is left of an earlier response.
var used = sync.Pool{New: func() any { return &call{page: new(page)} }}

// parsePage reads a response with readPage.
func parsePage(body []byte, versions bool) (parsed, error) {
	ask := used.Get().(*call)
	defer used.Put(ask)
	if err := readPage(bytes.NewReader(body), versions, ask.page, &ask.buffer); err != nil {
		return parsed{}, err
	}
	return parsed{slices.Collect(ask.page.objects), ask.page.next}, nil
}

func TestParsePageObject(t *testing.T) {
	p, err := parsePage([]byte(root+notTruncated+`<Contents>
		<Key> a key </Key>
		<LastModified>2009-10-12T17:50:30.125+02:00</LastModified>
		<ETag>&quot;fba9&quot;</ETag>
		<ChecksumAlgorithm>CRC32</ChecksumAlgorithm>
		<ChecksumAlgorithm>SHA256</ChecksumAlgorithm>
		<ChecksumType>COMPOSITE</ChecksumType>
		<Size>9223372036854775807</Size>
		<StorageClass>GLACIER</StorageClass>
		<Unknown><Deep/></Unknown>
		<Owner><ID>75aa</ID><DisplayName>ada</DisplayName></Owner>
		<RestoreStatus>
			<IsRestoreInProgress>false</IsRestoreInProgress>
			<RestoreExpiryDate>2012-12-21T00:00:00.000Z</RestoreExpiryDate>
		</RestoreStatus>
		</Contents>`+end), false)
	if err != nil {
		t.Fatalf("readPage = %v, want no error", err)
	}
	want := []Object{{
		Key:               " a key ",
		Size:              1<<63 - 1,
		LastModified:      time.Date(2009, 10, 12, 15, 50, 30, 125e6, time.UTC),
		ETag:              `"fba9"`,
		StorageClass:      "GLACIER",
		ChecksumAlgorithm: []string{"CRC32", "SHA256"},
		ChecksumType:      "COMPOSITE",
		Owner:             Owner{"75aa", "ada"},
		RestoreStatus:     RestoreStatus{false, time.Date(2012, 12, 21, 0, 0, 0, 0, time.UTC)},
	}}
	if diff := gocmp.Diff(want, p.objects); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	if l := p.objects[0].LastModified.Location(); l != time.UTC {
		t.Errorf("LastModified is in %v, want UTC", l)
	}
}

func TestParsePage(t *testing.T) {
	const token = "<NextContinuationToken>t</NextContinuationToken>"
	for _, test := range []struct {
		name, body string
		keys       []string
		next       string
	}{
		{
			name: "empty",
			body: root + notTruncated + end,
		},
		{
			name: "no namespace",
			body: "<ListBucketResult>" + notTruncated + contents("a") + end,
			keys: []string{"a"},
		},
		{
			name: "namespace prefix",
			body: `<x:ListBucketResult xmlns:x="urn:x"><x:IsTruncated>false</x:IsTruncated>` +
				`<x:Contents><x:Key>a</x:Key><x:Size>1</x:Size>` +
				`<x:LastModified>2009-10-12T17:50:30Z</x:LastModified></x:Contents>` +
				`</x:ListBucketResult>`,
			keys: []string{"a"},
		},
		{
			name: "white space and comments around",
			body: "\n <!-- a --> <ListBucketResult>" + notTruncated + contents("a") + end +
				" \r\n<!-- b --><?c d?>\n",
			keys: []string{"a"},
		},
		{
			name: "comments inside",
			body: root + "<!-- x -->" + notTruncated + contents("a<!-- y -->b") + end,
			keys: []string{"ab"},
		},
		{
			name: "CDATA",
			body: root + notTruncated + contents("<![CDATA[<&>]]>") + end,
			keys: []string{"<&>"},
		},
		{
			name: "white space in a key",
			body: root + notTruncated + contents(" \ta\n") + end,
			keys: []string{" \ta\n"},
		},
		{
			name: "unknown elements",
			body: root + "<New><Server><Key>x</Key><Version>1</Version></Server></New>" +
				notTruncated + contents("a") + end,
			keys: []string{"a"},
		},
		{
			name: "token",
			body: root + truncated + strings.Replace(token, ">t<", ">a+b%20/=<", 1) +
				contents("a") + end,
			keys: []string{"a"},
			next: "a+b%20/=",
		},
		{
			name: "token that is not needed",
			body: root + notTruncated + token + end,
		},
		{
			name: "truncated and empty",
			body: root + truncated + token + end,
			next: "t",
		},

		// Keys are decoded if the response says that they are encoded.
		{
			name: "encoded",
			body: root + encoded + notTruncated + contents("a+b%2B%20%E6%9D%B1%01%00/%25") + end,
			keys: []string{"a b+ \u6771\x01\x00/%"},
		},
		{
			name: "EncodingType last",
			body: root + notTruncated + contents("a+b") + encoded + end,
			keys: []string{"a b"},
		},
		{
			name: "encoded prefix",
			body: root + encoded + notTruncated + commonPrefix("q+r%2F") + end,
			keys: []string{"q r/"},
		},
		{
			name: "not encoded",
			body: root + notTruncated + contents("a+b%2B%zz") + end,
			keys: []string{"a+b%2B%zz"},
		},
		{
			name: "not UTF-8",
			body: root + encoded + notTruncated + contents("%FF%fe") + end,
			keys: []string{"\xff\xfe"},
		},

		// Keys and common prefixes are merged.
		{
			name: "merged",
			body: root + notTruncated + contents("a") + contents("b!") + contents("z") +
				commonPrefix("A/") + commonPrefix("b/") + commonPrefix("zz/") + end,
			keys: []string{"A/", "a", "b!", "b/", "z", "zz/"},
		},
		{
			name: "merged by decoded keys", // "%" sorts before "."
			body: root + encoded + notTruncated + contents("a%01") + contents("a.") +
				commonPrefix("a+/") + end,
			keys: []string{"a\x01", "a /", "a."},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := parsePage([]byte(test.body), false)
			if err != nil {
				t.Fatalf("readPage = %v, want no error", err)
			}
			if got := p.keys(); !slices.Equal(got, test.keys) || p.next.token != test.next {
				t.Errorf("readPage = %q, next %q, want %q, %q",
					got, p.next.token, test.keys, test.next)
			}
			for _, o := range p.objects {
				if want := strings.HasSuffix(o.Key, "/"); o.CommonPrefix != want {
					t.Errorf("CommonPrefix of %q = %t, want %t", o.Key, o.CommonPrefix, want)
				}
			}
		})
	}
}

func TestParsePageRefuses(t *testing.T) {
	list := func(s string) string { return root + notTruncated + s + end }
	token := func(text string) string {
		token := "<NextContinuationToken>" + text + "</NextContinuationToken>"
		return root + truncated + token + end
	}
	const (
		html     = "<html><body>Sign in to the hotel's network</body></html>"
		entities = `<!DOCTYPE x [<!ENTITY e "e">]><ListBucketResult>&e;</ListBucketResult>`
		utf16    = `<?xml version="1.0" encoding="utf-16"?><ListBucketResult/>`
	)
	noKey := list(strings.Replace(contents("a"), "<Key>a</Key>", "", 1))
	badPrefix := list(encoded + contents("a%25") + commonPrefix("100%/"))
	for _, test := range []struct{ name, body, want string }{
		// Not a listing.
		{"nothing", "", "invalid XML"},
		{"white space", " \n", "invalid XML"},
		{"text", "hello", "outside"},
		{"HTML", html, "<html>"},
		{"HTML with a document type", "<!DOCTYPE html><html></html>", "document type"},
		{"entities", entities, "document type"},
		{"JSON", `{"message":"no"}`, "outside"},
		{"the other listing", versionsPage(notTruncated), "<ListVersionsResult>"},
		{"an object of the other listing", list("<Version/>"), "Version 1 of the page: unexpected"},
		{"error", "<Error><Code>InternalError</Code></Error>", "InternalError"},
		{"error and text", "<Error><Code>InternalError</Code></Error>x", "outside"},

		// Not well-formed.
		{"another charset", utf16, "encoding"},
		{"wrong end tag", root + notTruncated + "</ListBucket>", "invalid XML"},
		{"no end tag", root + notTruncated, "invalid XML"},
		{"text after", list("") + "x", "outside"},
		{"a second document", list("") + list(""), "continues after"},
		{"half a tag after", list("") + "<", "invalid XML"},
		{"control character", list(contents("a\x10")), "illegal character"},
		{"control character as reference", list(contents("a&#x10;")), "illegal character"},
		{"not UTF-8", list(contents("a\xff")), "UTF-8"},
		{"unknown entity", list(contents("a&nbsp;")), "entity"},

		// Encoding. Some servers encode keys and not common prefixes.
		{"unknown encoding", list("<EncodingType>base64</EncodingType>"), "EncodingType"},
		{"half encoded", list(encoded + contents("100%")), "not URL encoded"},
		{"prefix not encoded", badPrefix, "not URL encoded"},

		// The end of the page.
		{"no IsTruncated, but NextMarker", root + "<NextMarker>a</NextMarker>" + end,
			"no NextContinuationToken"},
		{"bad IsTruncated", root + "<IsTruncated>yes</IsTruncated>" + end, "IsTruncated"},
		{"truncated without token", root + truncated + end, "NextContinuationToken"},
		{"truncated with empty token", token(""), "NextContinuationToken"},
		{"long token", token(strings.Repeat("t", maxToken+1)), "8193 bytes"},

		// Objects.
		{"no key", noKey, "Contents 1 of the page: no Key"},
		{"empty prefix", list("<CommonPrefixes/>"), "CommonPrefixes 1"},
		{"one empty prefix", list(strings.Replace(commonPrefix("a"), "</C", "<Prefix/></C", 1)),
			"CommonPrefixes 2"},
		{"long key", list(contents(strings.Repeat("a", 3*maxKey+1))), "3073 bytes"},
		{"long prefix", list(commonPrefix(strings.Repeat("a", 3*maxKey+1))), "3073 bytes"},
		{"long element", list("<a>" + strings.Repeat("<b/>", maxElement/2) + "</a>"), "1048576"},
		{"many keys", list(strings.Repeat(contents("a"), maxEntries+1)), "limit is 10000"},
	} {
		t.Run(test.name, func(t *testing.T) {
			into := new(page)
			err := readPage(strings.NewReader(test.body), false, into, new([]byte))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("readPage = %v, want an error with %q", err, test.want)
			}
		})
	}
}

// TestParsePageCut checks that a response that is cut anywhere is an error.
func TestParsePageCut(t *testing.T) {
	listing := root + encoded + notTruncated + contents("a+b") + commonPrefix("q%2F") +
		"<!-- c -->" + end
	for _, body := range []string{listing, errorOf("AccessDenied", "<Region>eu-west-1</Region>")} {
		for i := range body {
			p, err := parsePage([]byte(body[:i]), false)
			if err == nil {
				t.Fatalf("%q is a page with %q, want an error", body[:i], p.keys())
			}
			if doc := (*errorDocument)(nil); errors.As(err, &doc) {
				t.Fatalf("%q is an error document with %q, want another error", body[:i], doc.Code)
			}
		}
	}
}

// TestMerge checks that keys and common prefixes are merged, each with its own texts.
func TestMerge(t *testing.T) {
	for _, test := range []struct{ keys, prefixes, want string }{
		{"", "", ""},
		{"a", "", "a"},
		{"", "a", "a"},
		{"a c e", "b d f", "a b c d e f"},
		{"x y", "a b", "a b x y"},
		{"a b", "x y", "a b x y"},
		{"a a", "a", "a a a"},
		{"b a", "c", "b a c"}, // a server that does not sort loses nothing
	} {
		var body strings.Builder
		for _, key := range strings.Fields(test.keys) {
			etag := "<ETag>of " + key + "</ETag><Size>"
			body.WriteString(strings.Replace(contents(key), "<Size>", etag, 1))
		}
		for _, prefix := range strings.Fields(test.prefixes) {
			body.WriteString(commonPrefix(prefix))
		}
		p, err := parsePage([]byte(root+notTruncated+body.String()+end), false)
		if got := p.keys(); err != nil || !slices.Equal(got, strings.Fields(test.want)) {
			t.Errorf("keys %q and prefixes %q = %q, %v, want %s",
				test.keys, test.prefixes, got, err, test.want)
		}
		for _, o := range p.objects {
			if !o.CommonPrefix && o.ETag != "of "+o.Key {
				t.Errorf("ETag of %q = %q", o.Key, o.ETag)
			}
		}
	}
}

// FuzzParsePage checks that pages are sound, and that a page written from one has the same content.
func FuzzParsePage(f *testing.F) {
	f.Add([]byte(root + encoded + notTruncated + contents("a+b%01") + commonPrefix("q%2F") + end))
	f.Add([]byte(root + truncated + "<NextContinuationToken>t=</NextContinuationToken>" +
		contents("<![CDATA[x]]>") + end))
	f.Add([]byte(errorOf("PermanentRedirect", "<Region>eu-west-1</Region>")))
	f.Add([]byte("<!DOCTYPE html><html>"))
	f.Add([]byte(pageOf("t", "a", "b")))
	f.Add([]byte(root + notTruncated + "<Contents><Key>a</Key>" +
		"<LastModified>9999-12-31T23:59:59-01:00</LastModified><Size>1</Size></Contents>" + end))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := parsePage(body, false)
		if err != nil {
			return
		}
		var again strings.Builder
		fmt.Fprintf(&again, "%s%s<IsTruncated>%t</IsTruncated>", root, encoded, p.next.token != "")
		if p.next.token != "" {
			token := references(p.next.token)
			again.WriteString("<NextContinuationToken>" + token + "</NextContinuationToken>")
		}
		for _, o := range p.objects {
			if o.CommonPrefix {
				again.WriteString(commonPrefix(percent(o.Key)))
				continue
			}
			if o.Size < 0 || o.Key == "" {
				t.Fatalf("object %+v has a negative Size or no Key", o)
			}
			if year := o.LastModified.Year(); year < 0 || year > 9999 {
				return // the time has a zone, and RFC 3339 cannot represent it in UTC
			}
			fmt.Fprintf(&again, "<Contents><Key>%s</Key><Size>%d</Size>"+
				"<LastModified>%s</LastModified></Contents>",
				percent(o.Key), o.Size, o.LastModified.Format(time.RFC3339Nano))
		}
		again.WriteString(end)
		q, err := parsePage([]byte(again.String()), false)
		if err != nil {
			t.Fatalf("readPage(%s) = %v, want no error", again.String(), err)
		}
		compare := func(a, b Object) int {
			return cmp.Or(
				cmp.Compare(a.Key, b.Key),
				cmp.Compare(a.Size, b.Size),
				a.LastModified.Compare(b.LastModified),
			)
		}
		slices.SortFunc(p.objects, compare) // the server need not sort
		slices.SortFunc(q.objects, compare)
		if p.next != q.next || slices.CompareFunc(p.objects, q.objects, compare) != 0 {
			t.Fatalf("readPage(%s) = %q, want %q", again.String(), q.keys(), p.keys())
		}
	})
}

// percent encodes every byte for a URL.
func percent(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// references encodes every character for XML.
func references(s string) string {
	var b strings.Builder
	for _, c := range s {
		fmt.Fprintf(&b, "&#%d;", c)
	}
	return b.String()
}

// TestParserBounded checks that hostile responses cost memory in proportion to their size.
func TestParserBounded(t *testing.T) {
	size := 1 << 18
	if longtest.Enabled(t, "pages of 256 KiB instead of 1 MiB") {
		size = 1 << 20
	}
	fill := func(before, part, after string) string {
		n := (size - len(before) - len(after)) / len(part)
		return before + strings.Repeat(part, n) + after
	}
	for _, body := range []string{
		fill(root, "<a>", ""),
		fill(root, "<a/>", end),
		fill("<", "a", ">"),
		fill(root+"<a ", "b='' ", "/>"),
		fill(root+"<a b='", "x", "'/>"),
		fill(root, "&", ""),
		fill(root, "&amp;", end),
		fill(root, "]", end),
		fill(root, "<!---->", end),
		fill(root, "<?a?>", end),
		fill(root, "<![CDATA[]]>", end),
		fill(root, "\r", end),
		fill(root, "<!", ""),
		fill(root, "é", end),
		fill(root+"<Contents>", "<Key>&lt;</Key>", end),
		fill("<?xml ", "version=", "?>"),
		fill(root, contents("a"), end),
		fill(root, "<Contents/>", end),
		fill(root+"<Contents>", "<ChecksumAlgorithm/>", "</Contents>"),
		fill(root+"<a ", "a:", "/>"),
		fill(root, "</", ""),
		fill("", " ", ""),
		fill(root+"<Key>x", "<a>&lt;</a>", "x"),
		fill(root+"&", "x", ""),
		fill(root+"&#", "0", "65;"+end),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		parsePage([]byte(body), false)
		runtime.ReadMemStats(&after)
		bytes, n := after.TotalAlloc-before.TotalAlloc, after.Mallocs-before.Mallocs
		if bytes > uint64(32*size) || n > uint64(size/20) {
			t.Errorf("%.60q...: %d bytes in %d allocations, want at most %d in %d",
				body, bytes, n, 32*size, size/20)
		}
	}
}

// fullPage returns a response as S3 sends it, with 1000 keys.
func fullPage() []byte {
	var b strings.Builder
	b.WriteString(root + "<Name>example-bucket</Name><Prefix/>" +
		"<KeyCount>1000</KeyCount><MaxKeys>1000</MaxKeys>" + encoded + notTruncated)
	for i := range 1000 {
		fmt.Fprintf(&b, "<Contents><Key>photos/2026/%02d/IMG+%06d.jpg</Key>"+
			"<LastModified>2026-03-%02dT10:11:12.000Z</LastModified>"+
			"<ETag>&quot;%032x&quot;</ETag>"+
			"<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm>"+
			"<ChecksumType>FULL_OBJECT</ChecksumType>"+
			"<Size>%d</Size><StorageClass>STANDARD</StorageClass></Contents>",
			i/100, i, i%31+1, i*7919, i*1234)
	}
	return []byte(b.String() + end)
}

// mixedPage returns a response with 1000 versions, every second of which is a delete marker. None
// has the shape of the one before.
func mixedPage() []byte {
	var b strings.Builder
	b.WriteString(encoded + notTruncated)
	for i := range 1000 {
		element, fields := "Version", "<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag>"+
			"<Size>123</Size><StorageClass>STANDARD</StorageClass>"
		if i%2 == 1 {
			element, fields = "DeleteMarker", ""
		}
		fmt.Fprintf(&b, "<%s><Key>photos/2026/IMG+%06d.jpg</Key><VersionId>v%d</VersionId>"+
			"<IsLatest>true</IsLatest><LastModified>2026-03-01T10:11:12.000Z</LastModified>%s"+
			"<Owner><ID>75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a</ID>"+
			"</Owner></%[1]s>", element, i, i, fields)
	}
	return []byte(versionsPage(b.String()))
}

func BenchmarkParsePage(b *testing.B)      { benchmarkPage(b, fullPage(), false) }
func BenchmarkParsePageMixed(b *testing.B) { benchmarkPage(b, mixedPage(), true) }

func benchmarkPage(b *testing.B, body []byte, versions bool) {
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	var p page
	var buffer []byte
	for b.Loop() {
		if err := readPage(bytes.NewReader(body), versions, &p, &buffer); err != nil {
			b.Fatal("readPage:", err)
		}
		n := 0
		for range p.objects {
			n++
		}
		if n != 1000 {
			b.Fatalf("%d objects, want 1000", n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/key")
}

// TestParsePageAllocations checks that there is no allocation for each key, neither to read a
// page nor to yield its objects.
func TestParsePageAllocations(t *testing.T) {
	body := fullPage()
	var p page
	var buffer []byte
	n := testing.AllocsPerRun(10, func() {
		readPage(bytes.NewReader(body), false, &p, &buffer)
	})
	if n > 60 {
		t.Errorf("%v allocations to read 1000 keys, want at most 60", n)
	}
	n = testing.AllocsPerRun(10, func() {
		for range p.objects {
		}
	})
	if n > 100 {
		t.Errorf("%v allocations to yield 1000 objects, want at most 100", n)
	}
}
