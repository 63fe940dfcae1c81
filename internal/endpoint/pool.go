package endpoint

import (
	"errors"
	"strings"
)

const (
	digits  = "0123456789"
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// UserPoolRegion returns the Region in the id of a user pool (botocore: UserPoolIdType), or an error
// if the id does not have that form.
func UserPoolRegion(id string) (string, error) {
	region, name, _ := strings.Cut(id, "_")
	if ValidRegion(region) != nil || name == "" || strings.Trim(name, letters+digits) != "" ||
		len(id) > 55 {
		return "", errors.New("the user pool id does not look like us-east-1_AbCdEfGhI")
	}
	return region, nil
}

// IdentityPoolRegion returns the Region in the id of an identity pool or an identity (botocore:
// IdentityPoolId), or an error if the id does not have that form.
func IdentityPoolRegion(id string) (string, error) {
	region, name, _ := strings.Cut(id, ":")
	if ValidRegion(region) != nil || name == "" || strings.Trim(name, digits+"abcdef-") != "" ||
		len(id) > 55 {
		return "", errors.New(
			"the identity pool id does not look like us-east-1:01234567-89ab-cdef-0123-456789abcdef")
	}
	return region, nil
}
