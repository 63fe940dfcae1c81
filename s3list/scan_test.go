package s3list

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/loginwithcognito/cognito/internal/xmlscan"
)

// documents are answers, good and hostile, that the scanner and encoding/xml must read alike. Each is tried as it is,
// inside other documents, and cut at every byte.
func documents() []string {
	list := func(s string) string { return root + notTruncated + s + end }
	key := func(s string) string { return list(contents(s)) }
	version := `<Version><Key>a</Key><VersionId>v1</VersionId><IsLatest>true</IsLatest><LastModified>2009-10-12T17:50:30.000Z</LastModified>` +
		`<ETag>&quot;e&quot;</ETag><Size>7</Size><StorageClass>STANDARD</StorageClass><Owner><ID>o</ID></Owner></Version>`
	marker := `<DeleteMarker><Key>a</Key><VersionId>null</VersionId><IsLatest>false</IsLatest><LastModified>2009-10-12T17:50:30.000Z</LastModified></DeleteMarker>`
	etag := func(key, etag, size string) string {
		return strings.Replace(contents(key), "<Size>1<", "<ETag>"+etag+"</ETag><Size>"+size+"<", 1)
	}
	all := []string{
		// Objects after others.
		list(contents("a") + contents("b") + contents("c&amp;") + "\n" + contents("d") + "<CommonPrefixes><Prefix>bb/</Prefix></CommonPrefixes>" + contents("e")),
		list(etag("a", "&quot;x&quot;", "1") + etag("b", "&quot;y&quot;", "22") + etag("c", "z", "3") + etag("d", "&quot;y&quot;</ETag><ETag>w", "3") + etag("e", "&quot;y&quot;</ETag><ETag>w", "3")),
		list(etag("a", "&quot;x&quot;", "1") + etag("b", "&quot;y&quot;", "-1")), list(contents("a") + contents("b\x01") + contents("c")), list(contents("a") + contents("]]>")), list(contents("a") + contents("") + contents("c")),
		"", " ", "\ufeff" + key("a"), key("a"), key(""), root + end, list(""), "<ListBucketResult/>", "\u00a0" + key("a") + "\u0085",
		// Text.
		key(" \t\r\n\r\r\n a "), key("a&#13;\nb&#10;\r&#13;"), key("]] ]>&#93;]&gt;"), key("]]>"), key("]]]>"), key("]]]"), key("a]b"),
		key("\x00"), key("\x01"), key("\x1f"), key("\x7f\u0085\u2028"), key("\ufffd\ufffe"), key("\uffff"), key("\xff"), key("é\xc3"), key("\xed\xa0\x80"), key("\U0010ffff\U0001F600"), key("\xf4\x90\x80\x80"),
		// References.
		key("&lt;&gt;&amp;&apos;&quot;"), key("&#65;&#x41;&#x4a;&#x4A;&#000000000000000000000000000000000000000000000065;"), key("&#xD800;&#xDFFF;&#x10FFFF;"),
		key("&#0;"), key("&#1;"), key("&#xFFFE;"), key("&#x110000;"), key("&#99999999999999999999999;"), key("&#;"), key("&#x;"), key("&#X41;"), key("&#xg;"), key("&#4a;"), key("&#-1;"), key("&#:;"), key("&#x:;"), key("&#\x15;"),
		key("&"), key("&;"), key("& "), key("&lt"), key("&lt ;"), key("&LT;"), key("&nbsp;"), key("&é;"), key("&lt&gt;"), key("&a:b;"), key("&#65"), key("&" + strings.Repeat("x", 9999) + ";"),
		// CDATA, comments, processing instructions, declarations.
		key("<![CDATA[<&>]]>"), key("a<![CDATA[]]>b<![CDATA[]]]]><![CDATA[>]]>"), key("<![CDATA[\r\n\r]]>\n"), key("<![CDATA[\x01]]>"), key("<![CDATA[\xff]]>"), key("<![CDATA[x"), key("<![CDAT[x]]>"), key("<![cdata[x]]>"), key("<![CDATA[]]"),
		"<![CDATA[ ]]>" + key("a") + "<![CDATA[x]]>", "<![CDATA[]]>" + key("a"),
		key("a<!-- <b> & \x01\xff -->b"), key("<!---->"), key("<!-->x-->"), key("<!--->-->"), key("<!-- -- -->"), key("<!-- --->"), key("<!- x -->"), key("<!--"), key("<!x>"), key("<!>"), key("<!"),
		key("a<?p?>b"), key("a<?p x?>?>b"), key("<? p?>"), key("<??>"), key("<?p"), key("<?p?"), key("<?é?>"), key("<?a:b:c \x01?>"), key("<?xml?>"), key(`<?xml version="1.1"?>`),
		`<?xml version='1.0' encoding='UTF-8' standalone="yes"?>` + key("a"), `<?xml encoding="latin1"?>` + key("a"), `<?xml encoding="Utf-8"?>` + key("a"), `<?xml version=1.1 version="1.0"?>` + key("a"),
		`<?xml version="2.0"?>` + key("a"), `<?xml version=`, `<?xml version=?>` + key("a"), `<?xml version="?>` + key("a"), `<?xml xversion="3"?>` + key("a"), `<?xml  encoding = "x"?>` + key("a"), `<?XML version="3"?>` + key("a"),
		"<!DOCTYPE ListBucketResult>" + key("a"), `<!DOCTYPE x [<!ENTITY e "e">]>` + key("&e;"), list("<!DOCTYPE x>"), key("a") + "<!ELEMENT x>", key("<!ENTITY x 'y'>"),
		// Tags.
		"<x:ListBucketResult xmlns:x='u'><x:IsTruncated>false</x:IsTruncated></x:ListBucketResult>", "<x:ListBucketResult></y:ListBucketResult>", "<:ListBucketResult/>", "<ListBucketResult:/>", "<a:b:ListBucketResult/>", "<::a/>",
		list("<a b='c'/>"), list("<a b='c'd=\"'\"/>"), list("<a b = '&lt;\r\n]]>' />"), list("<a b='<'/>"), list("<a b='&x;'/>"), list("<a b='\x01'/>"), list("<a b=c/>"), list("<a b/>"), list("<a b='/>"), list("<a b='x\">"), list("<a é='x'/>"), list("<a b:c:d='x'/>"), list("<a 'x'/>"), list("<a =''/>"), list("<a/ >"), list("<a\n/>"), list("<a\f/>"), list("<a\x00/>"), list("<a b='\xff'/>"), list("<a b=']]>'/>"),
		list("< a/>"), list("<-a/>"), list("<1/>"), list("<.a/>"), list("<a.-1_:b/>"), list("<é/>"), list("<aé/>"), list("<a\xff/>"), list("<>"), list("</>"), list("</ a>"), list("<a></a >"), list("<a></a\n>"), list("<a></a b=''>"), list("<a></A>"), list("<a></b>"), list("<a/></a>"), list("<a"), list("<a "), list("<"), list("</a"),
		"x" + key("a"), key("a") + "x", key("a") + key("a"), key("a") + "<", key("a") + "&#32;", key("a") + "&#65;", key("a") + " <!-- --> <?x?>",
		list(strings.Repeat("<a>", xmlscan.MaxDepth-1) + strings.Repeat("</a>", xmlscan.MaxDepth-1)), list(strings.Repeat("<a>", xmlscan.MaxDepth) + strings.Repeat("</a>", xmlscan.MaxDepth)), list(strings.Repeat("<a>", xmlscan.MaxDepth-2) + "<b/>" + strings.Repeat("</a>", xmlscan.MaxDepth-2)), list(strings.Repeat("<a>", 9999)),
		list("<" + strings.Repeat("n", 9999) + "/>"), list("<a " + strings.Repeat("n='v' ", 999) + "/>"),
		// What is in the elements.
		list("<Contents/>"), list("<Contents></Contents>"), key("<b>x</b>a<c><d>y</d></c>z<e/>"), key("<Key>x</Key>a"), list("<x>" + contents("a") + "</x>"),
		list(strings.Replace(contents("a"), "</Key>", "</Key><Key>b</Key>", 1)), list(strings.Replace(contents("a"), "</Key>", "</Key><Key/>", 1)), list(strings.Replace(contents("a"), "</Key>", "</Key><key>b</key><KEY>c</KEY>", 1)),
		list(strings.Replace(contents("a"), "<Size>", "<ChecksumAlgorithm>A</ChecksumAlgorithm><ChecksumAlgorithm/><Owner><ID>i</ID><ID>j</ID></Owner><Owner><DisplayName>d</DisplayName>x</Owner><Owner/><ETag>1</ETag><ETag>&#34;2&#34;</ETag><Size>x</Size><Size>", 1)),
		list(strings.Replace(contents("a"), "<Size>", "<RestoreStatus><IsRestoreInProgress>true</IsRestoreInProgress></RestoreStatus><RestoreStatus><RestoreExpiryDate>2012-12-21T00:00:00.000Z</RestoreExpiryDate></RestoreStatus><Size>", 1)),
		root + contents("a+%41") + encoded + notTruncated + end, root + encoded + contents("a+%41") + "<EncodingType/>" + notTruncated + end, root + encoded + contents("%zz") + "<EncodingType></EncodingType>" + notTruncated + end, root + contents("%") + notTruncated + encoded + end, root + encoded + notTruncated + contents("%4") + end, root + encoded + notTruncated + contents("%41%4a%4A%e9+%") + end,
		root + encoded + notTruncated + contents("a+%2B%25%ff%00") + "<CommonPrefixes><Prefix>x</Prefix><Prefix>p%2F</Prefix></CommonPrefixes>" + end,
		root + "<EncodingType> url</EncodingType>" + notTruncated + end, root + "<IsTruncated> true</IsTruncated>" + end, root + "<IsTruncated>true</IsTruncated><NextContinuationToken>a</NextContinuationToken><NextContinuationToken>b+%zz</NextContinuationToken><NextKeyMarker>%zz</NextKeyMarker>" + encoded + end,
		"<Error/>", errorOf("X", "<Region>r</Region><ArgumentName>a</ArgumentName><Code>Y<z>q</z></Code>"), "<Error>x", "<Error><Code>a</Code></Error>x", "<Error><Code>&x;</Code></Error>",
		"<ListVersionsResult>" + notTruncated + encoded + version + marker + version + contents("c") + "<CommonPrefixes><Prefix>Z%2F</Prefix></CommonPrefixes></ListVersionsResult>",
		"<ListVersionsResult>" + version + encoded + "<IsTruncated>true</IsTruncated><NextKeyMarker>a+b%2F</NextKeyMarker><NextVersionIdMarker>v+%2F</NextVersionIdMarker></ListVersionsResult>",
		"<ListVersionsResult>" + encoded + "<IsTruncated>true</IsTruncated><NextKeyMarker>%</NextKeyMarker></ListVersionsResult>", "<ListVersionsResult><IsTruncated>true</IsTruncated><NextVersionIdMarker>v</NextVersionIdMarker><NextContinuationToken>t</NextContinuationToken></ListVersionsResult>",
		list(version), "<ListVersionsResult>" + notTruncated + strings.Replace(version, "<Size>7</Size>", "", 1) + "</ListVersionsResult>",
	}
	for _, size := range []string{"", "0", "007", "-1", "+1", " 1", "1 ", "1e3", "1_0", "0x1", "9223372036854775807", "9223372036854775808", "18446744073709551616", "00000000000000000000000000001", "٣"} {
		all = append(all, list(strings.Replace(contents("a"), "<Size>1<", "<Size>"+size+"<", 1)))
	}
	for _, at := range []string{
		"", "2009-10-12T17:50:30Z", "2009-10-12T17:50:30.123456789123Z", "2009-10-12T17:50:30+02:00", "2009-10-12T17:50:30.000+14:00", "2009-10-12T17:50:30.000-00:00", "2009-10-12t17:50:30.000z", "2009-10-12 17:50:30.000Z", "2009-10-12T17:50:30,000Z", "2009-10-12T7:50:30.000Z", "2009-10-12T07:50:30.00Z",
		"2009-02-28T00:00:00.000Z", "2009-02-29T00:00:00.000Z", "2008-02-29T00:00:00.999Z", "2009-04-30T23:59:59.000Z", "2009-04-31T23:59:59.000Z", "2009-12-31T23:59:60.000Z", "2009-13-01T00:00:00.000Z", "2009-00-01T00:00:00.000Z", "2009-01-00T00:00:00.000Z", "2009-01-32T00:00:00.000Z", "2009-01-01T24:00:00.000Z", "2009-01-01T00:60:00.000Z", "0000-01-01T00:00:00.000Z", "9999-12-28T00:00:00.000Z", "2009-10-12T17:50:30.000Zx", "2009-10-12T17:50:30.0:0Z", "2009-10-12T17:50:30Z000.",
	} {
		all = append(all, list(strings.Replace(contents("a"), "2009-10-12T17:50:30.000Z", at, 1)))
	}
	return all
}

// same reads a document both ways and fails where they differ.
func same(t *testing.T, body []byte) {
	t.Helper()
	for _, root := range []string{objectsRoot, versionsRoot} {
		got, err := parsePage(body, root)
		want, wantErr := oraclePage(body, root)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: scanner %v, encoding/xml %v", body, err, wantErr)
		}
		var doc, wantDoc *errorDocument
		errors.As(err, &doc)
		errors.As(wantErr, &wantDoc)
		if (doc == nil) != (wantDoc == nil) || doc != nil && *doc != *wantDoc {
			t.Fatalf("%q: error document %+v, encoding/xml %+v", body, doc, wantDoc)
		}
		if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(oracle{}, cursor{})); diff != "" {
			t.Fatalf("%q: (-encoding/xml +scanner)\n%s", body, diff)
		}
	}
}

// inParts reads a document through small buffers, and fails where the result is another than that of same.
func inParts(t *testing.T, body []byte) {
	t.Helper()
	for _, root := range []string{objectsRoot, versionsRoot} {
		want, wantErr := parsePage(body, root)
		for _, size := range []int{1, 100, 700} {
			var got oracle
			var p page
			buffer := make([]byte, size)
			err := readPage(iotest.OneByteReader(iotest.DataErrReader(bytes.NewReader(body))), root, &p, &buffer)
			if err == nil {
				got = oracle{slices.Collect(p.objects()), p.next}
			}
			if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(oracle{}, cursor{})); diff != "" || fmt.Sprint(wantErr) != fmt.Sprint(err) {
				t.Fatalf("%q through %d bytes: %v, want %v (-want +got)\n%s", body, size, err, wantErr, diff)
			}
		}
	}
}

func TestScannerInParts(t *testing.T) {
	for _, body := range documents() {
		inParts(t, []byte(body))
	}
	inParts(t, page1000())
}

func TestScannerLikeXML(t *testing.T) {
	for _, body := range documents() {
		same(t, []byte(body))
		if len(body) > 2000 {
			continue
		}
		for i := range body {
			same(t, []byte(body[:i]))
		}
	}
}

// Every byte of a page that is changed to any that means something.
func TestScannerMutations(t *testing.T) {
	listing := root + "<a b='&lt;'/>" + encoded + notTruncated + contents("a+b&#65;<!--c--><![CDATA[d]]>") + "<CommonPrefixes><Prefix>q%2F</Prefix></CommonPrefixes>" + end
	for i := range listing {
		for _, c := range "<>/&;:!?-[]'\"= \r\n\x00\x01a0%+é\xff" {
			same(t, []byte(listing[:i]+string(c)+listing[i+1:]))
			same(t, []byte(listing[:i]+string(c)+listing[i:]))
		}
		same(t, []byte(listing[:i]+listing[i+1:]))
		same(t, []byte(listing[:i]+"\xff"+listing[i+1:]))
	}
}

// Objects that are written like the one before are read in another way than others. Whatever comes after what, the result
// is that of encoding/xml, also where one is wrong.
func TestAlike(t *testing.T) {
	parts := [][]string{
		{"<Key>%s</Key>", "<Key>%s</Key>", "<Key>%s&amp;</Key>", "<Key>%s\x01</Key>", "<Key>%s]]></Key>", "<Key>%s\xff</Key>", "<Key>%%41+%s</Key>", "<Key>%s<b/></Key>", "<Key>1</Key><Key>%s</Key>", "<Key><![CDATA[%s]]></Key>", "<x:Key>%s</x:Key>", "<Key a='b'>%s</Key >", "<Key/>"},
		{"<LastModified>2026-01-02T03:04:05.%03.3s0Z</LastModified>", "<LastModified>2026-02-28T03:04:05.000Z</LastModified>", "<LastModified>2026-02-29T03:04:05.000Z</LastModified>", "<LastModified>2024-02-29T23:59:59.999Z</LastModified>", "<LastModified>1600-03-01T00:00:00.000Z</LastModified>", "<LastModified>2026-01-31T03:04:05+01:00</LastModified>"},
		{"<ETag>&quot;%s&quot;</ETag>", "<ETag>&quot;%s&quot;</ETag>", "<ETag>%s</ETag>", "<ETag>&quot;%s</ETag>", "<ETag>&quot;&quot;</ETag>", "<ETag>&quot;</ETag>", "<ETag>&quot;a&quot;%s&quot;</ETag>", "<ETag>&#34;%s&#34;</ETag>", "<ETag>&quot;%s&quot;</ETag><ETag>x</ETag>", "<ETag>x</ETag><ETag>&quot;%s&quot;</ETag>", "<ETag/>", "", "<ETag>&quot;%s]]>&quot;</ETag>"},
		{"<Size>%.3s</Size>", "<Size>12</Size>", "<Size>-1</Size>"},
		{"", "<StorageClass>STANDARD</StorageClass>", "<StorageClass>GLACIER</StorageClass>", "<!-- c --><Owner><ID>o</ID></Owner>", "<ChecksumAlgorithm>A</ChecksumAlgorithm>", "<IsLatest>true</IsLatest><VersionId>%s</VersionId>"},
		{"</Contents>", "</Contents>\n  "},
	}
	random := rand.New(rand.NewPCG(1, 2))
	good := 0
	for range 4000 {
		body := root + []string{"", encoded}[random.IntN(2)] + notTruncated
		usual := make([]string, len(parts))
		for i, part := range parts {
			usual[i] = part[random.IntN(len(part))]
		}
		for n := range 1 + random.IntN(5) {
			body += "<Contents>"
			for i, part := range usual {
				if random.IntN(12) == 0 {
					part = parts[i][random.IntN(len(parts[i]))]
				}
				body += strings.ReplaceAll(fmt.Sprintf(strings.ReplaceAll(part, "%s", "%[1]s"), fmt.Sprint(100+n)), "%!(EXTRA string="+fmt.Sprint(100+n)+")", "")
			}
		}
		body += end
		same(t, []byte(body))
		inParts(t, []byte(body))
		if p, err := parsePage([]byte(body), objectsRoot); err == nil && len(p.objects) > 1 {
			good++
		}
	}
	if good < 100 {
		t.Errorf("only %d good pages", good)
	}
}

// What the scanner reads is what encoding/xml reads.
func FuzzScanner(f *testing.F) {
	for _, body := range documents() {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		same(t, body)
		inParts(t, body)
	})
}

// A hostile answer costs time and memory in proportion to its size.
func TestScannerBounded(t *testing.T) {
	const size = 1 << 20
	fill := func(before, part, after string) string {
		return before + strings.Repeat(part, (size-len(before)-len(after))/len(part)) + after
	}
	for _, body := range []string{
		fill(root, "<a>", ""), fill(root, "<a/>", end), fill("<", "a", ">"), fill(root+"<a ", "b='' ", "/>"), fill(root+"<a b='", "x", "'/>"), fill(root, "&", ""), fill(root, "&amp;", end),
		fill(root, "]", end), fill(root, "<!---->", end), fill(root, "<?a?>", end), fill(root, "<![CDATA[]]>", end), fill(root, "\r", end), fill(root, "<!", ""), fill(root, "é", end), fill(root+"<Contents>", "<Key>&lt;</Key>", end),
		fill("<?xml ", "version=", "?>"), fill(root, contents("a"), end), fill(root, "<Contents/>", end), fill(root+"<Contents>", "<ChecksumAlgorithm/>", "</Contents>"), fill(root+"<a ", "a:", "/>"), fill(root, "</", ""), fill("", " ", ""), fill(root+"<Key>x", "<a>&lt;</a>", "x"),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		parsePage([]byte(body), objectsRoot)
		runtime.ReadMemStats(&after)
		if bytes, n := after.TotalAlloc-before.TotalAlloc, after.Mallocs-before.Mallocs; bytes > 32*size || n > size/20 {
			t.Errorf("%.60q...: %d bytes in %d allocations", body, bytes, n)
		}
	}
}

// page1000 is an answer as S3 sends it, with 1000 keys.
func page1000() []byte {
	var b strings.Builder
	b.WriteString(root + "<Name>example-bucket</Name><Prefix/><KeyCount>1000</KeyCount><MaxKeys>1000</MaxKeys>" + encoded + notTruncated)
	for i := range 1000 {
		fmt.Fprintf(&b, "<Contents><Key>photos/2026/%02d/IMG+%06d.jpg</Key><LastModified>2026-03-%02dT10:11:12.000Z</LastModified><ETag>&quot;%032x&quot;</ETag>"+
			"<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType><Size>%d</Size><StorageClass>STANDARD</StorageClass></Contents>", i/100, i, i%31+1, i*7919, i*1234)
	}
	return []byte(b.String() + end)
}

func BenchmarkParsePage(b *testing.B) {
	body := page1000()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	var p page
	var buffer []byte
	for b.Loop() {
		if err := readPage(bytes.NewReader(body), objectsRoot, &p, &buffer); err != nil {
			b.Fatal(err)
		}
		n := 0
		for range p.objects() {
			n++
		}
		if n != 1000 {
			b.Fatal(n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/key")
}

// A page is read without an allocation for each of its keys, and costs the caller one for several.
func TestParsePageAllocations(t *testing.T) {
	body := page1000()
	var p page
	var buffer []byte
	if n := testing.AllocsPerRun(10, func() { readPage(bytes.NewReader(body), objectsRoot, &p, &buffer) }); n > 60 {
		t.Errorf("%v allocations to read 1000 keys", n)
	}
	if n := testing.AllocsPerRun(10, func() {
		for range p.objects() {
		}
	}); n > 100 {
		t.Errorf("%v allocations to give 1000 objects", n)
	}
}
