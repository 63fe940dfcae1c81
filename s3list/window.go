package s3list

// maxParallel is the limit for ListInput.Parallel.
const maxParallel = 64

// maxAlone is how many calls in a row may be throttled while no other call is in flight. More than
// that are not the effect of too many calls.
const maxAlone = 3

// A window limits the number of calls in flight. Like the congestion window of TCP (RFC 5681,
// section 3.1), it doubles with every round of calls up to a threshold, then grows by one per
// round, and is halved when the server throttles. With ListInput.Parallel 8 and one SlowDown:
//
//	size
//	  8          ****  SlowDown
//	  7         *    |
//	  6        *     |          **
//	  5       *      |      ****
//	  4      *       |******
//	  3     *
//	  1  ***
//	     page 1, 2, 3, ...
type window struct {
	limit     int     // ListInput.Parallel, at least 1
	size      float64 // calls that may be in flight now
	threshold float64 // from this size on, it grows by one per round
	epoch     int     // how often it was halved
	useful    int     // pages that had new keys
	alone     int     // throttled calls in a row with no other in flight
}

// grow is called for each page that has new keys. It does not grow after the first page, because
// most buckets have no more. After the second page it makes up for that.
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

// shrink is called for each call that was throttled, with the epoch in which it was made. Calls of
// the same epoch are halved once for all.
func (w *window) shrink(epoch int) {
	if epoch == w.epoch {
		w.epoch++
		w.size = max(1, w.size/2)
		w.threshold = w.size
	}
}
