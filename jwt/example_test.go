package jwt_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"strings"

	"github.com/loginwithcognito/cognito/cognitotest"
	"github.com/loginwithcognito/cognito/jwt"
)

// An API that requires an access token of the user pool.
func ExampleVerifier() {
	stand := cognitotest.Example().Client() // leave HTTPClient out to reach AWS
	verifier := &jwt.Verifier{
		UserPoolID: cognitotest.ExampleUserPoolID,
		ClientID:   cognitotest.ExampleClientID,
		HTTPClient: stand,
	}
	http.HandleFunc("GET /orders", func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		claims, err := verifier.VerifyAccessToken(r.Context(), token)
		var refused *jwt.Error
		switch {
		case errors.As(err, &refused) && refused.Reason == jwt.KeysUnavailable:
			http.Error(w, "try again later", http.StatusServiceUnavailable)
		case err != nil:
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "sign in", http.StatusUnauthorized)
		default:
			fmt.Fprintf(w, "orders of %s", claims.Username)
		}
	})
}

// The keys with which a user pool signs its tokens.
func ExampleVerifier_Keys() {
	v := &jwt.Verifier{
		UserPoolID: cognitotest.ExampleUserPoolID,
		HTTPClient: cognitotest.Example().Client(),
	}
	keys, err := v.Keys(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, key := range keys {
		fmt.Println(key.PublicKey.N.BitLen() >= 2048, key.PublicKey.E)
	}
	// Output: true 65537
}
