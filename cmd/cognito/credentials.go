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
		summary: `Print AWS credentials, renewed if need be, in the form that another tool reads.
Credentials that are kept are printed at once while at least 15 minutes of them remain. The forms:
  json        an object of AccessKeyId, SecretAccessKey, SessionToken, Expiration (RFC 3339, UTC) and Region
  process     what credential_process of the AWS configuration file wants; never asks at a terminal
  sh, fish, powershell, cmd, dotenv
              lines that set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_CREDENTIAL_EXPIRATION,
              AWS_REGION and AWS_DEFAULT_REGION
  ini         a section of an AWS credentials file, [default] or what -profile says`,
		example: `cognito credentials -format process
eval "$(cognito credentials -format sh)"
cognito credentials -format fish | source
cognito credentials -format powershell | Out-String | Invoke-Expression
for /f "delims=" %i in ('cognito credentials -format cmd') do @%i`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.serviceFlags()
			format := f.String("format", "json", "json, process, ini, "+
				strings.Join(shells(), ", "))
			profile := f.String("profile", "",
				"`name` of the section of -format ini (default: default)")
			if _, err := a.parse(f, args, 0, 0); err != nil {
				return err
			}
			switch {
			case !slices.Contains([]string{"json", "process", "ini"}, *format) &&
				!slices.Contains(shells(), *format):
				return usagef("there is no -format %q: choose one of json, process, ini, %s",
					*format, strings.Join(shells(), ", "))
			case *profile != "" && *format != "ini":
				return usagef("-profile is the section of -format ini, and -format is %s", *format)
			case *profile != "" && !profileName(*profile):
				return usagef("-profile is %q: it may have letters, digits and any of %s", *profile,
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
				return fmt.Errorf("no answer within %v: \"cognito doctor%s\" looks for what is "+
					"wrong: %w", processLimit, a.sameFlags(), err)
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

// processLimit is short of the minute after which aws-sdk-go-v2 (processcreds) ends a
// credential_process: what is kept and still valid can be printed before that, or an error that
// says more.
const processLimit = 45 * time.Second

// unattended sees to it that nothing will be asked at a terminal. What the SDKs run as
// credential_process has their standard input, which is not meant for it, and their users see no
// question.
func (a *app) unattended() error {
	switch {
	case !a.noStore:
		return nil
	case a.login.user == "" || a.login.passwordFD < 0:
		return usagef(
			"-format process asks nothing: with -no-store it needs -user and -password-fd",
		)
	case terminal.Is(a.answersFile()):
		return usagef("-format process asks nothing: -password-fd must not be a terminal")
	}
	return nil
}

// formatted is what the command prints.
func formatted(format, profile string, creds sigv4.Credentials, region string) ([]byte, error) {
	if err := usable(creds); err != nil {
		return nil, err
	}
	object := credentialsObject{
		AccessKeyID:     creds.AccessKeyID,
		SecretAccessKey: creds.SecretAccessKey, SessionToken: creds.SessionToken,
		Expiration: creds.Expires.UTC().Format(time.RFC3339),
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

// A credentialsObject is what tools read as JSON: credential_process programs print it (AWS SDKs
// and Tools Reference Guide, "Process credential provider"), and the container endpoint answers
// with it, where SessionToken is called Token ("Container credential provider").
type credentialsObject struct {
	Version         int    `json:",omitempty"`
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string `json:",omitempty"`
	Token           string `json:",omitempty"`
	Expiration      string
	Region          string `json:",omitempty"`
}

// Format leaves everything out.
func (o credentialsObject) Format(f fmt.State, _ rune) {
	io.WriteString(f, "credentialsObject{REDACTED}")
}

// cached are AWS credentials as they are kept.
type cached struct {
	For             string    `json:"for"` // what they were made for: see how
	AccessKeyID     string    `json:"access_key_id"`
	SecretAccessKey string    `json:"secret_access_key"`
	SessionToken    string    `json:"session_token"`
	Expires         time.Time `json:"expires"`
	Obtained        time.Time `json:"obtained"`
	// of AWS's clock then, to add to this machine's
	Offset time.Duration `json:"clock_offset"`
}

// Format leaves everything out.
func (c cached) Format(f fmt.State, _ rune) { io.WriteString(f, "cached{REDACTED}") }

// credentials are c in the library's form.
func (c *cached) credentials() sigv4.Credentials {
	return sigv4.Credentials{
		AccessKeyID:     c.AccessKeyID,
		SecretAccessKey: c.SecretAccessKey,
		SessionToken:    c.SessionToken,
		Expires:         c.Expires,
	}
}

// left is how long they are good for. This machine's clock may have been wrong then, or may be now:
// the earlier counts.
func (c *cached) left() time.Duration {
	left := time.Until(c.Expires)
	return min(left, left-c.Offset)
}

// fresh tells whether they need no renewal: 15 minutes remain, or of a life below 45 minutes a
// third. (What botocore and the SDKs renew is older than that.) Where more than all of it seems to
// remain, the clock has been set back.
func (c *cached) fresh() bool {
	life, left := c.Expires.Sub(c.Obtained.Add(c.Offset)), c.left()
	return left > min(15*time.Minute, life/3) && left < life+time.Minute
}

// usable tells what is wrong with credentials that no tool would take.
func usable(creds sigv4.Credentials) error {
	switch {
	case creds.AccessKeyID == "" || creds.SecretAccessKey == "" || creds.SessionToken == "":
		return errors.New("the credentials are not complete")
	case time.Until(creds.Expires) <= 0:
		return fmt.Errorf("the credentials expired at %s by this machine's clock: is it right?",
			creds.Expires.UTC().Format(time.RFC3339))
	}
	return nil
}

// variables are credentials as environment variables (AWS SDKs and Tools Reference Guide,
// "Environment variables"). botocore takes AWS_CREDENTIAL_EXPIRATION as a sign to read them again;
// others go without.
func variables(creds sigv4.Credentials, region string) []variable {
	return append([]variable{
		{"AWS_ACCESS_KEY_ID", creds.AccessKeyID},
		{"AWS_SECRET_ACCESS_KEY", creds.SecretAccessKey},
		{"AWS_SESSION_TOKEN", creds.SessionToken},
		{"AWS_CREDENTIAL_EXPIRATION", creds.Expires.UTC().Format(time.RFC3339)},
	}, regionVariables(region)...)
}

// regionVariables are the Region: the SDKs read the first, and the AWS command line and boto3 the
// second.
func regionVariables(region string) []variable {
	return []variable{{"AWS_REGION", region}, {"AWS_DEFAULT_REGION", region}}
}

// iniSection is a section of the file ~/.aws/credentials. Values there are not quoted.
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
			return nil,
				fmt.Errorf("%s holds a character that has no safe form in -format ini: choose "+
					"another one", v.name)
		}
		text += v.name + " = " + v.value + "\n"
	}
	return []byte(text), nil
}

// iniValue tells whether all readers of AWS's files take s as it is. Some end a value at a # or ;
// after a space, or take the quotes off.
func iniValue(s string) bool {
	return s != "" && plainText(s) && strings.TrimSpace(s) == s && !strings.Contains(s, " #") &&
		!strings.Contains(s, " ;") &&
		!strings.ContainsAny(s[:1], `"'#;[`)
}
