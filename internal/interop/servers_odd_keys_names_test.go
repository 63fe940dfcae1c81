package interop

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// hostileKeys are object keys that a server may refuse or change.
var hostileKeys = []string{
	// Path segments with a special meaning to a file system, a browser or path.Clean.
	".", "..", "./dot", "../up", "dots/.", "dots/..", "dots/./in", "dots/../in", "dots/../../out",
	"...", ".../c", ".hidden", "..hidden",
	"%2e%2e/x", "~", "~root", "con", "C:\\x", "back\\..\\slash",
	// Slashes.
	"/", "//", "///", "/lead", "//lead", "/./lead", "twice//in", "thrice///in", "trail/",
	"trail2//", "trail/x", "trail2/x", "only/trail3/",
	// White space.
	" ", "  ", " lead", "trail ", "space / around", "in / /segment", "\u00a0", "\u3000", "\u2028",
	"\ufeffbom",
	// Escapes, which are part of the key, and characters that URLs and XML escape.
	"%", "%%", "%2", "%2F", "%2f/x", "%25", "%00", "%zz", "%C3%28", "+", "++", "a+b", "%2B", "&",
	"&amp;", "&#1;", "&#x41;", "<key>", "</Key>", "]]>", "<!--",
	"\"", "'", "`", "?", "?versions", "a?b=c&d", "#", "#fragment", ";", "a;b", "=", "*", "|", ":",
	"@", "$", "^", "{}", "[]", "(", "!", ",", "\\", "a\\b",
	"u\u00e9", "ue\u0301", "\u4e16\u754c", "\U0001f600",
	"\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u202etxt", "\ufffd", "\ufffe", "\uffff",
	"\U0010ffff", "\ue000",
	"\x00", "nul\x00in", "\r\n", "\x7f", "\u0080", "\u0085",
	// Names that the servers use internally.
	".minio.sys", ".minio.sys/x", "xl.meta", "part.1", "__XLDIR__", "x__XLDIR__", ".sgwtmp/x",
	"odd-keys", "null", "minio/health",
	// A key that would be the directory of another key.
	"both", "both/in",
}

// longKeys are keys near limits of length. S3 allows 1,024 bytes of UTF-8, and file systems often
// allow 255 bytes in a segment.
var longKeys = map[string]string{
	"1024 bytes in one segment":    strings.Repeat("a", 1024),
	"1024 bytes in one segment, é": strings.Repeat("é", 512),
	"1024 bytes, percent":          strings.Repeat("%", 1024),
	"1024 bytes in segments": strings.Repeat(strings.Repeat("b", 127)+"/", 7) +
		strings.Repeat("b", 128),
	"1024 bytes in emoji":          strings.Repeat(strings.Repeat("\U0001f600", 31)+"/++/", 8),
	"1024 bytes in short segments": strings.Repeat("c/", 511) + "cc",
	"1025 bytes":                   strings.Repeat(strings.Repeat("d", 127)+"/", 8) + "d",
	"255 bytes in one segment":     strings.Repeat("e", 255),
	"256 bytes in one segment":     strings.Repeat("f", 256),
}

// name returns the name of a key in tables and messages: the key itself unless it is in longKeys.
func name(key string) string {
	for name, long := range longKeys {
		if key == long {
			return name
		}
	}
	return key
}

// oddKeys returns two lists of keys, which are the same in every run. Hostile keys must be uploaded
// in order, because a server's treatment of one may depend on an earlier one. The 10,500 bulk keys
// are independent of each other.
func oddKeys() (hostile, bulk []string) {
	hostile = slices.Concat(hostileKeys, slices.Sorted(maps.Values(longKeys)))
	for c := rune(1); c < 0x20; c++ {
		hostile = append(hostile, fmt.Sprintf("control/%c", c), fmt.Sprintf("control %c/x", c))
	}
	parts := []string{" ", "  ", "+", "%", "%20", "%2F", "%41", "&", "&lt;", "\"", "'", "<", ">",
		"?", "#", "=", ";", "*", "\\", "~", "a", "Z", "-", "_", "...", "\t", "\n",
		"\u00e9", "e\u0301", "\u4e16", "\U0001f600", "\ue000", "\U0010ffff"}
	directories := []string{"", "", "plain/", "d+ir &/", "100%/", "\"quoted\"/",
		"\U0001f600\U0001f600/\U0001f601/", "deep/er/and/deeper/", "tab\t/", " d /", "a=b&c/",
		"%2F%/", "dash-/", "dash./", "dash/"}
	random := rand.New(rand.NewPCG(1, 2)) // the same numbers in every run
	for i := range 10_500 {
		if i == 10_000 { // the last 500 hold characters that XML cannot represent
			parts = []string{"\x01", "\x0b", "\x1f", "\ufffe", "\uffff", "a", "%", "\U0001f600"}
		}
		key := directories[random.IntN(len(directories))]
		for range random.IntN(4) {
			key += parts[random.IntN(len(parts))]
		}
		key += fmt.Sprintf("%05d", i)
		for range random.IntN(3) {
			key += parts[random.IntN(len(parts))]
		}
		bulk = append(bulk, key)
	}
	return hostile, bulk
}

// inXML reports whether an XML 1.0 document can contain a key.
func inXML(key string) bool { return strings.Map(toXML, key) == key }

// toXML replaces a character that an XML 1.0 document cannot contain (section 2.2, Char) by U+FFFD.
func toXML(c rune) rune {
	if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0xfffe || c == 0xffff {
		return '\ufffd'
	}
	return c
}
