package s3list

import (
	"strings"

	"github.com/loginwithcognito/cognito/internal/xmlscan"
)

// documents returns responses, valid and hostile, that the parser and encoding/xml must read alike.
func documents() (all []string) {
	list := func(s string) string { return root + notTruncated + s + end }
	key := func(s string) string { return list(contents(s)) }
	with := func(old, new string) string { return strings.Replace(contents("a"), old, new, 1) }
	etag := func(key, etag, size string) string {
		fields := "<ETag>" + etag + "</ETag><Size>" + size + "<"
		return strings.Replace(contents(key), "<Size>1<", fields, 1)
	}
	nested := func(depth int, inner string) string {
		return strings.Repeat("<a>", depth) + inner + strings.Repeat("</a>", depth)
	}
	const (
		version = "<Version><Key>a</Key><VersionId>v1</VersionId><IsLatest>true</IsLatest>" +
			"<LastModified>2009-10-12T17:50:30.000Z</LastModified>" +
			"<ETag>&quot;e&quot;</ETag><Size>7</Size><StorageClass>STANDARD</StorageClass>" +
			"<Owner><ID>o</ID></Owner></Version>"
		marker = "<DeleteMarker><Key>a</Key><VersionId>null</VersionId><IsLatest>false</IsLatest>" +
			"<LastModified>2009-10-12T17:50:30.000Z</LastModified></DeleteMarker>"
	)

	// Documents.
	all = append(all, []string{
		// Complete and incomplete listings.
		"",
		" ",
		"\ufeff" + key("a"),
		root + end,
		"<ListBucketResult/>",
		"\u00a0" + key("a") + "\u0085",
		// CDATA, comments, processing instructions, declarations.
		"<![CDATA[ ]]>" + key("a") + "<![CDATA[x]]>",
		"<![CDATA[]]>" + key("a"),
		`<?xml version='1.0' encoding='UTF-8' standalone="yes"?>` + key("a"),
		`<?xml encoding="latin1"?>` + key("a"),
		`<?xml encoding="Utf-8"?>` + key("a"),
		`<?xml version=1.1 version="1.0"?>` + key("a"),
		`<?xml version="2.0"?>` + key("a"),
		`<?xml version=`,
		`<?xml version=?>` + key("a"),
		`<?xml version="?>` + key("a"),
		`<?xml xversion="3"?>` + key("a"),
		`<?xml  encoding = "x"?>` + key("a"),
		`<?XML version="3"?>` + key("a"),
		"<!DOCTYPE ListBucketResult>" + key("a"),
		`<!DOCTYPE x [<!ENTITY e "e">]>` + key("&e;"),
		key("a") + "<!ELEMENT x>",
		// Tags.
		"<x:ListBucketResult xmlns:x='u'><x:IsTruncated>false</x:IsTruncated></x:ListBucketResult>",
		"<x:ListBucketResult></y:ListBucketResult>",
		"<:ListBucketResult/>",
		"<ListBucketResult:/>",
		"<a:b:ListBucketResult/>",
		"<::a/>",
		"x" + key("a"),
		key("a") + "x",
		key("a") + key("a"),
		key("a") + "<",
		key("a") + "&#32;",
		key("a") + "&#65;",
		key("a") + " <!-- --> <?x?>",
		// Encoded keys, markers, error documents and versions.
		root + contents("a+%41") + encoded + notTruncated + end,
		root + encoded + contents("a+%41") + "<EncodingType/>" + notTruncated + end,
		root + encoded + contents("%zz") + "<EncodingType></EncodingType>" + notTruncated + end,
		root + contents("%") + notTruncated + encoded + end,
		root + encoded + notTruncated + contents("%4") + end,
		root + encoded + notTruncated + contents("%41%4a%4A%e9+%") + end,
		root + encoded + notTruncated + contents("a+%2B%25%ff%00") +
			commonPrefix("x</Prefix><Prefix>p%2F") + end,
		root + "<EncodingType> url</EncodingType>" + notTruncated + end,
		root + "<IsTruncated> true</IsTruncated>" + end,
		root + truncated + "<NextContinuationToken>a</NextContinuationToken>" +
			"<NextContinuationToken>b+%zz</NextContinuationToken>" +
			"<NextKeyMarker>%zz</NextKeyMarker>" + encoded + end,
		"<Error/>",
		errorOf("X", "<Region>r<z>q</z></Region><ArgumentName>a</ArgumentName>"),
		errorOf("X", "<Region>r</Region><ArgumentName>a</ArgumentName><Code>Y<z>q</z></Code>"),
		"<Error>x",
		"<Error><Code>a</Code></Error>x",
		"<Error><Code>&x;</Code></Error>",
		versionsPage(notTruncated + encoded + version + marker + version + contents("c") +
			commonPrefix("Z%2F")),
		versionsPage(version + encoded + truncated + "<NextKeyMarker>a+b%2F</NextKeyMarker>" +
			"<NextVersionIdMarker>v+%2F</NextVersionIdMarker>"),
		versionsPage(encoded + truncated + "<NextKeyMarker>%</NextKeyMarker>"),
		versionsPage(truncated + "<NextVersionIdMarker>v</NextVersionIdMarker>" +
			"<NextContinuationToken>t</NextContinuationToken>"),
		versionsPage(notTruncated + strings.Replace(version, "<Size>7</Size>", "", 1)),
	}...)

	// Children of the root element.
	for _, children := range []string{
		// Objects with and without the shape of the object before.
		contents("a") + contents("b") + contents("c&amp;") + "\n" +
			contents("d") + commonPrefix("bb/") + contents("e"),
		etag("a", "&quot;x&quot;", "1") + etag("b", "&quot;y&quot;", "22") + etag("c", "z", "3") +
			etag("d", "&quot;y&quot;</ETag><ETag>w", "3") +
			etag("e", "&quot;y&quot;</ETag><ETag>w", "3"),
		etag("a", "&quot;x&quot;", "1") + etag("b", "&quot;y&quot;", "-1"),
		contents("a") + contents("b\x01") + contents("c"),
		contents("a") + contents("]]>"),
		contents("a") + contents("") + contents("c"),
		"",
		// CDATA, comments, processing instructions, declarations.
		"<!DOCTYPE x>",
		// Tags.
		"<a b='c'/>",
		"<a b='c'd=\"'\"/>",
		"<a b = '&lt;\r\n]]>' />",
		"<a b='<'/>",
		"<a b='&x;'/>",
		"<a b='\x01'/>",
		"<a b=c/>",
		"<a b/>",
		"<a b='/>",
		"<a b='x\">",
		"<a é='x'/>",
		"<a b:c:d='x'/>",
		"<a 'x'/>",
		"<a =''/>",
		"<a/ >",
		"<a\n/>",
		"<a\f/>",
		"<a\x00/>",
		"<a b='\xff'/>",
		"<a b=']]>'/>",
		"< a/>",
		"<-a/>",
		"<1/>",
		"<.a/>",
		"<a.-1_:b/>",
		"<é/>",
		"<aé/>",
		"<a\xff/>",
		"<>",
		"</>",
		"</ a>",
		"<a></a >",
		"<a></a\n>",
		"<a></a b=''>",
		"<a></A>",
		"<a></b>",
		"<a/></a>",
		"<a",
		"<a ",
		"<",
		"</a",
		nested(xmlscan.MaxDepth-1, ""),
		nested(xmlscan.MaxDepth, ""),
		nested(xmlscan.MaxDepth-2, "<b/>"),
		strings.Repeat("<a>", 9999),
		"<" + strings.Repeat("n", 9999) + "/>",
		"<a " + strings.Repeat("n='v' ", 999) + "/>",
		// The elements of objects.
		"<Contents/>",
		"<Contents></Contents>",
		"<x>" + contents("a") + "</x>",
		with("</Key>", "</Key><Key>b</Key>"),
		with("</Key>", "</Key><Key/>"),
		with("</Key>", "</Key><key>b</key><KEY>c</KEY>"),
		with("<Size>", "<ChecksumAlgorithm>A</ChecksumAlgorithm><ChecksumAlgorithm/>"+
			"<Owner><ID>i</ID><ID>j</ID></Owner>"+
			"<Owner><DisplayName>d</DisplayName>x</Owner><Owner/>"+
			"<ETag>1</ETag><ETag>&#34;2&#34;</ETag><Size>x</Size><Size>"),
		with("<Size>", "<RestoreStatus>"+
			"<IsRestoreInProgress>true</IsRestoreInProgress></RestoreStatus>"+
			"<RestoreStatus><RestoreExpiryDate>2012-12-21T00:00:00.000Z</RestoreExpiryDate>"+
			"</RestoreStatus><Size>"),
		version,
	} {
		all = append(all, list(children))
	}

	// Keys.
	for _, text := range []string{
		// Usual and empty.
		"a",
		"",
		// Text.
		" \t\r\n\r\r\n a ",
		"a&#13;\nb&#10;\r&#13;",
		"]] ]>&#93;]&gt;",
		"]]>",
		"]]]>",
		"]]]",
		"a]b",
		"\x00",
		"\x01",
		"\x1f",
		"\x7f\u0085\u2028",
		"\ufffd\ufffe",
		"\uffff",
		"\xff",
		"é\xc3",
		"\xed\xa0\x80",
		"\U0010ffff\U0001F600",
		"\xf4\x90\x80\x80",
		// References.
		"&lt;&gt;&amp;&apos;&quot;",
		"&#65;&#x41;&#x4a;&#x4A;&#000000000000000000000000000000000000000000000065;",
		"&#xD800;&#xDFFF;&#x10FFFF;",
		"&#0;",
		"&#1;",
		"&#xFFFE;",
		"&#x110000;",
		"&#99999999999999999999999;",
		"&#;",
		"&#x;",
		"&#X41;",
		"&#xg;",
		"&#4a;",
		"&#-1;",
		"&#:;",
		"&#x:;",
		"&#\x15;",
		"&",
		"&;",
		"& ",
		"&lt",
		"&lt ;",
		"&LT;",
		"&nbsp;",
		"&é;",
		"&lt&gt;",
		"&a:b;",
		"&#65",
		"&" + strings.Repeat("x", 9999) + ";",
		// CDATA, comments, processing instructions, declarations.
		"<![CDATA[<&>]]>",
		"a<![CDATA[]]>b<![CDATA[]]]]><![CDATA[>]]>",
		"<![CDATA[\r\n\r]]>\n",
		"<![CDATA[\x01]]>",
		"<![CDATA[\xff]]>",
		"<![CDATA[x",
		"<![CDAT[x]]>",
		"<![cdata[x]]>",
		"<![CDATA[]]",
		"a<!-- <b> & \x01\xff -->b",
		"<!---->",
		"<!-->x-->",
		"<!--->-->",
		"<!-- -- -->",
		"<!-- --->",
		"<!- x -->",
		"<!--",
		"<!x>",
		"<!>",
		"<!",
		"a<?p?>b",
		"a<?p x?>?>b",
		"<? p?>",
		"<??>",
		"<?p",
		"<?p?",
		"<?é?>",
		"<?a:b:c \x01?>",
		"<?xml?>",
		`<?xml version="1.1"?>`,
		"<!ENTITY x 'y'>",
		// Elements in a key.
		"<b>x</b>a<c><d>y</d></c>z<e/>",
		"<Key>x</Key>a",
	} {
		all = append(all, key(text))
	}

	// Sizes.
	for _, size := range []string{
		"",
		"0",
		"007",
		"-1",
		"+1",
		" 1",
		"1 ",
		"1e3",
		"1_0",
		"0x1",
		"9223372036854775807",
		"9223372036854775808",
		"18446744073709551616",
		"00000000000000000000000000001",
		"٣",
	} {
		all = append(all, list(with("<Size>1<", "<Size>"+size+"<")))
	}

	// Times.
	for _, at := range []string{
		"",
		"2009-10-12T17:50:30Z",
		"2009-10-12T17:50:30.123456789123Z",
		"2009-10-12T17:50:30+02:00",
		"2009-10-12T17:50:30.000+14:00",
		"2009-10-12T17:50:30.000-00:00",
		"2009-10-12t17:50:30.000z",
		"2009-10-12 17:50:30.000Z",
		"2009-10-12T17:50:30,000Z",
		"2009-10-12T7:50:30.000Z",
		"2009-10-12T07:50:30.00Z",
		"2009-02-28T00:00:00.000Z",
		"2009-02-29T00:00:00.000Z",
		"2008-02-29T00:00:00.999Z",
		"2009-04-30T23:59:59.000Z",
		"2009-04-31T23:59:59.000Z",
		"2009-12-31T23:59:60.000Z",
		"2009-13-01T00:00:00.000Z",
		"2009-00-01T00:00:00.000Z",
		"2009-01-00T00:00:00.000Z",
		"2009-01-32T00:00:00.000Z",
		"2009-01-01T24:00:00.000Z",
		"2009-01-01T00:60:00.000Z",
		"0000-01-01T00:00:00.000Z",
		"9999-12-28T00:00:00.000Z",
		"2009-10-12T17:50:30.000Zx",
		"2009-10-12T17:50:30.0:0Z",
		"2009-10-12T17:50:30Z000.",
	} {
		all = append(all, list(with("2009-10-12T17:50:30.000Z", at)))
	}
	return all
}
