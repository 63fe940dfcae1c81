package state

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestFresh checks when credentials are renewed, also with a local clock that is or was wrong.
func TestFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		for _, test := range []struct {
			name           string
			age, life, off time.Duration
			now            time.Duration // the server's time minus the local time
			fresh          bool
			left           time.Duration
		}{
			{"new", 0, time.Hour, 0, 0, true, time.Hour},
			{"16 minutes left", 44 * time.Minute, time.Hour, 0, 0, true, 16 * time.Minute},
			{"14 minutes left", 46 * time.Minute, time.Hour, 0, 0, false, 14 * time.Minute},
			{"short", 7 * time.Minute, 15 * time.Minute, 0, 0, true, 8 * time.Minute},
			{"short, a third left", 10 * time.Minute, 15 * time.Minute, 0, 0, false,
				5 * time.Minute},
			{"expired", 2 * time.Hour, time.Hour, 0, 0, false, -time.Hour},
			{"this clock was set back by a day", -24 * time.Hour, time.Hour, 0, 0, false,
				25 * time.Hour},
			{"this clock was set back by a day, and is right now", -24 * time.Hour, time.Hour,
				-24 * time.Hour, 0, true, time.Hour},
			{"this clock is two hours slow", 0, time.Hour, 2 * time.Hour, 2 * time.Hour, true,
				time.Hour},
			{"this clock is two hours slow, later", 50 * time.Minute, time.Hour, 2 * time.Hour,
				2 * time.Hour, false, 10 * time.Minute},
			{"this clock is two hours fast", 0, time.Hour, -2 * time.Hour, -2 * time.Hour, true,
				time.Hour},
			{"this clock is two hours fast, later", 50 * time.Minute, time.Hour, -2 * time.Hour,
				-2 * time.Hour, false, 10 * time.Minute},
			{"this clock was two hours fast, and is right now", 0, time.Hour, -2 * time.Hour, 0,
				false, -time.Hour},
		} {
			obtained := now.Add(-test.age)
			c := &Credentials{
				Obtained: obtained,
				Expires:  obtained.Add(test.off).Add(test.life),
				Offset:   test.off,
			}
			now := now.Add(test.now)
			if c.Fresh(now) != test.fresh || c.Left(now) != test.left {
				t.Errorf("%s: fresh %v, %v left", test.name, c.Fresh(now), c.Left(now))
			}
		}
	})
}
