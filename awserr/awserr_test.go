package awserr_test

import (
	"context"
	"errors"
	"testing"

	"github.com/loginwithcognito/cognito/awserr"
)

func TestError(t *testing.T) {
	for _, test := range []struct {
		name string
		err  awserr.Error
		want string
	}{
		{
			name: "every field",
			err: awserr.Error{
				Service:    "cognitoidp",
				Operation:  "InitiateAuth",
				Code:       "InvalidParameterException",
				Message:    "Missing SRP_A",
				StatusCode: 400,
				RequestID:  "r-1",
				ReasonCode: "not-shown",
				Err:        context.Canceled,
			},
			want: "cognitoidp: InitiateAuth: InvalidParameterException: Missing SRP_A" +
				" (status 400, request ID r-1); not retried: context canceled",
		},
		{
			name: "code and status",
			err:  awserr.Error{Service: "sts", Operation: "A", Code: "HTTP 502", StatusCode: 502},
			want: "sts: A: HTTP 502 (status 502)",
		},
		{
			name: "no service",
			err:  awserr.Error{Code: "Throttling", StatusCode: 400},
			want: "Throttling (status 400)",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.err.Error(); got != test.want {
				t.Errorf("Error() = %q, want %q", got, test.want)
			}
		})
	}
}

func TestUnwrap(t *testing.T) {
	if err := (&awserr.Error{Err: context.Canceled}); !errors.Is(err, context.Canceled) {
		t.Errorf("errors.Is(%v, context.Canceled) = false, want true", err)
	}
	if err := (&awserr.Error{}); errors.Unwrap(err) != nil {
		t.Errorf("Unwrap() = %v, want nil", errors.Unwrap(err))
	}
}
