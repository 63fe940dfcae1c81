package main

import (
	"fmt"
	"io"
	"strconv"
)

// target is a ratio, or where there is no ref a value, that shall not be exceeded.
type target struct {
	table, measure, program, ref string
	limit                        float64
}

// The tables' titles.
const (
	titleSRP    = "SRP, the client side of one sign-in"
	titleSign   = "Signature Version 4, one request for S3 with a session token"
	titleSizes  = "Programs that sign in and list"
	titleSignIn = "Sign-in to first listed key, over TLS"
	titleList   = "Listing"
	titleFar    = "Listing a server that takes its time"
	titleHuge   = "Listing a large bucket"
)

// The measures that more than one place knows.
const (
	perSRP     = "ms"
	cpuAKey    = "CPU a key, µs"
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
	{titleList, cpuAKey, ours, awsSDK, 0.05},
	{titleList, cpuAKey, ours, minioGo, 0.05},
	{titleList, cpuAKey, ours, floor, 3},
	{titleFar, wallTime, parallel, awsSDK, 0.125},
	{titleFar, wallTime, parallel, minioGo, 0.125},
	{titleHuge, peakMemory, ours, "", 40},
	{titleHuge, peakMemory, parallel, "", 40},
}

// printTargets says which targets are met.
func printTargets(w io.Writer, tables []*table) error {
	cells := [][]string{{"work", "measure", "program", "÷", "at most", "measured", "met"}}
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

// value is what was measured of the target.
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
	return 0,
		fmt.Errorf("nothing was measured for the target %q, %q, %q, %q", goal.table, goal.measure,
			goal.program, goal.ref)
}
