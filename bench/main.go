// Bench compares the speed and the size of this module with those of other libraries.
//
//	go run .
//
// Bench runs all programs in turn, in several rounds, on the same work over loopback. It prints
// tables in Markdown and writes them to RESULTS.md, with a chart in RESULTS.svg. It takes about 5
// minutes; no other program should use the machine meanwhile.
//
// A floor in a table is the smallest program that does the indispensable part of the work, such as
// the hashing of a signature.
//
// With -quick, Bench does a small part of the work once or twice and writes no file. This checks
// that all programs run and give the right results; its figures are meaningless.
//
// Bench needs Unix, and the go command to build the programs in cmd/.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"time"
)

// effort is the amount of work.
type effort struct {
	keys, manyKeys int             // keys in the buckets
	delay          time.Duration   // before each response of the slow server
	roundTrips     []time.Duration // of sign-ins
	batch          int             // requests that are signed in a round

	// The numbers of rounds.
	srp, sign, start, list, listFar, listHuge, signIn int
}

// farthest is the longest round trip. The targets of sign-ins apply to it.
const farthest = 80 * time.Millisecond

var (
	full = effort{
		keys:       200_000,
		manyKeys:   2_000_000,
		delay:      30 * time.Millisecond,
		roundTrips: []time.Duration{0, 20 * time.Millisecond, farthest},
		batch:      4000,
		srp:        40,
		sign:       20,
		start:      30,
		list:       5,
		listFar:    3,
		listHuge:   2,
		signIn:     15,
	}
	quick = effort{
		keys:       10_000,
		manyKeys:   50_000,
		delay:      10 * time.Millisecond,
		roundTrips: []time.Duration{0, farthest},
		batch:      100,
		srp:        2,
		sign:       1,
		start:      2,
		list:       1,
		listFar:    1,
		listHuge:   1,
		signIn:     1,
	}
)

func main() {
	isQuick := flag.Bool("quick", false, "do a small part of the work; do not write RESULTS.md")
	flag.Parse()
	e := full
	if *isQuick {
		e = quick
	}
	if err := bench(e, *isQuick); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench measures everything and prints the results.
func bench(e effort, isQuick bool) error {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var results bytes.Buffer
	fmt.Fprintf(&results, "# %s\n\n", heading)
	if isQuick {
		fmt.Fprintf(&results, "This was a quick run. Its figures are meaningless.\n\n")
	}
	if err := describe(&results); err != nil {
		return fmt.Errorf("run bench in its own directory: %w", err)
	}
	fmt.Fprintln(os.Stderr, "building the programs")
	p := programs{dir}
	if err := p.build(); err != nil {
		return err
	}
	tables, err := measure(e, p)
	if err != nil {
		return err
	}
	if !isQuick {
		fmt.Fprintf(&results, "\n![Targets and main comparisons](%s)\n", chartFile)
	}
	if err := printTargets(&results, tables); err != nil {
		return err
	}
	var image bytes.Buffer
	if err := draw(&image, tables); err != nil {
		return err
	}
	for _, t := range tables {
		t.print(&results)
	}
	os.Stdout.Write(results.Bytes())
	if isQuick {
		return nil
	}
	if err := os.WriteFile(chartFile, image.Bytes(), 0o644); err != nil {
		return err
	}
	return os.WriteFile("RESULTS.md", results.Bytes(), 0o644)
}

const chartFile = "RESULTS.svg"

const heading = `Benchmark results

"go run ." in this directory writes this file. All programs take turns in each round. Values are
medians over the rounds. A column ÷ X is the median of the rounds' ratios to X. Only ratios apply to
other machines.`

// measure makes all tables.
func measure(e effort, p programs) (tables []*table, err error) {
	everyone := append(append(own[:len(own):len(own)], even), peers...)
	for _, part := range []func() (*table, error){
		func() (*table, error) { return srpClients(e.srp) },
		func() (*table, error) { return signers(e.sign, e.batch) },
		func() (*table, error) { return p.sizes(e.start) },
		func() (*table, error) { return p.signIns(e.signIn, e.roundTrips...) },
		func() (*table, error) {
			return p.listings(titleList, e.keys, e.list, 0, true, everyone...)
		},
		func() (*table, error) {
			return p.listings(titleFar, e.keys, e.listFar, e.delay, true, everyone...)
		},
		func() (*table, error) {
			return p.listings(titleHuge, e.manyKeys, e.listHuge, 0, false, own...)
		},
	} {
		start := time.Now()
		t, err := part()
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
		fmt.Fprintf(os.Stderr, "%s: %.0f s\n", t.title, time.Since(start).Seconds())
	}
	return tables, nil
}
