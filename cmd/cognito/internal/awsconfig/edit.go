package awsconfig

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
)

// SetProfile returns data with the settings added to the profile called name. The first setting is
// credential_process. If the profile exists, SetProfile replaces the values of these settings and
// leaves all other bytes unchanged. It refuses to change a profile that this program did not write,
// unless force is set.
func SetProfile(data []byte, name string, settings []shell.Variable, force bool) ([]byte, error) {
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
	var found []section
	for _, part := range parse(data, true) {
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
		if key.Rivals() {
			return nil, fmt.Errorf("line %d: profile %s has %s: choose another -profile, or "+
				"remove that key", key.line, name, key.Name)
		}
	}
	if i := part.index("credential_process"); !force && (i < 0 || !part.keys[i].Ours()) {
		return nil, fmt.Errorf("line %d: profile %s already exists: choose another -profile, or "+
			"use -force", part.line, name)
	}
	return replaceSettings(data, part, settings, end)
}

// appendProfile returns data with a new section at its end, after an empty line.
func appendProfile(data []byte, name string, settings []shell.Variable, end string) []byte {
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
		out.WriteString(s.Name + " = " + s.Value + end)
	}
	return out.Bytes()
}

// replaceSettings replaces the values of a section's keys in place, and adds missing keys directly
// after its header.
func replaceSettings(
	data []byte, part section, settings []shell.Variable, end string,
) ([]byte, error) {
	added := ""
	var changed []Key
	for _, s := range settings {
		i := part.index(s.Name)
		if i < 0 {
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
	slices.SortFunc(changed, func(a, b Key) int { return a.start - b.start })
	var out bytes.Buffer
	out.Write(data[:part.body])
	if added != "" && !bytes.HasSuffix(data[:part.body], []byte("\n")) {
		out.WriteString(end)
	}
	out.WriteString(added)
	last := part.body
	for _, key := range changed {
		out.Write(data[last:key.start])
		out.WriteString(key.indent + key.Name + " = " + key.Value)
		last = key.end
	}
	out.Write(data[last:])
	return out.Bytes(), nil
}
