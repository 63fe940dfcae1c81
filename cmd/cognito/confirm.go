package main

import (
	"context"
	"fmt"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
	"github.com/loginwithcognito/cognito/cognitoidp"
)

func confirmCommand() command {
	return command{
		name: "confirm",
		summary: `Confirm a new account with a code from the user pool.
With -resend, the user pool sends another code by email or SMS first.`,
		example: `cognito confirm -user ada
cognito confirm -user ada -resend`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.flags()
			a.login.registerUser(f)
			a.login.registerInput(f)
			resend := f.Bool("resend", false, "send another code")
			if _, err := a.parse(f, args, 0, 0); err != nil {
				return err
			}
			s, err := a.prepare()
			if err != nil {
				return err
			}
			return s.confirm(ctx, *resend)
		},
	}
}

// confirm confirms an account.
func (s *signedIn) confirm(ctx context.Context, resend bool) error {
	pool, in, err := s.account(ctx)
	if err != nil {
		return err
	}
	prompt := "Confirmation code: "
	if resend {
		to, err := pool.ResendConfirmationCode(ctx, in)
		if err != nil {
			return cognito.Explain(err)
		}
		prompt = s.a.deliveredTo(to)
	}
	for attempt := 1; ; attempt++ {
		code, err := s.a.confirmationCode(ctx, prompt)
		if err != nil {
			return err
		}
		_, err = pool.ConfirmSignUp(ctx, cognitoidp.ConfirmSignUpInput{
			ClientID:         in.ClientID,
			SecretHash:       in.SecretHash,
			Username:         in.Username,
			ConfirmationCode: code,
		})
		switch {
		case err == nil:
			s.a.notef("the account of %s in %s is confirmed: run \"cognito login%s\"", in.Username,
				s.name, s.a.withUser(in.Username))
			return nil
		case poolSays(err, cognitoidp.CodeExpiredCode):
			return fmt.Errorf("%w: run \"cognito confirm%s -resend\"", cognito.Explain(err),
				s.a.withUser(in.Username))
		case !s.again(err, attempt):
			return cognito.Explain(err)
		}
	}
}

// advise adds the command that helps to an error of a sign-in. The cause of some appears with
// -debug only.
func (s *signedIn) advise(err error, user string) error {
	flags := s.a.withUser(user)
	switch {
	case poolSays(err, cognitoidp.CodeUserNotConfirmed):
		text := fmt.Sprintf("%s is not confirmed: run \"cognito confirm%s\"", user, flags)
		return &neededError{text, err}
	case poolSays(err, cognitoidp.CodePasswordResetRequired):
		text := fmt.Sprintf("%s must set a new password: run \"cognito password -forgot%s\"", user,
			flags)
		return &neededError{text, err}
	case incorrect(err):
		return fmt.Errorf("%w; if the password is forgotten, run "+
			"\"cognito password -forgot%s\"", err, flags)
	}
	return err
}

// withUser returns the flags with which another command finds the same environment, and -user.
func (a *app) withUser(user string) string { return a.sameFlags() + " -user " + shell.Word(user) }
