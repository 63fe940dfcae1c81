package main

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito/sigv4"
)

func credentialsCommand() command {
	return command{
		name: "credentials",
		summary: `Print AWS credentials, renewed if need be, in the form that another tool reads.
Nothing is asked. Credentials that are kept are printed at once while at least 15 minutes of them remain.`,
		example: `cognito credentials -format process
eval "$(cognito credentials -format sh)"`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.serviceFlags()
			format := f.String("format", "json", "one of "+strings.Join(formatNames(), ", "))
			if _, err := a.parse(f, args, 0, 0); err != nil {
				return err
			}
			write := formats[*format]
			if write == nil {
				return usagef("there is no -format %q: choose one of %s", *format, strings.Join(formatNames(), ", "))
			}
			s, err := a.open(ctx)
			if err != nil {
				return err
			}
			creds, err := s.credentials(ctx)
			if err != nil {
				return err
			}
			text, err := write(creds, a.serviceRegion(s.env))
			if err != nil {
				return err
			}
			_, err = a.stdout.Write(text)
			return err
		},
	}
}

func formatNames() []string { return []string{"process"} }

var formats = map[string]func(creds sigv4.Credentials, region string) ([]byte, error){
	"process": processFormat,
}

// processFormat is what credential_process programs print (AWS: "Sourcing credentials with an external process").
func processFormat(creds sigv4.Credentials, _ string) ([]byte, error) {
	text, err := json.Marshal(struct {
		Version         int
		AccessKeyId     string
		SecretAccessKey string
		SessionToken    string
		Expiration      string
	}{1, creds.AccessKeyID, creds.SecretAccessKey, creds.SessionToken, creds.Expires.UTC().Format(time.RFC3339)})
	return append(text, '\n'), err
}
