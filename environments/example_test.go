package environments_test

import (
	"fmt"
	"log"

	"github.com/loginwithcognito/cognito/environments"
)

func ExampleParse() {
	// What os.ReadFile returned, for example.
	data := []byte(`{
		"DEV":  {"aws_region": "us-west-2", "user_pool_id": "us-west-2_DevPool01",
			"client_id": "4dev0example0client0000001"},
		"PROD": {"aws_region": "eu-west-1", "user_pool_id": "eu-west-1_ProdPool1",
			"client_id": "6prod0example0client000001"}
	}`)
	all, err := environments.Parse(data)
	if err != nil {
		log.Fatal(err)
	}
	env, err := environments.Select(all, "PROD")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(env.UserPoolID)

	// AWS Amplify's files hold one environment, which needs no name.
	all, err = environments.Parse([]byte(`const awsmobile = {
		"aws_project_region": "us-east-1",
		"aws_user_pools_id": "us-east-1_AbCdEfGhI",
		"aws_user_pools_web_client_id": "1example23456789abcdefghij",
	};
	export default awsmobile;`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(all[environments.Default].UserPoolID)

	// An unknown key is an error.
	_, err = environments.Parse(
		[]byte(`{"DEV": {"endpoints": {"s4": "https://sts.example.com"}}}`),
	)
	fmt.Println(err)
	// Output:
	// eu-west-1_ProdPool1
	// us-east-1_AbCdEfGhI
	// environments: "DEV.endpoints.s4" is unknown: the keys are cognito_idp, cognito_identity, sts, s3
}
