package cognitotest

import (
	"encoding/base32"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Role is an IAM role, with what its trust policy and its settings say.
type Role struct {
	ARN string // arn:aws:iam::123456789012:role/example

	// Audiences are the values of "aud" that the trust policy takes: IDs of identity pools, for the tokens of
	// GetOpenIdToken, and of app clients, for the ID tokens of a user pool. Nil: all of the server's identity pools.
	Audiences []string

	// AMR is the trust policy's condition on cognito-identity.amazonaws.com:amr, "authenticated" or "unauthenticated".
	// Empty: no condition, guests may assume the role too.
	AMR string

	MaxSessionDuration time.Duration // 0: 1 hour
}

// trusts reports whether the role's trust policy lets the bearer of a token of the server assume it.
func (r *Role) trusts(c claims) bool {
	pool := c.text("iss") == identityIssuer
	if r.Audiences == nil && !pool || r.Audiences != nil && !slices.Contains(r.Audiences, c.text("aud")) {
		return false
	}
	return r.AMR == "" || !pool || slices.Contains(c.texts("amr"), r.AMR)
}

const (
	defaultDuration = time.Hour
	minDuration     = 15 * time.Minute
	maxDuration     = 12 * time.Hour
)

// serveSTS answers one request in the AWS query protocol (STS API reference, version 2011-06-15). Both GET and POST
// are allowed there.
func (s *Server) serveSTS(w http.ResponseWriter, r *http.Request, body []byte) {
	requestID := newUUID()
	w.Header().Set("x-amzn-RequestId", requestID)
	var d document
	status := http.StatusOK
	if no := s.answerSTS(&d, r, body); no == nil {
		d.open("ResponseMetadata", "")
		d.element("RequestId", requestID)
		d.close("ResponseMetadata")
		d.close(d.root)
	} else {
		d, status = document{}, no.status
		d.open("ErrorResponse", stsNamespace)
		d.open("Error", "")
		d.element("Type", "Sender")
		d.element("Code", no.code)
		d.element("Message", no.message)
		d.close("Error")
		d.element("RequestId", requestID)
		d.close("ErrorResponse")
	}
	d.send(w, status, "text/xml")
}

// answerSTS writes the answer without its end, or says why not.
func (s *Server) answerSTS(d *document, r *http.Request, body []byte) *refusal {
	in, err := newArrival(r, body)
	if err != nil {
		return &refusal{status: 400, code: "MalformedQueryString", message: "The query string cannot be parsed."}
	}
	form := in.query
	if r.Method != http.MethodGet {
		mediaType, _, _ := mime.ParseMediaType(in.header("content-type"))
		if form = string(body); r.Method != http.MethodPost || mediaType != "application/x-www-form-urlencoded" {
			return &refusal{status: 400, code: "MalformedInput", message: "want a POST of application/x-www-form-urlencoded"}
		}
	}
	params, err := url.ParseQuery(form)
	action := params.Get("Action")
	switch {
	case err != nil:
		return &refusal{status: 400, code: "MalformedQueryString", message: "The query string cannot be parsed."}
	case params.Get("Version") == "2011-06-15" && action == "AssumeRoleWithWebIdentity":
		return s.assumeRoleWithWebIdentity(d, params)
	case params.Get("Version") == "2011-06-15" && action == "GetCallerIdentity":
		return s.getCallerIdentity(d, r, in)
	}
	return &refusal{status: 400, code: "InvalidAction", message: fmt.Sprintf("Could not find operation %s for version %s", action, params.Get("Version"))}
}

// assumeRoleWithWebIdentity is AssumeRoleWithWebIdentity, which is not signed: the token is the proof.
func (s *Server) assumeRoleWithWebIdentity(d *document, params url.Values) *refusal {
	invalid := func(format string, args ...any) *refusal {
		return &refusal{status: 400, code: "ValidationError", message: fmt.Sprintf(format, args...)}
	}
	for _, limit := range []struct {
		name     string
		min, max int
		required bool
	}{
		{"RoleArn", 20, 2048, true}, {"RoleSessionName", 2, 64, true}, {"WebIdentityToken", 4, 20000, true}, {"Policy", 1, 2048, false},
	} {
		if n := len(params.Get(limit.name)); limit.required && !params.Has(limit.name) {
			return invalid("1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", member(limit.name))
		} else if params.Has(limit.name) && (n < limit.min || n > limit.max) {
			return invalid("1 validation error detected: Value at '%s' failed to satisfy constraint: Member must have length from %d to %d", member(limit.name), limit.min, limit.max)
		}
	}
	session := params.Get("RoleSessionName")
	if i := strings.IndexFunc(session, func(c rune) bool {
		return !('A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.ContainsRune("_+=,.@-", c))
	}); i >= 0 {
		return invalid(`1 validation error detected: Value '%s' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`, session)
	}
	duration := defaultDuration
	if text := params.Get("DurationSeconds"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 32)
		if duration = time.Duration(seconds) * time.Second; err != nil || duration < minDuration || duration > maxDuration {
			return invalid("1 validation error detected: Value '%s' at 'durationSeconds' failed to satisfy constraint: Member must have value from 900 to 43200", text)
		}
	}
	if policy := params.Get("Policy"); policy != "" && !json.Valid([]byte(policy)) {
		return &refusal{status: 400, code: "MalformedPolicyDocument", message: "The policy is not in the valid JSON format."}
	}
	c, err := s.verifyToken(params.Get("WebIdentityToken"))
	audience, issuer := c.text("aud"), c.text("iss")
	switch {
	case err == errTokenExpired:
		return &refusal{status: 400, code: "ExpiredTokenException", message: "Token expired: current date/time must be before the expiration date/time"}
	case err != nil:
		return &refusal{status: 400, code: "InvalidIdentityToken", message: "The web identity token provided could not be validated: " + err.Error()}
	case audience == "" || issuer != identityIssuer && c.text("token_use") != "id":
		return &refusal{status: 400, code: "InvalidIdentityToken", message: "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"}
	}
	at := slices.IndexFunc(s.Roles, func(role Role) bool { return role.ARN == params.Get("RoleArn") })
	if at < 0 || !s.Roles[at].trusts(c) {
		return &refusal{status: 403, code: "AccessDenied", message: "Not authorized to perform sts:AssumeRoleWithWebIdentity"}
	}
	role := s.Roles[at]
	if limit := max(role.MaxSessionDuration, defaultDuration); duration > limit {
		return invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	who := principal{role.ARN, session}
	credentials := s.issue(who, duration)
	provider := strings.TrimPrefix(identityIssuer, "https://")
	if issuer != identityIssuer {
		_, name, _ := strings.Cut(issuer, "://")
		provider = "arn:" + arnField(role.ARN, 1) + ":iam::" + arnField(role.ARN, 4) + ":oidc-provider/" + name
	}
	d.openResult("AssumeRoleWithWebIdentity")
	d.element("SubjectFromWebIdentityToken", c.text("sub"))
	d.element("Audience", audience)
	d.element("Provider", provider)
	d.open("AssumedRoleUser", "")
	d.element("Arn", who.arn())
	d.element("AssumedRoleId", who.id())
	d.close("AssumedRoleUser")
	d.open("Credentials", "")
	d.element("AccessKeyId", credentials.accessKeyID)
	d.element("SecretAccessKey", credentials.secretAccessKey)
	d.element("SessionToken", credentials.sessionToken)
	d.element("Expiration", credentials.expires.UTC().Format(time.RFC3339))
	d.close("Credentials")
	d.close("AssumeRoleWithWebIdentityResult")
	return nil
}

// getCallerIdentity is GetCallerIdentity: who the signature is of.
func (s *Server) getCallerIdentity(d *document, r *http.Request, in *arrival) *refusal {
	if !in.signed() {
		return &refusal{status: 403, code: "MissingAuthenticationToken", message: "Request is missing Authentication Token"}
	}
	at := parseHost(r.Host)
	v := verifier{service: "sts", region: at.region, now: time.Now(), credentials: s.credentials}
	if at.service != "" && at.region == "" {
		v.region = "us-east-1" // sts.amazonaws.com
	}
	credentials, _, no := v.verify(in)
	if no != nil {
		return no
	}
	who := credentials.principal
	d.openResult("GetCallerIdentity")
	d.element("Arn", who.arn())
	d.element("UserId", who.id())
	d.element("Account", arnField(who.roleARN, 4))
	d.close("GetCallerIdentityResult")
	return nil
}

// openResult opens the two outermost elements of an answer.
func (d *document) openResult(action string) {
	d.root = action + "Response"
	d.open(d.root, stsNamespace)
	d.open(action+"Result", "")
}

// arn is what IAM calls the session: arn:aws:sts::123456789012:assumed-role/<role>/<session>. The role's path is not in it.
func (p principal) arn() string {
	name := p.roleARN[strings.LastIndex(p.roleARN, "/")+1:]
	return fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/%s", arnField(p.roleARN, 1), arnField(p.roleARN, 4), name, p.sessionName)
}

// id is the unique ID of the role, always the same, and the name of the session.
func (p principal) id() string {
	return "AROA" + base32.StdEncoding.EncodeToString(mac(nil, p.roleARN))[:17] + ":" + p.sessionName
}

// arnField answers one of the six fields of an ARN: 1 is the partition, 4 the account.
func arnField(arn string, i int) string {
	if fields := strings.SplitN(arn, ":", 6); len(fields) == 6 {
		return fields[i]
	}
	return ""
}
