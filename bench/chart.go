package main

import (
	"fmt"
	"html"
	"io"
	"slices"
	"strings"
)

// A chart is an SVG image of the targets and of the main comparisons.
type chart struct {
	bars []string
	y    int // of the next line
}

// The layout, in pixels. Text has 7 pixels in a character on average.
const (
	chartWidth = 870
	barLeft    = 480 // where bars begin
	barWidth   = 240 // of the longest bar
	noteLeft   = barLeft + barWidth + 10
	lineHeight = 20
)

// The measures that the chart compares, each in a group of its own.
var compared = []struct{ table, measure string }{
	{titleSRP, perSRP},
	{titleSign, timeOf(listGET, cached)},
	{titleSizes, size},
	{titleSignIn, wallAt(farthest)},
	{titleList, cpuPerKey},
	{titleFar, wallTime},
	{titleList, peakMemory},
}

// draw writes the chart. The colours follow the reader's preference for light or dark.
func draw(w io.Writer, tables []*table) error {
	c := &chart{y: 30}
	c.text(20, "title", "Targets: measured, relative to the limit")
	for _, goal := range targets {
		value, measured, err := goal.value(tables)
		if err != nil {
			return err
		}
		work, _, _ := strings.Cut(goal.table, ",")
		label := work + ": " + goal.measure
		if goal.program != ours {
			label = work + ": " + goal.program + ": " + goal.measure
		}
		if goal.ref != "" {
			label += " ÷ " + goal.ref
		}
		if !measured {
			c.bar(label, "peer", 0, "not measured")
			continue
		}
		kind, note := "ours", number(value)+" of "+number(goal.limit)
		if value > goal.limit {
			kind, note = "over", note+", over"
		}
		// The limit is at two thirds of the width.
		c.bar(label, kind, min(value/goal.limit*2/3, 1), note)
	}
	for _, t := range tables {
		for _, group := range compared {
			if group.table == t.title {
				c.group(t, group.measure)
			}
		}
	}
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img"
 font-family="system-ui, sans-serif" font-size="13">
<title>Targets and main comparisons</title>
<style>
svg { --back: #fff; --text: #1c2128; --ours: #1a66b8; --peer: #9aa4b0; --over: #b8500a }
@media (prefers-color-scheme: dark) {
svg { --back: #14181e; --text: #e4e8ee; --ours: #5aa2ef; --peer: #6a7480; --over: #f0893a } }
.back { fill: var(--back) } text { fill: var(--text) } .title { font-weight: 600 }
.ours { fill: var(--ours) } .peer { fill: var(--peer) } .over { fill: var(--over) }
.limit { stroke: var(--text); stroke-dasharray: 3 3 }
</style>
<rect class="back" width="100%%" height="100%%"/>
`, chartWidth, c.y)
	for _, bar := range c.bars {
		fmt.Fprintln(w, bar)
	}
	at := barLeft + barWidth*2/3
	_, err := fmt.Fprintf(w, "<line class=\"limit\" x1=\"%d\" y1=\"40\" x2=\"%[1]d\" y2=\"%d\"/>\n"+
		"</svg>\n", at, 40+lineHeight*len(targets))
	return err
}

// group adds one measure of all programs of a table.
func (c *chart) group(t *table, measure string) {
	rows := slices.DeleteFunc(slices.Clone(t.rows), func(r *row) bool {
		return r.measure != measure
	})
	longest := 0.0
	for _, r := range rows {
		longest = max(longest, median(r.samples))
	}
	if longest == 0 {
		return
	}
	c.y += lineHeight
	c.text(20, "title", t.title+": "+measure)
	for _, r := range rows {
		kind := "peer"
		if slices.Contains([]string{ours, parallel, demo, again, resumed, even.name}, r.program) {
			kind = "ours"
		}
		c.bar(r.program, kind, median(r.samples)/longest, number(median(r.samples)))
	}
}

// text adds a line of text.
func (c *chart) text(x int, class, text string) {
	c.bars = append(c.bars, fmt.Sprintf(`<text class="%s" x="%d" y="%d">%s</text>`, class, x, c.y,
		html.EscapeString(text)))
	c.y += lineHeight
}

// bar adds a bar with its label on the left and a note on the right. length is from 0 to 1.
func (c *chart) bar(label, class string, length float64, note string) {
	width := length * barWidth
	c.bars = append(c.bars,
		fmt.Sprintf(`<text x="%d" y="%d" text-anchor="end">%s</text>`, barLeft-10, c.y,
			html.EscapeString(label)),
		fmt.Sprintf(`<rect class="%s" x="%d" y="%d" width="%.1f" height="12"/>`, class, barLeft,
			c.y-11, width),
		fmt.Sprintf(`<text x="%d" y="%d">%s</text>`, noteLeft, c.y, html.EscapeString(note)))
	c.y += lineHeight
}
