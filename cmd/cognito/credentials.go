package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/awsconfig"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/credserver"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
	"github.com/loginwithcognito/cognito/internal/terminal"
	"github.com/loginwithcognito/cognito/sigv4"
)

func credentialsCommand() command {
	return command{
		name: "credentials",
		summary: `Print AWS credentials in a format that other tools read.
They are refreshed if necessary. Saved credentials that are valid for at least 15 more minutes are
printed without a request. The formats:
  json        an object with AccessKeyId, SecretAccessKey, SessionToken, Expiration (RFC 3339, UTC)
              and Region
  process     the output of a credential_process in the AWS configuration file; never prompts, and
              ignores COGNITO_USER
  sh, fish, powershell, cmd, dotenv
              lines that set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN,
              AWS_CREDENTIAL_EXPIRATION, AWS_REGION, AWS_DEFAULT_REGION and, for the environment's
              endpoints, AWS_ENDPOINT_URL_SERVICE, and unset variables of other credentials
  ini         a section of an AWS credentials file, called [default] or after -profile`,
		example: `cognito credentials -format process
eval "$(cognito credentials -format sh)"
cognito credentials -format fish | source
cognito credentials -format powershell | Out-String | Invoke-Expression
for /f "delims=" %i in ('cognito credentials -format cmd') do @%i`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.serviceFlags()
			format := f.String("format", "json",
				"output `format`: json, process, ini, "+strings.Join(shell.Formats(), ", "))
			profile := f.String("profile", "",
				"`name` of the section with -format ini (default: default)")
			if _, err := a.parse(f, args, 0, 0); err != nil {
				return err
			}
			switch {
			case !slices.Contains([]string{"json", "process", "ini"}, *format) &&
				!slices.Contains(shell.Formats(), *format):
				return usagef("-format %q is unsupported: use json, process, ini, %s", *format,
					strings.Join(shell.Formats(), ", "))
			case *profile != "" && *format != "ini":
				return usagef("-profile requires -format ini, but -format is %s", *format)
			case *profile != "" && !awsconfig.ValidName(*profile):
				return usagef("-profile %q is invalid: use letters, digits and any of %s", *profile,
					awsconfig.Marks)
			}
			if a.profile = *format == "process"; a.profile {
				if err := a.unattended(); err != nil {
					return err
				}
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, processLimit)
				defer cancel()
			}
			s, err := a.open(ctx)
			if err != nil {
				return err
			}
			creds, err := s.credentials(ctx)
			if errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
				return fmt.Errorf("no response within %v: run \"cognito doctor%s\" to find the "+
					"cause: %w", processLimit, a.sameUser(), err)
			} else if err != nil {
				return err
			}
			text, err := a.formatted(*format, *profile, creds, s.env, s.now())
			if err != nil {
				return err
			}
			_, err = a.stdout.Write(text)
			return err
		},
	}
}

// processLimit is the timeout of -format process. aws-sdk-go-v2 (processcreds) kills a
// credential_process after one minute. The shorter timeout leaves time to print saved credentials
// that are still valid, or an error that names the cause.
const processLimit = 45 * time.Second

// unattended returns an error if the flags could lead to a prompt. A credential_process shares the
// standard input of the program that uses the SDK, and its prompts may not be visible to the user.
func (a *app) unattended() error {
	switch {
	case !a.noStore:
		return nil
	case a.login.user == "" || a.login.passwordFD < 0:
		return usagef("-format process never prompts: -no-store requires -user and -password-fd")
	case terminal.Is(a.answersFile()):
		return usagef("-format process never prompts: -password-fd must not be a terminal")
	}
	return nil
}

// formatted returns the output of the command. now is the server's time.
func (a *app) formatted(
	format, profile string, creds sigv4.Credentials, env cognito.Environment,
	now time.Time,
) ([]byte, error) {
	region := a.serviceRegion(env)
	if err := credserver.Usable(creds, now); err != nil {
		return nil, err
	}
	object := credentialsObject{
		AccessKeyID:     creds.AccessKeyID,
		SecretAccessKey: creds.SecretAccessKey,
		SessionToken:    creds.SessionToken,
		Expiration:      creds.Expires.UTC().Format(time.RFC3339),
	}
	switch format {
	case "process":
		object.Version = 1
		return terminal.JSONLine(object)
	case "json":
		object.Region = region
		return terminal.JSONLine(object)
	case "ini":
		profile = cmp.Or(profile, "default")
		places := awsconfig.ServicesSettings(profile, endpoints(env))
		text, err := awsconfig.Section(profile, []shell.Variable{
			{Name: "aws_access_key_id", Value: creds.AccessKeyID},
			{Name: "aws_secret_access_key", Value: creds.SecretAccessKey},
			{Name: "aws_session_token", Value: creds.SessionToken},
			{Name: "region", Value: region},
			places[1], // botocore reads the other one in the configuration file only
		}, "expires "+object.Expiration)
		if err != nil {
			err = fmt.Errorf("-format ini: %w: choose another format", err)
		}
		return text, err
	}
	return a.shellLines(format, append(keyVariables(creds), a.placeVariables(env)...))
}

// A credentialsObject is the JSON form of credentials. A credential_process prints it (AWS SDKs and
// Tools Reference Guide, "Process credential provider").
type credentialsObject struct {
	Version         int    `json:",omitempty"`
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string `json:",omitempty"`
	Expiration      string
	Region          string `json:",omitempty"`
}

// Format implements [fmt.Formatter]. It prints no field.
func (o credentialsObject) Format(f fmt.State, _ rune) {
	io.WriteString(f, "credentialsObject{REDACTED}")
}

// keyVariables returns the environment variables for credentials (AWS SDKs and Tools Reference
// Guide, "Environment variables"). Only botocore uses AWS_CREDENTIAL_EXPIRATION: it then reads the
// variables again when they expire.
func keyVariables(creds sigv4.Credentials) []shell.Variable {
	return []shell.Variable{
		{Name: "AWS_ACCESS_KEY_ID", Value: creds.AccessKeyID},
		{Name: "AWS_SECRET_ACCESS_KEY", Value: creds.SecretAccessKey},
		{Name: "AWS_SESSION_TOKEN", Value: creds.SessionToken},
		{Name: "AWS_CREDENTIAL_EXPIRATION", Value: creds.Expires.UTC().Format(time.RFC3339)},
	}
}
