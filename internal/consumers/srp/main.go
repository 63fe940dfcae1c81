// Srp is a program that needs only package srp: it prints the first message of a sign-in.
package main

import (
	"fmt"

	"github.com/loginwithcognito/cognito/srp"
)

func main() { fmt.Println(srp.NewClient().A()) }
