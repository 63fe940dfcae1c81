package main

import (
	"context"
	"fmt"
)

func tokenCommand() command {
	return command{
		name: "token",
		summary: `Print the ID token, refreshed if need be, for an API whose authorizer is the user pool.
The access token goes to what checks scopes, and to the user pool itself. The refresh token is never printed.`,
		example: `curl -H @<(cognito token -header) https://abc123.execute-api.us-east-1.amazonaws.com/prod/items
cognito token -access`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.flags()
			f.BoolVar(&a.noStore, "no-store", false,
				"keep nothing on disk: sign in anew, by the flags of \"cognito login\"")
			a.login.register(f)
			access := f.Bool("access", false, "the access token in place of the ID token")
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
			_, err = fmt.Fprintln(a.stdout, printable(token))
			return err
		},
	}
}
