package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito/internal/terminal"
	"github.com/loginwithcognito/cognito/sigv4"
)

func credentialsCommand() command {
	return command{
		name: "credentials",
		summary: `Print AWS credentials in a format that other tools read, refreshed if necessary.
Saved credentials that are valid for at least 15 more minutes are printed without a request. The
formats:
  json        an object with AccessKeyId, SecretAccessKey, SessionToken, Expiration (RFC 3339, UTC)
              and Region
  process     the output of a credential_process in the AWS configuration file; never prompts
  sh, fish, powershell, cmd, dotenv
              lines that set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN,
              AWS_CREDENTIAL_EXPIRATION, AWS_REGION and AWS_DEFAULT_REGION
  ini         a section of an AWS credentials file, called [default] or after -profile`,
		example: `cognito credentials -format process
eval "$(cognito credentials -format sh)"
cognito credentials -format fish | source
cognito credentials -format powershell | Out-String | Invoke-Expression
for /f "delims=" %i in ('cognito credentials -format cmd') do @%i`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.serviceFlags()
			format := f.String("format", "json",
				"output format: json, process, ini, "+strings.Join(shells(), ", "))
			profile := f.String("profile", "",
				"`name` of the section with -format ini (default: default)")
			if _, err := a.parse(f, args, 0, 0); err != nil {
				return err
			}
			switch {
			case !slices.Contains([]string{"json", "process", "ini"}, *format) &&
				!slices.Contains(shells(), *format):
				return usagef("-format %q is unsupported: choose one of json, process, ini, %s",
					*format, strings.Join(shells(), ", "))
			case *profile != "" && *format != "ini":
				return usagef("-profile requires -format ini, but -format is %s", *format)
			case *profile != "" && !profileName(*profile):
				return usagef("-profile %q is invalid: use letters, digits and any of %s", *profile,
					profileMarks)
			}
			if *format == "process" {
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
					"cause: %w", processLimit, a.sameFlags(), err)
			} else if err != nil {
				return err
			}
			text, err := formatted(*format, *profile, creds, a.serviceRegion(s.env))
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

// formatted returns the output of the command.
func formatted(format, profile string, creds sigv4.Credentials, region string) ([]byte, error) {
	if err := usable(creds); err != nil {
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
		return jsonLine(object)
	case "json":
		object.Region = region
		return jsonLine(object)
	case "ini":
		return iniSection(profile, creds, region)
	}
	return setLines(format, variables(creds, region))
}

// A credentialsObject is the JSON form of credentials. A credential_process prints it (AWS SDKs and
// Tools Reference Guide, "Process credential provider"). The container endpoint returns it with
// Token in place of SessionToken ("Container credential provider").
type credentialsObject struct {
	Version         int    `json:",omitempty"`
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string `json:",omitempty"`
	Token           string `json:",omitempty"`
	Expiration      string
	Region          string `json:",omitempty"`
}

// Format implements [fmt.Formatter]. It prints no field.
func (o credentialsObject) Format(f fmt.State, _ rune) {
	io.WriteString(f, "credentialsObject{REDACTED}")
}

// cached holds AWS credentials in the form in which they are saved.
type cached struct {
	// For names the settings with which the credentials were obtained. See [signedIn.how].
	For             string    `json:"for"`
	AccessKeyID     string    `json:"access_key_id"`
	SecretAccessKey string    `json:"secret_access_key"`
	SessionToken    string    `json:"session_token"`
	Expires         time.Time `json:"expires"`
	Obtained        time.Time `json:"obtained"`
	// Offset is the server's time minus the local time when the credentials were obtained.
	Offset time.Duration `json:"clock_offset"`
}

// Format implements [fmt.Formatter]. It prints no field.
func (c cached) Format(f fmt.State, _ rune) { io.WriteString(f, "cached{REDACTED}") }

// credentials converts c to the type that the library uses.
func (c *cached) credentials() sigv4.Credentials {
	return sigv4.Credentials{
		AccessKeyID:     c.AccessKeyID,
		SecretAccessKey: c.SecretAccessKey,
		SessionToken:    c.SessionToken,
		Expires:         c.Expires,
	}
}

// left returns how long the credentials remain valid. The local clock may have been wrong when they
// were obtained, or may be wrong now. left assumes the case in which they expire earlier.
func (c *cached) left() time.Duration {
	left := time.Until(c.Expires)
	return min(left, left-c.Offset)
}

// fresh reports whether the credentials need no refresh. They are fresh while more than 15 minutes
// remain or, if their lifetime is under 45 minutes, more than a third of it. botocore and the SDKs
// refresh later than that. If more than the lifetime remains, the clock was set back, and the
// credentials are not fresh.
func (c *cached) fresh() bool {
	life, left := c.Expires.Sub(c.Obtained.Add(c.Offset)), c.left()
	return left > min(15*time.Minute, life/3) && left < life+time.Minute
}

// usable returns an error if the credentials are incomplete or expired.
func usable(creds sigv4.Credentials) error {
	switch {
	case creds.AccessKeyID == "" || creds.SecretAccessKey == "" || creds.SessionToken == "":
		return errors.New("the credentials are incomplete")
	case time.Until(creds.Expires) <= 0:
		return fmt.Errorf("the credentials expired at %s: check this machine's clock",
			creds.Expires.UTC().Format(time.RFC3339))
	}
	return nil
}

// variables returns the environment variables for credentials (AWS SDKs and Tools Reference Guide,
// "Environment variables"). Only botocore uses AWS_CREDENTIAL_EXPIRATION: it then reads the
// variables again when they expire.
func variables(creds sigv4.Credentials, region string) []variable {
	return append([]variable{
		{"AWS_ACCESS_KEY_ID", creds.AccessKeyID},
		{"AWS_SECRET_ACCESS_KEY", creds.SecretAccessKey},
		{"AWS_SESSION_TOKEN", creds.SessionToken},
		{"AWS_CREDENTIAL_EXPIRATION", creds.Expires.UTC().Format(time.RFC3339)},
	}, regionVariables(region)...)
}

// regionVariables returns the environment variables for the Region. The SDKs read AWS_REGION. The
// AWS CLI and boto3 read AWS_DEFAULT_REGION.
func regionVariables(region string) []variable {
	return []variable{{"AWS_REGION", region}, {"AWS_DEFAULT_REGION", region}}
}

// iniSection returns a section of the file ~/.aws/credentials. Values in this file cannot be
// quoted.
func iniSection(profile string, creds sigv4.Credentials, region string) ([]byte, error) {
	if profile == "" {
		profile = "default"
	}
	text := fmt.Sprintf("[%s]\n# expires %s\n", profile, creds.Expires.UTC().Format(time.RFC3339))
	for _, v := range []variable{
		{"aws_access_key_id", creds.AccessKeyID},
		{"aws_secret_access_key", creds.SecretAccessKey},
		{"aws_session_token", creds.SessionToken},
		{"region", region},
	} {
		if !iniValue(v.value) {
			return nil, fmt.Errorf("%s has a character that -format ini cannot represent: choose "+
				"another format", v.name)
		}
		text += v.name + " = " + v.value + "\n"
	}
	return []byte(text), nil
}

// iniValue reports whether every parser of AWS's files reads s unchanged. Some parsers end a value
// at a # or ; after a space, or remove quotes.
func iniValue(s string) bool {
	return s != "" && plainText(s) && strings.TrimSpace(s) == s &&
		!strings.Contains(s, " #") && !strings.Contains(s, " ;") &&
		!strings.ContainsAny(s[:1], `"'#;[`)
}
