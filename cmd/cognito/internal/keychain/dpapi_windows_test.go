package keychain

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"
)

// The key is in a file that Windows has encrypted. An altered file is an error.
func TestDPAPI(t *testing.T) {
	dir := t.TempDir()
	one := &Ring{Dir: dir}
	if err := one.Prepare(t.Context(), "dpapi", noted(t)); err != nil {
		t.Fatal(err)
	}
	key, err := one.Key("dpapi")
	if err != nil {
		t.Fatal(err)
	}
	two := &Ring{Dir: dir}
	if again, err := two.Key("dpapi"); err != nil || !bytes.Equal(again, key) {
		t.Errorf("Key(dpapi) of another process = %x, %v, want %x", again, err, key)
	}
	path := filepath.Join(dir, "key.dpapi")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte(base64.StdEncoding.EncodeToString(key))) {
		t.Errorf("%s has the key in clear", path)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if altered, err := (&Ring{Dir: dir}).Key("dpapi"); err == nil {
		t.Errorf("Key(dpapi) of an altered file = %x, want an error", altered)
	}
}
