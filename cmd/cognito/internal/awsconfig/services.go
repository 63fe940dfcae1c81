package awsconfig

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
)

// servicesName returns the name of the section that [SetServices] writes for a profile.
func servicesName(profile string) string { return "cognito-" + profile }

// ServicesSettings returns the settings of a profile that select the endpoints of services. A
// variable's name is that of a service, such as s3, and its value may be empty. If all endpoints
// are the same, they are those of a stand-in for AWS, so the settings select it for every service.
func ServicesSettings(profile string, endpoints []shell.Variable) []shell.Variable {
	name, all := "", endpoints[0].Value
	for _, e := range endpoints {
		if e.Value != "" {
			name = servicesName(profile)
		}
		if e.Value != all {
			all = ""
		}
	}
	return []shell.Variable{{Name: "services", Value: name}, {Name: "endpoint_url", Value: all}}
}

// SetServices returns data with the section that [ServicesSettings] selects (AWS SDKs and Tools
// Reference Guide, "Service-specific endpoints").
//
//	[services cognito-dev]
//	s3 =
//	  endpoint_url = http://127.0.0.1:9400
func SetServices(data []byte, profile string, endpoints []shell.Variable) ([]byte, error) {
	data = bytes.TrimPrefix(data, []byte(mark))
	parts, end, err := readable(data)
	text := ""
	for _, e := range endpoints {
		if e.Value != "" && !ValidValue(e.Value) {
			return nil, fmt.Errorf("the endpoint of %s has a character that the file cannot "+
				"represent", e.Name)
		} else if e.Value != "" {
			text += e.Name + " =" + end + "  endpoint_url = " + e.Value + end
		}
	}
	if err != nil || text == "" {
		return data, err
	}
	header := "services " + servicesName(profile)
	text = "[" + header + "]" + end + text
	for _, part := range parts {
		if part.header == header {
			return slices.Concat(data[:part.start], []byte(text), data[part.end:]), nil
		}
	}
	return appendSection(data, text, end), nil
}
