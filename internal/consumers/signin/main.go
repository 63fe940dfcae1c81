// Signin is a program that only signs a user in: it prints the ID of the AWS access key.
//
//	signin USER_POOL_ID CLIENT_ID IDENTITY_POOL_ID USER < PASSWORD
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"os"

	"github.com/loginwithcognito/cognito"
)

func main() {
	if len(os.Args) != 5 {
		fmt.Println("usage: signin USER_POOL_ID CLIENT_ID IDENTITY_POOL_ID USER < PASSWORD")
		return
	}
	password := bufio.NewScanner(os.Stdin)
	password.Scan()
	client := &cognito.Client{Environment: cognito.Environment{
		UserPoolID:     os.Args[1],
		ClientID:       os.Args[2],
		IdentityPoolID: os.Args[3],
	}}
	ctx := context.Background()
	session, err := client.SignIn(ctx, os.Args[4], password.Text())
	if err != nil {
		log.Fatal(err)
	}
	credentials, err := session.Credentials(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(credentials.AccessKeyID)
}
