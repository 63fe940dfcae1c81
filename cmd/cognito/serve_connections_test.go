package main

import (
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"testing"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/needs"
)

// Under a limit of 1,024 descriptors, 1,100 connections without the token do not keep clients from
// their credentials.
func TestServeManyConnections(t *testing.T) {
	t.Parallel()
	needs.Unix(t)
	m := newMachine(t).signedIn(t)
	tool := m.process(t, "serve")
	c := exec.CommandContext(t.Context(), "sh", "-c", `ulimit -n 1024; exec "$0" serve`, tool.Path)
	c.Env = tool.Env
	settings := settingsOf(t, c)
	u, err := url.Parse(settings["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
	if err != nil {
		t.Fatal(err)
	}
	refused := []byte("GET /credentials HTTP/1.1\r\nHost: " + u.Host + "\r\n\r\n")
	for i := range 1100 {
		conn, err := net.Dial("tcp", u.Host)
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		defer conn.Close()
		if i%2 == 0 {
			conn.Write(refused) // an error means that it is closed already
		}
	}
	if code, _ := get(t, settings); code != http.StatusOK {
		t.Errorf("after 1,100 connections: status %d", code)
	}
}
