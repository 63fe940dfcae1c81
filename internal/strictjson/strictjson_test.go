package strictjson_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/internal/strictjson"
)

type Inner struct {
	Token string
	ID    string `json:"IdToken"`
}

type promoted struct{ Name string }

type target struct {
	promoted
	*Inner
	Pointer *Inner
	List    []Inner
	Array   [2]Inner
	Map     map[string]string
	Values  map[string]Inner
	Any     any
	Raw     json.RawMessage
	Time    time.Time `json:"time,omitempty"`
	Hidden  string    `json:"-"`
	private string    //lint:ignore U1000 encoding/json ignores it
}

func TestUnmarshal(t *testing.T) {
	for _, text := range []string{
		`{}`,
		`null`,
		`{"Name":"a","Token":"b","IdToken":"c","Unknown":{"token":1,"TOKEN":2}}`,
		`{"Map":{"a":"1","A":"2"},"Any":{"b":1,"B":[{"c":1},{"c":1}]}}`,
		`{"Raw":{"token":1,"Token":2},"time":"2026-01-02T03:04:05Z","Private":1,"ID":"x"}`,
		`{"List":[{"Token":"a"},{"Token":"b"}],"Values":{"k":{"Token":"a"},"K":{"Token":"b"}}}`,
		`{"Any":1e999}`,
	} {
		var got, want target
		wantErr := json.Unmarshal([]byte(text), &want)
		err := strictjson.Unmarshal([]byte(text), &got)
		if (err == nil) != (wantErr == nil) || !reflect.DeepEqual(got, want) {
			t.Errorf("Unmarshal(%s) = %+v, %v, want %+v, %v", text, got, err, want, wantErr)
		}
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	for _, text := range []string{
		``,
		`{`,
		`{} {}`,
		strings.Repeat("[", 1<<20),
		`{"Name":1}`,
		`{"Token":"a","Token":"a"}`,
		`{"Token":"a","\u0054oken":"b"}`,
		`{"Unknown":1,"Unknown":1}`,
		`{"Unknown":[[{"a":1,"a":2}]]}`,
		`{"Raw":{"a":1,"a":2}}`,
		`{"Map":{"a":"1","a":"2"}}`,
		`{"token":"a"}`,
		`{"NAME":"a"}`,
		`{"IDToken":"a"}`,
		`{"to\u212aen":"a"}`, // KELVIN SIGN
		`{"Time":"2026-01-02T03:04:05Z"}`,
		`{"pointer":null}`,
		`{"Pointer":{"token":"a"}}`,
		`{"List":[{"Token":"a"},{"TOKEN":"b"}]}`,
		`{"Array":[{"tOKEN":"b"}]}`,
		`{"Values":{"k":{"idtoken":"a"}}}`,
	} {
		if err := strictjson.Unmarshal([]byte(text), new(target)); err == nil {
			t.Errorf("Unmarshal(%.80s) = nil, want an error", text)
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte(`{"Token":"a","Token":"a","List":[{"Token":"a"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var got, want target
		if strictjson.Unmarshal(data, &got) != nil {
			return
		}
		if err := json.Unmarshal(data, &want); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Unmarshal(%s) = %+v, want %+v, %v", data, got, want, err)
		}
	})
}
