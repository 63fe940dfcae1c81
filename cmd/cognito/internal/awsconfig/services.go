package awsconfig

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
)

// SetServices returns data with a section of the endpoints of services, and the settings that
// select them for a profile. A variable's name is that of a service, such as s3. If all endpoints are the
// same, they are those of a stand-in for AWS, so the settings select it for every service (AWS SDKs
// and Tools Reference Guide, "Service-specific endpoints").
//
//	[services cognito-dev]
//	s3 =
//	  endpoint_url = http://127.0.0.1:9400
func SetServices(
	data []byte, profile string, endpoints []shell.Variable,
) (after []byte, settings []shell.Variable, err error) {
	settings = []shell.Variable{{Name: "services"}, {Name: "endpoint_url"}}
	data = bytes.TrimPrefix(data, []byte(mark))
	parts, end, err := readable(data)
	text, used := "", 0
	for _, e := range endpoints {
		if e.Value == "" {
			continue
		} else if !ValidValue(e.Value) {
			return nil, nil, fmt.Errorf("the endpoint of %s has a character that the file cannot "+
				"represent", e.Name)
		}
		used++
		text += e.Name + " =" + end + "  endpoint_url = " + e.Value + end
	}
	if err != nil || used == 0 {
		return data, settings, err
	}
	name := servicesName(profile)
	settings[0].Value = name
	if !slices.ContainsFunc(endpoints, func(e shell.Variable) bool {
		return e.Value != endpoints[0].Value
	}) {
		settings[1].Value = endpoints[0].Value
	}
	text = "[services " + name + "]" + end + text
	for _, part := range parts {
		if part.header == "services "+name {
			return slices.Concat(data[:part.start], []byte(text), data[part.end:]), settings, nil
		}
	}
	return appendSection(data, text, end), settings, nil
}
