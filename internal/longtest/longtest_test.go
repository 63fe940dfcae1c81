package longtest

import (
	"fmt"
	"testing"
)

// log records what a test logs.
type log string

func (*log) Helper() {}

func (l *log) Logf(format string, args ...any) { *l += log(fmt.Sprintf(format, args...)) }

func TestStep(t *testing.T) {
	for _, test := range []struct {
		variable string
		step     int
		log      log
	}{
		{"1", 1, ""},
		{"", 7, "REDUCED without COGNITO_TEST_LONG=1: one of 7 cases"},
		{"0", 7, "REDUCED without COGNITO_TEST_LONG=1: one of 7 cases"},
	} {
		t.Setenv("COGNITO_TEST_LONG", test.variable)
		var got log
		if step := Step(&got, 7); step != test.step || got != test.log {
			t.Errorf("with %q, Step = %d, log %q, want %d, %q", test.variable, step, got, test.step,
				test.log)
		}
	}
}
