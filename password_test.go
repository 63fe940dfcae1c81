package cognito_test

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito"
)

// loopOnce answers a challenge with a text for each key that Asks returns.
func loopOnce(t *testing.T, challenge *cognito.Challenge, choice string) error {
	t.Helper()
	prompt := map[string]string{"PASSWORD": distinctPassword, "ANSWER": choice}
	answers := map[string]string{}
	for _, key := range challenge.AnswerKeys() {
		answers[key] = cmp.Or(prompt[key], "123456")
	}
	_, err := challenge.Respond(t.Context(), answers)
	return err
}

// The usual loop answers what Asks returns. It does not send the password unless the caller
// requested that by name, whichever two challenges a pool asks before it asks for the password.
func TestLoopKeepsPassword(t *testing.T) {
	pool, client := newSequencePool()
	then := []string{"PASSWORD", "PASSWORD", "PASSWORD", "PASSWORD"}
	for _, test := range sequences {
		if test.asked != "" || test.sends {
			continue
		}
		for _, first := range allChallenges {
			pool.ask(first)
			challenge := asChallenge(startAsAda(t, client, test.login))
			if challenge == nil && !pool.issued {
				continue // it was refused
			}
			for i, second := range allChallenges {
				choice := []string{"EMAIL_OTP", "an answer"}[i%2]
				var err error
				if challenge != nil {
					pool.ask(append([]string{second}, then...)...)
					err = loopOnce(t, challenge, choice)
				} else {
					pool.ask(append([]string{first, second}, then...)...)
					err = startAsAda(t, client, test.login)
				}
				for range 6 {
					if next := asChallenge(err); next != nil {
						err = loopOnce(t, continued(t, client, next), choice)
					}
				}
				if pool.sawPassword() {
					t.Fatalf("%s %s: the password was sent after %s and %s",
						test.login.Flow, test.login.PreferredChallenge, first, second)
				}
			}
		}
	}
}

// Without a remembered device, a new start is no other flow.
func TestForgottenDeviceKeepsPassword(t *testing.T) {
	pool, client := newSequencePool()
	starts := 0
	forget := func(r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodHead {
			starts++
		}
		if r.Method != http.MethodHead && starts == 1 {
			return refusal(400, "ResourceNotFoundException", "Device does not exist."), nil
		}
		return pool.RoundTrip(r)
	}
	client.HTTPClient = &http.Client{Transport: roundTripper(forget)}
	pool.ask("PASSWORD")
	err := startAsAda(t, client, bySRP)
	if outcome := outcomeOf(pool, err, "PASSWORD"); outcome != "refused" || starts != 2 {
		t.Errorf("PASSWORD was %s after %d starts: error %v", outcome, starts, err)
	}
	if pool.sawPassword() {
		t.Error("the password was sent")
	}
}

// An answer PASSWORD goes only to a challenge, or with a choice, that has its name.
func TestPasswordAnswer(t *testing.T) {
	for _, test := range []struct {
		login   cognito.Login
		asked   string // as in sequences
		outcome string // of an EMAIL_OTP that follows, or that nothing was sent
		sends   bool
	}{
		{byChoice, "SELECT_CHALLENGE PASSWORD=*", "not reached", false},
		{byChoice, "SELECT_CHALLENGE ANSWER=SMS_OTP PASSWORD=*", "not reached", false},
		{byChoice, "SELECT_CHALLENGE ANSWER=password PASSWORD=*", "not reached", false},
		{byChoice, "SELECT_CHALLENGE ANSWER=VOICE_PRINT PASSWORD=*", "not reached", false},
		{byTriggers, "CUSTOM_CHALLENGE ANSWER=1 PASSWORD=*", "not reached", false},
		{bySignUp, "SELECT_MFA_TYPE ANSWER=PASSWORD PASSWORD=*", "not reached", false},
		{bySignUp, "SMS_MFA SMS_MFA_CODE=1 PASSWORD=*", "not reached", false},
		{bySignUp, "MFA_SETUP SOFTWARE_TOKEN_MFA_CODE=123456 PASSWORD=*", "not reached", false},
		{byTriggers, "NEW_PASSWORD_REQUIRED NEW_PASSWORD=n PASSWORD=*", "not reached", false},
		{bySignUp, "VOICE_PRINT PASSWORD=*", "not reached", false},
		{bySignUp, "USER_AUTH=PASSWORD PASSWORD=*", "not reached", false},
		{bySignUp, "SELECT_CHALLENGE=PASSWORD PASSWORD=*", "not reached", false},
		{byChoice, "SELECT_CHALLENGE ANSWER=PASSWORD_SRP PASSWORD=*", "refused", false},
		{byChoice, "SELECT_CHALLENGE ANSWER=PASSWORD PASSWORD=*", "returned", true},
	} {
		pool, client := newSequencePool()
		for _, send := range lastSteps(t, pool, client, test.login, parseAsked(test.asked)) {
			before := pool.log.Len()
			err := send("EMAIL_OTP")
			if got := outcomeOf(pool, err, "EMAIL_OTP"); err == nil || got != test.outcome {
				t.Errorf("%s: the next challenge was %s: error %v", test.asked, got, err)
			}
			if sent := pool.log.Len() > before; sent != (test.outcome != "not reached") {
				t.Errorf("%s: something was sent: %v", test.asked, sent)
			}
			if err != nil && strings.Contains(err.Error(), distinctPassword) {
				t.Errorf("%s: the error is %v", test.asked, err)
			}
		}
		if got := pool.sawPassword(); got != test.sends {
			t.Errorf("%s: the password was sent: %v, want %v", test.asked, got, test.sends)
		}
	}
}

// A choice of PASSWORD alone is still a choice: nothing is chosen without the caller.
func TestOnlyChoiceIsReturned(t *testing.T) {
	pool, client := newSequencePool()
	pool.ask("SELECT_CHALLENGE")
	challenge := asChallenge(startAsAda(t, client, byChoice))
	if challenge == nil || strings.Join(challenge.AnswerKeys(), " ") != "ANSWER" || pool.issued {
		t.Fatalf("challenge %v, answered: %v", challenge, pool.issued)
	}
	if got := strings.Join(challenge.Choices(), " "); got != "PASSWORD" {
		t.Errorf("choices %q, want PASSWORD", got)
	}
}

// A challenge that an earlier version saved, without its flow, can be continued unless it asks for
// the password: the caller may not have requested that.
func TestContinueWithoutFlow(t *testing.T) {
	pool, client := newSequencePool()
	for _, test := range []struct {
		login     cognito.Login
		challenge string
		may       string // follow, of those below
	}{
		{preferring("PASSWORD"), "PASSWORD", "not continued"},
		{byChoice, "SELECT_CHALLENGE", "SMS_MFA"},
		{bySignUp, "SMS_MFA", ""},
		{byTriggers, "SMS_MFA", ""},
		{byTriggers, "CUSTOM_CHALLENGE", "CUSTOM_CHALLENGE SMS_MFA"},
		{byTriggers, "VOICE_PRINT", "SMS_MFA"},
	} {
		pool.ask(test.challenge)
		challenge := asChallenge(startAsAda(t, client, test.login))
		if challenge == nil {
			t.Fatalf("%s was not returned", test.challenge)
		}
		stored, err := challenge.Save()
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(stored, &fields); err != nil {
			t.Fatal(err)
		}
		pool.log.Reset()
		delete(fields, "flow")
		delete(fields, "last")
		if stored, err = json.Marshal(fields); err != nil {
			t.Fatal(err)
		}
		challenge, err = client.ResumeChallenge(stored)
		if (err != nil) != (test.may == "not continued") {
			t.Errorf("Continue of %s: error %v", test.challenge, err)
		}
		if err != nil {
			continue
		}
		for _, name := range []string{"PASSWORD", "CUSTOM_CHALLENGE", "SMS_MFA"} {
			pool.ask(name)
			_, err := challenge.Respond(t.Context(), map[string]string{"ANSWER": "1"})
			want := "refused"
			if strings.Contains(test.may, name) {
				want = "returned"
			}
			if got := outcomeOf(pool, err, name); got != want {
				t.Errorf("%s after %s was %s, want %s: %v", name, test.challenge, got, want, err)
			}
		}
	}
	if pool.sawPassword() {
		t.Error("the password was sent")
	}
}

// An answer with neither tokens nor a challenge is an error, at the start and later.
func TestNeitherTokensNorChallenge(t *testing.T) {
	pool, client := newSequencePool()
	pool.tokens = "{}"
	for _, next := range [][]string{nil, {"CUSTOM_CHALLENGE"}} {
		pool.ask(next...)
		err := startAsAda(t, client, byTriggers)
		if challenge := asChallenge(err); challenge != nil {
			_, err = challenge.Respond(t.Context(), map[string]string{"ANSWER": "1"})
		}
		if err == nil || asChallenge(err) != nil || !pool.issued {
			t.Errorf("after %q: error %v", next, err)
		}
	}
}
