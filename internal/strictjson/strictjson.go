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
	"encoding"
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
	t = structure(t)
	start, err := d.Token()
	object := start == json.Delim('{')
	if err != nil || !object && start != json.Delim('[') {
		return err
	}
	var seen map[string]bool
	if object {
		seen = make(map[string]bool)
	}
	for d.More() {
		var of reflect.Type
		if !object {
			if t != nil && t.Kind() != reflect.Struct {
				of = t.Elem()
			}
		} else {
			token, err := d.Token()
			if err != nil {
				return err
			}
			name := token.(string)
			if seen[name] {
				return fmt.Errorf("duplicate member %.64q", name)
			}
			seen[name] = true
			if of, err = member(t, name); err != nil {
				return err
			}
		}
		if err := check(d, of); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// structure returns the struct, map, slice or array that t is or points to. It returns nil for
// other types, and for those that decode themselves.
func structure(t reflect.Type) reflect.Type {
	for ; t != nil; t = t.Elem() {
		p := reflect.PointerTo(t)
		if p.Implements(reflect.TypeFor[json.Unmarshaler]()) ||
			p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
			return nil
		}
		switch t.Kind() {
		case reflect.Struct, reflect.Map, reflect.Slice, reflect.Array:
			return t
		case reflect.Pointer:
		default:
			return nil
		}
	}
	return nil
}

// member returns the type of a member of an object that is decoded into t.
func member(t reflect.Type, name string) (of reflect.Type, err error) {
	if t == nil || t.Kind() != reflect.Struct {
		if t != nil && t.Kind() == reflect.Map {
			of = t.Elem()
		}
		return of, nil
	}
	for _, field := range reflect.VisibleFields(t) {
		tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case !field.IsExported() || field.Anonymous && tag == "":
			continue
		case tag == "":
			tag = field.Name
		}
		switch {
		case tag == name:
			return field.Type, nil
		case strings.EqualFold(tag, name):
			err = fmt.Errorf("member %.64q instead of %q", name, tag)
		}
	}
	return nil, err
}
