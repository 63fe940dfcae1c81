package cognitotest

import (
	"crypto/rand"
	"encoding/base64"
	"time"
)

// store remembers what the server handed out until it expires or is used up, and no more than the last storeLimit of
// it. The zero value is ready. The server's mutex guards it. Values are pointers: then all stores share their code.
type store[V any] struct {
	entries map[string]entry[V]
	order   []string // keys, oldest first; some may be gone from entries
}

type entry[V any] struct {
	value   V
	expires time.Time
}

// storeLimit bounds each store. A thousand sign-ins at once use a tenth of it.
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

// get answers an entry that has not expired.
func (s *store[V]) get(key string) (value V, ok bool) {
	e, ok := s.entries[key]
	if !ok || !time.Now().Before(e.expires) {
		return value, false
	}
	return e.value, true
}

// take answers an entry like get and removes it: what is taken is used up.
func (s *store[V]) take(key string) (V, bool) {
	value, ok := s.get(key)
	delete(s.entries, key)
	return value, ok
}

// principal is who temporary credentials speak for.
type principal struct {
	roleARN     string // arn:aws:iam::123456789012:role/example
	sessionName string
}

// issuedCredentials are temporary credentials that the server gave out.
type issuedCredentials struct {
	accessKeyID, secretAccessKey, sessionToken string
	expires                                    time.Time
	principal                                  principal
}

// issue makes temporary credentials and remembers them.
func (s *Server) issue(p principal, lifetime time.Duration) issuedCredentials {
	c := issuedCredentials{
		accessKeyID:     "ASIA" + rand.Text()[:16],
		secretAccessKey: base64.StdEncoding.EncodeToString(random(30)),
		sessionToken:    base64.StdEncoding.EncodeToString(random(256)),
		expires:         time.Now().Add(lifetime).Truncate(time.Second),
		principal:       p,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issued.put(c.accessKeyID, &c, c.expires.Add(time.Hour)) // known for longer, to be told from a key that never was
	return c
}

// credentials looks up what issue gave out, by access key ID; the caller checks the expiry. ok is false for a key that
// never was.
func (s *Server) credentials(accessKeyID string) (c issuedCredentials, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, found := s.issued.get(accessKeyID); found {
		return *known, true
	}
	return c, false
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}
