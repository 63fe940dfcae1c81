package redact_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/cognitoid"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/managedlogin"
	"github.com/loginwithcognito/cognito/sts"
)

// secretNames are the names of fields that hold secrets or personal data.
var secretNames = []string{
	"AccessToken",
	"AuthParameters",
	"ChallengeParameters",
	"ChallengeResponses",
	"ClientSecret",
	"ConfirmationCode",
	"Credentials",
	"EncodedData",
	"IDToken",
	"Logins",
	"Password",
	"PasswordVerifier",
	"PreviousPassword",
	"ProposedPassword",
	"RefreshToken",
	"Salt",
	"SecretAccessKey",
	"SecretCode",
	"SecretHash",
	"Session",
	"SessionToken",
	"Token",
	"UserCode",
	"Value",
	"WebIdentityToken",
}

// packages lists, for each package, the exported types with a field of such a name. TestTypes
// compares the list with the source.
var packages = []struct {
	dir   string
	types []reflect.Type
}{
	{"cognitoidp", []reflect.Type{
		reflect.TypeFor[cognitoidp.AssociateSoftwareTokenInput](),
		reflect.TypeFor[cognitoidp.AssociateSoftwareTokenOutput](),
		reflect.TypeFor[cognitoidp.Attribute](),
		reflect.TypeFor[cognitoidp.AuthOutput](),
		reflect.TypeFor[cognitoidp.AuthenticationResult](),
		reflect.TypeFor[cognitoidp.ChangePasswordInput](),
		reflect.TypeFor[cognitoidp.ConfirmDeviceInput](),
		reflect.TypeFor[cognitoidp.ConfirmForgotPasswordInput](),
		reflect.TypeFor[cognitoidp.ConfirmSignUpInput](),
		reflect.TypeFor[cognitoidp.ConfirmSignUpOutput](),
		reflect.TypeFor[cognitoidp.DeviceSecretVerifierConfig](),
		reflect.TypeFor[cognitoidp.ForgotPasswordInput](),
		reflect.TypeFor[cognitoidp.GetTokensFromRefreshTokenInput](),
		reflect.TypeFor[cognitoidp.InitiateAuthInput](),
		reflect.TypeFor[cognitoidp.ListDevicesInput](),
		reflect.TypeFor[cognitoidp.ResendConfirmationCodeInput](),
		reflect.TypeFor[cognitoidp.RespondToAuthChallengeInput](),
		reflect.TypeFor[cognitoidp.RotatedTokenError](),
		reflect.TypeFor[cognitoidp.SetUserMFAPreferenceInput](),
		reflect.TypeFor[cognitoidp.SignUpInput](),
		reflect.TypeFor[cognitoidp.SignUpOutput](),
		reflect.TypeFor[cognitoidp.UpdateDeviceStatusInput](),
		reflect.TypeFor[cognitoidp.UserContextData](),
		reflect.TypeFor[cognitoidp.VerifySoftwareTokenInput](),
		reflect.TypeFor[cognitoidp.VerifySoftwareTokenOutput](),
	}},
	{"cognitoid", []reflect.Type{
		reflect.TypeFor[cognitoid.GetCredentialsForIdentityInput](),
		reflect.TypeFor[cognitoid.GetCredentialsForIdentityOutput](),
		reflect.TypeFor[cognitoid.GetIDInput](),
		reflect.TypeFor[cognitoid.GetOpenIDTokenOutput](),
	}},
	{"managedlogin", []reflect.Type{
		reflect.TypeFor[managedlogin.Client](),
		reflect.TypeFor[managedlogin.Tokens](),
	}},
	{"sts", []reflect.Type{
		reflect.TypeFor[sts.AssumeRoleWithWebIdentityInput](),
		reflect.TypeFor[sts.AssumeRoleWithWebIdentityOutput](),
	}},
}

// TestTypes prints values of all types with a marker in each secret.
func TestTypes(t *testing.T) {
	for _, p := range packages {
		var listed []string
		for _, typ := range p.types {
			listed = append(listed, typ.Name())
			v := reflect.New(typ).Elem()
			if fill(v, typ) == 0 {
				t.Errorf("%v has no field with a secret", typ)
			}
			if text := prints(t, v.Interface()); leaks(text) {
				t.Errorf("%v prints its secrets: embed redact.Fields\n%s", typ, text)
			}
		}
		slices.Sort(listed)
		if found := secretTypes(t, filepath.Join("..", "..", p.dir)); !slices.Equal(found, listed) {
			t.Errorf("package %s has the types %v, and the list %v", p.dir, found, listed)
		}
	}
}

// fill puts the marker into the fields of a struct that embeds Fields, and into those with the name
// of a secret. It returns their number.
func fill(v reflect.Value, typ reflect.Type) (n int) {
	_, all := typ.FieldByName("Fields")
	for i := range typ.NumField() {
		field := typ.Field(i)
		hidden := all || slices.Contains(secretNames, field.Name)
		switch value := v.Field(i); {
		case !field.IsExported():
		case value.Kind() == reflect.Struct:
			n += fill(value, field.Type)
		case value.Kind() == reflect.Pointer && field.Type.Elem().Kind() == reflect.Struct:
			value.Set(reflect.New(field.Type.Elem()))
			n += fill(value.Elem(), field.Type.Elem())
		case value.Kind() == reflect.Slice && field.Type.Elem().Kind() == reflect.Struct:
			value.Set(reflect.MakeSlice(field.Type, 1, 1))
			n += fill(value.Index(0), field.Type.Elem())
		case field.Type == reflect.TypeFor[error]():
			value.Set(reflect.ValueOf(errors.New("cause")))
		case value.Kind() == reflect.String && hidden:
			value.SetString(mark)
			n++
		case value.Kind() == reflect.Map && hidden:
			value.Set(reflect.ValueOf(map[string]string{"k": mark}))
			n++
		}
	}
	return n
}

// secretTypes returns the sorted names of the exported struct types in a directory that embed
// Fields or have a field with the name of a secret.
func secretTypes(t *testing.T, dir string) []string {
	t.Helper()
	found := make(map[string]bool)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if s, ok := spec.Type.(*ast.StructType); ok && spec.Name.IsExported() {
				for _, field := range s.Fields.List {
					if isSecret(field) {
						found[spec.Name.Name] = true
					}
				}
			}
			return true
		})
	}
	return slices.Sorted(maps.Keys(found))
}

// isSecret reports whether a field has the name of a secret, or is an embedded Fields. A function
// that returns a secret does not print it.
func isSecret(field *ast.Field) bool {
	if _, ok := field.Type.(*ast.FuncType); ok {
		return false
	}
	if s, ok := field.Type.(*ast.SelectorExpr); ok && len(field.Names) == 0 {
		return s.Sel.Name == "Fields"
	}
	return slices.ContainsFunc(field.Names, func(name *ast.Ident) bool {
		return slices.Contains(secretNames, name.Name)
	})
}
