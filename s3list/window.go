package s3list

// maxParallel is the limit for ListInput.Parallel.
const maxParallel = 64

// maxAlone is how many calls in a row may be throttled while no other call is in flight. More than
// that are not the effect of too many calls.
const maxAlone = 3

// A window limits the number of calls in flight, like the congestion window of TCP (RFC 5681,
// section 3.1). Up to a threshold it grows by one with every page, so it doubles in a round of
// responses; then it grows by one in a round. When the server throttles, it is halved, and that
// becomes the threshold. For example, with ListInput.Parallel 8:
//
//	page    1  2  3  4  5  6  SlowDown  7     8     9     10    11
//	size 1  1  4  5  6  7  8  4         4.25  4.49  4.71  4.92  5.12
type window struct {
	limit     int     // ListInput.Parallel, at least 1
	size      float64 // calls that may be in flight now
	threshold float64 // from this size on, it grows by one per round
	epoch     int     // the number of times that it was halved
	useful    int     // pages that had new keys
	alone     int     // throttled calls in a row with no other in flight
}

// grow is called for each page that has new keys. The window does not grow after the first page,
// because most buckets have no more. After the second page it makes up for that.
func (w *window) grow() {
	w.alone = 0
	w.useful++
	switch {
	case w.useful == 1:
		return
	case w.useful == 2 && w.epoch == 0:
		w.size += 2
	}
	if w.size < w.threshold {
		w.size++
	} else {
		w.size += 1 / w.size
	}
	w.size = min(w.size, float64(w.limit))
}

// shrink is called for each call that was throttled, with the epoch in which it was made. Only the
// first of the calls of an epoch halves the window.
func (w *window) shrink(epoch int) {
	if epoch == w.epoch {
		w.epoch++
		w.size = max(1, w.size/2)
		w.threshold = w.size
	}
}
