package cognitotest

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s store[int]
		expires := time.Now().Add(time.Minute)
		for i := range 3 * storeLimit {
			s.put(fmt.Sprint(i), i, expires)
		}
		if len(s.entries) > storeLimit || len(s.order) > storeLimit {
			t.Errorf("%d entries and %d keys, want at most %d",
				len(s.entries), len(s.order), storeLimit)
		}
		if _, ok := s.get("0"); ok {
			t.Error("get returns the oldest entry, want it dropped")
		}
		newest := 3*storeLimit - 1
		key := fmt.Sprint(newest)
		if v, ok := s.get(key); !ok || v != newest {
			t.Errorf("get(%s) = %d, %v, want %d", key, v, ok, newest)
		}
		if v, ok := s.take(key); !ok || v != newest {
			t.Errorf("take(%s) = %d, %v, want %d", key, v, ok, newest)
		}
		if _, ok := s.take(key); ok {
			t.Errorf("take(%s) returns the entry twice", key)
		}
		s.put("again", 1, expires)
		s.put("again", 2, expires)
		if v, _ := s.get("again"); v != 2 {
			t.Errorf("get(again) = %d, want 2", v)
		}
		time.Sleep(time.Minute)
		if _, ok := s.get("again"); ok {
			t.Error("get returns an expired entry")
		}
		s.put("x", 1, time.Now().Add(time.Minute))
		if len(s.entries) != 1 || len(s.order) != 1 {
			t.Errorf("%d entries and %d keys, want the one that has not expired",
				len(s.entries), len(s.order))
		}
	})
}
