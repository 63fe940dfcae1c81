package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"
)

// describe says on what was measured, and with which modules of go.mod, those that it names itself.
func describe(w io.Writer) error {
	fmt.Fprintf(w, "Measured on %s: %s, %d cores, %s, %s/%s, load %s before.\n\n",
		time.Now().UTC().Format(time.DateOnly), processor(),
		runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH, load())
	data, err := os.ReadFile("go.mod")
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "With:\n\n")
	for line := range strings.Lines(string(data)) {
		if path, version, ok := strings.Cut(strings.TrimSpace(line), " v"); ok && path != module &&
			!strings.Contains(version, " ") {
			fmt.Fprintf(w, "* %s v%s\n", path, version)
		}
	}
	return nil
}

// processor is the model of the first one, where the system tells.
func processor() string {
	model := "processor unknown"
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return model
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, value, _ := strings.Cut(lines.Text(),
			":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return model
}

// load is the mean number of processes that ran in the last minute, where the system tells.
func load() string {
	data, err := os.ReadFile("/proc/loadavg")
	if first, _, ok := strings.Cut(string(data), " "); err == nil && ok {
		return first
	}
	return "unknown"
}
