package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/loginwithcognito/cognito/internal/trace"
	"github.com/loginwithcognito/cognito/s3list"
)

// A printer writes what happens, for people or as one JSON object a line. Requests are made by
// several goroutines.
type printer struct {
	w    io.Writer
	json bool

	mu  sync.Mutex
	err error // of the first failed write
}

func (p *printer) write(text string, members map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return
	}
	if !p.json {
		_, p.err = fmt.Fprintln(p.w, text)
		return
	}
	line, err := json.Marshal(members)
	if err == nil {
		_, err = p.w.Write(append(line, '\n'))
	}
	p.err = err
}

// say writes an event: a sentence for people, a type and members (names and values in turn) for
// machines.
func (p *printer) say(event, sentence string, members ...any) {
	m := map[string]any{"type": event}
	for i := 0; i+1 < len(members); i += 2 {
		m[members[i].(string)] = members[i+1]
	}
	p.write(sentence, m)
}

func (p *printer) object(o s3list.Object) {
	date := o.LastModified.UTC().Format(time.RFC3339)
	p.say("object", fmt.Sprintf("%12d  %s  %s", o.Size, date, printable(o.Key)), "key", o.Key,
		"size", o.Size, "last_modified", date)
}

// printable keeps a name from a server or a file from steering the terminal.
func printable(s string) string {
	if quoted := strconv.Quote(s); quoted[1:len(quoted)-1] != s {
		return quoted
	}
	return s
}

// oneLine returns the text of an error on one line, without control characters.
func oneLine(err error) string {
	lines := strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' })
	return strings.Map(func(r rune) rune {
		if strconv.IsPrint(r) {
			return r
		}
		return utf8.RuneError
	}, strings.Join(lines, "; "))
}

// A tracer prints every request: the operation, the names of what was sent and received, and how
// long it took. Of the values, which may be secret, it shows none.
type tracer struct {
	base http.RoundTripper
	out  *printer
}

func (t *tracer) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method == http.MethodHead { // a connection opened ahead
		return t.base.RoundTrip(request)
	}
	service, _, _ := strings.Cut(request.URL.Host, ".")
	var form url.Values
	sent := names(request.URL.Query())
	if request.Body != nil {
		data, _ := io.ReadAll(request.Body)
		request.Body.Close()
		request = request.Clone(request.Context())
		request.Body = io.NopCloser(bytes.NewReader(data))
		var err error
		if form, err = url.ParseQuery(string(data)); err == nil && form.Has("Action") {
			sent = names(form)
		} else {
			form, sent = nil, members(data)
		}
	}
	operation := cmp.Or(trace.Operation(request, form), request.Method+" "+request.URL.Path)
	begin := time.Now()
	response, err := t.base.RoundTrip(request)
	took := time.Since(begin).Round(100 * time.Microsecond)
	if err != nil {
		t.out.say("request", fmt.Sprintf("  %-16s %-26s %8s  failed", service, operation, took),
			"service", service, "operation", operation, "milliseconds", took.Seconds()*1000, "sent",
			sent)
		return nil, err
	}
	var received []string
	if strings.Contains(response.Header.Get("Content-Type"), "json") {
		data, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
		if err == nil {
			received = members(data)
		}
		response.Body = replayed{io.MultiReader(bytes.NewReader(data), response.Body),
			response.Body}
	}
	text := fmt.Sprintf("  %-16s %-26s %8s  %d  sent %s", service, operation, took,
		response.StatusCode, strings.Join(sent, " "))
	if len(received) > 0 {
		text += "; received " + strings.Join(received, " ")
	}
	t.out.say("request", text, "service", service, "operation", operation, "status",
		response.StatusCode,
		"milliseconds", took.Seconds()*1000, "sent", sent, "received", received)
	return response, nil
}

// replayed is a body of which a part has been read already.
type replayed struct {
	io.Reader
	io.Closer
}

func names(values url.Values) []string {
	list := []string{}
	for name := range values {
		list = append(list, printable(name))
	}
	slices.Sort(list)
	return list
}

// members lists the names in a JSON object; of objects within it, theirs.
func members(data []byte) []string {
	var object map[string]json.RawMessage
	if json.Unmarshal(data, &object) != nil {
		return nil
	}
	list := []string{}
	for name, value := range object {
		if inner := members(value); len(inner) > 0 {
			list = append(list, inner...)
		} else {
			list = append(list, printable(name))
		}
	}
	slices.Sort(list)
	return list
}
