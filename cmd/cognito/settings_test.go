package main

import (
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Without HOME, as in services and IDEs, the directories are those of the user database.
func TestNoHome(t *testing.T) {
	me, err := user.Current()
	if err != nil || me.HomeDir == "" || runtime.GOOS == "windows" {
		t.Skipf("SKIPPED: this system has no home directory in its user database: %v", err)
	}
	t.Setenv("HOME", "")
	t.Setenv("XDG_CONFIG_HOME", "")
	a := &app{getenv: func(string) string { return "" }}
	config, state := ".config/cognito/config.json", ".local/state/cognito"
	if runtime.GOOS == "darwin" {
		config = "Library/Application Support/cognito/config.json"
		state = "Library/Application Support/cognito/state"
	}
	if got, err := a.configPath(); got != filepath.Join(me.HomeDir, config) {
		t.Errorf("configPath() = %q, %v, want %s in %s", got, err, config, me.HomeDir)
	}
	if got, err := a.stateDir(); got != filepath.Join(me.HomeDir, state) {
		t.Errorf("stateDir() = %q, %v, want %s in %s", got, err, state, me.HomeDir)
	}
}

// A variable with a relative path is an error. Its value depends on the current directory.
func TestRelativeDirectories(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("SKIPPED: this system does not use XDG_CONFIG_HOME")
	}
	t.Setenv("XDG_CONFIG_HOME", "relative")
	a := &app{getenv: func(name string) string {
		if strings.HasPrefix(name, "XDG_") {
			return "relative"
		}
		return ""
	}}
	if got, err := a.configPath(); err == nil || !strings.Contains(err.Error(), "XDG_CONFIG_HOME") {
		t.Errorf("configPath() = %q, %v, want an error that names XDG_CONFIG_HOME", got, err)
	}
	if got, err := a.stateDir(); err == nil || !strings.Contains(err.Error(), "XDG_STATE_HOME") {
		t.Errorf("stateDir() = %q, %v, want an error that names XDG_STATE_HOME", got, err)
	}
}
