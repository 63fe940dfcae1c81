package cognitotest

import (
	"crypto/rsa"
	"net/http"
)

type accountID struct{ pool, user string }
type account struct{}
type exchange struct{}
type session struct{}
type grant struct{}
type operation func()

func (s *Server) loadUsers()                                            {}
func (s *Server) signingKey() *rsa.PrivateKey                           { return nil }
func (s *Server) poolOf(r *http.Request) *UserPool                      { return nil }
func (s *Server) serveDiscovery(w http.ResponseWriter, r *http.Request) {}
func (s *Server) serveJSON(w http.ResponseWriter, r *http.Request, body []byte, name string, ops map[string]operation) {
}

// claims are the payload of a JWT.
type claims map[string]any

// verifyToken checks form, algorithm, key, signature and expiry of a token that must be this server's own; what the
// claims say is for the caller to check. Errors: errTokenForm, errTokenSignature, errTokenExpired.
func (s *Server) verifyToken(token string) (claims, error) { return nil, nil }
