package awshttp

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestTime(t *testing.T) {
	for _, test := range []struct {
		seconds float64
		want    time.Time
	}{
		{0, time.Unix(0, 0).UTC()},
		{1699168089.123, time.Date(2023, 11, 5, 7, 8, 9, 123e6, time.UTC)},
		{253402300799, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
	} {
		if got, ok := Time(test.seconds); !ok || got != test.want {
			t.Errorf("Time(%v) = %v, %v, want %v", test.seconds, got, ok, test.want)
		}
	}
	for _, seconds := range []float64{-1, 253402300799.5, 1e300, math.Inf(1), math.NaN()} {
		if got, ok := Time(seconds); ok || !got.IsZero() {
			t.Errorf("Time(%v) = %v, %v, want false", seconds, got, ok)
		}
	}
}

func TestKeys(t *testing.T) {
	for _, test := range []struct {
		id, secret, token string
		want              bool
	}{
		{"ASIAEXAMPLE", "k/+=", "t", true},
		{strings.Repeat("A", 128), strings.Repeat("s", 1024), strings.Repeat("t", MaxToken), true},
		{"", "k", "t", false},
		{"A", "", "t", false},
		{"A", "k", "", false},
		{"A\r\nX: 1", "k", "t", false},
		{"A", "k k", "t", false},
		{"A", "k", "t\x00", false},
		{strings.Repeat("A", 129), "k", "t", false},
		{"A", strings.Repeat("k", 1025), "t", false},
		{"A", "k", strings.Repeat("t", MaxToken+1), false},
	} {
		if got := Keys(test.id, test.secret, test.token); got != test.want {
			t.Errorf("Keys(%.20q, %.20q, %.20q) = %v, want %v",
				test.id, test.secret, test.token, got, test.want)
		}
	}
}
