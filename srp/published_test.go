package srp

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"testing"
	"time"
)

func TestPublished(t *testing.T) {
	var f struct {
		K    string `json:"k_hex"`
		Full []struct {
			signIn
			Kind     string
			Identity string `json:"identity_hash_hex"`
			Derived  signIn
		}
	}
	decode(t, "cognito_srp_published", &f)
	if len(f.Full) != 6 || f.K != cognito().k.Text(16) {
		t.Fatalf("%d sign-ins, k = %s", len(f.Full), f.K)
	}
	devices := 0
	for _, v := range f.Full {
		t.Run(v.Name, func(t *testing.T) {
			if v.Kind == "device" {
				// Its SALT is base64 text, which one JavaScript library
				// reads as some number or other. It has to be refused.
				devices++
				if _, err := parseHex("SALT", "AOuW", maxSaltDigits); err == nil {
					t.Error("base64 text accepted as SALT")
				}
				return
			}
			v.signIn.check(t)
			if v.Derived != (signIn{}) {
				d := v.Derived
				d.PoolName, d.User, d.Password, d.ADec, d.AHex = v.PoolName, v.User, v.Password, v.ADec, v.AHex
				d.PublicBHex, d.SaltHex, d.SecretBlock, d.Timestamp = v.PublicBHex, v.SaltHex, v.SecretBlock, v.Timestamp
				d.check(t)
			}
			if v.Identity != "" {
				sum := sha256.Sum256([]byte(v.PoolName + v.User + ":" + v.Password))
				if got := hex.EncodeToString(sum[:]); got != v.Identity {
					t.Errorf("identity hash = %s, want %s", got, v.Identity)
				}
			}
		})
	}
	if devices != 1 {
		t.Errorf("%d device sign-ins", devices)
	}
}

// TestPublishedParts checks the published values of single steps.
func TestPublishedParts(t *testing.T) {
	var f struct {
		U, S []signInPart
		B    struct {
			B string `json:"big_B_hex"`
		} `json:"illegal_B"`
		HKDF struct {
			IKM  string `json:"ikm_hex"`
			Salt string `json:"salt_hex"`
			Key  string `json:"key_hex"`
		}
		Misc struct {
			Identity []struct {
				Prefix, ID, Password string
				Hash                 string `json:"sha256_b64"`
			} `json:"identity_hash"`
		}
		Bodgit struct {
			K string `json:"k_hex"`
			X signInPart
			U signInPart
		}
		Timestamps []struct {
			UTC      time.Time
			Expected string
		}
		PadHex struct{ Cases [][2]any }
	}
	decode(t, "cognito_srp_published", &f)

	us := append(f.U, f.Bodgit.U)
	if len(us) != 5 {
		t.Errorf("%d vectors of u", len(us))
	}
	for i, v := range us {
		u := scramble(bigHex(v.A), bigHex(v.B))
		if (v.U != "" && u.Text(16) != v.U) || (v.UDec != "" && u.String() != v.UDec) || v.U+v.UDec == "" {
			t.Errorf("u %d = %x, want %s%s", i, u, v.U, v.UDec)
		}
	}
	if len(f.S) != 2 {
		t.Errorf("%d vectors of S", len(f.S))
	}
	for i, v := range f.S {
		c := newClient(bigHex(v.SmallA))
		if c.A() != v.A {
			t.Errorf("S %d: A = %s, want %s", i, c.A(), v.A)
		}
		B := bigHex(v.B)
		S := cognito().clientSecret(c.bigA, B, bigHex(v.SmallA), scramble(c.bigA, B), v.identity().x(bigHex(v.Salt)))
		if S.Text(16) != v.S {
			t.Errorf("S %d = %x, want %s", i, S, v.S)
		}
	}
	if x := f.Bodgit.X.identity().x(bigHex(f.Bodgit.X.Salt)); x.Text(16) != f.Bodgit.X.X {
		t.Errorf("x = %x, want %s", x, f.Bodgit.X.X)
	}
	if f.Bodgit.K != cognito().k.Text(16) {
		t.Errorf("k = %x, want %s", cognito().k, f.Bodgit.K)
	}

	// 882 digits: refused for its length, and without that because it is 0 modulo N.
	id := Identity{Pool: "p", User: "u", Password: "p"}
	if _, err := parseHex("SRP_B", f.B.B, maxDigits); err == nil {
		t.Error("B of 882 digits accepted")
	}
	if _, err := clientKey(big.NewInt(1), cognito().g, bigHex(f.B.B), big.NewInt(1), id); err == nil {
		t.Error("B = 0 mod N accepted")
	}

	K, err := key(bigHex(f.HKDF.IKM), bigHex(f.HKDF.Salt))
	if err != nil || hex.EncodeToString(K) != f.HKDF.Key {
		t.Errorf("K = %x, %v; want %s", K, err, f.HKDF.Key)
	}
	if len(f.Misc.Identity) == 0 {
		t.Error("no identity hash")
	}
	for _, v := range f.Misc.Identity {
		inner := unbase64(t, v.Hash)
		want := hashInt([]byte{1}, inner)
		if got := (Identity{v.Prefix, v.ID, v.Password}).x(big.NewInt(1)); got.Cmp(want) != 0 {
			t.Errorf("x = %x, want %x", got, want)
		}
	}
	if len(f.Timestamps) != 6 {
		t.Errorf("%d timestamps", len(f.Timestamps))
	}
	for _, v := range f.Timestamps {
		if got := Timestamp(v.UTC); got != v.Expected || checkTimestamp(v.Expected) != nil {
			t.Errorf("Timestamp(%v) = %q, want %q", v.UTC, got, v.Expected)
		}
	}
	natural := 0
	for _, c := range f.PadHex.Cases {
		n, want := int64(c[0].(float64)), c[1].(string)
		if n < 0 {
			continue // two's complement of what never occurs in SRP
		}
		natural++
		if got := fmt.Sprintf("%X", pad(big.NewInt(n))); got != want {
			t.Errorf("pad(%d) = %s, want %s", n, got, want)
		}
	}
	if natural != 257 {
		t.Errorf("%d cases of pad", natural)
	}
}

type signInPart struct {
	SmallA   string `json:"small_a_hex"`
	UserFull string `json:"username_full"` // Pool and User as one text
	Password string
	Salt     string `json:"salt_hex"`
	A        string `json:"big_A_hex"`
	B        string `json:"big_B_hex"`
	U        string `json:"u_hex"`
	UDec     string `json:"u_dec"`
	S        string `json:"S_hex"`
	X        string `json:"x_hex"`
}

// identity splits UserFull somewhere: only the whole is hashed.
func (p signInPart) identity() Identity {
	return Identity{Pool: p.UserFull[:2], User: p.UserFull[2:], Password: p.Password}
}

// stewartml/cognito-srp has both sides, tested one by one. It fills integers up
// to 384 bytes where Cognito does not, which makes no difference in these values.
func TestPublishedClientServer(t *testing.T) {
	var f struct {
		V struct {
			Constants          struct{ PoolName, Salt, Verifier, Secret, PublicKey, SessionKey, ScramblingParameter, HKDF string }
			Username, Password string
			A                  string `json:"client_A_hex"`
			B                  string `json:"server_B_hex"`
			ClientKey          string `json:"client_session_hkdf_hex"`
			ServerKey          string `json:"server_session_hkdf_hex"`
			Signature          struct {
				Secret    string `json:"secret_text"`
				Timestamp string
				Signature string `json:"signature_b64"`
			} `json:"session_signature"`
			Created string `json:"created_user_verifier_hex"`
		} `json:"client_server"`
	}
	decode(t, "cognito_srp_published", &f)
	v, c := f.V, f.V.Constants
	id := Identity{Pool: c.PoolName, User: v.Username, Password: v.Password}
	secret, salt, B := bigHex(c.Secret), bigHex(c.Salt), bigHex(v.B)
	compare := func(name, got, want string) {
		t.Helper()
		if got != want || want == "" {
			t.Errorf("%s = %s, want %s", name, got, want)
		}
	}

	created, err := newVerifier(id, salt)
	if err != nil {
		t.Fatal(err)
	}
	compare("verifier", new(big.Int).SetBytes(created.Verifier).Text(16), v.Created)

	client := newClient(secret)
	compare("A", client.A(), v.A)
	u := scramble(client.bigA, B)
	compare("u", u.Text(16), c.ScramblingParameter)
	S := cognito().clientSecret(client.bigA, B, secret, u, id.x(salt))
	compare("S", S.Text(16), c.SessionKey)
	K, err := clientKey(secret, client.bigA, B, salt, id)
	if err != nil {
		t.Fatal(err)
	}
	compare("client's K", hex.EncodeToString(K), v.ClientKey)
	compare("client's K", hex.EncodeToString(K), c.HKDF)
	// The "secret block" there is text that its decoder of base64 accepts without padding.
	block, err := base64.RawStdEncoding.DecodeString(v.Signature.Secret)
	if err != nil {
		t.Fatal(err)
	}
	compare("signature", base64.StdEncoding.EncodeToString(sign(K, id, block, v.Signature.Timestamp)), v.Signature.Signature)

	// The server's test has another verifier, and takes B for A.
	server, err := newServer(Verifier{Salt: pad(salt), Verifier: pad(bigHex(c.Verifier))}, secret)
	if err != nil {
		t.Fatal(err)
	}
	compare("B", server.B(), v.B)
	compare("B", server.B(), c.PublicKey)
	compare("salt", server.Salt(), c.Salt)
	K, err = server.key(bigHex(c.PublicKey), secret)
	if err != nil {
		t.Fatal(err)
	}
	compare("server's K", hex.EncodeToString(K), v.ServerKey)
}
