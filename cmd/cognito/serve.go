package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os/signal"
	"slices"
	"strings"

	"github.com/loginwithcognito/cognito/cmd/cognito/internal/credserver"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/shell"
)

func serveCommand() command {
	return command{
		name: "serve",
		summary: `Serve credentials on this machine, and renew them.
serve runs what AWS calls a container credential provider. SDKs fetch credentials from it, and fetch
new ones before these expire. It listens on loopback only, and serves only clients that send its
token, which is new for each run. It prints the variables to set, including the token, to standard
output. Stop it with Ctrl-C or SIGTERM.
SDKs prefer keys in the environment, AWS_PROFILE, and keys of the default profile to the endpoint.
The output unsets such variables. "cognito exec -serve" also hides the default profile.`,
		example: `cognito serve
(umask 077; exec cognito serve -addr 127.0.0.1:9911 > endpoint.env)`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.serviceFlags()
			addr := f.String("addr", "127.0.0.1:0",
				"loopback `address` to listen on; port 0 selects a free port")
			format := f.String("format", a.shell(), "output `format` of the variables: "+
				strings.Join(shell.Formats(), ", "))
			if _, err := a.parse(f, args, 0, 0); err != nil {
				return err
			}
			// Report invalid flags, such as an unknown -format, before the sign-in.
			if !slices.Contains(shell.Formats(), *format) {
				return usagef("unknown -format %q: choose one of %s", *format,
					strings.Join(shell.Formats(), ", "))
			}
			region := []shell.Variable{{Name: "AWS_REGION", Value: a.region}}
			if _, err := shell.Set(*format, region); err != nil {
				return err
			}
			if _, err := loopback(*addr); err != nil {
				return err
			}
			s, err := a.open(ctx)
			if err != nil {
				return err
			}
			// Report problems now instead of at the first request.
			if _, err := s.credentials(ctx); err != nil {
				return err
			}
			return s.serve(ctx, *addr, *format)
		},
	}
}

// serve serves credentials until ctx is done or a signal arrives.
func (s *signedIn) serve(ctx context.Context, addr, format string) error {
	ctx, stop := signal.NotifyContext(ctx, caught()...)
	defer stop()
	server := s.server()
	if err := server.Listen(addr); err != nil {
		return fmt.Errorf("-addr %s: %w: use another port", addr, reason(err))
	}
	server.Start(ctx)
	defer server.Close()
	lines, err := s.a.shellLines(format, append(server.Variables(), s.a.placeVariables(s.env)...))
	if err != nil {
		return err
	}
	if _, err := s.a.stdout.Write(lines); err != nil {
		return err
	}
	s.a.warnOfDefault()
	s.a.notef("serving credentials of %s at %s", s.name, server.URL())
	select {
	case <-ctx.Done():
		return nil
	case err := <-server.Ended():
		return err
	}
}

// server returns a server of the session's credentials.
func (s *signedIn) server() *credserver.Server {
	s.pin() // the user may have signed in since open
	return &credserver.Server{
		Source: s.credentials,
		Now:    s.now,
		Final:  func(err error) bool { return errors.As(err, new(signInError)) },
		Note:   s.a.notef,
	}
}

// loopback parses the value of -addr.
func loopback(addr string) (netip.AddrPort, error) {
	at, err := credserver.Loopback(addr)
	if err != nil {
		return at, usagef("-addr is %w", err)
	}
	return at, nil
}
