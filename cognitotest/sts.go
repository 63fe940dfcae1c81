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

	"github.com/loginwithcognito/cognito/cognitotest/internal/sigv4check"
)

// Role is an IAM role with its trust policy.
type Role struct {
	// ARN is the name of the role: arn:aws:iam::123456789012:role/example.
	ARN string

	// Audiences are the values of the claim aud that the trust policy accepts: IDs of identity
	// pools for the tokens of GetOpenIdToken, and IDs of app clients for the ID tokens of a user
	// pool. If Audiences is nil, the role trusts all identity pools of the server.
	Audiences []string

	// AMR is the condition of the trust policy on cognito-identity.amazonaws.com:amr:
	// "authenticated" or "unauthenticated". If AMR is empty, guests may assume the role too.
	AMR string

	// MaxSessionDuration limits the lifetime of credentials. If it is 0, the limit is 1 hour.
	MaxSessionDuration time.Duration
}

// trusts reports whether the role's trust policy accepts a token of the server.
func (r *Role) trusts(c claims) bool {
	ofPool := c.text("iss") == identityIssuer
	trusted := ofPool
	if r.Audiences != nil {
		trusted = slices.Contains(r.Audiences, c.text("aud"))
	}
	return trusted && (r.AMR == "" || !ofPool || slices.Contains(c.texts("amr"), r.AMR))
}

const (
	defaultDuration = time.Hour
	minDuration     = 15 * time.Minute
	maxDuration     = 12 * time.Hour
)

// serveSTS responds in the AWS query protocol (STS API reference, version 2011-06-15).
func (s *Server) serveSTS(w http.ResponseWriter, r *http.Request, body []byte) func() {
	id := newUUID()
	w.Header().Set("x-amzn-RequestId", id)
	requestID := elements("RequestId", id)
	action, result, err := s.callSTS(r, body)
	if err != nil {
		e := err.(*refusal)
		return writeXML(w, e.Status, "text/xml", element(`ErrorResponse xmlns="`+stsNamespace+`"`,
			element("Error", elements("Type", "Sender", "Code", e.Code, "Message", e.Message)),
			requestID))
	}
	return writeXML(w, http.StatusOK, "text/xml",
		element(action+`Response xmlns="`+stsNamespace+`"`,
			element(action+"Result", result),
			element("ResponseMetadata", requestID)))
}

// callSTS runs the action that the request names, and returns the content of its result.
func (s *Server) callSTS(r *http.Request, body []byte) (action, result string, err error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if r.Method != http.MethodGet && err == nil {
		mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if r.Method != http.MethodPost || mediaType != formType {
			return "", "", deny(400, "MalformedInput", "want a POST of "+formType)
		}
		query, err = url.ParseQuery(string(body))
	}
	if err != nil {
		return "", "", deny(400, "MalformedQueryString",
			"The query string cannot be parsed.")
	}
	action = query.Get("Action")
	version := query.Get("Version")
	switch {
	case version == "2011-06-15" && action == "AssumeRoleWithWebIdentity":
		result, err = s.assumeRoleWithWebIdentity(query)
	case version == "2011-06-15" && action == "GetCallerIdentity":
		result, err = s.getCallerIdentity(r, body)
	default:
		err = deny(400, "InvalidAction",
			fmt.Sprintf("Could not find operation %s for version %s", action, version))
	}
	return action, result, err
}

// assumeRoleWithWebIdentity is not signed, because the token is the proof.
func (s *Server) assumeRoleWithWebIdentity(query url.Values) (string, error) {
	session, duration, err := parseAssumeRole(query)
	if err != nil {
		return "", err
	}
	c, err := s.verifyToken(query.Get("WebIdentityToken"))
	audience, issuer := c.text("aud"), c.text("iss")
	switch {
	case err == errTokenExpired:
		return "", deny(400, "ExpiredTokenException",
			"Token expired: current date/time must be before the expiration date/time")
	case err != nil:
		return "", deny(400, "InvalidIdentityToken",
			"The web identity token provided could not be validated: "+err.Error())
	case audience == "" || issuer != identityIssuer && c.text("token_use") != "id":
		return "", deny(400, "InvalidIdentityToken", "The ID Token provided is not a "+
			"valid JWT. (You may see this error if you sent an Access Token)")
	}
	arn := query.Get("RoleArn")
	at := slices.IndexFunc(s.Roles, func(role Role) bool { return role.ARN == arn })
	if at < 0 || !s.Roles[at].trusts(c) {
		return "", deny(403, "AccessDenied",
			"Not authorized to perform sts:AssumeRoleWithWebIdentity")
	}
	if duration > max(s.Roles[at].MaxSessionDuration, defaultDuration) {
		return "", validationError("The requested DurationSeconds exceeds the " +
			"MaxSessionDuration set for this role.")
	}
	p := principal{arn, session}
	credentials := s.issue(p, duration)
	_, provider, _ := strings.Cut(issuer, "://")
	if issuer != identityIssuer {
		provider = "arn:" + arnField(arn, 1) + ":iam::" + arnField(arn, 4) +
			":oidc-provider/" + provider
	}
	return elements(
		"SubjectFromWebIdentityToken", c.text("sub"),
		"Audience", audience,
		"Provider", provider,
	) + element("AssumedRoleUser", elements(
		"Arn", p.arn(),
		"AssumedRoleId", p.id(),
	)) + element("Credentials", elements(
		"AccessKeyId", credentials.accessKeyID,
		"SecretAccessKey", credentials.secretAccessKey,
		"SessionToken", credentials.sessionToken,
		"Expiration", credentials.expires.UTC().Format(time.RFC3339),
	)), nil
}

func validationError(format string, args ...any) error {
	return deny(400, "ValidationError", fmt.Sprintf(format, args...))
}

// parseAssumeRole checks the parameters of AssumeRoleWithWebIdentity except the token.
func parseAssumeRole(query url.Values) (session string, duration time.Duration, err error) {
	const failed = "1 validation error detected: Value%s at '%s' failed to satisfy constraint: %s"
	for _, limit := range []struct {
		name     string
		min, max int
	}{
		{"RoleArn", 20, 2048},
		{"RoleSessionName", 2, 64},
		{"WebIdentityToken", 4, 20000},
		{"Policy", 1, 2048},
	} {
		n := len(query.Get(limit.name))
		switch {
		case query.Has(limit.name) && (n < limit.min || n > limit.max):
			return "", 0, validationError(failed, "", member(limit.name), fmt.Sprintf(
				"Member must have length from %d to %d", limit.min, limit.max))
		case !query.Has(limit.name) && limit.name != "Policy":
			return "", 0, validationError(failed, " null", member(limit.name),
				"Member must not be null")
		}
	}
	session = query.Get("RoleSessionName")
	for _, c := range session {
		if !('A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' ||
			strings.ContainsRune("_+=,.@-", c)) {
			return "", 0, validationError(failed, " '"+session+"'", "roleSessionName",
				`Member must satisfy regular expression pattern: [\w+=,.@-]*`)
		}
	}
	duration = defaultDuration
	if text := query.Get("DurationSeconds"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 32)
		duration = time.Duration(seconds) * time.Second
		if err != nil || duration < minDuration || duration > maxDuration {
			return "", 0, validationError(failed, " '"+text+"'", "durationSeconds",
				"Member must have value from 900 to 43200")
		}
	}
	if policy := query.Get("Policy"); policy != "" && !json.Valid([]byte(policy)) {
		return "", 0, deny(400, "MalformedPolicyDocument",
			"The policy is not in the valid JSON format.")
	}
	return session, duration, nil
}

// getCallerIdentity returns the principal of the credentials that signed the request.
func (s *Server) getCallerIdentity(r *http.Request, body []byte) (string, error) {
	at := parseHost(r.Host)
	rules := sigv4check.Rules{
		Service: "sts",
		Region:  at.region,
		Now:     time.Now(),
		Lookup:  s.lookup,
	}
	if at.service != "" && at.region == "" {
		rules.Region = "us-east-1" // sts.amazonaws.com
	}
	id, _, err := sigv4check.Verify(r, body, rules)
	if err != nil {
		return "", err
	}
	c, ok := s.issued.get(id)
	if !ok {
		return "", deny(403, "MissingAuthenticationToken",
			"Request is missing Authentication Token")
	}
	p := c.principal
	return elements("Arn", p.arn(), "UserId", p.id(), "Account", arnField(p.roleARN, 4)), nil
}

// arn returns IAM's name of the session: arn:aws:sts::123456789012:assumed-role/<role>/<session>.
// It does not include the path of the role.
func (p principal) arn() string {
	name := p.roleARN[strings.LastIndex(p.roleARN, "/")+1:]
	return fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/%s",
		arnField(p.roleARN, 1), arnField(p.roleARN, 4), name, p.sessionName)
}

// id returns the unique ID of the role, which never changes, and the name of the session.
func (p principal) id() string {
	role := base32.StdEncoding.EncodeToString(mac(nil, []byte(p.roleARN)))
	return "AROA" + role[:17] + ":" + p.sessionName
}

// arnField returns one of the six fields of an ARN. Field 1 is the partition, and field 4 the
// account.
func arnField(arn string, i int) string {
	if fields := strings.SplitN(arn, ":", 6); len(fields) == 6 {
		return fields[i]
	}
	return ""
}
