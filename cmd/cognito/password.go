package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitoidp"
	"github.com/loginwithcognito/cognito/internal/terminal"
)

func passwordCommand() command {
	return command{
		name: "password",
		summary: `Change the password, or set a new one with a code.
The user must be signed in. The current and the new password are read like those of "cognito login"
and are sent to the user pool. Sessions stay valid: "cognito logout -global" ends them.

With -forgot, the user need not be signed in. The user pool sends a code by email or SMS. Enter it,
and then a new password. With -code-sent, the user has a code already, and no other is sent.`,
		example: `cognito password
cognito password -forgot -user ada`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.flags()
			a.login.registerUser(f)
			a.login.registerInput(f)
			forgot := f.Bool("forgot", false, "set a new password with a code that the pool sends")
			sent := f.Bool("code-sent", false, "with -forgot, use the code of an earlier run")
			if _, err := a.parse(f, args, 0, 0); err != nil {
				return err
			}
			if *sent && !*forgot {
				return usagef("-code-sent requires -forgot")
			}
			s, err := a.prepare()
			if err != nil {
				return err
			}
			if *forgot {
				return s.resetPassword(ctx, *sent)
			}
			return s.changePassword(ctx)
		},
	}
}

// changePassword changes the password of a signed-in user.
func (s *signedIn) changePassword(ctx context.Context) error {
	r, _, err := s.saved()
	if err != nil {
		return err
	}
	tokens, err := s.tokens(ctx) // before the prompts, in case the session has ended
	if err != nil {
		return err
	}
	pool, err := s.client.UserPool()
	if err != nil {
		return err
	}
	s.noteHosts()
	in := cognitoidp.ChangePasswordInput{AccessToken: tokens.Access}
	for attempt := 1; ; attempt++ {
		if in.PreviousPassword == "" {
			in.PreviousPassword, err = s.a.password(ctx, "Current password: ")
			if err != nil {
				return usagef("no password: %w", err)
			}
		}
		if in.ProposedPassword == "" {
			if in.ProposedPassword, err = s.a.newPassword(ctx); err != nil {
				return usagef("no new password: %w", err)
			}
		}
		if samePassword(in.PreviousPassword, in.ProposedPassword) {
			return usagef("the new password is the current one: nothing was sent")
		}
		err := pool.ChangePassword(ctx, in)
		switch {
		case err == nil:
			s.a.notef("the password of %s in %s is changed", r.User, s.name)
			return nil
		case incorrect(err) && (attempt == attempts || !terminal.Is(s.a.answersFile())):
			text := fmt.Sprintf("the current password is incorrect: to set a new one, run "+
				"\"cognito password -forgot%s\"", s.a.withUser(r.User))
			return &neededError{text, err}
		case incorrect(err):
			s.a.notef("the current password is incorrect")
			in.PreviousPassword = ""
		case !s.again(err, attempt):
			return cognito.Explain(err)
		default:
			in.ProposedPassword = ""
		}
	}
}

// resetPassword sets a new password with a code. sent reports whether the user has a code already.
func (s *signedIn) resetPassword(ctx context.Context, sent bool) error {
	pool, in, err := s.account(ctx)
	if err != nil {
		return err
	}
	prompt := "Code: "
	if !sent {
		to, err := pool.ForgotPassword(ctx, cognitoidp.ForgotPasswordInput(in))
		if err != nil {
			return s.advise(cognito.Explain(err), in.Username)
		}
		prompt = s.a.deliveredTo(to)
	}
	confirm := cognitoidp.ConfirmForgotPasswordInput{
		ClientID:   in.ClientID,
		SecretHash: in.SecretHash,
		Username:   in.Username,
	}
	for attempt := 1; ; attempt++ {
		if confirm.ConfirmationCode == "" {
			if confirm.ConfirmationCode, err = s.a.confirmationCode(ctx, prompt); err != nil {
				return err
			}
		}
		if confirm.Password == "" {
			if confirm.Password, err = s.a.newPassword(ctx); err != nil {
				return usagef("no new password: %w", err)
			}
		}
		err := pool.ConfirmForgotPassword(ctx, confirm)
		switch {
		case err == nil:
			s.a.notef("the new password of %s in %s is set: run \"cognito login%s\"", in.Username,
				s.name, s.a.withUser(in.Username))
			return nil
		case !s.again(err, attempt):
			return cognito.Explain(err)
		case poolSays(err, cognitoidp.CodeCodeMismatch):
			confirm.ConfirmationCode = ""
		default:
			confirm.Password = ""
		}
	}
}

// again reports whether a user at a terminal may correct the input that the pool has rejected. It
// shows the error.
func (s *signedIn) again(err error, attempt int) bool {
	if !mistyped(err) || attempt == attempts || !terminal.Is(s.a.answersFile()) {
		return false
	}
	s.a.rejected(err)
	return true
}

// account returns the client of the user pool and a request for the user of -user, for the user of
// the last sign-in or, at a terminal, for the one that the user enters.
func (s *signedIn) account(
	ctx context.Context,
) (*cognitoidp.Client, cognitoidp.ResendConfirmationCodeInput, error) {
	in := cognitoidp.ResendConfirmationCodeInput{Username: s.a.login.user}
	s.noteHosts()
	if r, err := s.keep.Load(); in.Username == "" && err == nil && r.User != "" {
		in.Username = r.User
		s.a.notef("the user is %s in %s", r.User, s.name)
	}
	if in.Username == "" {
		var err error
		if in.Username, err = s.a.askUser(ctx); err != nil {
			return nil, in, err
		}
	}
	in.ClientID, in.SecretHash = s.env.ClientID, s.client.SecretHash(in.Username)
	pool, err := s.client.UserPool()
	return pool, in, err
}

// confirmationCode asks for a code that the pool has sent.
func (a *app) confirmationCode(ctx context.Context, prompt string) (string, error) {
	code, err := a.code(ctx, prompt)
	if err == nil && code == "" {
		err = errors.New("the line is empty")
	}
	if err != nil {
		return "", usagef("no code: %w", err)
	}
	return code, nil
}

// deliveredTo returns the prompt for a code. It includes the destination.
func (a *app) deliveredTo(to cognitoidp.CodeDeliveryDetails) string {
	prompt := "Code sent by email"
	if to.DeliveryMedium == "SMS" {
		prompt = "Code sent by SMS"
	}
	if !terminal.Is(a.answersFile()) { // there is no prompt
		a.notef("%s", strings.ToLower(prompt[:1])+prompt[1:])
	}
	return a.sentTo(prompt, to.Destination)
}
