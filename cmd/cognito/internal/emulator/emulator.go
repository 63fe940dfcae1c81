// Package emulator runs [cognitotest.Server], which emulates AWS, for other programs. It reads the
// server's data from seeds, and describes the server to its clients.
package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// Name is the name of the first user pool's environment.
const Name = "EMULATED"

// Environments returns an environment for each user pool of server. It has the pool's first app
// client and the first identity pool that accepts this client.
func Environments(server *cognitotest.Server, url string) map[string]cognito.Environment {
	all := make(map[string]cognito.Environment)
	for i, pool := range server.UserPools {
		e := cognito.Environment{
			UserPoolID: pool.ID,
			Endpoints: cognito.Endpoints{
				CognitoIDP:      url,
				CognitoIdentity: url,
				STS:             url,
				S3:              url,
			},
		}
		if len(pool.Clients) > 0 {
			client := pool.Clients[0]
			e.ClientID, e.ClientSecret = client.ID, client.Secret
			with := e
			with.Domain, with.RedirectURI = url, strings.Join(client.CallbackURLs, ",")
			with.Scopes = strings.Join(client.AllowedOAuthScopes, " ")
			// A seed may have callback URLs of other programs, which this program does not accept.
			if with.RedirectURI != "" && with.Validate() == nil {
				e = with
			}
		}
		for _, identities := range server.IdentityPools {
			if e.IdentityPoolID == "" && slices.Contains(identities.ClientIDs, e.ClientID) {
				e.IdentityPoolID, e.RoleARN = identities.ID, identities.AuthenticatedRole
			}
		}
		if len(server.Buckets) > 0 {
			e.BucketName = server.Buckets[0].Name
		}
		name := Name
		if i > 0 {
			name = fmt.Sprintf("EMULATED%d", i+1)
		}
		all[name] = e
	}
	return all
}

// SignIn returns a sentence with the name and the password of the first user. The server has only
// data for tests, so this is not a secret.
func SignIn(server *cognitotest.Server) string {
	if len(server.UserPools) == 0 || len(server.UserPools[0].Users) == 0 {
		return "the user pool has no users"
	}
	user := server.UserPools[0].Users[0]
	return fmt.Sprintf("the user is %s, the password is %s", user.Name, user.Password)
}

// Welcome returns comment lines with a user and the commands to try first, in a format of package
// shell. The variables are those with which these commands find the environment of the first user
// pool.
func Welcome(server *cognitotest.Server, variables []shell.Variable, format string) string {
	user := ""
	if len(server.UserPools[0].Users) > 0 {
		user = " -user " + shell.Word(server.UserPools[0].Users[0].Name)
	}
	w := &advice{format: format}
	w.comment("AWS is emulated until Ctrl-C: %s.", SignIn(server))
	w.comment("In another terminal, run:")
	for _, v := range variables {
		w.comment("  %s", strings.TrimPrefix(w.setting(v.Name, v.Value), w.mark()))
	}
	w.comment("  cognito login%s", user)
	w.comment("  cognito exec -- aws s3 ls")
	w.comment("  cognito ls")
	return w.String()
}

// An advice collects lines in a format of package shell.
type advice struct {
	strings.Builder
	format string
}

// mark returns what begins a comment.
func (w *advice) mark() string {
	if w.format == "cmd" {
		return "rem "
	}
	return "# "
}

func (w *advice) comment(format string, args ...any) {
	w.WriteString(w.mark() + fmt.Sprintf(format, args...) + "\n")
}

// setting returns a line that sets a variable, or a comment if the format cannot represent it.
func (w *advice) setting(name, value string) string {
	if w.format == "sh" {
		return "export " + name + "=" + shell.Word(value)
	}
	line, err := shell.Set(w.format, []shell.Variable{{Name: name, Value: value}})
	if err != nil {
		return w.mark() + name + ": set it to " + value
	}
	return strings.TrimRight(string(line), "\r\n")
}

// Advice returns the settings for programs that use the emulator, in a format of package shell.
func Advice(environments map[string]cognito.Environment, url, config, format string) string {
	e := environments[Name]
	w := &advice{format: format}
	set := func(name, value string) { w.WriteString(w.setting(name, value) + "\n") }
	w.comment("AWS CLI, boto3, AWS SDKs and cognito:")
	set("AWS_ENDPOINT_URL", url)
	// botocore reads only AWS_DEFAULT_REGION.
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
		set(name, e.ResolveRegion())
	}
	if path, err := filepath.Abs(config); err == nil && config != "" {
		set("COGNITO_CONFIG", path)
	}
	if e.RedirectURI != "" {
		w.comment("Managed login: domain %s, callback URLs:", e.Domain)
		for callback := range strings.SplitSeq(e.RedirectURI, ",") {
			w.comment("  %s", callback)
		}
	}
	w.comment("Amplify.configure:")
	// The keys are those of Auth.Cognito in aws-amplify's ResourcesConfig.
	amplify := map[string]string{"userPoolEndpoint": url, "identityPoolEndpoint": url}
	for key, value := range map[string]string{
		"userPoolId":       e.UserPoolID,
		"userPoolClientId": e.ClientID,
		"identityPoolId":   e.IdentityPoolID,
	} {
		if value != "" {
			amplify[key] = value
		}
	}
	text, _ := json.Marshal(map[string]any{"Auth": map[string]any{"Cognito": amplify}})
	fmt.Fprintf(w, "%s\n", text)
	return w.String()
}

// A Handler passes requests to server and prints the codes that it sends to users.
type Handler struct {
	Server *cognitotest.Server
	Print  func(format string, args ...any)

	mu    sync.Mutex
	shown map[[2]string]string // holds the last printed code by user pool ID and user name
}

// ServeHTTP passes the request to the server, and then prints a new code of its user.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page := r.Method == http.MethodPost && r.URL.Path == "/login"
	if !page &&
		!strings.HasPrefix(r.Header.Get("X-Amz-Target"), "AWSCognitoIdentityProviderService.") {
		h.Server.ServeHTTP(w, r)
		return
	}
	const most = 1 << 20 // far more than any request of these operations
	body, err := io.ReadAll(io.LimitReader(r.Body, most+1))
	if err != nil || len(body) > most {
		http.Error(w, "the body is truncated or longer than 1 MiB", http.StatusBadRequest)
		return
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	h.Server.ServeHTTP(w, r)

	var who struct {
		Username                           string
		AuthParameters, ChallengeResponses struct{ USERNAME string }
	}
	json.Unmarshal(body, &who) // on an error, the names stay empty
	if form, err := url.ParseQuery(string(body)); page && err == nil {
		who.Username = form.Get("username")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, user := range []string{who.Username, who.AuthParameters.USERNAME,
		who.ChallengeResponses.USERNAME} {
		for _, pool := range h.Server.UserPools {
			at := [2]string{pool.ID, user}
			code := h.Server.Code(pool.ID, user)
			if code == "" || code == h.shown[at] {
				continue
			}
			if h.shown == nil || len(h.shown) > 10_000 {
				h.shown = make(map[[2]string]string)
			}
			h.shown[at] = code
			h.Print("code sent to %s of %s: %s", user, pool.ID, code)
		}
	}
}
