package awsconfig

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A section describes one section of an AWS configuration or credentials file.
type section struct {
	// header is the text between the brackets.
	header string
	// profile is the name of the profile that botocore reads in the header. It is empty if the
	// section is not a profile.
	profile string
	// others are names of profiles that other parsers may read in the header.
	others []string
	// line is the line number of the header. The first line is 1.
	line int
	// start is the offset of the header line, body that of the line after it, and end that of the
	// first byte after the last key.
	start, body, end int
	// indent is the white space before the first key or, without keys, before the next header.
	indent string
	keys   []Key
}

// A Key describes a line of a section that sets a key.
type Key struct {
	Name, Value string
	indent      string
	// line is the line number. start and end are the offsets of the line without its line end.
	line, start, end int
	// continued reports whether the value continues on the following lines.
	continued bool
}

// index returns the index of the first key called name, or -1 if the section has none.
func (s section) index(name string) int {
	return slices.IndexFunc(s.keys, func(k Key) bool { return k.Name == name })
}

// names reports whether any parser may read the header as that of the profile called name.
func (s section) names(name string) bool {
	return s.profile == name || slices.Contains(s.others, name)
}

// inherited reports whether all sections inherit the keys of this one (configparser,
// DEFAULTSECT).
func (s section) inherited() bool { return s.header == "DEFAULT" }

// parse parses a file as botocore does, with the rules of Python's configparser. It returns an
// error if botocore refuses the file, and the sections that it found nevertheless. config reports
// whether data is the configuration file, whose headers differ from those of the credentials file.
//
// A line continues the value of the key above it if it is indented deeper than that key:
//
//	[profile dev]
//	region = eu-west-1
//	s3 =
//	    max_concurrent_requests = 20
//
// This section has two keys, region and s3, and s3 is continued.
func parse(data []byte, config bool) (parts []section, err error) {
	refuse := func(line int, format string, args ...any) {
		if err == nil {
			err = fmt.Errorf("line %d: "+format, append([]any{line}, args...)...)
		}
	}
	seen := make(map[[2]string]int) // the lines of headers and keys
	first := func(line int, header, name string) {
		if before := seen[[2]string{header, name}]; before != 0 {
			refuse(line, "it repeats line %d, which the AWS command line refuses: "+
				"remove one of them", before)
		}
		seen[[2]string{header, name}] = line
	}
	inKey, depth, offset, number := false, 0, 0, 0
	for line := range bytes.Lines(data) {
		start := offset
		offset += len(line)
		if number++; number == 1 {
			line = bytes.TrimPrefix(line, []byte(mark))
			start = offset - len(line)
		}
		text := strings.TrimRight(string(line), "\r\n")
		trimmed := strings.TrimFunc(text, isSpace)
		if trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';' {
			continue
		}
		indent := text[:len(text)-len(strings.TrimLeftFunc(text, isSpace))]
		width := utf8.RuneCountInString(indent)
		if inKey && width > depth {
			last := &parts[len(parts)-1]
			last.end = offset
			key := &last.keys[len(last.keys)-1]
			key.continued = true
			if key.Value == "" && !nested(trimmed) {
				refuse(number, "a nested setting has no =")
			}
			continue
		}
		depth = width
		if n := len(parts); n > 0 && len(parts[n-1].keys) == 0 {
			parts[n-1].indent = indent
		}
		if i := strings.LastIndexByte(trimmed, ']'); trimmed[0] == '[' && i > 1 {
			s := section{
				header: trimmed[1:i],
				line:   number,
				start:  start,
				body:   offset,
				end:    offset,
			}
			s.profile, s.others = profiles(s.header, config)
			if !s.inherited() {
				first(number, s.header, "")
			}
			parts = append(parts, s)
			inKey = false
			continue
		}
		i := strings.IndexAny(trimmed, "=:")
		if i <= 0 || len(parts) == 0 {
			refuse(number, "it is not a key with a value in a section")
			continue
		}
		last := &parts[len(parts)-1]
		last.end = offset
		last.keys = append(last.keys, Key{
			Name:   lower(strings.TrimRightFunc(trimmed[:i], isSpace)),
			Value:  strings.TrimFunc(trimmed[i+1:], isSpace),
			indent: indent,
			line:   number,
			start:  start,
			end:    start + len(text),
		})
		first(number, last.header, last.keys[len(last.keys)-1].Name)
		inKey = true
	}
	return parts, err
}

// mark is a byte order mark. Editors write it at the start of a file.
const mark = "\ufeff"

// isSpace reports whether Python's str.isspace counts r as white space.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= '\x1c' && r <= '\x1f' }

// lower returns what Python's str.lower does, which keeps the dot of U+0130.
func lower(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "\u0130", "i\u0307"))
}

// nested reports whether botocore reads the lines of text as nested settings. It also ends lines at
// the characters of Python's str.splitlines.
func nested(text string) bool {
	lines := strings.FieldsFunc(text, func(r rune) bool {
		return strings.ContainsRune("\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029", r)
	})
	return !slices.ContainsFunc(lines, func(line string) bool {
		return strings.TrimFunc(line, isSpace) != "" && !strings.Contains(line, "=")
	})
}

// profiles returns the name of the profile that botocore reads in a header, and those that other
// parsers may read. The configuration file has [profile NAME] and [default], and the credentials
// file has [NAME] (AWS SDKs and Tools Reference Guide, "Shared config and credentials files").
func profiles(header string, config bool) (botocore string, others []string) {
	if !config {
		botocore = header
	} else if header == "default" {
		botocore = header
	} else if words := split(header); strings.HasPrefix(header, "profile") && len(words) == 2 {
		botocore = words[1]
	}
	short, _, _ := strings.Cut(header, "]")
	for _, text := range []string{header, short} {
		words := strings.FieldsFunc(text, func(r rune) bool {
			return isSpace(r) || strings.ContainsRune("[]\"'\u200b"+mark, r)
		})
		switch {
		case len(words) == 2 && words[0] == "profile":
			others = append(others, words[1])
		case len(words) == 1 && (!config || words[0] == "default"):
			others = append(others, words[0])
		}
	}
	return botocore, others
}

// split splits a header into words as Python's shlex.split does. It returns nil if a quote is open.
func split(text string) (words []string) {
	var word []rune
	inWord, escaped, quote := false, false, rune(0)
	for _, r := range text {
		switch {
		case escaped:
			if quote != 0 && r != quote && r != '\\' {
				word = append(word, '\\')
			}
			word, escaped = append(word, r), false
		case r == '\\' && quote != '\'':
			inWord, escaped = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word = append(word, r)
		case r == '"' || r == '\'':
			inWord, quote = true, r
		case strings.ContainsRune(" \t\r\n", r):
			if inWord {
				words, word, inWord = append(words, string(word)), nil, false
			}
		default:
			word, inWord = append(word, r), true
		}
	}
	if escaped || quote != 0 {
		return nil
	}
	if inWord {
		words = append(words, string(word))
	}
	return words
}

// Rivals reports whether the key names another source of credentials. Such a source takes
// precedence over credential_process, or must not be combined with it.
func (k Key) Rivals() bool {
	return strings.HasPrefix(k.Name, "sso_") || slices.Contains([]string{
		"aws_access_key_id",
		"aws_secret_access_key",
		"aws_session_token",
		"role_arn",
		"source_profile",
		"credential_source",
		"web_identity_token_file",
		"login_session",
	}, k.Name)
}

// Ours reports whether this program wrote the value of the key credential_process.
func (k Key) Ours() bool {
	return strings.Contains(k.Value, " credentials -format process -env ")
}
