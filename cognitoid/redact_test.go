package cognitoid

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/sigv4"
)

// TestSecretsDoNotPrint puts a marker in every secret of every type and prints each in every way.
func TestSecretsDoNotPrint(t *testing.T) {
	const mark = "hunter2"
	logins := map[string]string{"p": mark}
	for _, v := range []any{
		GetIDInput{IdentityPoolID: poolID, Logins: logins},
		GetCredentialsForIdentityInput{IdentityID: id, Logins: logins},
		GetCredentialsForIdentityOutput{id, sigv4.Credentials{AccessKeyID: "A", SecretAccessKey: mark, SessionToken: mark}},
		GetOpenIDTokenInput{IdentityID: id, Logins: logins},
		GetOpenIDTokenOutput{id, mark},
	} {
		var log strings.Builder
		for _, v := range []any{v, &v, []any{v}, map[string]any{"k": v}, struct{ V any }{v}} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%X", "%q"} {
				fmt.Fprintf(&log, verb+"\n", v)
			}
			slog.New(slog.NewTextHandler(&log, nil)).Info("text", "v", v)
			slog.New(slog.NewJSONHandler(&log, nil)).Info("json", "v", v)
			b, err := json.Marshal(v)
			if err != nil {
				t.Error(err)
			}
			log.Write(b)
		}
		for _, hidden := range []string{mark, fmt.Sprintf("%x", mark), fmt.Sprintf("%X", mark)} {
			if strings.Contains(log.String(), hidden) {
				t.Errorf("%T prints its secret: %s", v, log.String())
			}
		}
	}
}
