package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cognitoidp"
)

func logoutCommand() command {
	return command{
		name: "logout",
		summary: `Sign out: have the user pool revoke the session's refresh token, and forget the session and its credentials here.
Devices are kept for the next sign-in. AWS credentials that were handed out stay valid until they expire. Where the pool
can't be reached, nothing is forgotten, unless -force says so. Who is not signed in is told so; that is no failure.`,
		example: `cognito logout
cognito logout -global -forget-device`,
		run: func(ctx context.Context, a *app, args []string) error {
			var l logout
			f := a.flags()
			f.BoolVar(&l.global, "global", false, "end all sessions of the user, on all machines")
			f.BoolVar(&l.device, "forget-device", false, "have the pool forget this device, too")
			f.BoolVar(&l.force, "force", false,
				"forget the session here even if the pool can't be told")
			if _, err := a.parse(f, args, 0, 0); err != nil {
				return err
			}
			s, err := a.open(ctx)
			if err != nil {
				return err
			}
			return l.run(ctx, s)
		},
	}
}

// logoutLimit bounds how long an interrupted logout waits for the pool.
const logoutLimit = 10 * time.Second

// A logout says what to end.
type logout struct{ global, device, force bool }

func (l logout) run(ctx context.Context, s *signedIn) error {
	r, err := s.keep.load()
	if err == nil && r.session() == nil {
		s.a.notef("nobody is signed in to %s", s.name)
		return nil
	}
	// If ctx ends, the pool may still process a request in flight, so logout waits for it.
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	context.AfterFunc(ctx, func() { time.AfterFunc(logoutLimit, cancel) })
	told := false
	end := func(r *record, session *cognito.Session) error {
		if err := l.tellPool(lasting, s, r, session); err != nil {
			return err
		}
		switch err := session.SignOut(lasting); {
		case poolSays(err, cognitoidp.CodeUnsupportedOperation):
			s.a.notef("forgotten here alone: %s", err)
		case err != nil && !ended(err):
			return err
		}
		r.Session, r.Credentials, told = nil, nil, true
		return nil
	}
	err = s.keep.update(ctx, func(r *record, e *edit) error {
		if err := e.reserve(); err != nil {
			return err
		}
		return s.take(ctx, r, e, end)
	})
	var gone signInError
	switch {
	case err == nil:
		s.a.notef("signed out of %s; credentials that were handed out stay valid until they expire",
			s.name)
		return nil
	case told:
		return fmt.Errorf("signed out of %s, but what is kept of the session is still here: %w",
			s.name, err)
	case errors.As(err, &gone): // the pool does not know it any more
	case !l.force || ctx.Err() != nil:
		return fmt.Errorf(
			"still signed in to %s (-force forgets the session here all the same): %w", s.name, err,
		)
	}
	if failed := s.keep.update(ctx, func(r *record, _ *edit) error {
		r.Session, r.Credentials = nil, nil
		return nil
	}); failed != nil {
		return errors.Join(err, failed)
	}
	if l.global || l.device || gone.error == nil {
		s.a.notef("the session in %s is forgotten here, but the user pool did not do what was "+
			"asked: %s", s.name, err)
		return exitStatus(exitFailed)
	}
	s.a.notef("the session in %s had ended already", s.name)
	return nil
}

// tellPool does what needs the access token, which revoking the refresh token ends.
func (l logout) tellPool(ctx context.Context, s *signedIn, r *record,
	session *cognito.Session) error {
	if !l.global && !l.device {
		return nil
	}
	tokens, err := session.Tokens(ctx)
	if err != nil {
		return err
	}
	pool, err := s.client.UserPool()
	if err != nil {
		return err
	}
	if device, _ := session.Device(); l.device && device.Key == "" {
		s.a.notef("the session has no device that the pool could forget")
	} else if l.device {
		err := pool.ForgetDevice(ctx, tokens.Access, device.Key)
		if err != nil && !poolSays(err, cognitoidp.CodeResourceNotFound) { // forgotten already
			return cognito.Explain(err)
		}
		r.Devices = maps.Clone(r.Devices)
		delete(r.Devices, session.UnverifiedClaims().Username)
	}
	if l.global {
		return cognito.Explain(pool.GlobalSignOut(ctx, tokens.Access))
	}
	return nil
}
