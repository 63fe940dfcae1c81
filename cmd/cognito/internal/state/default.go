package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/files"
	"github.com/loginwithcognito/cognito/internal/strictjson"
)

// defaultsName is the name of the file that holds the default environments. It maps the absolute
// path of a configuration file to the name of its default environment.
const defaultsName = "defaults.json"

// maxDefaults is the maximum size of that file in bytes.
const maxDefaults = 64 << 10

// ReadDefaults returns the default environments by the absolute paths of their configuration files.
// dir is the state directory.
func ReadDefaults(dir string) (map[string]string, error) {
	if err := private(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, defaultsName)
	data, err := files.ReadOwn(path, maxDefaults)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var d map[string]string
	if err == nil && strictjson.Unmarshal(text(data), &d) != nil {
		err = fmt.Errorf("%s: %w", path, ErrDamaged)
	}
	return d, err
}

// SetDefault sets the default environment of a configuration file, or removes it if name is empty.
// It replaces a damaged file.
func SetDefault(ctx context.Context, dir, config, name string,
	note func(format string, args ...any)) error {
	if err := files.MakeDir(dir); err != nil {
		return err
	}
	if err := private(dir); err != nil {
		return err
	}
	path := filepath.Join(dir, defaultsName)
	file := files.Target{Path: path, Limit: maxDefaults, Mode: 0o600, Trusted: true, Note: note}
	return file.Update(ctx, func(data []byte) ([]byte, error) {
		var d map[string]string
		if strictjson.Unmarshal(text(data), &d) != nil || d == nil {
			d = make(map[string]string)
		}
		if d[config] == name {
			return data, nil
		}
		if d[config] = name; name == "" {
			delete(d, config)
		}
		data, err := json.MarshalIndent(d, "", "  ")
		if len(data) >= maxDefaults {
			return nil, fmt.Errorf("%s has too many configuration files: delete it", path)
		}
		return append(data, '\n'), err
	})
}
