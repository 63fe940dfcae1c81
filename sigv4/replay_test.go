package sigv4

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

// listen starts a server on a loopback address that passes each connection to serve, one after
// the other.
func listen(t *testing.T, serve func(net.Conn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		listener.Close()
		<-done
	})
	go func() {
		defer close(done)
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			// Close it at the end of the test, too, because the client keeps it open.
			context.AfterFunc(t.Context(), func() { connection.Close() })
			serve(connection)
			connection.Close()
		}
	}()
	return listener.Addr().String()
}

// TestReplayHTTP1 sends requests to a server that closes the connection in place of its second
// response. net/http then sends the request on another connection, with the same signature: with no
// body, with that of GetBody, or with the one that Sign buffered. It cannot send a file again.
func TestReplayHTTP1(t *testing.T) {
	for _, test := range []struct {
		name, content string
		body          func(t *testing.T) io.Reader
		final         bool // it cannot be sent again
	}{
		{
			name: "no body",
			body: func(*testing.T) io.Reader { return nil },
		},
		{
			name:    "GetBody",
			content: "a text",
			body:    func(*testing.T) io.Reader { return strings.NewReader("a text") },
		},
		{
			name:    "stream",
			content: "a stream",
			body: func(*testing.T) io.Reader {
				return iotest.HalfReader(strings.NewReader("a stream"))
			},
		},
		{
			name:    "file",
			content: "a file",
			final:   true,
			body: func(t *testing.T) io.Reader {
				path := filepath.Join(t.TempDir(), "body")
				if err := os.WriteFile(path, []byte("a file"), 0o600); err != nil {
					t.Fatal(err)
				}
				file, err := os.Open(path) // RoundTrip closes it
				if err != nil {
					t.Fatal(err)
				}
				return file
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			replayHTTP1(t, test.body, test.content, test.final)
		})
	}
}

func replayHTTP1(t *testing.T, body func(*testing.T) io.Reader, content string, final bool) {
	received := make(chan []byte, 3)
	var connections int
	address := listen(t, func(connection net.Conn) {
		connections++
		reader := bufio.NewReader(connection)
		for responses := 0; ; responses++ {
			var raw bytes.Buffer
			req, err := http.ReadRequest(bufio.NewReader(io.TeeReader(reader, &raw)))
			if err != nil {
				return
			}
			io.Copy(io.Discard, req.Body)
			received <- raw.Bytes()
			if connections == 1 && responses == 1 {
				return
			}
			io.WriteString(connection, "HTTP/1.1 204 No Content\r\n\r\n")
		}
	})
	base := &http.Transport{}
	defer base.CloseIdleConnections()
	client := &http.Client{Transport: &Transport{
		Region:      "eu-west-1",
		Service:     "execute-api",
		Credentials: provide,
		Base:        base,
	}}
	want := 3
	for i := range 2 {
		req := newRequest(t, "POST", "http://"+address+"/", body(t))
		req.Header.Set("Idempotency-Key", "k") // so that net/http retries a POST
		if final && i == 1 {
			want = 2
			if resp, err := client.Do(req); err == nil {
				t.Errorf("POST: status = %d, want an error", resp.StatusCode)
				resp.Body.Close()
			}
		} else if status, content := do(t, client, req); status != 204 {
			t.Fatalf("POST: status = %d, want 204: %s", status, content)
		}
	}
	if len(received) != want {
		t.Fatalf("the server received %d requests, want %d", len(received), want)
	}
	for range want {
		raw := <-received
		if err := oracle(raw, example.SecretAccessKey, false); err != nil {
			t.Errorf("oracle = %v, want nil, for\n%s", err, raw)
		}
		if !bytes.HasSuffix(raw, []byte("\r\n\r\n"+content)) {
			t.Errorf("request = %s, want one with the body", raw)
		}
	}
}

// TestReplayHTTP2 sends a stream to a server that refuses the first HTTP/2 stream (RFC 9113
// section 8.7). net/http then sends the request again.
func TestReplayHTTP2(t *testing.T) {
	const data, headers, reset, settings, endStream = 0, 1, 3, 4, 1
	bodies := make(chan string, 2)
	address := listen(t, func(connection net.Conn) {
		send := func(kind, flags byte, stream uint32, payload ...byte) {
			frame := []byte{0, 0, byte(len(payload)), kind, flags}
			frame = binary.BigEndian.AppendUint32(frame, stream)
			connection.Write(append(frame, payload...))
		}
		reader := bufio.NewReader(connection)
		if _, err := reader.Discard(len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")); err != nil {
			return
		}
		send(settings, 0, 0)
		var body []byte
		for {
			var head [9]byte
			if _, err := io.ReadFull(reader, head[:]); err != nil {
				return
			}
			payload := make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
			if _, err := io.ReadFull(reader, payload); err != nil {
				return
			}
			kind, flags, stream := head[3], head[4], binary.BigEndian.Uint32(head[5:])
			if kind == settings && flags == 0 {
				send(settings, 1, 0) // acknowledgement
			}
			if kind == data {
				body = append(body, payload...)
			}
			if (kind == data || kind == headers) && flags&endStream != 0 {
				bodies <- string(body)
				body = nil
				if stream == 1 {
					send(reset, 0, stream, 0, 0, 0, 7) // REFUSED_STREAM
				} else {
					send(headers, 4|endStream, stream, 0x88) // :status 200
				}
			}
		}
	})
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	base := &http.Transport{Protocols: &protocols}
	defer base.CloseIdleConnections()
	client := &http.Client{Transport: &Transport{
		Region:      "eu-west-1",
		Service:     "execute-api",
		Credentials: provide,
		Base:        base,
	}}
	stream := iotest.HalfReader(strings.NewReader("a stream"))
	req := newRequest(t, "POST", "http://"+address+"/", stream)
	if status, content := do(t, client, req); status != 200 {
		t.Fatalf("POST: status = %d, want 200: %s", status, content)
	}
	for i := range 2 {
		if body := <-bodies; body != "a stream" {
			t.Errorf("body %d = %q, want %q", i, body, "a stream")
		}
	}
}
