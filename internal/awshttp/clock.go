package awshttp

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/loginwithcognito/cognito/internal/endpoint"
)

const (
	// minOffset is the least error of the local clock that is corrected, as in the AWS SDK for Go v2. Services
	// accept 5 to 15 minutes; below that, the resolution and delay of a Date header only add noise.
	minOffset = 4 * time.Minute
	// maxOffset is the largest. A clock that is further off does not get past the validity of the server's
	// certificate, so a larger value is no correction; and no answer should obtain signatures for the far future.
	maxOffset = 366 * 24 * time.Hour
)

// Codes with which a service refuses a signature whose time it does not accept, among other reasons.
var skewCodes = []string{
	"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "InvalidSignatureException",
	"SignatureDoesNotMatch", "AuthFailure",
}

// Now is the time by the server's clock: the local clock, corrected by what the last answer's Date header said if
// they are 4 minutes or more apart. Before the first answer it is the local time. It has no monotonic reading, which
// stands still while the machine sleeps: what it is compared with, or kept with, does not live longer for that.
func (s *Sender) Now() time.Time {
	now, _ := s.now()
	return now
}

func (s *Sender) now() (now time.Time, offset time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Round(0).Add(s.offset), s.offset
}

// learn notes the difference between the server's clock and ours. Every answer replaces it, so it is gone after the
// local clock has been set right. Headers of a cached answer (Age) tell an older time and are passed over, and so
// are those that anybody on the way could have written.
func (s *Sender) learn(from *url.URL, h http.Header) {
	if h.Get("Age") != "" || from.Scheme != "https" && !endpoint.Loopback(from.Hostname()) {
		return
	}
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return
	}
	offset := date.Sub(time.Now())
	if offset.Abs() < minOffset {
		offset = 0
	}
	if offset.Abs() > maxOffset {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset = offset
}

// skewed tells whether f refused a signature made with the offset used, and a better offset is known by now.
func (s *Sender) skewed(f *Failure, used time.Duration) bool {
	_, offset := s.now()
	return slices.Contains(skewCodes, f.Code) && (offset-used).Abs() >= minOffset
}
