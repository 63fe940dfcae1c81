package cognitotest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s store[int]
		expires := time.Now().Add(time.Minute)
		for i := range 3 * storeLimit {
			s.put(fmt.Sprint(i), i, expires)
		}
		if len(s.entries) > storeLimit || len(s.order) > storeLimit {
			t.Errorf("%d entries, %d in order; the limit is %d", len(s.entries), len(s.order), storeLimit)
		}
		if _, ok := s.get("0"); ok {
			t.Error("the oldest entry is still there")
		}
		last := fmt.Sprint(3*storeLimit - 1)
		if v, ok := s.get(last); !ok || v != 3*storeLimit-1 {
			t.Errorf("the newest entry is %d, %v", v, ok)
		}
		if v, ok := s.take(last); !ok || v != 3*storeLimit-1 {
			t.Errorf("take: %d, %v", v, ok)
		}
		if _, ok := s.take(last); ok {
			t.Error("taken twice")
		}
		s.put("again", 1, expires)
		s.put("again", 2, expires)
		if v, _ := s.get("again"); v != 2 {
			t.Errorf("put twice: %d", v)
		}
		time.Sleep(time.Minute)
		if _, ok := s.get("again"); ok {
			t.Error("an expired entry is still there")
		}
		s.put("x", 1, time.Now().Add(time.Minute))
		if len(s.entries) != 1 || len(s.order) != 1 {
			t.Errorf("%d entries, %d in order, want the one that has not expired", len(s.entries), len(s.order))
		}
	})
}

// A thousand sign-ins at once: none fails, none is mixed up with another, and none leaves a goroutine behind, or
// synctest would not end.
func TestConcurrentSignIns(t *testing.T) {
	n := 1000
	if testing.Short() {
		n = 50
	}
	synctest.Test(t, func(t *testing.T) {
		s := Example()
		p := newPeer(t, s)
		var wg sync.WaitGroup
		var tokens sync.Map
		for range n {
			wg.Go(func() {
				a := p.signIn(ExampleEmail, ExamplePassword)
				if a.want(t, ""); a.Code != "" {
					return
				}
				if _, twice := tokens.LoadOrStore(a.AuthenticationResult.RefreshToken, true); twice {
					t.Error("a refresh token was given out twice")
				}
				token := a.AuthenticationResult.IdToken
				id := p.getID(login(token)).IdentityId
				p.identity("GetCredentialsForIdentity", m{"IdentityId": id, "Logins": login(token)}).want(t, "")
				p.idp("RevokeToken", m{"ClientId": p.client, "Token": a.AuthenticationResult.RefreshToken}).want(t, "")
			})
		}
		wg.Wait()
		if len(s.sessions.entries) != 0 || len(s.grants.entries) != 0 || len(s.identities.entries) != 1 || len(s.issued.entries) != n {
			t.Errorf("left are %d sessions, %d grants, %d identities, %d credentials", len(s.sessions.entries), len(s.grants.entries), len(s.identities.entries), len(s.issued.entries))
		}
	})
}

func TestSecretsDoNotPrint(t *testing.T) {
	s := Example()
	s.start.Do(s.load)
	issued := s.issue(principal{}, time.Hour)
	s.UserPools[0].Users[0].TOTPSecret = testSecret
	decision := CustomAuthAnswer{Answer: "the answer", Parameters: map[string]string{"question": "which"}}
	secrets := []string{ExamplePassword, ExampleClientSecret, testSecret, decision.Answer, issued.secretAccessKey, issued.sessionToken, s.signingKey().D.String()}
	values := map[string]any{
		"*Server": s, "UserPool": s.UserPools[0], "*UserPool": &s.UserPools[0], "AppClient": s.UserPools[0].Clients[1],
		"*AppClient": &s.UserPools[0].Clients[1], "User": s.UserPools[0].Users[0], "*User": &s.UserPools[0].Users[0],
		"CustomAuthAnswer": decision, "*CustomAuthAnswer": &decision,
		"nested": struct {
			S *Server
			P []UserPool
		}{s, s.UserPools},
	}
	for name, v := range values {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%X", "%q", "%t"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
		if b, err := json.Marshal(v); err == nil {
			out.Write(b)
		} else {
			out.WriteString(err.Error())
		}
		for _, secret := range secrets {
			if text := out.String(); strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) || strings.Contains(text, fmt.Sprintf("%X", secret)) {
				t.Errorf("%s prints a secret: %s", name, text)
			}
		}
	}
	if text := fmt.Sprint(s.UserPools[0]); !strings.Contains(text, ExampleUser) || !strings.Contains(text, ExampleClientID) {
		t.Errorf("a pool prints as %s, without what is no secret", text)
	}
}
