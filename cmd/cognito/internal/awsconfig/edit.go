package awsconfig

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
)

// SetProfile returns data with the settings added to the profile called name. The first setting is
// credential_process. If the profile exists, SetProfile replaces the values of these settings and
// leaves all other bytes unchanged. It refuses to change a profile that this program did not write,
// unless force is set. A setting without a value removes one that an earlier call wrote.
//
// SetProfile refuses files that botocore cannot read, and headers that only some parsers read as
// that of the profile. It removes a byte order mark, with which botocore does not read a file.
func SetProfile(data []byte, name string, settings []shell.Variable, force bool) ([]byte, error) {
	data = bytes.TrimPrefix(data, []byte(mark))
	parts, end, err := readable(data)
	if err != nil {
		return nil, err
	}
	var found []section
	for _, part := range parts {
		if part.names(name) {
			found = append(found, part)
		} else if part.inherited() {
			if err := rival(part, "section DEFAULT"); err != nil {
				return nil, err
			}
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
	if part.profile != name || !slices.Contains(part.others, name) {
		return nil, fmt.Errorf("line %d: only some tools read this header as profile %s: "+
			"correct it, or choose another -profile", part.line, name)
	}
	if err := rival(part, "profile "+name); err != nil {
		return nil, err
	}
	if i := part.index("credential_process"); !force && (i < 0 || !part.keys[i].Ours()) {
		return nil, fmt.Errorf("line %d: profile %s already exists: choose another -profile, or "+
			"use -force", part.line, name)
	}
	return replaceSettings(data, part, settings, end)
}

// readable parses a configuration file that will be edited, and returns its line end. It returns an
// error if botocore refuses the file.
func readable(data []byte) (parts []section, end string, err error) {
	if bytes.IndexByte(data, 0) >= 0 || !utf8.Valid(data) {
		return nil, "", fmt.Errorf("the file is not UTF-8 text")
	}
	if bytes.Count(data, []byte("\r")) != bytes.Count(data, []byte("\r\n")) {
		return nil, "", fmt.Errorf("the file has lines that end in CR alone: convert them to LF")
	}
	end = "\n"
	if first, _, ok := bytes.Cut(data, []byte("\n")); ok && bytes.HasSuffix(first, []byte("\r")) {
		end = "\r\n"
	}
	parts, err = parse(data, true)
	return parts, end, err
}

// rival returns an error if a section names another source of credentials.
func rival(part section, what string) error {
	for _, key := range part.keys {
		if key.Rivals() {
			return fmt.Errorf("line %d: %s has %s: choose another -profile, or remove that key",
				key.line, what, key.Name)
		}
	}
	return nil
}

// appendProfile returns data with a new section of the profile at its end.
func appendProfile(data []byte, name string, settings []shell.Variable, end string) []byte {
	header := "profile " + name
	if name == "default" {
		// Only this profile has no prefix (AWS SDKs and Tools Reference Guide, "Shared config and
		// credentials files").
		header = name
	}
	text := "[" + header + "]" + end
	for _, s := range settings {
		if s.Value != "" {
			text += s.Name + " = " + s.Value + end
		}
	}
	return appendSection(data, text, end)
}

// appendSection returns data with a section at its end, after an empty line.
func appendSection(data []byte, text, end string) []byte {
	out := bytes.NewBuffer(slices.Clone(data))
	if len(data) > 0 && !bytes.HasSuffix(data, []byte("\n")) {
		out.WriteString(end)
	}
	if len(bytes.TrimSpace(data)) > 0 && !bytes.HasSuffix(data, []byte("\n"+end)) {
		out.WriteString(end)
	}
	out.WriteString(text)
	return out.Bytes()
}

// replaceSettings replaces the values of a section's keys in place, and adds missing keys directly
// after its header.
func replaceSettings(
	data []byte, part section, settings []shell.Variable, end string,
) ([]byte, error) {
	for _, key := range append(part.keys, Key{line: part.line, indent: part.indent}) {
		if strings.Trim(key.indent, " \t") != "" {
			return nil, fmt.Errorf("line %d: only some tools read the white space at its start: "+
				"replace it with spaces", key.line)
		}
	}
	added := ""
	var changed []Key
	services := part.index("services")
	ours := services >= 0 && part.keys[services].Value == servicesName(part.profile)
	for _, s := range settings {
		i := part.index(s.Name)
		if s.Value == "" && (i < 0 || !ours) {
			continue // there is none, or the user set it
		} else if i < 0 {
			// With less indentation, the next line would continue the value of this key.
			added += part.indent + s.Name + " = " + s.Value + end
			continue
		}
		key := part.keys[i]
		if key.continued {
			return nil, fmt.Errorf("line %d: the value of %s continues on the next line: "+
				"put it on one line", key.line, key.Name)
		}
		if key.Value != s.Value {
			key.Value = s.Value
			changed = append(changed, key)
		}
	}
	// slices.SortFunc would add 20 KB for this type to programs.
	sort.Slice(changed, func(i, j int) bool { return changed[i].start < changed[j].start })
	var out bytes.Buffer
	out.Write(data[:part.body])
	if added != "" && !bytes.HasSuffix(data[:part.body], []byte("\n")) {
		out.WriteString(end)
	}
	out.WriteString(added)
	last := part.body
	for _, key := range changed {
		out.Write(data[last:key.start])
		last = key.end
		if key.Value != "" {
			out.WriteString(key.indent + key.Name + " = " + key.Value)
		} else if _, after, ok := bytes.Cut(data[key.end:], []byte("\n")); ok {
			last = len(data) - len(after)
		}
	}
	out.Write(data[last:])
	return out.Bytes(), nil
}
