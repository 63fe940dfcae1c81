package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/awserr"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/state"
	"github.com/loginwithcognito/cognito/cognitoidp"
)

func logoutCommand() command {
	return command{
		name: "logout",
		summary: `Sign out: revoke and delete the stored session.
logout ends the session of the default user, or that of -user. Sessions of other users are kept. It
revokes the refresh token, and deletes the session, the credentials and damaged files. If the user
pool does not support revocation, logout deletes them and says so. Devices are kept for the next
sign-in. AWS credentials that other programs have received stay valid until they expire. If the user
pool cannot be reached, the session is kept, unless -force is set. If no user is signed in, logout
says so and exits with 0.`,
		example: `cognito logout
cognito logout -global -forget-device`,
		run: func(ctx context.Context, a *app, args []string) error {
			var l logout
			f := a.flags()
			a.login.registerUser(f)
			f.BoolVar(&l.global, "global", false, "end all sessions of the user on all machines")
			f.BoolVar(&l.device, "forget-device", false,
				"make the user pool forget this device as well")
			f.BoolVar(&l.force, "force", false,
				"delete the session here even if the user pool cannot be reached")
			f.BoolVar(&l.browser, "browser", false,
				"then end the browser's session with managed login, so that it asks who signs in")
			f.BoolVar(&a.browser.noOpen, "no-open", false, "with -browser, only print the address")
			if _, err := a.parse(f, args, 0, 0); err != nil {
				return err
			}
			s, err := a.open(ctx)
			if err != nil {
				return err
			}
			err = l.run(ctx, s)
			if err == nil || errors.As(err, new(exitStatus)) { // the session has ended
				if failed := s.keep.RemoveDamaged(); failed != nil {
					a.notef("a file that may hold tokens remains: %s", failed)
				}
			}
			if err != nil {
				return err
			}
			s.noteOthers("end a session with \"cognito logout -user NAME\"")
			if !l.browser {
				return nil
			}
			return s.logoutWithBrowser()
		},
	}
}

// logoutLimit is the longest time that an interrupted logout waits for the user pool.
const logoutLimit = 10 * time.Second

// A logout holds the flags of the command.
type logout struct{ global, device, force, browser bool }

// run signs out of the user pool, and then deletes the session here.
func (l logout) run(ctx context.Context, s *signedIn) error {
	r, err := s.keep.Load()
	if errors.Is(err, state.ErrKeyLost) {
		return s.needed(err.Error())
	}
	if err == nil && r.SavedSession() == nil {
		s.a.notef("%s", s.nobody(&r))
		if r.Replaced == nil {
			return nil
		}
		return s.keep.Update(ctx, func(e *state.Edit) error {
			s.revokeReplaced(ctx, e.Record)
			return nil
		})
	}
	// If ctx ends, the pool may still process a request in flight, so logout waits for it.
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	context.AfterFunc(ctx, func() { time.AfterFunc(logoutLimit, cancel) })
	told := false
	var lacking error // why the pool cannot do what -global or -forget-device asks for
	end := func(r *state.Record, session *cognito.Session) error {
		if lacking = l.tellPool(lasting, s, r, session); lacking != nil && !unsupported(lacking) {
			return lacking
		}
		s.revokeReplaced(lasting, r)
		err, left := session.SignOut(lasting), cognito.SavedSession{}
		switch {
		case err != nil && left.Load(session.Save()) == nil && left.Tokens.Refresh == "":
			s.a.notef("forgotten here alone: %s", err)
		case err != nil && !ended(err):
			return err
		}
		r.Session, r.Credentials, told = nil, nil, true
		return nil
	}
	forget := func(e *state.Edit) error {
		e.Session, e.Credentials = nil, nil
		s.revokeReplaced(lasting, e.Record)
		return nil
	}
	var gone signInError // the session has already ended in the user pool
	err = s.keep.Update(ctx, func(e *state.Edit) error {
		if err := e.Reserve(); err != nil {
			return err
		}
		if err := s.take(ctx, e, end); !errors.As(err, &gone) {
			return err
		}
		return forget(e) // in the same update, because another process may sign in after it
	})
	var failed error
	switch {
	case gone.error != nil:
		err, failed = gone, err
	case err == nil && lacking != nil:
		s.a.notef("signed out of %s, but a request to the user pool failed: %s", s.name, lacking)
		return exitStatus(exitFailed)
	case err == nil:
		s.a.notef("signed out of %s; AWS credentials in use stay valid until they expire",
			s.name)
		return nil
	case told:
		return fmt.Errorf("signed out of %s, but the stored session could not be deleted: %w",
			s.name, err)
	case !l.force || ctx.Err() != nil:
		return fmt.Errorf(
			"still signed in to %s (-force deletes the session): %w", s.name, err,
		)
	default:
		failed = s.keep.Update(ctx, forget)
	}
	if failed != nil {
		return errors.Join(err, failed)
	}
	if l.global || l.device || gone.error == nil {
		s.a.notef("signed out of %s here, but a request to the user pool failed: %s", s.name,
			s.a.message(err))
		return exitStatus(exitFailed)
	}
	s.a.notef("the session in %s had ended already", s.name)
	return nil
}

// unsupported reports whether err shows that the server lacks the operation, as some emulators do.
func unsupported(err error) bool {
	var service *awserr.Error
	if !errors.As(err, &service) {
		return false
	}
	says := strings.ToLower(service.Code + " " + service.Message)
	return slices.Contains([]int{404, 405, 501}, service.StatusCode) ||
		service.Code == "HTTP 500" || // cognito-local: the error has no code of AWS
		slices.ContainsFunc([]string{"unknownoperation", "unsupported", "not implemented",
			"notimplemented"}, func(part string) bool { return strings.Contains(says, part) })
}

// tellPool handles -global and -forget-device. Both need the access token, and revoking the refresh
// token invalidates it.
func (l logout) tellPool(
	ctx context.Context, s *signedIn, r *state.Record, session *cognito.Session,
) error {
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
		s.a.notef("the session has no device to forget")
	} else if l.device {
		err := pool.ForgetDevice(ctx, tokens.Access, device.Key)
		if err != nil && !poolSays(err, cognitoidp.CodeResourceNotFound) { // already forgotten
			return cognito.Explain(err)
		}
		r.Devices = maps.Clone(r.Devices)
		maps.DeleteFunc(r.Devices, func(_ string, stored json.RawMessage) bool {
			var d cognito.Device
			return d.Load(stored) == nil && d.Key == device.Key
		})
	}
	if l.global {
		return cognito.Explain(pool.GlobalSignOut(ctx, tokens.Access))
	}
	return nil
}
