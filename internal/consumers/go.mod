module github.com/loginwithcognito/cognito/internal/consumers

go 1.25.0

require github.com/loginwithcognito/cognito v0.0.0

replace github.com/loginwithcognito/cognito => ../..
