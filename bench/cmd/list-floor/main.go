// List-floor reads the pages of a listing one after the other and discards them. It parses only the
// beginning of each page, for the next token, and does not sign requests.
package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/loginwithcognito/cognito/bench/internal/child"
)

func main() {
	address, bucket, _ := child.ReadList()
	var tally child.Tally
	for token := ""; ; {
		next, keys, err := page("http://" + address + "/" + bucket +
			"?list-type=2&continuation-token=" + token)
		if err != nil {
			child.Fail(err)
		}
		tally.Keys += keys
		if token = next; token == "" {
			break
		}
	}
	tally.Print()
}

// page reads one page and returns its NextContinuationToken and its KeyCount.
func page(url string) (next string, keys int64, err error) {
	resp, err := http.Get(url)
	if err != nil {
		return "", 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", 0, fmt.Errorf("%s", resp.Status)
	}
	head := make([]byte, 1024)
	n, err := io.ReadFull(resp.Body, head)
	if err != nil && err != io.ErrUnexpectedEOF {
		return "", 0, err
	}
	next = element(head[:n], "NextContinuationToken")
	if keys, err = strconv.ParseInt(element(head[:n], "KeyCount"), 10, 64); err != nil {
		return "", 0, err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return next, keys, err
}

// element returns the text of an element without children, or "" if there is none.
func element(document []byte, name string) string {
	_, after, _ := bytes.Cut(document, []byte("<"+name+">"))
	text, _, found := bytes.Cut(after, []byte("</"+name+">"))
	if !found {
		return ""
	}
	return string(text)
}
