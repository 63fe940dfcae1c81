package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// table holds the measurements of all programs that do the same work.
type table struct {
	title string
	notes []string
	refs  []string // programs that have a column with ratios to them
	rows  []*row
}

// row holds one measure of one program.
type row struct {
	measure string // with its unit
	program string
	samples []float64 // one for each round
}

// add adds a sample.
func (t *table) add(measure, program string, value float64) {
	r := t.row(measure, program)
	if r == nil {
		r = &row{measure: measure, program: program}
		at := len(t.rows) // or after the last row of the same measure
		for i, other := range t.rows {
			if other.measure == measure {
				at = i + 1
			}
		}
		t.rows = slices.Insert(t.rows, at, r)
	}
	r.samples = append(r.samples, value)
}

// row returns the row of a measure and a program, or nil.
func (t *table) row(measure, program string) *row {
	for _, r := range t.rows {
		if r.measure == measure && r.program == program {
			return r
		}
	}
	return nil
}

// ratio divides the samples of a program by those of ref, round by round, and returns the median of
// the ratios. ok is false if one of the two was not measured.
func (t *table) ratio(measure, program, ref string) (ratio float64, ok bool) {
	a, b := t.row(measure, program), t.row(measure, ref)
	if a == nil || b == nil || median(b.samples) == 0 {
		return 0, false
	}
	if len(a.samples) != len(b.samples) {
		return median(a.samples) / median(b.samples), true
	}
	ratios := make([]float64, len(a.samples))
	for i := range ratios {
		ratios[i] = a.samples[i] / b.samples[i]
	}
	return median(ratios), true
}

// print writes the table in Markdown.
func (t *table) print(w io.Writer) {
	fmt.Fprintf(w, "\n## %s\n\n", t.title)
	for _, note := range t.notes {
		fmt.Fprintf(w, "%s\n\n", note)
	}
	cells := [][]string{{"measure", "program", "median", "quartiles"}}
	refs := slices.DeleteFunc(slices.Clone(t.refs), func(ref string) bool {
		return !slices.ContainsFunc(t.rows, func(r *row) bool { return r.program == ref })
	})
	for _, ref := range refs {
		cells[0] = append(cells[0], "÷ "+ref)
	}
	for _, r := range t.rows {
		line := []string{r.measure, r.program, number(median(r.samples)), spread(r.samples)}
		for _, ref := range refs {
			ratio, ok := t.ratio(r.measure, r.program, ref)
			switch {
			case !ok || r.program == ref:
				line = append(line, "")
			default:
				line = append(line, number(ratio))
			}
		}
		cells = append(cells, line)
	}
	grid(w, cells, 2)
}

// grid writes rows of cells as a table in Markdown. The first row is the heading. The columns
// with the index right or higher are aligned to the right.
func grid(w io.Writer, cells [][]string, right int) {
	widths := make([]int, len(cells[0]))
	for _, line := range cells {
		for i, cell := range line {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for n, line := range cells {
		for i, cell := range line {
			fill := strings.Repeat(" ", widths[i]-len([]rune(cell)))
			if i < right {
				cell += fill
			} else {
				cell = fill + cell
			}
			fmt.Fprintf(w, "| %s ", cell)
		}
		fmt.Fprintln(w, "|")
		if n > 0 {
			continue
		}
		for i, width := range widths {
			if i < right {
				fmt.Fprintf(w, "|%s", strings.Repeat("-", width+2))
			} else {
				fmt.Fprintf(w, "|%s:", strings.Repeat("-", width+1))
			}
		}
		fmt.Fprintln(w, "|")
	}
}

// number formats v with three significant digits, or as an integer with all digits if it has more.
func number(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v < 99.95:
		decimals := 1
		for limit := 9.995; v < limit && decimals < 5; limit /= 10 {
			decimals++
		}
		return strconv.FormatFloat(v, 'f', decimals, 64)
	}
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// spread formats the first and the third quartile of the samples.
func spread(samples []float64) string {
	if len(samples) < 2 {
		return ""
	}
	return number(quantile(samples, 0.25)) + " to " + number(quantile(samples, 0.75))
}

func median(samples []float64) float64 { return quantile(samples, 0.5) }

// quantile returns a quantile of the samples. It interpolates between the two nearest samples.
func quantile(samples []float64, q float64) float64 {
	if len(samples) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(samples))
	at := q * float64(len(sorted)-1)
	below := int(at)
	if below+1 == len(sorted) {
		return sorted[below]
	}
	return sorted[below] + (at-float64(below))*(sorted[below+1]-sorted[below])
}

// contender is one of several programs that do the same work.
type contender struct {
	name string
	run  func() error
}

// interleave runs all contenders once in each round, so that a disturbance of the machine affects
// all of them. Each round starts with a different contender.
func interleave(rounds int, contenders []contender) error {
	for round := range rounds {
		for i := range contenders {
			c := contenders[(round+i)%len(contenders)]
			if err := c.run(); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	return nil
}
