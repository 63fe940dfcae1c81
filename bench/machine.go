package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// describe says on what was measured, and with which modules.
func describe(w io.Writer) {
	fmt.Fprintf(w, "Measured on %s: %s, %d cores, %s, %s/%s, load %s before.\n\n", time.Now().UTC().Format(time.DateOnly), processor(),
		runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH, load())
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return
	}
	fmt.Fprintln(w, "With:")
	fmt.Fprintln(w)
	for _, dep := range info.Deps {
		for _, peer := range []string{"github.com/alexrudd/", "github.com/aws/aws-sdk-go-v2", "github.com/minio/minio-go/"} {
			if strings.HasPrefix(dep.Path, peer) && !strings.Contains(dep.Path, "/internal/") {
				fmt.Fprintf(w, "* %s %s\n", dep.Path, dep.Version)
			}
		}
	}
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
		if name, value, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(name) == "model name" {
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
