package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// An iniPart is a section of one of AWS's files, as bytes of it.
type iniPart struct {
	profile string // the profile's name, "" if the section is none
	line    int    // of the header, from 1
	body    int    // offset of the first byte after the header
	indent  string // of the first line after the header, be it a key or the next header
	keys    []iniKey
}

// An iniKey is a line of a section that sets something.
type iniKey struct {
	name, value, indent string
	line, start, end    int  // line number, and offsets: end is before the line's end
	continued           bool // the value goes on in the next lines
}

// index is where a key is among the section's, -1 if it is not there.
func (p iniPart) index(name string) int {
	return slices.IndexFunc(p.keys, func(k iniKey) bool { return k.name == name })
}

// iniSections finds the sections of a file as Python's configparser does, which botocore uses: a
// line that is indented deeper than the key before it continues its value. The SDKs' own readers
// are no wider. config tells whether the file is the configuration file, where a section is that of
// a profile by another header than in the credentials file.
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
			name:  strings.ToLower(strings.TrimSpace(name)),
			value: strings.TrimSpace(value), indent: indent,
			line: number, start: start, end: start + len(text),
		})
		inKey = true
	}
	return parts
}

// headerProfile is the name in [profile NAME] of the configuration file, where default may do
// without the word, or in [NAME] of the credentials file (AWS SDKs and Tools Reference Guide,
// "Shared config and credentials files"). It is "" for a section that is no profile.
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

// rivals tells whether a key of a profile names credentials that win over credential_process, or
// must not stand beside it.
func (k iniKey) rivals() bool {
	return strings.HasPrefix(k.name, "sso_") || slices.Contains([]string{
		"aws_access_key_id", "aws_secret_access_key", "aws_session_token", "role_arn",
		"source_profile", "credential_source",
		"web_identity_token_file", "login_session",
	}, k.name)
}

// ours tells whether this program has written the key credential_process.
func (k iniKey) ours() bool {
	return strings.Contains(k.value, " credentials -format process -env ")
}

// setProfile returns the file with a profile that has settings, the first of which is
// credential_process. What was there stays byte for byte, but for the values that settings replace
// in a profile that this program has written (or, with force, anybody).
func setProfile(data []byte, name string, settings []variable, force bool) ([]byte, error) {
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, fmt.Errorf("the file is not text in UTF-8, which the SDKs read")
	}
	if bytes.Count(data, []byte("\r")) != bytes.Count(data, []byte("\r\n")) {
		return nil,
			fmt.Errorf("the file has lines that end in CR alone, on which the SDKs do not agree")
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
		return nil,
			fmt.Errorf("lines %d and %d both begin profile %s: leave one of them", found[0].line,
				found[1].line, name)
	}
	part := found[0]
	for _, key := range part.keys {
		if key.rivals() {
			return nil,
				fmt.Errorf("line %d: profile %s has %s already: choose another -profile, or "+
					"remove that", key.line, name, key.name)
		}
	}
	if i := part.index("credential_process"); !force && (i < 0 || !part.keys[i].ours()) {
		return nil,
			fmt.Errorf("line %d: profile %s is there already: choose another -profile, or use "+
				"-force", part.line, name)
	}
	return replaceSettings(data, part, settings, end)
}

// appendProfile adds a section at the end, after an empty line.
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
		// and only this one (AWS SDKs and Tools Reference Guide, "Shared config and credentials
		// files")
		header = name
	}
	out.WriteString("[" + header + "]" + end)
	for _, s := range settings {
		out.WriteString(s.name + " = " + s.value + end)
	}
	return out.Bytes()
}

// replaceSettings sets keys of a section where they stand, and adds those that are missing after
// its header.
func replaceSettings(data []byte, part iniPart, settings []variable, end string) ([]byte, error) {
	added := ""
	var changed []iniKey
	for _, s := range settings {
		i := part.index(s.name)
		if i < 0 {
			// indented less, it would take the next line in
			added += part.indent + s.name + " = " + s.value + end
			continue
		}
		key := part.keys[i]
		if key.continued {
			return nil,
				fmt.Errorf("line %d: the value of %s goes on in the next line: mend that first",
					key.line, key.name)
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
