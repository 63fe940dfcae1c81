package cognitotest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestListDevices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := example(t, func(pool *UserPool, ada *User) { pool.DeviceTracking = "ALWAYS" })
		type wire struct {
			DeviceKey                                                             string
			DeviceAttributes                                                      []struct{ Name, Value string }
			DeviceCreateDate, DeviceLastModifiedDate, DeviceLastAuthenticatedDate float64
		}
		list := func(token string, body m) (keys []string, next string) {
			t.Helper()
			body["AccessToken"] = token
			var page struct {
				Devices         []wire
				PaginationToken string
			}
			a := p.idp("ListDevices", body)
			a.want(t, "")
			if err := json.Unmarshal(a.Body, &page); err != nil {
				t.Fatal(err)
			}
			for _, d := range page.Devices {
				keys = append(keys, d.DeviceKey)
			}
			return keys, page.PaginationToken
		}
		token, all := "", []string(nil)
		created := time.Now()
		for range 3 {
			a := p.password(ExampleUser)
			d := newTestDevice(t, a)
			p.confirm(a, d).want(t, "")
			token, all = a.AuthenticationResult.AccessToken, append(all, d.key)
			time.Sleep(time.Second)
		}
		p.password(ExampleUser) // one that is not confirmed
		if keys, next := list(token, m{}); !slices.Equal(keys, all) || next != "" {
			t.Errorf("devices %v, next %q, want %v", keys, next, all)
		}
		keys, next := list(token, m{"Limit": 2})
		rest, end := list(token, m{"Limit": 2, "PaginationToken": next})
		if !slices.Equal(append(keys, rest...), all) || len(keys) != 2 || end != "" {
			t.Errorf("pages %v and %v, then %q", keys, rest, end)
		}
		var one struct{ Device wire }
		a := p.idp("GetDevice", m{"AccessToken": token, "DeviceKey": all[0]})
		if err := json.Unmarshal(a.Body, &one); err != nil || one.Device.DeviceKey != all[0] || one.Device.DeviceCreateDate != float64(created.Unix()) {
			t.Errorf("GetDevice: %s, %v", a.Body, err)
		}
		if got := fmt.Sprint(one.Device.DeviceAttributes); !strings.Contains(got, "{dev:device_remembered_status remembered}") || !strings.Contains(got, "{device_name laptop}") {
			t.Errorf("attributes %s", got)
		}
		for operation, body := range map[string]m{
			"ListDevices": {"Limit": 61, "code": "InvalidParameterException"}, "GetDevice": {"DeviceKey": "us-east-1_0", "code": "ResourceNotFoundException"},
			"ForgetDevice": {"DeviceKey": "us-east-1_0", "code": "ResourceNotFoundException"}, "UpdateDeviceStatus": {"DeviceKey": "us-east-1_0", "code": "ResourceNotFoundException"},
		} {
			p.idp(operation, body).want(t, "InvalidParameterException") // no access token
			body["AccessToken"] = token
			p.idp(operation, body).want(t, body["code"].(string))
			body["AccessToken"] = "x"
			p.idp(operation, body).want(t, "NotAuthorizedException")
		}
		p.idp("ListDevices", m{"AccessToken": token, "PaginationToken": "x"}).want(t, "InvalidParameterException")
	})
}
