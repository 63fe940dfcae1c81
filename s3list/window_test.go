package s3list

import (
	"math"
	"testing"
)

// TestWindow checks the example in the comment of window.
func TestWindow(t *testing.T) {
	w := window{limit: 8, size: 1, threshold: maxParallel}
	check := func(page int, want float64) {
		t.Helper()
		if got := math.Round(w.size*100) / 100; got != want {
			t.Errorf("size after page %d = %v, want %v", page, got, want)
		}
	}
	for i, want := range []float64{1, 4, 5, 6, 7, 8, 8} {
		w.grow()
		check(i+1, want)
	}
	for range 3 { // calls of one epoch
		w.shrink(0)
	}
	check(7, 4)
	for i, want := range []float64{4.25, 4.49, 4.71, 4.92, 5.12} {
		w.grow()
		check(i+8, want)
	}
	w.shrink(1)
	w.shrink(2)
	w.shrink(3)
	check(13, 1)
}
