// Package strictjson decodes JSON that a program trusts: tokens, keys, responses with secrets, and
// saved state.
//
//	var saved struct{ Token string }
//	strictjson.Unmarshal([]byte(`{"Token":"a","Token":"b"}`), &saved) // an error
//	strictjson.Unmarshal([]byte(`{"token":"b"}`), &saved)             // an error
//
// Package encoding/json accepts both. Two programs could then read different values from one text.
package strictjson

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Unmarshal is json.Unmarshal with two more errors. No object in data may have two members with the
// same name. No object that is decoded into a struct may have a member whose name differs from that
// of a field only in case. As with json.Unmarshal, v may have changed after an error.
func Unmarshal(data []byte, v any) error {
	// It also limits the depth of data, which is that of the recursion in check.
	if err := json.Unmarshal(data, v); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber() // without limits
	return check(d, reflect.TypeOf(v))
}

// check reads one value, which is decoded into a value of type t. The type is nil if it is not
// known.
func check(d *json.Decoder, t reflect.Type) error {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	start, err := d.Token()
	if _, nested := start.(json.Delim); err != nil || !nested {
		return err
	}
	seen := make(map[any]bool)
	for d.More() {
		var name json.Token
		if start == json.Delim('{') {
			if name, err = d.Token(); err != nil {
				return err
			}
			if seen[name] {
				return fmt.Errorf("duplicate member %.64q", name)
			}
			seen[name] = true
		}
		of, err := member(t, name)
		if err == nil {
			err = check(d, of)
		}
		if err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// member returns the type of an element of t, or of the member with a name.
func member(t reflect.Type, name json.Token) (of reflect.Type, err error) {
	if t == nil {
		return nil, nil
	}
	switch t.Kind() {
	case reflect.Map, reflect.Slice, reflect.Array:
		return t.Elem(), nil
	case reflect.Struct:
		got, _ := name.(string)
		for _, field := range reflect.VisibleFields(t) {
			want, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if field.Anonymous || !field.IsExported() {
				continue // the fields of embedded structs follow
			}
			if want = cmp.Or(want, field.Name); want == got {
				return field.Type, nil
			}
			if strings.EqualFold(want, got) {
				err = fmt.Errorf("member %.64q instead of %q", got, want)
			}
		}
	}
	return nil, err
}
