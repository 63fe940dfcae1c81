package awshttp

import (
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loginwithcognito/cognito/internal/fakehttp"
)

func TestSync(t *testing.T) {
	u := &url.URL{Scheme: "https", Host: "service.example", Path: "/"}
	for _, test := range []struct {
		status int
		dated  bool
		offset time.Duration // of the server's clock
		want   time.Duration // of Now
	}{
		{200, true, time.Hour, time.Hour},
		{404, true, -time.Hour, -time.Hour},
		{302, true, time.Hour, time.Hour},
		{404, false, time.Hour, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			client := fakehttp.Client(func(r *http.Request) *http.Response {
				if r.Method != http.MethodHead || r.URL.String() != u.String() {
					t.Errorf("sent %s %s, want HEAD %s", r.Method, r.URL, u)
				}
				response := fakehttp.Response(test.status, "", "Location", "https://other.example/")
				if test.dated {
					response.Header.Set("Date", date(test.offset))
				}
				return response
			})
			var s Sender
			s.Sync(t.Context(), client, u)
			if got := time.Until(s.Now()).Round(time.Second); got != test.want {
				t.Errorf("Now after Sync with status %d is off by %v, want %v",
					test.status, got, test.want)
			}
		})
	}
}

func TestSyncWithHungServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := fakehttp.Transport(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		var s Sender
		u := &url.URL{Scheme: "https", Host: "service.example", Path: "/"}
		begin := time.Now()
		s.Sync(t.Context(), &http.Client{Transport: hang}, u)
		if waited := time.Since(begin); waited != 5*time.Second {
			t.Errorf("Sync waited %v for a hung server, want 5s", waited)
		}
	})
}
