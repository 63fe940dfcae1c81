package cognitotest

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AWS Signature Version 4, from the server's side: everything is computed again from the request as it arrived, and
// what was sent along is only compared. The rules are those of "Authenticating Requests (AWS Signature Version 4)" in
// the S3 API reference and "Create a signed AWS API request" in the IAM user guide; titles in quotation marks below are sections of them.

const (
	algorithm   = "AWS4-HMAC-SHA256"
	basicFormat = "20060102T150405Z" // ISO 8601 basic, of X-Amz-Date
	maxSkew     = 15 * time.Minute
	maxExpires  = 7 * 24 * time.Hour // of a presigned URL
)

// refusal is an answer that says no, in the words of S3 or of STS.
type refusal struct {
	status        int
	code, message string
	detail        []string // S3: further elements of the error document, names and values in turn
}

// verifier checks the signatures of one service.
type verifier struct {
	service     string // "s3" has rules and error codes of its own
	region      string // that requests must be signed for; empty: any
	now         time.Time
	credentials func(accessKeyID string) (issuedCredentials, bool)
}

// refuse words a refusal as the service does.
func (v *verifier) refuse(s3, other refusal) *refusal {
	if v.service == "s3" {
		return &s3
	}
	return &other
}

// incomplete refuses what does not say properly how it was signed.
func (v *verifier) incomplete(query bool, format string, args ...any) *refusal {
	message := fmt.Sprintf(format, args...)
	s3 := refusal{status: http.StatusBadRequest, code: "AuthorizationHeaderMalformed", message: "The authorization header is malformed; " + message}
	if query {
		s3.code, s3.message = "AuthorizationQueryParametersError", message
	}
	return v.refuse(s3, refusal{status: http.StatusBadRequest, code: "IncompleteSignature", message: message})
}

// checkScope compares the credential scope with the date, the Region and the service of the request.
func (v *verifier) checkScope(sig *signature) *refusal {
	other := func(message string) refusal {
		return refusal{status: 403, code: "SignatureDoesNotMatch", message: message}
	}
	s3 := func(format string, args ...any) refusal {
		v := verifier{service: "s3"}
		return *v.incomplete(sig.query, format, args...)
	}
	switch {
	case sig.terminal != "aws4_request":
		return v.refuse(s3(`incorrect terminal %q. This endpoint uses "aws4_request".`, sig.terminal),
			other("Credential should be scoped with a valid terminator: 'aws4_request'."))
	case sig.service != v.service:
		return v.refuse(s3(`incorrect service %q. This endpoint belongs to %q.`, sig.service, v.service),
			other("Credential should be scoped to correct service: '"+v.service+"'."))
	case sig.date != sig.amzDate[:8]:
		return v.refuse(s3("Invalid credential date %q. This date is not the same as X-Amz-Date: %q.", sig.date, sig.amzDate[:8]),
			other("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP."))
	case sig.region == "" || v.region != "" && sig.region != v.region:
		r := s3("the region '%s' is wrong; expecting '%s'", sig.region, v.region)
		r.detail = []string{"Region", v.region}
		return v.refuse(r, other("Credential should be scoped to a valid region."))
	}
	return nil
}

// verify answers whose credentials signed the request, and its body without the framing of aws-chunked.
func (v *verifier) verify(a *arrival) (issuedCredentials, []byte, *refusal) {
	fail := func(r *refusal) (issuedCredentials, []byte, *refusal) { return issuedCredentials{}, nil, r }
	sig, r := v.parse(a)
	if r != nil {
		return fail(r)
	}
	creds, known := v.credentials(sig.accessKeyID)
	if r := v.checkCredentials(sig, creds, known); r != nil {
		return fail(r)
	}
	if r := v.checkTime(sig); r != nil {
		return fail(r)
	}
	if r := v.checkSigned(sig, a); r != nil {
		return fail(r)
	}
	payload, r := v.payloadHash(sig, a)
	if r != nil {
		return fail(r)
	}
	canonical := v.canonicalRequest(sig, a, payload)
	toSign := strings.Join([]string{algorithm, sig.amzDate, sig.scope(), hexHash([]byte(canonical))}, "\n")
	key := mac([]byte("AWS4"+creds.secretAccessKey), sig.date)
	for _, part := range []string{sig.region, sig.service, sig.terminal} {
		key = mac(key, part)
	}
	// As text: upper-case digits are not what AWS documents.
	if want := hex.EncodeToString(mac(key, toSign)); subtle.ConstantTimeCompare([]byte(want), []byte(sig.signature)) != 1 {
		return fail(v.mismatch(sig, toSign, canonical))
	}
	body, r := decodeBody(sig, a, key, payload)
	if r != nil {
		return fail(r)
	}
	return creds, body, nil
}

// mismatch refuses a signature that is not the one computed here. S3 then shows what it computed.
func (v *verifier) mismatch(sig *signature, toSign, canonical string) *refusal {
	const message = "The request signature we calculated does not match the signature you provided. Check your "
	bytes := func(s string) string { return fmt.Sprintf("% x", s) }
	return v.refuse(
		refusal{status: 403, code: "SignatureDoesNotMatch", message: message + "key and signing method.", detail: []string{
			"AWSAccessKeyId", sig.accessKeyID, "StringToSign", toSign, "SignatureProvided", sig.signature,
			"StringToSignBytes", bytes(toSign), "CanonicalRequest", canonical, "CanonicalRequestBytes", bytes(canonical)}},
		refusal{status: 403, code: "SignatureDoesNotMatch", message: message + "AWS Secret Access Key and signing method. Consult the service documentation for details."})
}

// checkCredentials checks that the key exists, comes with the session token it was issued with, and has not expired.
func (v *verifier) checkCredentials(sig *signature, creds issuedCredentials, known bool) *refusal {
	invalid := refusal{status: 403, code: "InvalidClientTokenId", message: "The security token included in the request is invalid."}
	switch {
	case !known || sig.token == "" && creds.sessionToken != "":
		return v.refuse(refusal{status: 403, code: "InvalidAccessKeyId", message: "The AWS Access Key Id you provided does not exist in our records.",
			detail: []string{"AWSAccessKeyId", sig.accessKeyID}}, invalid)
	case subtle.ConstantTimeCompare([]byte(sig.token), []byte(creds.sessionToken)) != 1:
		return v.refuse(refusal{status: 400, code: "InvalidToken", message: "The provided token is malformed or otherwise invalid.",
			detail: []string{"Token-0", sig.token}}, invalid)
	case !creds.expires.IsZero() && !v.now.Before(creds.expires):
		return v.refuse(refusal{status: 400, code: "ExpiredToken", message: "The provided token has expired.", detail: []string{"Token-0", sig.token}},
			refusal{status: 403, code: "ExpiredToken", message: "The security token included in the request is expired"})
	}
	return nil
}

// checkTime checks that the request was signed within 15 minutes of now, or that a presigned URL is in force.
func (v *verifier) checkTime(sig *signature) *refusal {
	stamp := func(t time.Time) string { return t.UTC().Format(basicFormat) }
	server := []string{"ServerTime", v.now.UTC().Format(time.RFC3339)}
	denied := func(message string, detail ...string) refusal {
		return refusal{status: 403, code: "AccessDenied", message: message, detail: append(detail, server...)}
	}
	skewed := refusal{status: 403, code: "RequestTimeTooSkewed", message: "The difference between the request time and the current time is too large.",
		detail: append(append([]string{"RequestTime", sig.amzDate}, server...), "MaxAllowedSkewMilliseconds", strconv.FormatInt(maxSkew.Milliseconds(), 10))}
	other := refusal{status: 403, code: "SignatureDoesNotMatch"}
	oldest, newest := v.now.Add(-maxSkew), v.now.Add(maxSkew)
	if sig.query {
		oldest, skewed = v.now.Add(-sig.expires), denied("Request has expired", "X-Amz-Expires", strconv.Itoa(int(sig.expires.Seconds())),
			"Expires", sig.time.Add(sig.expires).Format(time.RFC3339))
	}
	switch {
	case sig.time.Before(oldest):
		other.message = fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - %d min.)", sig.amzDate, stamp(oldest), stamp(v.now), int(v.now.Sub(oldest).Minutes()))
	case sig.time.After(newest):
		other.message = fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + 15 min.)", sig.amzDate, stamp(newest), stamp(v.now))
		if sig.query {
			skewed = denied("Request is not yet valid")
		}
	default:
		return nil
	}
	return v.refuse(skewed, other)
}

// checkSigned checks that SignedHeaders is a sorted list with host and every x-amz-* header that was sent. The S3 API
// reference ("Task 1: Create a canonical request") asks for Content-Type as well, but S3 takes it unsigned from clients
// in wide use (minio-go), so it is not asked for here. When it is signed it is checked like all that is.
func (v *verifier) checkSigned(sig *signature, a *arrival) *refusal {
	if !slices.IsSorted(sig.headers) ||
		len(slices.Compact(slices.Clone(sig.headers))) != len(sig.headers) || strings.ToLower(strings.Join(sig.headers, ";")) != strings.Join(sig.headers, ";") {
		return v.incomplete(sig.query, "SignedHeaders must be lower-case names in order, each once.")
	}
	var missing []string
	for name := range a.headers {
		must := name == "host" || strings.HasPrefix(name, "x-amz-")
		if must && !slices.Contains(sig.headers, name) {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	names := strings.Join(missing, ", ")
	return v.refuse(refusal{status: 403, code: "AccessDenied", message: "There were headers present in the request which were not signed",
		detail: []string{"HeadersNotSigned", names}},
		refusal{status: 403, code: "SignatureDoesNotMatch", message: "Header(s) must be signed: " + names})
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func hexHash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
