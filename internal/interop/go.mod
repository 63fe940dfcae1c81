module github.com/loginwithcognito/cognito/internal/interop

go 1.25.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/loginwithcognito/cognito v0.0.0
)

replace github.com/loginwithcognito/cognito => ../..
