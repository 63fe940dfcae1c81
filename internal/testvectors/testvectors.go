// Package testvectors holds known answers for the tests of this module: values from RFCs, from AWS
// documentation and from the test suites of other Cognito clients, and values that Amazon's own
// clients computed from inputs of this project.
//
//	var file struct {
//		Cases []struct{ PRK, OKM string }
//	}
//	if err := testvectors.Decode("rfc5869_hkdf_sha256", &file); err != nil {
//		t.Fatal(err)
//	}
//
// README.md in this directory describes the source of each file and how to regenerate the
// generated ones. Only tests import this package, so that programs do not contain the data.
package testvectors

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

//go:embed data/*.json
var files embed.FS

// Decode stores the vectors of data/<name>.json in v, as [json.Unmarshal] does. A file that does
// not exist or that has no vectors is an error, because a test that runs on nothing must fail.
//
// encoding/json ignores the case of keys. A file with two keys that differ only in case must be
// decoded into a map.
func Decode(name string, v any) error {
	data, err := files.ReadFile("data/" + name + ".json")
	if err != nil {
		return fmt.Errorf("testvectors: no file %q: use one of %s",
			name, strings.Join(names(), ", "))
	}
	if err := check(data); err != nil {
		return fmt.Errorf("testvectors: %s: %w", name, err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("testvectors: %s: %w", name, err)
	}
	return nil
}

// check returns an error if the file has no members with vectors, or if one of them is empty.
func check(data []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	for _, prose := range []string{"description", "source", "generator"} {
		delete(members, prose)
	}
	if len(members) == 0 {
		return errors.New("no vectors")
	}
	for key, value := range members {
		switch string(value) {
		case "[]", "{}", `""`, "null":
			return fmt.Errorf("member %q has no vectors", key)
		}
	}
	return nil
}

// names returns the names of the files in alphabetical order.
func names() (names []string) {
	entries, _ := files.ReadDir("data") // never fails, because the directory is embedded
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".json"))
	}
	return names
}
