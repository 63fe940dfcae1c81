// Bench measures this module against its peers, and against what the work cannot take less than, on
// this machine.
//
//	go run .
//
// runs all programs in turn, several times, on the same work over loopback, prints tables in
// Markdown, and writes them to RESULTS.md. It takes about 5 minutes and should have the machine to
// itself. With -quick it does a small part of the work once or twice, and writes nothing: that
// shows that everything runs and gives the right answers, and no more. It needs Unix and the go
// command, to build the programs that are compared, which are in cmd/.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"time"
)

// effort is how much work is done.
type effort struct {
	keys, manyKeys                                           int
	delay                                                    time.Duration
	roundTrips                                               []time.Duration
	srp, sign, batch, start, list, listFar, listHuge, signIn int // rounds
}

// farthest is the longest round trip, for which there are targets.
const farthest = 80 * time.Millisecond

var (
	full = effort{
		keys: 200_000, manyKeys: 2_000_000, delay: 30 * time.Millisecond,
		roundTrips: []time.Duration{0, 20 * time.Millisecond, farthest},
		srp:        40,
		sign:       20, batch: 4000, start: 30, list: 5, listFar: 3, listHuge: 2, signIn: 15,
	}
	quick = effort{
		keys: 10_000, manyKeys: 50_000, delay: 10 * time.Millisecond,
		roundTrips: []time.Duration{0, farthest},
		srp:        2, sign: 1, batch: 100, start: 2, list: 1, listFar: 1, listHuge: 1, signIn: 1,
	}
)

func main() {
	isQuick := flag.Bool("quick", false, "a small part of the work, and no RESULTS.md")
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

func bench(e effort, isQuick bool) error {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var results bytes.Buffer
	fmt.Fprintf(&results, "# %s\n\n", heading)
	if isQuick {
		fmt.Fprintf(&results, "A quick run: its figures mean nothing.\n\n")
	}
	if err := describe(&results); err != nil {
		return fmt.Errorf("run it in its own folder: %w", err)
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
	if err := printTargets(&results, tables); err != nil {
		return err
	}
	for _, t := range tables {
		t.print(&results)
	}
	os.Stdout.Write(results.Bytes())
	if isQuick {
		return nil
	}
	return os.WriteFile("RESULTS.md", results.Bytes(), 0o644)
}

const heading = `Measured

"go run ." in this folder writes this file. Values are medians of rounds in which all programs take
turns. The columns ÷ are the medians of the rounds' ratios. Only ratios apply to other machines.`

// measure does everything.
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
