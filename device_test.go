package cognito_test

import (
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/cognitotest"
)

// If the device is proven after the user has answered, the sign-in cannot start again: a forgotten
// device is omitted, and a wrong one is named in the error.
func TestDeviceAfterAnswer(t *testing.T) {
	for name, change := range map[string]func(*cognito.Device){
		"forgotten": func(d *cognito.Device) {
			d.Key = "us-east-1_00000000-0000-0000-0000-000000000000"
		},
		"damaged": func(d *cognito.Device) { d.Password += "x" },
	} {
		t.Run(name, func(t *testing.T) {
			server := everyFlow(func(p *cognitotest.UserPool, u *cognitotest.User) {
				p.DeviceTracking = "ALWAYS"
			})
			client := exampleClient(server)
			device, _ := signIn(t, client).Device()
			change(&device)
			_, err := client.Start(t.Context(), cognito.Login{
				Username: cognitotest.ExampleEmail,
				Flow:     "USER_AUTH",
				Device:   device,
			})
			challenge := asChallenge(err)
			if challenge == nil || challenge.Name != "SELECT_CHALLENGE" {
				t.Fatal(err)
			}
			_, err = challenge.Respond(t.Context(),
				map[string]string{"ANSWER": "PASSWORD_SRP",
					"PASSWORD": cognitotest.ExamplePassword})
			if name == "forgotten" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !hasCode(err, "NotAuthorizedException") ||
				!strings.Contains(err.Error(), "without the device") ||
				strings.Contains(err.Error(), "password is wrong") {
				t.Errorf("error %v", err)
			}
		})
	}
}

// An incomplete Device does not prevent a sign-in.
func TestUnusableDevice(t *testing.T) {
	for name, change := range map[string]func(*cognito.Device){
		"no password":  func(d *cognito.Device) { d.Password = "" },
		"no group key": func(d *cognito.Device) { d.GroupKey = "" },
		"no key":       func(d *cognito.Device) { d.Key = "" },
		"other key":    func(d *cognito.Device) { d.Key = "?" },
	} {
		synctest.Test(t, func(t *testing.T) {
			server := tracking("ALWAYS")
			server.Fault = func(r *http.Request) *http.Response {
				if body, err := io.ReadAll(r.Body); err == nil &&
					strings.Contains(string(body), `"DEVICE_KEY":"?"`) {
					return refusal(400, "InvalidParameterException", "Invalid device key given.")
				}
				return nil
			}
			login := cognito.Login{
				Username: cognitotest.ExampleUser,
				Password: cognitotest.ExamplePassword,
			}
			s, _ := withTOTP(t, exampleClient(server), login)
			login.Device, _ = s.Device()
			change(&login.Device)
			time.Sleep(time.Minute)
			if _, asked := withTOTP(t, exampleClient(server), login); !asked {
				t.Errorf("%s: mistaken for an error about the device", name)
			}
		})
	}
}

const exampleTOTPSecret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

// tracking returns the example with a TOTP secret for its user and with device tracking.
func tracking(how string) *cognitotest.Server {
	server := cognitotest.Example()
	pool := &server.UserPools[0]
	pool.MFAConfiguration, pool.DeviceTracking = "OPTIONAL", how
	for i := range pool.Users {
		if pool.Users[i].Name == cognitotest.ExampleUser {
			pool.Users[i].MFA, pool.Users[i].TOTPSecret = []string{"SOFTWARE_TOKEN_MFA"},
				exampleTOTPSecret
		}
	}
	return server
}

// withTOTP signs in and answers the TOTP challenge if there is one.
func withTOTP(
	t *testing.T, client *cognito.Client, login cognito.Login,
) (s *cognito.Session, asked bool) {
	t.Helper()
	s, err := client.Start(t.Context(), login)
	if challenge := asChallenge(err); challenge != nil && challenge.Name == "SOFTWARE_TOKEN_MFA" {
		code, codeErr := cognito.TOTP(exampleTOTPSecret, time.Now())
		if codeErr != nil {
			t.Fatalf("TOTP: %v", codeErr)
		}
		asked = true
		s, err = challenge.Respond(t.Context(), map[string]string{challenge.AnswerKeys()[0]: code})
	}
	if err != nil {
		t.Fatal(err)
	}
	return s, asked
}

// The first sign-in needs a code and confirms the device. The next needs no code, until the pool
// forgets the device.
func TestRememberedDevice(t *testing.T) {
	for _, how := range []string{"ALWAYS", "OPT_IN"} {
		for _, env := range []cognito.Environment{exampleEnvironment(), secretEnvironment()} {
			for _, typed := range []string{cognitotest.ExampleUser, cognitotest.ExampleEmail} {
				synctest.Test(t, func(t *testing.T) {
					ctx := t.Context()
					server := tracking(how)
					count := watch(server, nil)
					client := &cognito.Client{Environment: env, HTTPClient: server.Client()}
					login := cognito.Login{Username: typed, Password: cognitotest.ExamplePassword}
					s, asked := withTOTP(t, client, login)
					if !asked {
						t.Fatal("no code was requested with a new device")
					}
					device, ask := s.Device()
					if device.Key == "" || device.Username != cognitotest.ExampleUser ||
						ask != (how == "OPT_IN") {
						t.Fatalf("device %v, ask %v", device, ask)
					}
					if ask {
						if err := s.RememberDevice(ctx, true); err != nil {
							t.Fatalf("RememberDevice: %v", err)
						}
					}
					time.Sleep(2 * time.Hour) // the refresh token is bound to the device
					if _, err := s.Tokens(ctx); err != nil {
						t.Fatalf("Tokens: %v", err)
					}
					stored := device.Save()

					// Another process.
					client = &cognito.Client{Environment: env, HTTPClient: server.Client()}
					if err := login.Device.Load(stored); err != nil {
						t.Fatalf("Load: %v", err)
					}
					s, asked = withTOTP(t, client, login)
					if asked {
						t.Error("a code was requested despite a remembered device")
					}
					if again, ask := s.Device(); again != device || ask {
						t.Errorf("device %v, want %v; ask %v", again, device, ask)
					}
					time.Sleep(2 * time.Hour)
					tokens, err := s.Tokens(ctx)
					if err != nil {
						t.Fatalf("Tokens: %v", err)
					}
					pool, err := client.UserPool()
					if err != nil {
						t.Fatalf("UserPool: %v", err)
					}
					if err := pool.ForgetDevice(ctx, tokens.Access, device.Key); err != nil {
						t.Fatalf("ForgetDevice: %v", err)
					}

					time.Sleep(time.Minute)
					before := count("InitiateAuth")
					s, asked = withTOTP(t, client, login)
					if !asked {
						t.Error("no code was requested with a forgotten device")
					}
					if n := count("InitiateAuth") - before; n > 2 {
						t.Errorf("%d attempts", n)
					}
					if fresh, _ := s.Device(); fresh.Key == "" || fresh.Key == device.Key {
						t.Errorf("device %v after %v was forgotten", fresh, device)
					}
				})
			}
		}
	}
}

// In every flow, a device is found under the name that the user typed and under that of the pool.
func TestDeviceUnderBothNames(t *testing.T) {
	flows := []string{"USER_SRP_AUTH", "USER_PASSWORD_AUTH", "CUSTOM_AUTH", "USER_AUTH"}
	for _, flow := range flows {
		for _, preferred := range []string{"", "PASSWORD", "PASSWORD_SRP"} {
			if preferred != "" && flow != "USER_AUTH" {
				continue
			}
			for _, typed := range []string{cognitotest.ExampleUser, cognitotest.ExampleEmail} {
				t.Run(strings.Join([]string{flow, preferred, typed}, " "), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						deviceUnderName(t, cognito.Login{
							Username:           typed,
							Password:           cognitotest.ExamplePassword,
							Flow:               flow,
							PreferredChallenge: preferred,
						})
					})
				})
			}
		}
	}
}

func deviceUnderName(t *testing.T, login cognito.Login) {
	server := everyFlow(func(p *cognitotest.UserPool, u *cognitotest.User) {
		p.DeviceTracking = "ALWAYS"
		withMFA("SOFTWARE_TOKEN_MFA")(p, u)
		riddle(p, u)
	})
	signIn := func() (device cognito.Device, asked bool) {
		client := exampleClient(server)
		s, err := client.Start(t.Context(), login)
		for asChallenge(err) != nil {
			challenge := saveAndResume(t, client, asChallenge(err))
			answers := map[string]string{}
			switch challenge.Name {
			case "SELECT_CHALLENGE":
				answers["ANSWER"] = "PASSWORD_SRP"
				answers["PASSWORD"] = cognitotest.ExamplePassword
			case "CUSTOM_CHALLENGE":
				answers["ANSWER"] = "2"
			default:
				asked = true
				code, err := cognito.TOTP(exampleTOTPSecret, time.Now())
				if err != nil {
					t.Fatalf("TOTP: %v", err)
				}
				answers["SOFTWARE_TOKEN_MFA_CODE"] = code
			}
			s, err = challenge.Respond(t.Context(), answers)
		}
		if err != nil {
			t.Fatalf("sign-in: %v", err)
		}
		time.Sleep(time.Minute) // so that the next code differs
		device, _ = s.Device()
		return device, asked
	}
	first, asked := signIn()
	if !asked || first.Username != cognitotest.ExampleUser {
		t.Fatalf("the first sign-in requested a code: %v, device of %q", asked, first.Username)
	}
	if err := login.Device.Load(first.Save()); err != nil {
		t.Fatalf("Load: %v", err)
	}
	if again, asked := signIn(); asked || again != first {
		t.Errorf("a code was requested: %v; the device changed: %v", asked, again != first)
	}
	login.Username = cognitotest.ExampleUser // of another alias or the name itself
	if again, asked := signIn(); asked || again != first {
		t.Errorf("as %s: a code was requested: %v; the device changed: %v", login.Username, asked,
			again != first)
	}
}

// USERNAME and USER_ID_FOR_SRP are both names that the pool uses. Once it has sent them, an alias
// no longer matches.
func TestDeviceUnderNamesOfPool(t *testing.T) {
	for _, test := range []struct {
		username, alias, parameters string
		want                        bool
	}{
		{"real", "", `"USERNAME":"real","USER_ID_FOR_SRP":"id"`, true},
		{"id", "", `"USERNAME":"real","USER_ID_FOR_SRP":"id"`, true},
		{"id", "", `"USER_ID_FOR_SRP":"id"`, true},
		{"real", "", `"USERNAME":"real"`, true},
		{"other", "typed", `"X":""`, true},
		{"other", "typed", `"USERNAME":"real"`, false},
		{"other", "", `"USERNAME":"real","USER_ID_FOR_SRP":"id"`, false},
		{"", "", `"USERNAME":"real"`, false},
	} {
		httpClient, log := scripted(t, map[string]string{
			"InitiateAuth": `{"ChallengeName":"SMS_MFA","Session":"0123456789abcdefghij",` +
				`"ChallengeParameters":{` + test.parameters + `}}`,
			"RespondToAuthChallenge": tokensOf("https://issuer.example/pool", test.username),
		})
		client := &cognito.Client{Environment: exampleEnvironment(), HTTPClient: httpClient}
		_, err := client.Start(t.Context(), cognito.Login{
			Username: "typed",
			Password: "p",
			Flow:     "USER_PASSWORD_AUTH",
			Device: cognito.Device{
				Username: test.username,
				Alias:    test.alias,
				Key:      "us-east-1_00000000-0000-0000-0000-000000000000",
				GroupKey: "g",
				Password: "p",
			},
		})
		challenge := asChallenge(err)
		if challenge == nil {
			t.Fatalf("Start: %v", err)
		}
		s, err := saveAndResume(t, client, challenge).Respond(t.Context(),
			map[string]string{"SMS_MFA_CODE": "123456"})
		if err != nil {
			t.Fatalf("Respond: %v", err)
		}
		responses := (*log)[1].members["ChallengeResponses"].(map[string]any)
		if _, named := responses["DEVICE_KEY"]; named != test.want {
			t.Errorf("the device of %q, alias %q, was named: %v after %s, want %v",
				test.username, test.alias, named, test.parameters, test.want)
		}
		if device, _ := s.Device(); (device.Key != "") != test.want {
			t.Errorf("Device of %q, alias %q after %s = %v, want one: %v", test.username,
				test.alias, test.parameters, device.Key, test.want)
		}
	}
}

// New devices have a name: the caller's or the host name.
func TestDeviceName(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatalf("Hostname: %v", err)
	}
	for _, test := range []struct{ name, want string }{
		{"", host},
		{"Ada's laptop", "Ada's laptop"},
		{"two\nlines\x1b[0m", "two lines [0m"},
		{strings.Repeat("a", 2000), strings.Repeat("a", 1024)},
	} {
		client := exampleClient(tracking("ALWAYS"))
		client.DeviceName = test.name
		s, _ := withTOTP(t, client, cognito.Login{
			Username: cognitotest.ExampleUser,
			Password: cognitotest.ExamplePassword,
		})
		pool, err := client.UserPool()
		if err != nil {
			t.Fatalf("UserPool: %v", err)
		}
		device, _ := s.Device()
		got, err := pool.GetDevice(t.Context(), savedSession(s).Tokens.Access, device.Key)
		if err != nil || !slices.Contains(got.DeviceAttributes, cognitoidp.Attribute{
			Name:  "device_name",
			Value: test.want,
		}) {
			t.Errorf("GetDevice has no name %.40q: %v", test.want, err)
		}
	}
}

// The device of another user is not sent.
func TestDeviceOfAnotherUser(t *testing.T) {
	server := tracking("ALWAYS")
	named := spyOn(server, "DEVICE_KEY")
	login := cognito.Login{
		Username: cognitotest.ExampleUser, Password: cognitotest.ExamplePassword,
		Device: cognito.Device{
			Username: "bob",
			Key:      "us-east-1_00000000-0000-0000-0000-000000000000",
			GroupKey: "-g",
			Password: "p",
		},
	}
	if _, asked := withTOTP(t, exampleClient(server), login); !asked || named() {
		t.Errorf("asked %v, named %v", asked, named())
	}
	s, err := exampleClient(cognitotest.Example()).Start(t.Context(), login) // it tracks no devices
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	if device, _ := s.Device(); device.Key != "" {
		t.Errorf("the session took the device %v", device)
	}
}

// If the device cannot be confirmed, the refresh returns an error that says so.
func TestDeviceNotConfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := tracking("ALWAYS")
		watch(server, func(operation string, _ int) *http.Response {
			if operation == "ConfirmDevice" {
				return refusal(400, "InvalidParameterException", "Invalid device key given.")
			}
			return nil
		})
		s, _ := withTOTP(t, exampleClient(server), cognito.Login{
			Username: cognitotest.ExampleUser,
			Password: cognitotest.ExamplePassword,
		})
		if device, _ := s.Device(); device.Key != "" {
			t.Errorf("device %v", device)
		}
		if _, err := s.Credentials(t.Context()); err != nil {
			t.Errorf("Credentials: %v", err)
		}
		time.Sleep(2 * time.Hour)
		if _, err := s.Tokens(t.Context()); err == nil ||
			!strings.Contains(err.Error(), "could not be confirmed") {
			t.Errorf("Tokens: error %v", err)
		}
	})
}

// If the pool refuses the proof of the device, Start retries once without it. A wrong user password
// is not mistaken for that.
func TestDamagedDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := tracking("ALWAYS")
		count := watch(server, nil)
		client := exampleClient(server)
		login := cognito.Login{
			Username: cognitotest.ExampleUser,
			Password: cognitotest.ExamplePassword,
		}
		s, _ := withTOTP(t, client, login)
		login.Device, _ = s.Device()
		login.Device.Password += "x"
		time.Sleep(time.Minute)
		before := count("InitiateAuth")
		s, asked := withTOTP(t, client, login)
		if fresh, _ := s.Device(); !asked || fresh.Key == "" || fresh.Key == login.Device.Key {
			t.Errorf("asked %v, device %v", asked, fresh)
		}
		if n := count("InitiateAuth") - before; n != 2 {
			t.Errorf("%d InitiateAuth requests", n)
		}
		login.Password = "wrong"
		if _, err := client.Start(t.Context(), login); !hasCode(err,
			cognitoidp.CodeNotAuthorized) || count("InitiateAuth")-before != 3 {
			t.Errorf("%d InitiateAuth requests, error %v", count("InitiateAuth")-before, err)
		}
	})
}

// If the pool lets the user decide, a device replaces codes only after RememberDevice(true). Its
// tokens can be refreshed in either case.
func TestRememberDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := exampleClient(tracking("OPT_IN"))
		login := cognito.Login{
			Username: cognitotest.ExampleUser,
			Password: cognitotest.ExamplePassword,
		}
		s, _ := withTOTP(t, client, login)
		device, ask := s.Device()
		if !ask {
			t.Error("ask is false, want true")
		}
		login.Device = device
		for _, remember := range []bool{false, true, false} {
			if err := s.RememberDevice(t.Context(), remember); err != nil {
				t.Fatalf("RememberDevice: %v", err)
			}
			if _, ask := s.Device(); ask {
				t.Error("ask is true, want false")
			}
			time.Sleep(2 * time.Hour) // so that the next code differs
			if _, err := s.Tokens(t.Context()); err != nil {
				t.Errorf("Tokens: %v", err)
			}
			if _, asked := withTOTP(t, client, login); asked == remember {
				t.Errorf("code requested: %v, remembered: %v", asked, remember)
			}
		}
	})
	s := signIn(t, exampleClient(cognitotest.Example()))
	if err := s.RememberDevice(t.Context(), true); err == nil ||
		!strings.Contains(err.Error(), "has no device") {
		t.Errorf("a pool that tracks no devices: %v", err)
	}
}
