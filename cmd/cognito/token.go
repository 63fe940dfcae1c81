package main

import (
	"context"
	"fmt"

	"github.com/loginwithcognito/cognito/internal/terminal"
)

func tokenCommand() command {
	return command{
		name: "token",
		summary: `Print the ID token, for APIs with a user pool authorizer.
The token is refreshed if necessary. Use the access token for APIs that check scopes, and for the
user pool itself. The refresh token is never printed.`,
		example: `api=https://abc123.execute-api.us-east-1.amazonaws.com/prod
curl -H @<(cognito token -header) $api/items
cognito token -access`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.flags()
			f.BoolVar(&a.noStore, "no-store", false,
				"store nothing: sign in, with flags of \"cognito login\"")
			a.login.register(f)
			access := f.Bool("access", false, "print the access token instead of the ID token")
			header := f.Bool("header", false, `print "Authorization: Bearer TOKEN"`)
			if _, err := a.parse(f, args, 0, 0); err != nil {
				return err
			}
			s, err := a.open(ctx)
			if err != nil {
				return err
			}
			tokens, err := s.tokens(ctx)
			if err != nil {
				return err
			}
			token := tokens.ID
			if *access {
				token = tokens.Access
			}
			if *header {
				token = "Authorization: Bearer " + token
			}
			_, err = fmt.Fprintln(a.stdout, terminal.Printable(token))
			return err
		},
	}
}
