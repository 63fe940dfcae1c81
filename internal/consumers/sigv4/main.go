// Sigv4 is a program that needs only package sigv4: it prints the signature of a request.
package main

import (
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/loginwithcognito/cognito/sigv4"
)

func main() {
	request, err := http.NewRequest(http.MethodGet, "https://api.example.com/items", nil)
	if err != nil {
		log.Fatal(err)
	}
	credentials := sigv4.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "example"}
	signer := &sigv4.Signer{Region: "eu-west-1", Service: "execute-api"}
	if err := signer.Sign(request, credentials, "", time.Now()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(request.Header.Get("Authorization"))
}
