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

// describe prints the machine and the versions of the modules that go.mod requires directly.
func describe(w io.Writer) error {
	fmt.Fprintf(w, "Measured on %s: %s, %d cores, %s, %s/%s, load average %s at the start.\n\n",
		time.Now().UTC().Format(time.DateOnly), processor(),
		runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH, load())
	data, err := os.ReadFile("go.mod")
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "Versions of the other libraries:\n\n")
	for line := range strings.Lines(string(data)) {
		if path, version, ok := strings.Cut(strings.TrimSpace(line), " v"); ok && path != module &&
			!strings.Contains(version, " ") {
			fmt.Fprintf(w, "* %s v%s\n", path, version)
		}
	}
	return nil
}

// processor returns the model of the first processor, if /proc/cpuinfo names it.
func processor() string {
	model := "processor unknown"
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return model
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		if strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return model
}

// load returns the load average of the last minute, if /proc/loadavg has it.
func load() string {
	data, err := os.ReadFile("/proc/loadavg")
	if first, _, ok := strings.Cut(string(data), " "); err == nil && ok {
		return first
	}
	return "unknown"
}
