package srp

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"testing"
	"time"
)

// TestPublished repeats the sign-ins in the test suites of other clients.
func TestPublished(t *testing.T) {
	var file struct {
		K    string `json:"k_hex"`
		Full []struct {
			signIn
			Kind     string
			Identity string `json:"identity_hash_hex"`
			Derived  signIn
		}
	}
	decode(t, "cognito_srp_published", &file)
	if len(file.Full) != 6 {
		t.Fatalf("the file has %d sign-ins, want 6", len(file.Full))
	}
	if got := cognito().k.Text(16); got != file.K {
		t.Errorf("k = %s, want %s", got, file.K)
	}
	devices := 0
	for _, v := range file.Full {
		if v.Kind == "device" {
			devices++
			// Its SALT is base64, which one JavaScript library parses as some other number.
			if _, err := parseHex("SALT", "AOuW", maxSaltDigits); err == nil {
				t.Error(`parseHex("AOuW") = nil, want an error, because it is base64`)
			}
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			v.signIn.check(t)
			if d := v.Derived; d != (signIn{}) {
				d.PoolName, d.User, d.Password = v.PoolName, v.User, v.Password
				d.ADec, d.AHex, d.PublicBHex = v.ADec, v.AHex, v.PublicBHex
				d.SaltHex, d.SecretBlock, d.Timestamp = v.SaltHex, v.SecretBlock, v.Timestamp
				d.check(t)
			}
			if v.Identity != "" {
				sum := sha256.Sum256([]byte(v.PoolName + v.User + ":" + v.Password))
				if got := hex.EncodeToString(sum[:]); got != v.Identity {
					t.Errorf("inner hash of x = %s, want %s", got, v.Identity)
				}
			}
		})
	}
	if devices != 1 {
		t.Errorf("the file has %d sign-ins of devices, want 1", devices)
	}
}

// part is a published input or result of one step.
type part struct {
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

// x returns x for the identity of p. UserFull can be split anywhere, because only the
// concatenation of Pool and User is hashed.
func (p part) x() *big.Int {
	id := Identity{Pool: p.UserFull[:2], User: p.UserFull[2:], Password: p.Password}
	return id.x(bigHex(p.Salt))
}

// TestPublishedSteps checks the published values of single steps.
func TestPublishedSteps(t *testing.T) {
	var file struct {
		U, S []part
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
			K    string `json:"k_hex"`
			X, U part
		}
		Timestamps []struct {
			UTC      time.Time
			Expected string
		}
		PadHex struct{ Cases [][2]any }
	}
	decode(t, "cognito_srp_published", &file)

	t.Run("u", func(t *testing.T) {
		us := append(file.U, file.Bodgit.U)
		if len(us) != 5 {
			t.Errorf("the file has %d vectors of u, want 5", len(us))
		}
		for i, v := range us {
			u := scramble(bigHex(v.A), bigHex(v.B))
			if v.U+v.UDec == "" {
				t.Errorf("vector %d has no u", i)
			}
			if v.U != "" && u.Text(16) != v.U || v.UDec != "" && u.String() != v.UDec {
				t.Errorf("vector %d: u = %x, want %s%s", i, u, v.U, v.UDec)
			}
		}
	})
	t.Run("x", func(t *testing.T) {
		if x := file.Bodgit.X.x(); x.Text(16) != file.Bodgit.X.X {
			t.Errorf("x = %x, want %s", x, file.Bodgit.X.X)
		}
		if len(file.Misc.Identity) == 0 {
			t.Error("the file has no identity hash")
		}
		for _, v := range file.Misc.Identity {
			id := Identity{Pool: v.Prefix, User: v.ID, Password: v.Password}
			want := hashInt([]byte{1}, unbase64(t, v.Hash))
			if got := id.x(big.NewInt(1)); got.Cmp(want) != 0 {
				t.Errorf("x = %x, want %x", got, want)
			}
		}
	})
	t.Run("S", func(t *testing.T) {
		if len(file.S) != 2 {
			t.Errorf("the file has %d vectors of S, want 2", len(file.S))
		}
		for i, v := range file.S {
			a, B := bigHex(v.SmallA), bigHex(v.B)
			c := newClient(a)
			if c.A() != v.A {
				t.Errorf("vector %d: A = %s, want %s", i, c.A(), v.A)
			}
			S := cognito().clientSecret(c.bigA, B, a, scramble(c.bigA, B), v.x())
			if S.Text(16) != v.S {
				t.Errorf("vector %d: S = %x, want %s", i, S, v.S)
			}
		}
	})
	t.Run("k", func(t *testing.T) {
		if k := cognito().k.Text(16); k != file.Bodgit.K {
			t.Errorf("k = %s, want %s", k, file.Bodgit.K)
		}
	})
	t.Run("refused B", func(t *testing.T) {
		// This B is too long, and it is also 0 modulo N.
		if _, err := parseHex("SRP_B", file.B.B, maxDigits); err == nil {
			t.Errorf("parseHex of %d digits = nil, want an error", len(file.B.B))
		}
		one := big.NewInt(1)
		_, err := clientKey(one, cognito().g, bigHex(file.B.B), one, testID)
		checkError(t, "clientKey", err, "SRP_B is 0 modulo N")
	})
	t.Run("K", func(t *testing.T) {
		K, err := key(bigHex(file.HKDF.IKM), bigHex(file.HKDF.Salt))
		if err != nil || hex.EncodeToString(K) != file.HKDF.Key {
			t.Errorf("K = %x, %v, want %s", K, err, file.HKDF.Key)
		}
	})
	t.Run("TIMESTAMP", func(t *testing.T) {
		if len(file.Timestamps) != 6 {
			t.Errorf("the file has %d timestamps, want 6", len(file.Timestamps))
		}
		for _, v := range file.Timestamps {
			if got := Timestamp(v.UTC); got != v.Expected {
				t.Errorf("Timestamp(%v) = %q, want %q", v.UTC, got, v.Expected)
			}
			if err := checkTimestamp(v.Expected); err != nil {
				t.Errorf("checkTimestamp(%q) = %v, want nil", v.Expected, err)
			}
		}
	})
	t.Run("pad", func(t *testing.T) {
		natural := 0
		for _, c := range file.PadHex.Cases {
			n, want := int64(c[0].(float64)), c[1].(string)
			if n < 0 {
				continue // SRP has no negative integers
			}
			natural++
			if got := fmt.Sprintf("%X", pad(big.NewInt(n))); got != want {
				t.Errorf("pad(%d) = %s, want %s", n, got, want)
			}
		}
		if natural != 257 {
			t.Errorf("the file has %d cases of pad, want 257", natural)
		}
	})
}

func TestPublishedDeviceVerifier(t *testing.T) {
	var file struct {
		V struct {
			Group    string `json:"device_group_key"`
			Key      string `json:"device_key"`
			Password string `json:"device_password"`
			Salt     string `json:"salt_b64"`
			Verifier string `json:"password_verifier_b64"`
		} `json:"device_verifier"`
	}
	decode(t, "cognito_srp_published", &file)
	salt, want := unbase64(t, file.V.Salt), unbase64(t, file.V.Verifier)
	id := Identity{Pool: file.V.Group, User: file.V.Key, Password: file.V.Password}
	got := must[Verifier](t)(newVerifier(id, new(big.Int).SetBytes(salt)))
	if !bytes.Equal(got.Salt, salt) {
		t.Errorf("Salt = %x, want %x", got.Salt, salt)
	}
	if !bytes.Equal(got.PasswordVerifier, want) {
		t.Errorf("PasswordVerifier = %x, want %x", got.PasswordVerifier, want)
	}
}

// TestPublishedServer checks the values of stewartml/cognito-srp, which tests both sides one by
// one. It pads integers to 384 bytes where Cognito does not. That makes no difference for these
// values.
func TestPublishedServer(t *testing.T) {
	var file struct {
		V struct {
			Constants struct {
				PoolName, Salt, Verifier, Secret string
				PublicKey, SessionKey            string
				ScramblingParameter, HKDF        string
			}
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
	decode(t, "cognito_srp_published", &file)
	v, c := file.V, file.V.Constants
	id := Identity{Pool: c.PoolName, User: v.Username, Password: v.Password}
	secret, salt, B := bigHex(c.Secret), bigHex(c.Salt), bigHex(v.B)
	compare := func(name, got, want string) {
		t.Helper()
		if got != want || want == "" {
			t.Errorf("%s = %s, want %s", name, got, want)
		}
	}

	created := must[Verifier](t)(newVerifier(id, salt))
	compare("v", new(big.Int).SetBytes(created.PasswordVerifier).Text(16), v.Created)

	client := newClient(secret)
	compare("A", client.A(), v.A)
	u := scramble(client.bigA, B)
	compare("u", u.Text(16), c.ScramblingParameter)
	S := cognito().clientSecret(client.bigA, B, secret, u, id.x(salt))
	compare("S", S.Text(16), c.SessionKey)
	K := must[[]byte](t)(clientKey(secret, client.bigA, B, salt, id))
	compare("K of the client", hex.EncodeToString(K), v.ClientKey)
	compare("K of the client", hex.EncodeToString(K), c.HKDF)
	// Its secret block is text that happens to be valid base64 without padding.
	block := must[[]byte](t)(base64.RawStdEncoding.DecodeString(v.Signature.Secret))
	signature := sign(K, id, block, v.Signature.Timestamp)
	compare("signature", base64.StdEncoding.EncodeToString(signature), v.Signature.Signature)

	// The test of the server has another verifier, and uses B in place of A.
	verifier := Verifier{Salt: pad(salt), PasswordVerifier: pad(bigHex(c.Verifier))}
	server := must[*Server](t)(newServer(verifier, secret))
	compare("B", server.B(), v.B)
	compare("B", server.B(), c.PublicKey)
	compare("SALT", server.Salt(), c.Salt)
	K = must[[]byte](t)(server.key(bigHex(c.PublicKey), secret))
	compare("K of the server", hex.EncodeToString(K), v.ServerKey)
}
