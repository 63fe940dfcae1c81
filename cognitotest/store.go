package cognitotest

import (
	"crypto/rand"
	"encoding/base64"
	"time"
)

// store holds values that the server issued until they expire or are taken. It holds at most
// storeLimit values and drops the oldest. The zero value is empty. Values are pointers, so that all
// stores share their compiled code.
type store[V any] struct {
	entries map[string]entry[V]
	order   []string // keys, oldest first; may include keys that were taken
}

type entry[V any] struct {
	value   V
	expires time.Time
}

// storeLimit is the capacity of a store. A thousand concurrent sign-ins use a tenth of it.
const storeLimit = 10_000

func (s *store[V]) put(key string, value V, expires time.Time) {
	if s.entries == nil {
		s.entries = make(map[string]entry[V])
	}
	now := time.Now()
	for len(s.order) > 0 {
		oldest, ok := s.entries[s.order[0]]
		if ok && now.Before(oldest.expires) && len(s.order) < storeLimit {
			break
		}
		delete(s.entries, s.order[0])
		s.order = s.order[1:]
	}
	if _, ok := s.entries[key]; !ok {
		s.order = append(s.order, key)
	}
	s.entries[key] = entry[V]{value, expires}
}

// get returns a value that has not expired.
func (s *store[V]) get(key string) (value V, ok bool) {
	e, ok := s.entries[key]
	if !ok || !time.Now().Before(e.expires) {
		return value, false
	}
	return e.value, true
}

// take returns a value like get, and removes it.
func (s *store[V]) take(key string) (V, bool) {
	value, ok := s.get(key)
	delete(s.entries, key)
	return value, ok
}

// principal is the holder of temporary credentials.
type principal struct {
	roleARN     string // arn:aws:iam::123456789012:role/example
	sessionName string
}

// issuedCredentials are temporary credentials that the server issued.
type issuedCredentials struct {
	accessKeyID     string
	secretAccessKey string
	sessionToken    string
	expires         time.Time
	principal       principal
}

// issue creates temporary credentials. It remembers them for an hour after they expire, so that
// expired credentials can be told from unknown ones.
func (s *Server) issue(p principal, lifetime time.Duration) *issuedCredentials {
	c := &issuedCredentials{
		accessKeyID:     "ASIA" + rand.Text()[:16],
		secretAccessKey: base64.StdEncoding.EncodeToString(random(30)),
		sessionToken:    base64.StdEncoding.EncodeToString(random(256)),
		expires:         time.Now().Add(lifetime).Truncate(time.Second),
		principal:       p,
	}
	s.issued.put(c.accessKeyID, c, c.expires.Add(time.Hour))
	return c
}

// lookup returns issued credentials for package sigv4check, which checks their expiry.
func (s *Server) lookup(accessKeyID string) (secret, token string, expires time.Time, ok bool) {
	c, ok := s.issued.get(accessKeyID)
	if !ok {
		return "", "", time.Time{}, false
	}
	return c.secretAccessKey, c.sessionToken, c.expires, true
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}
