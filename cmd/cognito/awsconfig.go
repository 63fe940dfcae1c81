package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// An iniPart describes one section of an AWS configuration or credentials file.
type iniPart struct {
	// profile is the name of the profile. It is empty if the section is not a profile.
	profile string
	// line is the line number of the header. The first line is 1.
	line int
	// body is the offset of the first byte after the header line.
	body int
	// indent is the white space before the first key or, without keys, before the next header.
	indent string
	keys   []iniKey
}

// An iniKey describes a line of a section that sets a key.
type iniKey struct {
	name, value, indent string
	// line is the line number. start and end are the offsets of the line without its line end.
	line, start, end int
	// continued reports whether the value continues on the following lines.
	continued bool
}

// index returns the index of the first key called name, or -1 if the section has none.
func (p iniPart) index(name string) int {
	return slices.IndexFunc(p.keys, func(k iniKey) bool { return k.name == name })
}

// iniSections parses a file as botocore does, with the rules of Python's configparser. The SDKs'
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
func iniSections(data []byte, config bool) []iniPart {
	var parts []iniPart
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
			parts = append(parts, iniPart{
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
		last.keys = append(last.keys, iniKey{
			name:   strings.ToLower(strings.TrimSpace(name)),
			value:  strings.TrimSpace(value),
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

// rivals reports whether the key names another source of credentials. Such a source takes
// precedence over credential_process, or must not be combined with it.
func (k iniKey) rivals() bool {
	return strings.HasPrefix(k.name, "sso_") || slices.Contains([]string{
		"aws_access_key_id",
		"aws_secret_access_key",
		"aws_session_token",
		"role_arn",
		"source_profile",
		"credential_source",
		"web_identity_token_file",
		"login_session",
	}, k.name)
}

// ours reports whether this program wrote the value of the key credential_process.
func (k iniKey) ours() bool {
	return strings.Contains(k.value, " credentials -format process -env ")
}

// setProfile returns data with the settings added to the profile called name. The first setting is
// credential_process. If the profile exists, setProfile replaces the values of these settings and
// leaves all other bytes unchanged. It refuses to change a profile that this program did not write,
// unless force is set.
func setProfile(data []byte, name string, settings []variable, force bool) ([]byte, error) {
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, fmt.Errorf("the file is not UTF-8 text")
	}
	if bytes.Count(data, []byte("\r")) != bytes.Count(data, []byte("\r\n")) {
		return nil, fmt.Errorf("the file has lines that end in CR alone: convert them to LF")
	}
	end := "\n"
	if first, _, ok := bytes.Cut(data, []byte("\n")); ok && bytes.HasSuffix(first, []byte("\r")) {
		end = "\r\n"
	}
	var found []iniPart
	for _, part := range iniSections(data, true) {
		if part.profile == name {
			found = append(found, part)
		}
	}
	switch {
	case len(found) == 0:
		return appendProfile(data, name, settings, end), nil
	case len(found) > 1:
		return nil, fmt.Errorf("lines %d and %d both start profile %s: remove one of them",
			found[0].line, found[1].line, name)
	}
	part := found[0]
	for _, key := range part.keys {
		if key.rivals() {
			return nil, fmt.Errorf("line %d: profile %s has %s: choose another -profile, or "+
				"remove that key", key.line, name, key.name)
		}
	}
	if i := part.index("credential_process"); !force && (i < 0 || !part.keys[i].ours()) {
		return nil, fmt.Errorf("line %d: profile %s already exists: choose another -profile, or "+
			"use -force", part.line, name)
	}
	return replaceSettings(data, part, settings, end)
}

// appendProfile returns data with a new section at its end, after an empty line.
func appendProfile(data []byte, name string, settings []variable, end string) []byte {
	out := bytes.NewBuffer(slices.Clone(data))
	if len(data) > 0 && !bytes.HasSuffix(data, []byte("\n")) {
		out.WriteString(end)
	}
	if text := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff"))); len(text) > 0 &&
		!bytes.HasSuffix(data, []byte("\n"+end)) {
		out.WriteString(end)
	}
	header := "profile " + name
	if name == "default" {
		// Only this profile has no prefix (AWS SDKs and Tools Reference Guide, "Shared config and
		// credentials files").
		header = name
	}
	out.WriteString("[" + header + "]" + end)
	for _, s := range settings {
		out.WriteString(s.name + " = " + s.value + end)
	}
	return out.Bytes()
}

// replaceSettings replaces the values of a section's keys in place, and adds missing keys directly
// after its header.
func replaceSettings(data []byte, part iniPart, settings []variable, end string) ([]byte, error) {
	added := ""
	var changed []iniKey
	for _, s := range settings {
		i := part.index(s.name)
		if i < 0 {
			// With less indentation, the next line would continue the value of this key.
			added += part.indent + s.name + " = " + s.value + end
			continue
		}
		key := part.keys[i]
		if key.continued {
			return nil, fmt.Errorf("line %d: the value of %s continues on the next line: "+
				"put it on one line", key.line, key.name)
		}
		if key.value != s.value {
			key.value = s.value
			changed = append(changed, key)
		}
	}
	slices.SortFunc(changed, func(a, b iniKey) int { return a.start - b.start })
	var out bytes.Buffer
	out.Write(data[:part.body])
	if added != "" && !bytes.HasSuffix(data[:part.body], []byte("\n")) {
		out.WriteString(end)
	}
	out.WriteString(added)
	last := part.body
	for _, key := range changed {
		out.Write(data[last:key.start])
		out.WriteString(key.indent + key.name + " = " + key.value)
		last = key.end
	}
	out.Write(data[last:])
	return out.Bytes(), nil
}
