package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestNumber(t *testing.T) {
	for _, test := range []struct {
		v    float64
		want string
	}{
		{0, "0"},
		{0.00034, "0.00034"},
		{0.0345, "0.0345"},
		{0.5, "0.500"},
		{1, "1.00"},
		{9.994, "9.99"},
		{9.996, "10.0"},
		{12.34, "12.3"},
		{99.94, "99.9"},
		{99.96, "100"},
		{999, "999"},
		{1000, "1,000"},
		{243675, "243,675"},
		{1234567, "1,234,567"},
	} {
		if got := number(test.v); got != test.want {
			t.Errorf("number(%v) = %s, want %s", test.v, got, test.want)
		}
	}
}

func TestQuantile(t *testing.T) {
	for _, test := range []struct {
		samples []float64
		q, want float64
	}{
		{nil, 0.5, 0},
		{[]float64{7}, 0.25, 7},
		{[]float64{3, 1, 2}, 0.5, 2},
		{[]float64{4, 1, 3, 2}, 0.5, 2.5},
		{[]float64{5, 1, 2, 3, 4}, 0.25, 2},
		{[]float64{5, 1, 2, 3, 4}, 0.75, 4},
		{[]float64{1, 2}, 1, 2},
	} {
		if got := quantile(test.samples, test.q); got != test.want {
			t.Errorf("quantile(%v, %v) = %v, want %v", test.samples, test.q, got, test.want)
		}
	}
}

func TestTable(t *testing.T) {
	work := table{title: "Work", notes: []string{"A note."}, refs: []string{"peer", "absent"}}
	for round, load := range []float64{1, 10, 2} { // the machine is busy in the second round
		work.add("ms", "ours", 1*load)
		work.add("ms", "peer", 4*load)
		if round == 0 {
			work.add("size", "ours", 5)
			work.add("size", "peer", 10)
		}
	}
	if ratio, ok := work.ratio("ms", "ours", "peer"); !ok || ratio != 0.25 {
		t.Errorf("ratio(ms, ours, peer) = %v, %t, want 0.25, true", ratio, ok)
	}
	if ratio, ok := work.ratio("ms", "ours", "absent"); ok {
		t.Errorf("ratio(ms, ours, absent) = %v, want none", ratio)
	}
	var out bytes.Buffer
	work.print(&out)
	want := `
## Work

A note.

| measure | program | median |    quartiles | ÷ peer |
|---------|---------|-------:|-------------:|-------:|
| ms      | ours    |   2.00 | 1.50 to 6.00 |  0.250 |
| ms      | peer    |   8.00 | 6.00 to 24.0 |        |
| size    | ours    |   5.00 |              |  0.500 |
| size    | peer    |   10.0 |              |        |
`
	if out.String() != want {
		t.Errorf("print() = %s, want %s", out.String(), want)
	}

	goal := target{"Work", "ms", "ours", "peer", 0.3}
	if v, ok, err := goal.value([]*table{&work}); err != nil || !ok || v != 0.25 {
		t.Errorf("value() = %v, %v, want 0.25", v, err)
	}
	goal.ref = ""
	if v, ok, err := goal.value([]*table{&work}); err != nil || !ok || v != 2 {
		t.Errorf("value() without a ref = %v, %v, want 2", v, err)
	}
	goal.measure = "s"
	if v, _, err := goal.value([]*table{&work}); err == nil {
		t.Errorf("value() of an unknown measure = %v, want an error", v)
	}
	goal.ref = openSSL
	if v, ok, err := goal.value([]*table{&work}); err != nil || ok {
		t.Errorf("value() without OpenSSL = %v, %t, %v, want that it was not measured", v, ok, err)
	}
}

func TestInterleave(t *testing.T) {
	var order strings.Builder
	var contenders []contender
	for _, name := range []string{"a", "b", "c"} {
		contenders = append(contenders, contender{name, func() error {
			order.WriteString(name)
			if order.Len() == 11 {
				return errors.New("late")
			}
			return nil
		}})
	}
	if err := interleave(3, contenders); err != nil || order.String() != "abcbcacab" {
		t.Errorf("interleave(3) = %v, order %s, want abcbcacab", err, order.String())
	}
	if err := interleave(1, contenders); err == nil || err.Error() != "b: late" {
		t.Errorf("interleave(1) = %v, want b: late", err)
	}
}

// TestSigning checks that the HMAC of the floor is correct, and that the compared signers give the
// same signature.
func TestSigning(t *testing.T) {
	key, message := []byte("a key"), bytes.Repeat([]byte("x"), 135)
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	if sum := hmac256(key, message); !slices.Equal(sum[:], mac.Sum(nil)) {
		t.Errorf("hmac256() = %x, want %x", sum, mac.Sum(nil))
	}
	if err := agree(signings()); err != nil {
		t.Error(err)
	}
	if n := len(canonicalBytes(listGET)); n < 1500 || n > 2000 { // the session token has 1,200
		t.Errorf("canonicalBytes() = %d bytes, want 1,500 to 2,000", n)
	}
}

// TestDelayed checks that data and the end of the stream arrive exactly after the delay, even if
// the sender sends more data in the meantime.
func TestDelayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, near := net.Pipe()
		far, server := net.Pipe()
		start := time.Now()
		go func() {
			delayed(far, near, 40*time.Millisecond)
			far.Close()
		}()
		go func() {
			for range 3 {
				client.Write([]byte("ab"))
				time.Sleep(10 * time.Millisecond)
			}
			client.Close()
		}()
		for i := range 3 {
			got := make([]byte, 2)
			if _, err := io.ReadFull(server, got); err != nil || string(got) != "ab" {
				t.Fatalf("piece %d = %q, %v, want ab", i, got, err)
			}
			want := time.Duration(40+10*i) * time.Millisecond
			if after := time.Since(start); after != want {
				t.Errorf("piece %d arrived after %v, want %v", i, after, want)
			}
		}
		if _, err := server.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("Read() after the last piece = %v, want EOF", err)
		}
	})
}
