package credserver

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/sigv4"
)

// request sends a request with a token in a connection of its own, and returns the response.
func request(t *testing.T, s *Server, token string) (net.Conn, *http.Response) {
	t.Helper()
	address := s.listener.Addr().String()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Error(err)
		return nil, &http.Response{}
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\n\r\n", path, address,
		token)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Error(err)
		return conn, &http.Response{}
	}
	return conn, response
}

// The server closes every connection after its response, also if the client keeps it open.
func TestConnectionsClose(t *testing.T) {
	s := serving(t, func(context.Context) (sigv4.Credentials, error) {
		return example(time.Hour), nil
	})
	for _, token := range []string{s.token, "wrong"} {
		conn, response := request(t, s, token)
		if _, err := response.Body.Read(make([]byte, 4096)); err != nil && !response.Close {
			t.Errorf("status %d: %v", response.StatusCode, err)
		}
		if !response.Close {
			t.Errorf("status %d without Connection: close", response.StatusCode)
		}
		if n, err := conn.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("after status %d: the connection is open", response.StatusCode)
		}
	}
}

// Idle connections and beginnings of requests do not delay clients that have the token, and those
// that wait for a renewal keep their connections.
func TestConnectionsLimit(t *testing.T) {
	started, release := make(chan bool, 9), make(chan bool)
	s := serving(t, func(context.Context) (sigv4.Credentials, error) {
		started <- true
		<-release
		return example(time.Hour), nil
	})
	waiting := make(chan int)
	go func() {
		_, response := request(t, s, s.token)
		waiting <- response.StatusCode
	}()
	<-started
	closed := 0
	var idle []net.Conn
	for i := range 3 * maxConnections {
		conn, err := net.Dial("tcp", s.listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if i%2 == 0 {
			fmt.Fprint(conn, "GET / HTTP/1.1\r\n")
		}
		idle = append(idle, conn)
	}
	// The server closes the oldest ones at once, and the others after headerTimeout.
	for _, conn := range idle[:maxConnections] {
		conn.SetReadDeadline(time.Now().Add(headerTimeout * 4 / 5))
		_, err := conn.Read(make([]byte, 1))
		if timeout, ok := err.(net.Error); !ok || !timeout.Timeout() {
			closed++
		}
	}
	if closed < maxConnections {
		t.Errorf("%d of the oldest %d idle connections closed, want all", closed, maxConnections)
	}
	close(release)
	if code := <-waiting; code != http.StatusOK {
		t.Errorf("the waiting request has status %d", code)
	}
	if _, response := request(t, s, s.token); response.StatusCode != http.StatusOK {
		t.Errorf("a new request has status %d", response.StatusCode)
	}
}
