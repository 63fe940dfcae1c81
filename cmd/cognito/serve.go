package main

import (
	"context"
	"os/signal"
	"strings"
)

func serveCommand() command {
	return command{
		name: "serve",
		summary: `Serve credentials, renewed as need be, to tools on this machine.
It is the endpoint that AWS calls a container credential provider: the SDKs fetch credentials from it and come again before
they expire. It listens on loopback alone and answers only to who knows its token, which is a new one each time. What is
to be set, the token among it, is printed on standard output. It ends with Ctrl-C or SIGTERM.
Keys in the environment, AWS_PROFILE, and keys of the default profile come before the endpoint: "cognito exec -serve"
leaves the first two out.`,
		example: `cognito serve
(umask 077; exec cognito serve -addr 127.0.0.1:9911 > endpoint.env)`,
		run: func(ctx context.Context, a *app, args []string) error {
			f := a.serviceFlags()
			addr := f.String("addr", "127.0.0.1:0",
				"loopback `address` and port to listen on; port 0 is any free one")
			format := f.String("format", "sh", "how to print what is to be set: "+
				strings.Join(shells(), ", "))
			if _, err := a.parse(f, args, 0, 0); err != nil {
				return err
			}
			// such as a -format that is none
			if _, err := setLines(*format, regionVariables(a.region)); err != nil {
				return err
			}
			if _, err := loopback(*addr); err != nil {
				return err
			}
			s, err := a.open(ctx)
			if err != nil {
				return err
			}
			if _, err := s.credentials(ctx); err != nil { // better now than at the first request
				return err
			}
			return s.serve(ctx, *addr, *format)
		},
	}
}

// serve serves until ctx is done.
func (s *signedIn) serve(ctx context.Context, addr, format string) error {
	ctx, stop := signal.NotifyContext(ctx, caught()...)
	defer stop()
	e, err := s.listen(addr)
	if err != nil {
		return err
	}
	e.start(ctx)
	defer e.close()
	lines,
		err := setLines(format, append(e.variables(), regionVariables(s.a.serviceRegion(s.env))...))
	if err != nil {
		return err
	}
	if _, err := s.a.stdout.Write(lines); err != nil {
		return err
	}
	s.a.warnOfDefault()
	s.a.notef("serving credentials of %s on %s", s.name, e.url())
	select {
	case <-ctx.Done():
		return nil
	case err := <-e.ended:
		return err
	}
}
