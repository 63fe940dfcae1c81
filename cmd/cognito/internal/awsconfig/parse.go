package awsconfig

import (
	"bytes"
	"slices"
	"strings"
)

// A section describes one section of an AWS configuration or credentials file.
type section struct {
	// profile is the name of the profile. It is empty if the section is not a profile.
	profile string
	// line is the line number of the header. The first line is 1.
	line int
	// body is the offset of the first byte after the header line.
	body int
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

// parse parses a file as botocore does, with the rules of Python's configparser. The SDKs'
// own parsers accept nothing beyond these rules. config reports whether data is the configuration
// file, whose headers differ from those of the credentials file.
//
// A line continues the value of the key above it if it is indented deeper than that key:
//
//	[profile dev]
//	region = eu-west-1
//	s3 =
//	    max_concurrent_requests = 20
//
// This section has two keys, region and s3, and s3 is continued.
func parse(data []byte, config bool) []section {
	var parts []section
	inKey, depth, offset, number := false, 0, 0, 0
	for line := range bytes.Lines(data) {
		start := offset
		offset += len(line)
		if number++; number == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
			start = offset - len(line)
		}
		text := strings.TrimRight(string(line), "\r\n")
		trimmed := strings.TrimSpace(text)
		if trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';' {
			continue
		}
		indent := text[:len(text)-len(strings.TrimLeft(text, " \t\v\f"))]
		if inKey && len(indent) > depth {
			keys := parts[len(parts)-1].keys
			keys[len(keys)-1].continued = true
			continue
		}
		depth = len(indent)
		if n := len(parts); n > 0 && len(parts[n-1].keys) == 0 {
			parts[n-1].indent = indent
		}
		if header, ok := strings.CutPrefix(trimmed, "["); ok {
			header, _, _ = strings.Cut(header, "]")
			parts = append(parts, section{
				profile: headerProfile(header, config),
				line:    number,
				body:    offset,
			})
			inKey = false
			continue
		}
		if len(parts) == 0 {
			continue
		}
		name, value := trimmed, ""
		if i := strings.IndexAny(trimmed, "=:"); i >= 0 {
			name, value = trimmed[:i], trimmed[i+1:]
		}
		last := &parts[len(parts)-1]
		last.keys = append(last.keys, Key{
			Name:   strings.ToLower(strings.TrimSpace(name)),
			Value:  strings.TrimSpace(value),
			indent: indent,
			line:   number,
			start:  start,
			end:    start + len(text),
		})
		inKey = true
	}
	return parts
}

// headerProfile returns the name of the profile in a header without its brackets, or "" if the
// section is not a profile. The configuration file has [profile NAME] and [default], and the
// credentials file has [NAME] (AWS SDKs and Tools Reference Guide, "Shared config and credentials
// files").
func headerProfile(header string, config bool) string {
	words := strings.Fields(header)
	if config && len(words) == 2 && words[0] == "profile" {
		words = words[1:]
	} else if config && strings.TrimSpace(header) != "default" {
		return ""
	}
	if len(words) != 1 {
		return ""
	}
	return strings.Trim(words[0], `"'`)
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
