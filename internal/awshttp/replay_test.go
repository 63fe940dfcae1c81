package awshttp

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/internal/fakehttp"
)

// Types and flags of HTTP/2 frames (RFC 9113 section 6).
const (
	frameData      = 0
	frameRstStream = 3
	frameSettings  = 4
	frameGoAway    = 7
	endStream      = 1
)

func frame(kind byte, stream uint32, payload ...uint32) []byte {
	b := []byte{0, 0, byte(4 * len(payload)), kind, 0}
	b = binary.BigEndian.AppendUint32(b, stream)
	for _, n := range payload {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return b
}

// refuseAll serves HTTP/2 on c. It counts requests with their whole bodies, and refuses each.
func refuseAll(c io.ReadWriteCloser, goAway bool, requests *atomic.Int32) {
	defer c.Close()
	io.ReadFull(c, make([]byte, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")))
	c.Write(frame(frameSettings, 0))
	for {
		var head [9]byte
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return
		}
		length := int64(head[0])<<16 | int64(head[1])<<8 | int64(head[2])
		io.CopyN(io.Discard, c, length)
		if head[3] != frameData || head[4]&endStream == 0 {
			continue
		}
		requests.Add(1)
		if goAway {
			c.Write(frame(frameGoAway, 0, 0, 0)) // last stream 0, NO_ERROR
			continue
		}
		const refusedStream = 7
		c.Write(frame(frameRstStream, binary.BigEndian.Uint32(head[5:]), refusedStream))
	}
}

// TestNoReplay checks that net/http does not send a request again that is not idempotent, although
// the server says that it did not process it. The server may err.
func TestNoReplay(t *testing.T) {
	for _, goAway := range []bool{false, true} {
		var requests atomic.Int32
		s := httptest.NewUnstartedServer(nil)
		s.TLS = &tls.Config{NextProtos: []string{"h2"}}
		s.Config.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){
			"h2": func(_ *http.Server, c *tls.Conn, _ http.Handler) {
				refuseAll(c, goAway, &requests)
			},
		}
		s.StartTLS()
		defer s.Close()
		c := NewHTTPClient()
		defer c.CloseIdleConnections()
		roots := s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
		c.Transport.(*http.Transport).TLSClientConfig.RootCAs = roots
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		_, err := new(Sender).Do(ctx, Request{HTTPClient: c, New: post(s.URL)})
		if err == nil || ctx.Err() != nil || requests.Load() != 1 {
			t.Errorf("Do = %v after %d requests with GOAWAY %v, want an error after 1",
				err, requests.Load(), goAway)
		}
	}
}

func TestGetBody(t *testing.T) {
	for _, idempotent := range []bool{false, true} {
		client := fakehttp.Client(func(r *http.Request) *http.Response {
			if (r.GetBody != nil) != idempotent {
				t.Errorf("the request has GetBody: %v, want %v", r.GetBody != nil, idempotent)
			}
			return nil
		})
		r := Request{HTTPClient: client, New: post("https://a.example"), Idempotent: idempotent}
		new(Sender).Do(t.Context(), r)
	}
}
