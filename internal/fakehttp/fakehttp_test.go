package fakehttp_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/internal/fakehttp"
)

func TestClient(t *testing.T) {
	client := fakehttp.Client(func(r *http.Request) *http.Response {
		if fakehttp.Body(r) != "ping" {
			return nil
		}
		return fakehttp.Response(418, "pong", "X-Name", "a", "X-Name", "b")
	})
	resp, err := client.Post("https://host.example/", "text/plain", strings.NewReader("ping"))
	if err != nil {
		t.Fatalf("Post: %v", err)
	}
	body, err := io.ReadAll(resp.Body)
	names := strings.Join(resp.Header.Values("x-name"), ",")
	if resp.StatusCode != 418 || string(body) != "pong" || err != nil || names != "a,b" {
		t.Errorf("got %d %q (%v) with X-Name %s, want 418 \"pong\" with X-Name a,b",
			resp.StatusCode, body, err, names)
	}
	if _, err := client.Get("https://host.example/"); !errors.Is(err, fakehttp.ErrDisconnected) {
		t.Errorf("Get = %v, want %v", err, fakehttp.ErrDisconnected)
	}
}

func TestCanned(t *testing.T) {
	client, sent := fakehttp.Canned(204, "")
	for range 2 {
		resp, err := client.Get("https://host.example/")
		if err != nil || resp.StatusCode != 204 {
			t.Fatalf("Get = %v, %v, want status 204", resp, err)
		}
	}
	if *sent != 2 {
		t.Errorf("%d requests, want 2", *sent)
	}
}

func TestPorts(t *testing.T) {
	if c, err := net.Dial("tcp", fakehttp.Nowhere); err == nil {
		c.Close()
		t.Errorf("something listens at %s", fakehttp.Nowhere)
	}
	port, err := fakehttp.FreePort(t.Cleanup)
	if err != nil {
		t.Fatal(err)
	}
	if held, err := net.ListenPacket("udp", "127.0.0.1:"+port); err == nil {
		held.Close()
		t.Errorf("port %s is not reserved", port)
	}
	l, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}
