package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"strings"
	"time"
	_ "unsafe" // for go:linkname

	cognitosrp "github.com/alexrudd/cognito-srp/v4"
)

// passwordKey is the unexported function of cognito-srp that computes the key for its
// PasswordVerifierChallenge. That function formats TIMESTAMP with a 12-hour clock, which the
// stand-in for AWS refuses in the afternoon (UTC), so that answer must replace it.
//
//go:linkname passwordKey github.com/alexrudd/cognito-srp/v4.(*CognitoSRP).getPasswordAuthenticationKey
func passwordKey(srp *cognitosrp.CognitoSRP, user, password string, b, salt *big.Int) []byte

// answer does the same as PasswordVerifierChallenge, but with a 24-hour clock.
func answer(srp *cognitosrp.CognitoSRP, asked map[string]string,
	password string) (map[string]string, error) {
	block, err := base64.StdEncoding.DecodeString(asked["SECRET_BLOCK"])
	if err != nil {
		return nil, err
	}
	b, _ := new(big.Int).SetString(asked["SRP_B"], 16)
	salt, _ := new(big.Int).SetString(asked["SALT"], 16)
	_, pool, _ := strings.Cut(srp.GetUserPoolId(), "_")
	user := asked["USER_ID_FOR_SRP"]
	timestamp := time.Now().UTC().Format("Mon Jan 2 15:04:05 UTC 2006")
	mac := hmac.New(sha256.New, passwordKey(srp, user, password, b, salt))
	mac.Write([]byte(pool + user + string(block) + timestamp))
	return map[string]string{
		"TIMESTAMP":                   timestamp,
		"USERNAME":                    asked["USERNAME"],
		"PASSWORD_CLAIM_SECRET_BLOCK": asked["SECRET_BLOCK"],
		"PASSWORD_CLAIM_SIGNATURE":    base64.StdEncoding.EncodeToString(mac.Sum(nil)),
	}, nil
}
