package cognito_test

import (
	"fmt"
	"log"

	"github.com/loginwithcognito/cognito"
)

func ExampleParseEnvironments() {
	// What os.ReadFile returned, for example.
	data := []byte(`{
		"DEV":  {"aws_region": "us-west-2", "user_pool_id": "us-west-2_DevPool01", "client_id": "4dev0example0client0000001"},
		"PROD": {"aws_region": "eu-west-1", "user_pool_id": "eu-west-1_ProdPool1", "client_id": "6prod0example0client000001"}
	}`)
	environments, err := cognito.ParseEnvironments(data)
	if err != nil {
		log.Fatal(err)
	}
	env, err := cognito.SelectEnvironment(environments, "PROD")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(env.UserPoolID)

	// AWS Amplify's files hold one environment, which needs no name.
	environments, err = cognito.ParseEnvironments([]byte(`const awsmobile = {
		"aws_project_region": "us-east-1",
		"aws_user_pools_id": "us-east-1_AbCdEfGhI",
		"aws_user_pools_web_client_id": "1example23456789abcdefghij",
	};
	export default awsmobile;`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(environments[cognito.DefaultEnvironment].UserPoolID)

	// What is misspelt is not lost silently.
	_, err = cognito.ParseEnvironments([]byte(`{"DEV": {"endpoints": {"ssts": "https://sts.example.com"}}}`))
	fmt.Println(err)
	// Output:
	// eu-west-1_ProdPool1
	// us-east-1_AbCdEfGhI
	// cognito: configuration: "DEV.endpoints.ssts" is not known here: it can be cognito_idp, cognito_identity, sts, s3
}

func ExampleEnvironment_Validate() {
	env := cognito.Environment{
		Region:         "eu-west-1",
		UserPoolID:     "us-east-1_AbCdEfGhI",
		ClientID:       "my web client",
		IdentityPoolID: "us-east-1:01234567-89ab-cdef-0123-456789abcdef",
		RoleARN:        "arn:aws:iam::<account>:role/name",
	}
	fmt.Println(env.Validate())
	// Output:
	// cognito: aws_region is eu-west-1, but user_pool_id is in us-east-1: one of them is wrong
	// cognito: client_id should look like 1example23456789: the id of the app client, not its name
	// cognito: role_arn still holds a placeholder, such as <your value>: fill it in
}
