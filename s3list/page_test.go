package s3list

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

const root = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`

// contents is one <Contents> with the least that is needed.
func contents(key string) string {
	return "<Contents><Key>" + key + "</Key><LastModified>2009-10-12T17:50:30.000Z</LastModified><Size>1</Size></Contents>"
}

const (
	notTruncated = "<IsTruncated>false</IsTruncated>"
	encoded      = "<EncodingType>url</EncodingType>"
	end          = "</ListBucketResult>"
)

func keysOf(p oracle) (keys []string) {
	for _, o := range p.objects {
		keys = append(keys, o.Key)
	}
	return keys
}

func TestParsePageObject(t *testing.T) {
	p, err := parsePage([]byte(root+notTruncated+`<Contents>
		<Key> a key </Key><LastModified>2009-10-12T17:50:30.125+02:00</LastModified><ETag>&quot;fba9&quot;</ETag>
		<ChecksumAlgorithm>CRC32</ChecksumAlgorithm><ChecksumAlgorithm>SHA256</ChecksumAlgorithm><ChecksumType>COMPOSITE</ChecksumType>
		<Size>9223372036854775807</Size><StorageClass>GLACIER</StorageClass><Unknown><Deep/></Unknown>
		<Owner><ID>75aa</ID><DisplayName>ada</DisplayName></Owner>
		<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress><RestoreExpiryDate>2012-12-21T00:00:00.000Z</RestoreExpiryDate></RestoreStatus>
		</Contents>`+end), objectsRoot)
	if err != nil {
		t.Fatal(err)
	}
	want := []Object{{
		Key: " a key ", Size: 1<<63 - 1, LastModified: time.Date(2009, 10, 12, 15, 50, 30, 125e6, time.UTC), ETag: `"fba9"`,
		StorageClass: "GLACIER", ChecksumAlgorithm: []string{"CRC32", "SHA256"}, ChecksumType: "COMPOSITE",
		Owner: Owner{"75aa", "ada"}, RestoreStatus: RestoreStatus{false, time.Date(2012, 12, 21, 0, 0, 0, 0, time.UTC)},
	}}
	if diff := gocmp.Diff(want, p.objects); diff != "" {
		t.Error(diff)
	}
	if l := p.objects[0].LastModified.Location(); l != time.UTC {
		t.Errorf("LastModified in %v", l)
	}
}

func TestParsePage(t *testing.T) {
	for _, test := range []struct {
		name, body string
		keys       []string
		next       string
	}{
		{"empty", root + notTruncated + end, nil, ""},
		{"no namespace", "<ListBucketResult>" + notTruncated + contents("a") + end, []string{"a"}, ""},
		{"prefixed namespace", `<x:ListBucketResult xmlns:x="urn:x"><x:IsTruncated>false</x:IsTruncated><x:Contents><x:Key>a</x:Key><x:Size>1</x:Size>` +
			`<x:LastModified>2009-10-12T17:50:30Z</x:LastModified></x:Contents></x:ListBucketResult>`, []string{"a"}, ""},
		{"white space and comments around", "\n <!-- a --> " + "<ListBucketResult>" + notTruncated + contents("a") + end + " \r\n<!-- b --><?c d?>\n", []string{"a"}, ""},
		{"comments inside", root + "<!-- x -->" + notTruncated + contents("a<!-- y -->b") + end, []string{"ab"}, ""},
		{"CDATA", root + notTruncated + contents("<![CDATA[<&>]]>") + end, []string{"<&>"}, ""},
		{"white space in a key", root + notTruncated + contents(" \ta\n") + end, []string{" \ta\n"}, ""},
		{"unknown elements", root + "<New><Contents><Key>x</Key></Contents></New>" + notTruncated + contents("a") + end, []string{"a"}, ""},
		{"token", root + "<IsTruncated>true</IsTruncated><NextContinuationToken>a+b%20/=</NextContinuationToken>" + contents("a") + end, []string{"a"}, "a+b%20/="},
		{"token without need", root + notTruncated + "<NextContinuationToken>t</NextContinuationToken>" + end, nil, ""},
		{"empty and truncated", root + "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>" + end, nil, "t"},

		// Decoded if the answer says that it is encoded, and only then.
		{"encoded", root + encoded + notTruncated + contents("a+b%2B%20%E6%9D%B1%01%00/%25") + end, []string{"a b+ \u6771\x01\x00/%"}, ""},
		{"encoded, said last", root + notTruncated + contents("a+b") + encoded + end, []string{"a b"}, ""},
		{"encoded prefixes", root + encoded + notTruncated + "<CommonPrefixes><Prefix>q+r%2F</Prefix></CommonPrefixes>" + end, []string{"q r/"}, ""},
		{"not encoded", root + notTruncated + contents("a+b%2B%zz") + end, []string{"a+b%2B%zz"}, ""},
		{"bytes that are not UTF-8", root + encoded + notTruncated + contents("%FF%fe") + end, []string{"\xff\xfe"}, ""},

		// One sorted sequence.
		{"merged", root + notTruncated + contents("a") + contents("b!") + contents("z") +
			"<CommonPrefixes><Prefix>A/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>zz/</Prefix></CommonPrefixes>" + end,
			[]string{"A/", "a", "b!", "b/", "z", "zz/"}, ""},
		{"merged by the keys as they are", root + encoded + notTruncated + contents("a%01") + contents("a.") + // "%" sorts before "."
			"<CommonPrefixes><Prefix>a+/</Prefix></CommonPrefixes>" + end, []string{"a\x01", "a /", "a."}, ""},
	} {
		p, err := parsePage([]byte(test.body), objectsRoot)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if keys := keysOf(p); !slices.Equal(keys, test.keys) || p.next.token != test.next {
			t.Errorf("%s: %q, next %q; want %q, %q", test.name, keys, p.next.token, test.keys, test.next)
		}
		for _, o := range p.objects {
			if o.CommonPrefix != strings.HasSuffix(o.Key, "/") {
				t.Errorf("%s: %q: CommonPrefix is %t", test.name, o.Key, o.CommonPrefix)
			}
		}
	}
}

func TestParsePageRefuses(t *testing.T) {
	object := func(size, modified string) string {
		return root + notTruncated + "<Contents><Key>a</Key><Size>" + size + "</Size><LastModified>" + modified + "</LastModified></Contents>" + end
	}
	const now = "2009-10-12T17:50:30Z"
	for _, test := range []struct{ name, body, want string }{
		{"nothing", "", "invalid XML"},
		{"white space", " \n", "invalid XML"},
		{"text", "hello", "outside"},
		{"HTML", "<html><body>Sign in to the hotel's network</body></html>", "<html>"},
		{"HTML with a document type", "<!DOCTYPE html><html></html>", "document type"},
		{"entities", `<!DOCTYPE x [<!ENTITY e "e">]><ListBucketResult>&e;</ListBucketResult>`, "document type"},
		{"JSON", `{"message":"no"}`, "outside"},
		{"another charset", `<?xml version="1.0" encoding="utf-16"?><ListBucketResult/>`, "encoding"},
		{"another listing", "<ListVersionsResult><IsTruncated>false</IsTruncated></ListVersionsResult>", "<ListVersionsResult>"},
		{"wrong end tag", root + notTruncated + "</ListBucket>", "invalid XML"},
		{"no end tag", root + notTruncated, "invalid XML"},
		{"text after", root + notTruncated + end + "x", "outside"},
		{"a second document", root + notTruncated + end + root + notTruncated + end, "continues after"},
		{"half a tag after", root + notTruncated + end + "<", "invalid XML"},
		{"control character", root + notTruncated + contents("a\x10") + end, "illegal character"},
		{"control character as reference", root + notTruncated + contents("a&#x10;") + end, "illegal character"},
		{"not UTF-8", root + notTruncated + contents("a\xff") + end, "UTF-8"},
		{"unknown entity", root + notTruncated + contents("a&nbsp;") + end, "entity"},
		{"unknown encoding", root + "<EncodingType>base64</EncodingType>" + notTruncated + end, "EncodingType"},
		{"half encoded", root + encoded + notTruncated + contents("100%") + end, "not URL encoded"},
		// Keys encoded, common prefixes not, as some servers do: seen where the text cannot be decoded.
		{"prefix not encoded", root + encoded + notTruncated + contents("a%25") + "<CommonPrefixes><Prefix>100%/</Prefix></CommonPrefixes>" + end, "not URL encoded"},
		{"no IsTruncated", root + end, "IsTruncated"},
		{"bad IsTruncated", root + "<IsTruncated>yes</IsTruncated>" + end, "IsTruncated"},
		{"truncated without token", root + "<IsTruncated>true</IsTruncated>" + end, "NextContinuationToken"},
		{"truncated with empty token", root + "<IsTruncated>true</IsTruncated><NextContinuationToken/>" + end, "NextContinuationToken"},
		{"long token", root + "<IsTruncated>true</IsTruncated><NextContinuationToken>" + strings.Repeat("t", maxToken+1) + "</NextContinuationToken>" + end, "8193 bytes"},
		{"no key", root + notTruncated + "<Contents><Size>1</Size><LastModified>" + now + "</LastModified></Contents>" + end, "Contents 1 of the page: no Key"},
		{"empty prefix", root + notTruncated + "<CommonPrefixes/>" + end, "CommonPrefixes 1"},
		{"no size", object("", now), "Size"},
		{"negative size", object("-1", now), "Size"},
		{"signed size", object("+1", now), "Size"},
		{"fraction", object("1.0", now), "Size"},
		{"exponent", object("1e3", now), "Size"},
		{"hexadecimal", object("0x10", now), "Size"},
		{"underscore", object("1_000", now), "Size"},
		{"too large", object("9223372036854775808", now), "Size"},
		{"no time", object("1", ""), "RFC 3339"},
		{"another time", object("1", "Mon, 12 Oct 2009 17:50:30 GMT"), "RFC 3339"},
		{"impossible time", object("1", "2009-02-30T00:00:00Z"), "RFC 3339"},
		{"restore date", root + notTruncated + strings.Replace(contents("a"), "</Contents>", "<RestoreStatus><RestoreExpiryDate>x</RestoreExpiryDate></RestoreStatus></Contents>", 1) + end, "RestoreExpiryDate"},
		{"error", "<Error><Code>InternalError</Code></Error>", "InternalError"},
		{"error and more", "<Error><Code>InternalError</Code></Error>x", "outside"},
	} {
		p, err := parsePage([]byte(test.body), objectsRoot)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %q, %v; want an error with %q", test.name, keysOf(p), err, test.want)
		}
		if len(p.objects) != 0 || p.next != (cursor{}) {
			t.Errorf("%s: objects beside the error", test.name)
		}
	}
}

// An answer that is cut anywhere before the last ">" is an error, for listings and for error documents.
func TestParsePageCut(t *testing.T) {
	listing := root + encoded + notTruncated + contents("a+b") + "<CommonPrefixes><Prefix>q%2F</Prefix></CommonPrefixes><!-- c -->" + end
	for _, body := range []string{listing, errorOf("AccessDenied", "<Region>eu-west-1</Region>")} {
		for i := range body {
			if p, err := parsePage([]byte(body[:i]), objectsRoot); err == nil {
				t.Fatalf("cut at byte %d it is a page with %q", i, keysOf(p))
			} else if doc := (*errorDocument)(nil); errors.As(err, &doc) {
				t.Fatalf("cut at byte %d it is an error document with %q", i, doc.Code)
			}
		}
	}
}

// Keys and common prefixes are merged, each with its own texts.
func TestMerge(t *testing.T) {
	for _, test := range []struct{ keys, prefixes, want string }{
		{"", "", ""}, {"a", "", "a"}, {"", "a", "a"}, {"a c e", "b d f", "a b c d e f"}, {"x y", "a b", "a b x y"}, {"a b", "x y", "a b x y"},
		{"a a", "a", "a a a"},
		{"b a", "c", "b a c"}, // a server that does not sort loses nothing
	} {
		var body strings.Builder
		for _, key := range strings.Fields(test.keys) {
			body.WriteString(strings.Replace(contents(key), "<Size>", "<ETag>of "+key+"</ETag><Size>", 1))
		}
		for _, prefix := range strings.Fields(test.prefixes) {
			body.WriteString("<CommonPrefixes><Prefix>" + prefix + "</Prefix></CommonPrefixes>")
		}
		p, err := parsePage([]byte(root+notTruncated+body.String()+end), objectsRoot)
		if got := keysOf(p); err != nil || !slices.Equal(got, strings.Fields(test.want)) {
			t.Errorf("%q and %q: %s, %v; want %s", test.keys, test.prefixes, got, err, test.want)
		}
		for _, o := range p.objects {
			if !o.CommonPrefix && o.ETag != "of "+o.Key {
				t.Errorf("%+v", o)
			}
		}
	}
}

// What parses is sound, and a page written from what was read says the same.
func FuzzParsePage(f *testing.F) {
	f.Add([]byte(root + encoded + notTruncated + contents("a+b%01") + "<CommonPrefixes><Prefix>q%2F</Prefix></CommonPrefixes>" + end))
	f.Add([]byte(root + "<IsTruncated>true</IsTruncated><NextContinuationToken>t=</NextContinuationToken>" + contents("<![CDATA[x]]>") + end))
	f.Add([]byte(errorOf("PermanentRedirect", "<Region>eu-west-1</Region>")))
	f.Add([]byte("<!DOCTYPE html><html>"))
	f.Add([]byte(pageOf("t", "a", "b")))
	f.Add([]byte(root + notTruncated + "<Contents><Key>a</Key><LastModified>9999-12-31T23:59:59-01:00</LastModified><Size>1</Size></Contents>" + end))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := parsePage(body, objectsRoot)
		if err != nil {
			if len(p.objects) != 0 || p.next != (cursor{}) {
				t.Fatal("a page beside an error")
			}
			return
		}
		var again strings.Builder
		again.WriteString(root + encoded + fmt.Sprintf("<IsTruncated>%t</IsTruncated>", p.next.token != ""))
		if p.next.token != "" {
			fmt.Fprintf(&again, "<NextContinuationToken>%s</NextContinuationToken>", escape(p.next.token))
		}
		for _, o := range p.objects {
			key := percent(o.Key)
			if o.CommonPrefix {
				fmt.Fprintf(&again, "<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>", key)
				continue
			}
			if o.Size < 0 || o.Key == "" {
				t.Fatalf("object %+v", o)
			}
			if year := o.LastModified.Year(); year < 0 || year > 9999 {
				return // a zone's time that RFC 3339 cannot write in UTC
			}
			fmt.Fprintf(&again, "<Contents><Key>%s</Key><Size>%d</Size><LastModified>%s</LastModified></Contents>", key, o.Size, o.LastModified.Format(time.RFC3339Nano))
		}
		again.WriteString(end)
		q, err := parsePage([]byte(again.String()), objectsRoot)
		if err != nil {
			t.Fatalf("%v in %s", err, again.String())
		}
		same := func(a, b Object) int {
			return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Size, b.Size), a.LastModified.Compare(b.LastModified))
		}
		slices.SortFunc(p.objects, same) // they need not have been in order
		slices.SortFunc(q.objects, same)
		if p.next != q.next || slices.CompareFunc(p.objects, q.objects, same) != 0 {
			t.Fatalf("%q became %q", keysOf(p), keysOf(q))
		}
	})
}

// percent encodes every byte.
func percent(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// escape writes every character as a reference.
func escape(s string) string {
	var b strings.Builder
	for _, c := range s {
		fmt.Fprintf(&b, "&#%d;", c)
	}
	return b.String()
}
