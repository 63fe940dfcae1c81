package cognitoidp

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// accountSecrets is a value of every type of the operations on accounts, users, devices and MFA that holds a secret.
func accountSecrets(mark string) []any {
	m, u := map[string]string{"k": mark}, &UserContextData{IPAddress: mark, EncodedData: mark}
	attributes := []Attribute{{"email", mark}}
	return []any{
		Attribute{"email", mark},
		SignUpInput{clientID, mark, mark, mark, attributes, attributes, m, u},
		SignUpOutput{UserSub: "sub-1", Session: mark},
		ConfirmSignUpInput{clientID, mark, mark, mark, true, mark, m, u},
		ConfirmSignUpOutput{mark},
		ResendConfirmationCodeInput{clientID, mark, mark, m, u},
		ForgotPasswordInput{clientID, mark, mark, m, u},
		ConfirmForgotPasswordInput{clientID, mark, mark, mark, mark, m, u},
		ChangePasswordInput{mark, mark, mark},
		GetUserInput{mark},
		GlobalSignOutInput{mark},
		DeviceSecretVerifierConfig{mark, mark},
		ConfirmDeviceInput{mark, mark, DeviceSecretVerifierConfig{mark, mark}, mark},
		UpdateDeviceStatusInput{mark, mark, mark},
		ForgetDeviceInput{mark, mark},
		GetDeviceInput{mark, mark},
		ListDevicesInput{mark, 1, mark},
		AssociateSoftwareTokenInput{mark, mark},
		AssociateSoftwareTokenOutput{mark, mark},
		VerifySoftwareTokenInput{mark, mark, mark, mark},
		VerifySoftwareTokenOutput{mark},
		SetUserMFAPreferenceInput{AccessToken: mark},
		UserContextData{mark, mark},
	}
}

// What is built of attributes hides their values and shows the rest.
func TestAttributesDoNotPrint(t *testing.T) {
	const mark = "hunter2"
	d := Device{DeviceKey: deviceKey, DeviceAttributes: []Attribute{{"last_ip_used", mark}}}
	for _, v := range []any{
		GetUserOutput{Username: "ada", UserAttributes: []Attribute{{"email", mark}}},
		d, &d, GetDeviceOutput{d}, ListDevicesOutput{Devices: []Device{d}},
	} {
		text := fmt.Sprintf("%v %+v %#v %s %x %X %q", v, v, v, v, v, v, v)
		b, err := json.Marshal(v)
		text += string(b)
		for _, hidden := range []string{mark, fmt.Sprintf("%x", mark), fmt.Sprintf("%X", mark)} {
			if err != nil || strings.Contains(text, hidden) {
				t.Errorf("%T prints an attribute: %s %v", v, text, err)
			}
		}
		if !strings.Contains(text, "redacted}") || !strings.Contains(text, deviceKey) && !strings.Contains(text, "ada") {
			t.Errorf("%T prints as %s", v, text)
		}
	}
}

// TestSecretsAreListed finds the exported types with a field for a secret: each has both methods that hide it, and is
// in the list above.
func TestSecretsAreListed(t *testing.T) {
	secret := map[string]bool{
		"AccessToken": true, "Session": true, "Password": true, "PreviousPassword": true, "ProposedPassword": true, "ConfirmationCode": true,
		"UserCode": true, "SecretCode": true, "SecretHash": true, "ClientSecret": true, "RefreshToken": true, "IDToken": true, "Token": true,
		"PasswordVerifier": true, "Salt": true, "Value": true, "EncodedData": true,
	}
	listed := make(map[string]bool)
	for _, v := range accountSecrets("") {
		listed[strings.TrimPrefix(fmt.Sprintf("%T", v), "cognitoidp.")] = true
	}
	// These are in redact_test.go.
	for _, name := range []string{"InitiateAuthInput", "RespondToAuthChallengeInput", "AuthOutput", "AuthenticationResult", "GetTokensFromRefreshTokenInput", "RevokeTokenInput"} {
		listed[name] = true
	}
	holds, methods := make(map[string]bool), make(map[string]int)
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), entry.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil && (f.Name.Name == "Format" || f.Name.Name == "MarshalText") {
				if receiver, ok := f.Recv.List[0].Type.(*ast.Ident); ok { // by value
					methods[receiver.Name]++
				}
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok || !spec.Name.IsExported() {
				return true
			}
			if s, ok := spec.Type.(*ast.StructType); ok {
				for _, field := range s.Fields.List {
					for _, name := range field.Names {
						holds[spec.Name.Name] = holds[spec.Name.Name] || secret[name.Name]
					}
				}
			}
			return true
		})
	}
	n := 0
	for name, ok := range holds {
		if ok {
			n++
		}
		if ok && (methods[name] != 2 || !listed[name]) {
			t.Errorf("%s holds a secret: it needs Format and MarshalText, and a test", name)
		}
	}
	if n < 25 {
		t.Errorf("only %d types hold secrets", n)
	}
}
