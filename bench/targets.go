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

var targets = []target{
	{titleSRP, perSRP, ours, mathBig, 0.6},
	{titleSign, timeOf(listGET, cached), ours, awsSDK, 0.25},
	{titleSign, timeOf(post1KiB, cached), ours, awsSDK, 0.25},
	{titleSign, allocationsOf(listGET, cached), ours, "", 8},
	{titleSign, allocationsOf(post1KiB, cached), ours, "", 8},
	{titleSizes, size, demo, awsSDK, 0.72},
	{titleSignIn, wallAt(farthest), ours, awsSDK, 0.62},
	{titleSignIn, wallAt(farthest), again, awsSDK, 0.62},
	{titleSignIn, cpuAt(farthest), ours, awsSDK, 0.5},
	{titleList, cpuPerKey, ours, awsSDK, 0.05},
	{titleList, cpuPerKey, ours, minioGo, 0.05},
	{titleList, cpuPerKey, ours, floor, 3},
	{titleFar, wallTime, parallel, awsSDK, 0.125},
	{titleFar, wallTime, parallel, minioGo, 0.125},
	{titleHuge, peakMemory, ours, "", 40},
	{titleHuge, peakMemory, parallel, "", 40},
}

// printTargets prints the targets, and whether they are met.
func printTargets(w io.Writer, tables []*table) error {
	cells := [][]string{{"work", "measure", "program", "ratio to", "limit", "measured", "met"}}
	for _, goal := range targets {
		value, err := goal.value(tables)
		if err != nil {
			return err
		}
		met := "yes"
		if value > goal.limit {
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

// value returns the measured value of the target.
func (goal target) value(tables []*table) (float64, error) {
	for _, t := range tables {
		if t.title != goal.table {
			continue
		}
		if goal.ref != "" {
			if ratio, ok := t.ratio(goal.measure, goal.program, goal.ref); ok {
				return ratio, nil
			}
		} else if r := t.row(goal.measure, goal.program); r != nil {
			return median(r.samples), nil
		}
	}
	return 0, fmt.Errorf("no measurement for the target %q, %q, %q, %q", goal.table, goal.measure,
		goal.program, goal.ref)
}
