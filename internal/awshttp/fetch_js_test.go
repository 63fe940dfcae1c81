package awshttp

import (
	"net/http"
	"syscall/js"
	"testing"
)

// fetched replaces fetch, which the host of a test may not have. Each request gets a redirect, and
// the options of the last one are in the result.
func fetched(t *testing.T) *js.Value {
	t.Helper()
	if !fetches() {
		t.Skip("SKIPPED: net/http does not use fetch here: see .ci/platforms")
	}
	options := new(js.Value)
	old := js.Global().Get("fetch")
	fetch := js.FuncOf(func(_ js.Value, args []js.Value) any {
		*options = args[1]
		response := js.Global().Get("Response").New("", map[string]any{
			"status":  307,
			"headers": map[string]any{"Location": "https://other.example/"},
		})
		return js.Global().Get("Promise").Call("resolve", response)
	})
	js.Global().Set("fetch", fetch)
	t.Cleanup(func() {
		js.Global().Set("fetch", old)
		fetch.Release()
	})
	return options
}

// Requests are sent with fetch, and their redirects are not followed.
func TestFetch(t *testing.T) {
	for _, test := range []struct {
		name   string
		client *http.Client
	}{
		{"own", nil},
		{"NewHTTPClient", NewHTTPClient()},
		{"the caller's", &http.Client{}},
		{"the caller's transport", &http.Client{Transport: &http.Transport{}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			options := fetched(t)
			r := Request{HTTPClient: test.client, New: post("https://a.example")}
			_, err := new(Sender).Do(t.Context(), r)
			f, ok := err.(*Failure)
			if !ok || f.StatusCode != 307 {
				t.Errorf("Do = %v, want status 307", err)
			}
			if options.IsUndefined() {
				t.Fatal("fetch was not called")
			}
			if got := options.Get("redirect"); got.Type() != js.TypeString ||
				got.String() != "manual" {
				t.Errorf("the option redirect is %v, want manual", got)
			}
		})
	}
}

// With a dialer, net/http does not use fetch and refuses its options.
func TestFetchDialer(t *testing.T) {
	dialing := &http.Transport{DialContext: dialContext(&http.Transport{})}
	if got := NoFetchRedirects(dialing); got != dialing {
		t.Errorf("NoFetchRedirects(%v) = %v, want the same", dialing, got)
	}
}
