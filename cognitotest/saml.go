package cognitotest

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"
)

// samlAudience is the audience of assertions for AWS ("Configure SAML assertions for the
// authentication response", IAM user guide).
const samlAudience = "https://signin.aws.amazon.com/saml"

const samlRole = "https://aws.amazon.com/SAML/Attributes/Role"

// isSAML reports whether the name of a provider is the ARN of a SAML provider.
func isSAML(name string) bool {
	return strings.HasPrefix(name, "arn:") && strings.Contains(name, ":saml-provider/")
}

// assertion has the variable texts of a SAML 2.0 assertion.
type assertion struct {
	id, issued, expires, subject, audience string
	roles                                  []string
}

// newAssertion returns an assertion with the claims that [Server.IssueToken] documents.
func newAssertion(c claims) assertion {
	instant := func(name string) string {
		seconds, _ := c[name].(int64)
		return time.Unix(seconds, 0).UTC().Format(time.RFC3339)
	}
	roles, _ := c["cognito:roles"].([]string)
	return assertion{
		id:       "_" + newUUID(),
		issued:   instant("iat"),
		expires:  instant("exp"),
		subject:  c.text("sub"),
		audience: c.text("aud"),
		roles:    roles,
	}
}

// sign returns a response with the assertion and an enveloped signature (SAML 2.0 Core section 5;
// XML Signature section 2). The text is canonical already, and the same for the same assertion.
func (a assertion) sign(provider string, key *rsa.PrivateKey) string {
	var roles strings.Builder
	for _, role := range a.roles {
		roles.WriteString(elements("saml:AttributeValue", role+","+provider))
	}
	start := `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="` + a.id +
		`" IssueInstant="` + a.issued + `" Version="2.0">` +
		elements("saml:Issuer", "https://idp.example.com/"+provider)
	end := element("saml:Subject", elements("saml:NameID", a.subject)) +
		element(`saml:Conditions NotBefore="`+a.issued+`" NotOnOrAfter="`+a.expires+`"`,
			element("saml:AudienceRestriction", elements("saml:Audience", a.audience))) +
		element("saml:AttributeStatement",
			element(`saml:Attribute Name="`+samlRole+`"`, roles.String())) +
		"</saml:Assertion>"
	const (
		names     = ` xmlns:ds="http://www.w3.org/2000/09/xmldsig#"`
		exclusive = `Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"`
		enveloped = `Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"`
		rsaSHA256 = `Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"`
		digest    = `Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"`
	)
	sum := sha256.Sum256([]byte(start + end))
	info := element("ds:CanonicalizationMethod "+exclusive) +
		element("ds:SignatureMethod "+rsaSHA256) +
		element(`ds:Reference URI="#`+a.id+`"`,
			element("ds:Transforms", element("ds:Transform "+enveloped),
				element("ds:Transform "+exclusive)),
			element("ds:DigestMethod "+digest),
			elements("ds:DigestValue", base64.StdEncoding.EncodeToString(sum[:])))
	sum = sha256.Sum256([]byte(element("ds:SignedInfo"+names, info)))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err) // The key is too short for the hash.
	}
	signed := element("ds:Signature"+names, element("ds:SignedInfo", info),
		elements("ds:SignatureValue", base64.StdEncoding.EncodeToString(signature)))
	return element(`samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r`+
		a.id+`" IssueInstant="`+a.issued+`" Version="2.0"`, start+signed+end)
}

// verifyAssertion checks a response in base64. It reads the texts of the assertion and signs it
// again. The signature is deterministic (RFC 8017 section 8.2), so an authentic response is equal
// byte for byte. Responses in another form than that of [Server.IssueToken] are refused.
func (s *Server) verifyAssertion(provider, token string) (claims, error) {
	text, err := base64.StdEncoding.Strict().DecodeString(token)
	response := string(text)
	if err != nil || !strings.HasPrefix(response, "<samlp:Response ") {
		return nil, errTokenForm
	}
	tag := between(response, "<saml:Assertion ", ">")
	a := assertion{
		id:       between(tag, ` ID="`, `"`),
		issued:   between(tag, ` IssueInstant="`, `"`),
		expires:  between(response, ` NotOnOrAfter="`, `"`),
		subject:  unescapeXML(between(response, "<saml:NameID>", "<")),
		audience: unescapeXML(between(response, "<saml:Audience>", "<")),
	}
	roles := []any{}
	for _, value := range strings.Split(response, "<saml:AttributeValue>")[1:] {
		pair, _, _ := strings.Cut(value, "<")
		role, _ := strings.CutSuffix(unescapeXML(pair), ","+provider)
		a.roles = append(a.roles, role)
		roles = append(roles, role)
	}
	if !equal(a.sign(provider, s.providerKey(provider)), response) {
		return nil, errTokenSignature
	}
	expires, err := time.Parse(time.RFC3339, a.expires)
	issued, wrong := time.Parse(time.RFC3339, a.issued)
	now := time.Now()
	switch {
	case err != nil || wrong != nil || a.subject == "":
		return nil, errTokenForm
	case !now.Before(expires.Add(providerSkew)):
		return nil, errTokenExpired
	case issued.After(now.Add(providerSkew)):
		return nil, errTokenForm
	case a.audience != samlAudience:
		return nil, errTokenAudience
	}
	return claims{"sub": a.subject, "cognito:roles": roles}, nil
}
