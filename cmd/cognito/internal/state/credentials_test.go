package state

import (
	"testing"
	"testing/synctest"
	"time"
)

// Credentials are refreshed at the right time even if one of the two clocks is wrong.
func TestFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		for _, test := range []struct {
			name           string
			age, life, off time.Duration
			fresh          bool
			left           time.Duration
		}{
			{"new", 0, time.Hour, 0, true, time.Hour},
			{"16 minutes left", 44 * time.Minute, time.Hour, 0, true, 16 * time.Minute},
			{"14 minutes left", 46 * time.Minute, time.Hour, 0, false, 14 * time.Minute},
			{"short", 7 * time.Minute, 15 * time.Minute, 0, true, 8 * time.Minute},
			{"short, a third left", 10 * time.Minute, 15 * time.Minute, 0, false, 5 * time.Minute},
			{"expired", 2 * time.Hour, time.Hour, 0, false, -time.Hour},
			{"this clock was set back by a day", -24 * time.Hour, time.Hour, 0, false,
				25 * time.Hour},
			{"this clock was set back by a day, and was right then", -24 * time.Hour, time.Hour,
				-24 * time.Hour, true, time.Hour},
			{"this clock is two hours slow", 0, time.Hour, 2 * time.Hour, true, time.Hour},
			{"this clock is two hours slow, later", 50 * time.Minute, time.Hour, 2 * time.Hour,
				false, 10 * time.Minute},
			// renewed each time, as it may have been set right
			{"this clock is two hours fast", 0, time.Hour, -2 * time.Hour, false, -time.Hour},
		} {
			obtained := now.Add(-test.age)
			c := &Credentials{
				Obtained: obtained,
				Expires:  obtained.Add(test.off).Add(test.life),
				Offset:   test.off,
			}
			if c.Fresh() != test.fresh || c.Left() != test.left {
				t.Errorf("%s: fresh %v, %v left", test.name, c.Fresh(), c.Left())
			}
		}
	})
}
