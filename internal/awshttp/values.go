package awshttp

import (
	"time"

	"github.com/loginwithcognito/cognito/internal/ascii"
)

// MaxToken is the length in bytes of the longest token that Cognito accepts (Logins in the identity
// pools API).
const MaxToken = 50_000

// Keys reports whether the parts of temporary AWS credentials have the form that they must have.
// They become headers of requests.
func Keys(accessKeyID, secretAccessKey, sessionToken string) bool {
	return ascii.Word(accessKeyID, 128) &&
		ascii.Word(secretAccessKey, 1024) &&
		ascii.Word(sessionToken, MaxToken)
}

// Time returns the time that is a number of seconds after 1970, as services send it in JSON:
// perhaps with a fraction, which is cut to milliseconds. It reports false for times before 1970 or
// after the year 9999, which JSON (RFC 3339) cannot hold.
func Time(seconds float64) (time.Time, bool) {
	const last = 253402300799
	if !(seconds >= 0 && seconds <= last) {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(seconds * 1000)).UTC(), true
}
