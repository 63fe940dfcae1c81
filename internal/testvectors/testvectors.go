// Package testvectors carries known answers for the tests of this module:
// values published in RFCs, in AWS documentation and in the test suites of
// other Cognito clients, and values made by running the official clients on
// inputs of ours.
//
//	var f struct {
//		Cases []struct{ PRK, OKM string }
//	}
//	if err := testvectors.Decode("rfc5869_hkdf_sha256", &f); err != nil {
//		t.Fatal(err)
//	}
//
// README.md beside this file says where each file comes from and how to make
// the generated ones again. Only tests import this package, so none of the
// data ends up in a program.
package testvectors

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed data/*.json
var files embed.FS

// Decode stores the vectors of data/<name>.json in v as [json.Unmarshal] does.
// It is an error when there is no such file, or when the file holds no vector:
// a test that ran on nothing must fail.
//
// encoding/json matches keys without regard to case. A file that has two keys
// which differ only in case has to be decoded into a map.
func Decode(name string, v any) error {
	data, err := files.ReadFile("data/" + name + ".json")
	if err != nil {
		return fmt.Errorf("testvectors: no file %q; there are %s", name, strings.Join(Names(), ", "))
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return fmt.Errorf("testvectors: %s: %w", name, err)
	}
	for _, prose := range []string{"description", "source", "generator"} {
		delete(members, prose)
	}
	if len(members) == 0 {
		return fmt.Errorf("testvectors: %s: %w", name, errEmpty)
	}
	for key, value := range members {
		switch string(value) {
		case "[]", "{}", `""`, "null":
			return fmt.Errorf("testvectors: %s: member %q: %w", name, key, errEmpty)
		}
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("testvectors: %s: %w", name, err)
	}
	return nil
}

var errEmpty = errors.New("holds no vector")

// Names lists the files that [Decode] knows, in alphabetical order.
func Names() []string {
	entries, err := fs.ReadDir(files, "data")
	if err != nil {
		return nil // cannot happen: the directory is embedded
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), ".json")
	}
	return names
}
