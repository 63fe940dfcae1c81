package main

import (
	"fmt"
	"io"
	"strconv"
)

// target is a limit for a measure of a program, or for its ratio to ref if ref is set.
type target struct {
	table, measure, program, ref string
	limit                        float64
}

// The titles of the tables.
const (
	titleSRP    = "SRP, client side of one sign-in"
	titleSign   = "Signature Version 4, one S3 request with a session token"
	titleSizes  = "Size and start of programs that sign in and list"
	titleSignIn = "Sign-in over TLS, until the first listed key"
	titleList   = "Listing"
	titleFar    = "Listing with a slow server"
	titleHuge   = "Listing a large bucket"
)

// Measures that are used in several places.
const (
	perSRP     = "ms"
	cpuPerKey  = "CPU per key, µs"
	wallTime   = "wall, s"
	peakMemory = "peak memory, MB"
	size       = "size, MB"
)

// The limits relative to a floor are independent of other libraries. Earlier limits relative to
// aws-sdk-go-v2 for signing (0.25), CPU per key (0.05), size (0.72) and CPU of a sign-in (0.5) came
// from a wrong figure of that library, and are no longer used.
var targets = []target{
	{titleSRP, perSRP, ours, openSSL, 1},
	{titleSign, timeOf(listGET, cached), ours, floor, 1.6},
	{titleSign, timeOf(listGET, newKey), ours, floor, 1.6},
	{titleSign, timeOf(post1KiB, cached), ours, floor, 1.6},
	{titleSign, timeOf(post1KiB, newKey), ours, floor, 1.6},
	{titleSign, allocationsOf(listGET, cached), ours, "", 8},
	{titleSign, allocationsOf(post1KiB, cached), ours, "", 8},
	{titleSignIn, wallAt(farthest), ours, awsSDK, 0.62},
	{titleSignIn, wallAt(farthest), again, awsSDK, 0.62},
	{titleList, cpuPerKey, ours, floor, 2.2},
	{titleFar, wallTime, parallel, awsSDK, 0.125},
	{titleFar, wallTime, parallel, minioGo, 0.125},
	{titleHuge, peakMemory, ours, "", 40},
	{titleHuge, peakMemory, parallel, "", 40},
}

// printTargets prints the targets, and whether they are met.
func printTargets(w io.Writer, tables []*table) error {
	cells := [][]string{{"work", "measure", "program", "ratio to", "limit", "measured", "met"}}
	for _, goal := range targets {
		value, measured, err := goal.value(tables)
		if err != nil {
			return err
		}
		met := "yes"
		if !measured {
			met = "not measured"
		} else if value > goal.limit {
			met = "NO"
		}
		cells = append(cells,
			[]string{goal.table, goal.measure, goal.program, goal.ref,
				strconv.FormatFloat(goal.limit, 'g', -1, 64), number(value), met})
	}
	fmt.Fprintf(w, "\n## Targets\n\n")
	grid(w, cells, 4)
	return nil
}

// value returns the measured value of the target. measured is false if the machine lacks OpenSSL.
func (goal target) value(tables []*table) (value float64, measured bool, err error) {
	for _, t := range tables {
		if t.title != goal.table {
			continue
		}
		if goal.ref != "" {
			if ratio, ok := t.ratio(goal.measure, goal.program, goal.ref); ok {
				return ratio, true, nil
			}
		} else if r := t.row(goal.measure, goal.program); r != nil {
			return median(r.samples), true, nil
		}
	}
	if goal.ref == openSSL {
		return 0, false, nil
	}
	return 0, false, fmt.Errorf("no measurement for the target %q, %q, %q, %q", goal.table,
		goal.measure, goal.program, goal.ref)
}
