package jwt

import "fmt"

// A Reason says why a token was refused.
type Reason string

// The reasons of an [Error]. All but [KeysUnavailable] are about the token, for which a server
// responds with status 401. After KeysUnavailable the token may be valid, and a server responds
// with status 503.
const (
	Malformed       Reason = "malformed"        // not a token of a user pool
	WrongIssuer     Reason = "wrong issuer"     // of another user pool
	WrongUse        Reason = "wrong use"        // an access token for an ID token, or the reverse
	WrongClient     Reason = "wrong client"     // of another app client
	Expired         Reason = "expired"          // exp is in the past, or missing
	NotYetValid     Reason = "not yet valid"    // iat or nbf is in the future
	UnknownKey      Reason = "unknown key"      // no published key has the token's key ID
	BadSignature    Reason = "bad signature"    // changed, or not made by the pool
	KeysUnavailable Reason = "keys unavailable" // the pool's keys could not be fetched
)

// An Error is the error of a token that could not be verified.
type Error struct {
	Reason Reason
	err    error
}

// Error returns "jwt: " and an explanation, with at most 200 bytes of each value from the token.
func (e *Error) Error() string { return "jwt: " + e.err.Error() }

// Unwrap returns the cause, such as the failed request of [KeysUnavailable].
func (e *Error) Unwrap() error { return e.err }

func errorf(reason Reason, format string, args ...any) error {
	return &Error{reason, fmt.Errorf(format, args...)}
}
