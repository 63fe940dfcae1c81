package awshttp

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/loginwithcognito/cognito/internal/endpoint"
)

const (
	// minOffset is the smallest error of the local clock that is corrected, as in the AWS SDK for
	// Go v2. Services accept 5 to 15 minutes, and a Date header is imprecise.
	minOffset = 4 * time.Minute
	// maxOffset is the largest. A clock that is further off does not pass the check of the
	// server's certificate, and no response should obtain signatures for the far future.
	maxOffset = 366 * 24 * time.Hour
)

// skewCodes are codes with which services refuse a signature because of its time or for other
// reasons.
var skewCodes = []string{
	"RequestTimeTooSkewed",
	"RequestExpired",
	"RequestInTheFuture",
	"InvalidSignatureException",
	"SignatureDoesNotMatch",
	"AuthFailure",
}

// Now returns the server's time: the local time, corrected by the Date header of the last response
// if both differ by 4 minutes or more. Before the first response it is the local time. It has no
// monotonic reading: the monotonic clock stops while a machine sleeps, and an expiry time compared
// with it would come too late.
func (s *Sender) Now() time.Time {
	now, _ := s.now()
	return now
}

func (s *Sender) now() (now time.Time, offset time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Round(0).Add(s.offset), s.offset
}

// learn stores the difference between the server's clock and the local one. Each response replaces
// it, so it disappears once the local clock is corrected. A cached response (with Age) has an older
// time, and a response without TLS may be altered; both are ignored.
func (s *Sender) learn(from *url.URL, h http.Header) {
	if h.Get("Age") != "" || from.Scheme != "https" && !endpoint.Loopback(from.Hostname()) {
		return
	}
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return
	}
	offset := time.Until(date)
	if offset.Abs() > maxOffset {
		return
	}
	if offset.Abs() < minOffset {
		offset = 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset = offset
}

// skewed reports whether f refuses a signature made with the offset used, and a better offset is
// known by now.
func (s *Sender) skewed(f *Failure, used time.Duration) bool {
	_, offset := s.now()
	return slices.Contains(skewCodes, f.Code) && (offset-used).Abs() >= minOffset
}
