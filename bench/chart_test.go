package main

import (
	"bytes"
	"encoding/xml"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
)

// example returns tables with a sample for each target, of ten times the limit.
func example() []*table {
	byTitle := make(map[string]*table)
	var tables []*table
	for _, goal := range targets {
		t := byTitle[goal.table]
		if t == nil {
			t = &table{title: goal.table}
			byTitle[goal.table] = t
			tables = append(tables, t)
		}
		if t.row(goal.measure, goal.program) == nil {
			t.add(goal.measure, goal.program, goal.limit*10)
		}
		if goal.ref != "" && t.row(goal.measure, goal.ref) == nil {
			t.add(goal.measure, goal.ref, 1)
		}
	}
	return tables
}

func TestChart(t *testing.T) {
	var out bytes.Buffer
	if err := draw(&out, example()); err != nil {
		t.Fatalf("draw: %v", err)
	}
	if path := os.Getenv("BENCH_CHART"); path != "" { // to look at it
		os.WriteFile(path, out.Bytes(), 0o644)
	}
	text := ""
	d := xml.NewDecoder(&out)
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("the chart is not XML: %v", err)
		}
		switch token := token.(type) {
		case xml.CharData:
			text += string(token) + "\n"
		case xml.StartElement:
			for _, a := range token.Attr {
				if a.Name.Local != "width" {
					continue
				}
				v, err := strconv.ParseFloat(strings.TrimSuffix(a.Value, "%"), 64)
				if err != nil || v < 0 || v > barWidth {
					t.Errorf("width %q of %s, want at most %d", a.Value, token.Name.Local, barWidth)
				}
			}
		}
	}
	for _, goal := range targets {
		if !strings.Contains(text, goal.measure) {
			t.Errorf("the chart lacks %s: %s", goal.program, goal.measure)
		}
	}
	if !strings.Contains(text, " of 1.60, over") || !strings.Contains(text, titleSRP+": ms") {
		t.Errorf("the chart lacks a target that is not met, or a comparison: %s", text)
	}
	if err := draw(io.Discard, nil); err == nil {
		t.Error("draw without tables: no error")
	}
}
