package sigv4

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

// listen starts a server on loopback that hands each connection to serve, one after the other.
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
			context.AfterFunc(t.Context(), func() { connection.Close() }) // also when the client keeps it open
			serve(connection)
			connection.Close()
		}
	}()
	return listener.Addr().String()
}

// TestReplayHTTP1 sends a stream over a connection that the server closes instead of answering: net/http sends it once
// more over another one, with the body that was kept to hash it.
func TestReplayHTTP1(t *testing.T) {
	received := make(chan []byte, 3)
	var connections int
	address := listen(t, func(connection net.Conn) {
		connections++
		reader := bufio.NewReader(connection)
		for answered := 0; ; answered++ {
			var raw bytes.Buffer
			req, err := http.ReadRequest(bufio.NewReader(io.TeeReader(reader, &raw)))
			if err != nil {
				return
			}
			io.Copy(io.Discard, req.Body)
			received <- raw.Bytes()
			if connections == 1 && answered == 1 {
				return
			}
			io.WriteString(connection, "HTTP/1.1 204 No Content\r\n\r\n")
		}
	})
	base := &http.Transport{}
	defer base.CloseIdleConnections()
	client := &http.Client{Transport: &Transport{Region: "eu-west-1", Service: "execute-api", Credentials: provide, Base: base}}
	for range 2 {
		req := newRequest(t, "POST", "http://"+address+"/", iotest.HalfReader(strings.NewReader("a stream")))
		req.Header.Set("Idempotency-Key", "k") // with which net/http repeats a POST too
		if status, content := do(t, client, req); status != 204 {
			t.Fatalf("%d %s", status, content)
		}
	}
	if len(received) != 3 {
		t.Fatalf("%d requests arrived, want 3: one of them twice", len(received))
	}
	for range 3 {
		raw := <-received
		if err := oracle(raw, example.SecretAccessKey, false); err != nil || !bytes.HasSuffix(raw, []byte("\r\n\r\na stream")) {
			t.Errorf("%v\n%s", err, raw)
		}
	}
}

// TestReplayHTTP2 has a server refuse a stream (RFC 9113 section 8.7), upon which net/http sends the request once more.
func TestReplayHTTP2(t *testing.T) {
	const data, headers, reset, settings, endStream = 0, 1, 3, 4, 1
	bodies := make(chan string, 2)
	address := listen(t, func(connection net.Conn) {
		send := func(kind, flags byte, stream uint32, payload ...byte) {
			frame := append([]byte{0, 0, byte(len(payload)), kind, flags}, binary.BigEndian.AppendUint32(nil, stream)...)
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
				send(settings, 1, 0) // acknowledged
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
	client := &http.Client{Transport: &Transport{Region: "eu-west-1", Service: "execute-api", Credentials: provide, Base: base}}
	req := newRequest(t, "POST", "http://"+address+"/", iotest.HalfReader(strings.NewReader("a stream")))
	if status, content := do(t, client, req); status != 200 {
		t.Fatalf("%d %s", status, content)
	}
	if first, second := <-bodies, <-bodies; first != "a stream" || second != first {
		t.Errorf("sent %q, then %q", first, second)
	}
}

// TestUnsignedPayload shows which bodies a Transport leaves unsigned, and that it does not read those.
func TestUnsignedPayload(t *testing.T) {
	for _, test := range []struct {
		name, service, url string
		body               io.Reader
		off                bool
		want               string // X-Amz-Content-Sha256
	}{
		{"stream", "s3", "https://example.com/k", iotest.HalfReader(strings.NewReader("body")), false, UnsignedPayload},
		{"bytes", "s3", "https://example.com/k", strings.NewReader("body"), false, UnsignedPayload},
		{"nothing", "s3", "https://example.com/k", nil, false, emptySHA256},
		{"no body", "s3", "https://example.com/k", http.NoBody, false, emptySHA256},
		{"not asked for", "s3", "https://example.com/k", strings.NewReader("body"), true, "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5"},
		{"plain http", "s3", "http://localhost/k", strings.NewReader("body"), false, "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5"},
		{"another service", "execute-api", "https://example.com/k", strings.NewReader("body"), false, ""},
	} {
		var got *http.Request
		transport := &Transport{Region: "eu-west-1", Service: test.service, Credentials: provide, UnsignedPayload: !test.off, Base: roundTripper(func(r *http.Request) (*http.Response, error) {
			got = r
			return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
		})}
		var sent *counter
		body := test.body
		if body != nil && body != http.NoBody {
			sent = &counter{Reader: body}
			body = sent
		}
		req := newRequest(t, "PUT", test.url, body)
		if _, err := transport.RoundTrip(req); err != nil {
			t.Fatal(err)
		}
		if hash := got.Header.Get("X-Amz-Content-Sha256"); hash != test.want {
			t.Errorf("%s: hash is %q, want %q", test.name, hash, test.want)
		}
		if test.want == UnsignedPayload && (sent.n != 0 || got.Body != req.Body) {
			t.Errorf("%s: %d bytes were read before it was sent", test.name, sent.n)
		}
		if raw, err := wire(got); err != nil {
			t.Error(err)
		} else if err := oracle(dechunk(t, raw), example.SecretAccessKey, test.service == "s3"); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// counter counts what is read.
type counter struct {
	io.Reader
	n int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}

// dechunk returns a request without chunked transfer coding.
func dechunk(t *testing.T, raw []byte) []byte {
	t.Helper()
	req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	return append(append(head, "\r\n\r\n"...), body...)
}
