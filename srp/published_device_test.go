package srp

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"testing"
)

func TestPublishedDeviceVerifier(t *testing.T) {
	var f struct {
		V struct {
			Group    string `json:"device_group_key"`
			Key      string `json:"device_key"`
			Password string `json:"device_password"`
			Salt     string `json:"salt_b64"`
			Verifier string `json:"password_verifier_b64"`
		} `json:"device_verifier"`
	}
	decode(t, "cognito_srp_published", &f)
	salt := unbase64(t, f.V.Salt)
	got, err := newVerifier(Identity{f.V.Group, f.V.Key, f.V.Password}, new(big.Int).SetBytes(salt))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Salt, salt) || !bytes.Equal(got.Verifier, unbase64(t, f.V.Verifier)) {
		t.Errorf("verifier = %x %x", got.Salt, got.Verifier)
	}
}

func TestHKDF(t *testing.T) {
	var f struct {
		Cases []struct {
			Name                      string
			IKM, Salt, Info, PRK, OKM string
			L                         int
		}
	}
	decode(t, "rfc5869_hkdf_sha256", &f)
	if len(f.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, v := range f.Cases {
		prk, err := hkdf.Extract(sha256.New, unhex(v.IKM), unhex(v.Salt))
		if err != nil || hex.EncodeToString(prk) != v.PRK {
			t.Errorf("%s: PRK = %x, %v", v.Name, prk, err)
		}
		okm, err := hkdf.Key(sha256.New, unhex(v.IKM), unhex(v.Salt), string(unhex(v.Info)), v.L)
		if err != nil || hex.EncodeToString(okm) != v.OKM {
			t.Errorf("%s: OKM = %x, %v", v.Name, okm, err)
		}
		// The oracle's two HMACs are HKDF for up to 32 bytes.
		first := hmacSHA256(hmacSHA256(unhex(v.Salt), unhex(v.IKM)), append(unhex(v.Info), 1))
		if n := min(v.L, len(first)); !bytes.Equal(first[:n], okm[:n]) {
			t.Errorf("%s: the oracle's HKDF gives %x", v.Name, first)
		}
	}
}
