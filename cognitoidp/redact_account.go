package cognitoidp

import "fmt"

// What redact.go does for signing in, this does for the operations on accounts, users, devices and MFA: nothing of them
// is printed but names and ids.

// Format redacts.
func (SignUpInput) Format(f fmt.State, _ rune) { hide(f, "SignUpInput") }

// MarshalText redacts.
func (SignUpInput) MarshalText() ([]byte, error) { return hidden("SignUpInput") }

// Format redacts.
func (v SignUpOutput) Format(f fmt.State, _ rune) { hide(f, "SignUpOutput", "UserSub", v.UserSub) }

// MarshalText redacts.
func (v SignUpOutput) MarshalText() ([]byte, error) {
	return hidden("SignUpOutput", "UserSub", v.UserSub)
}

// Format redacts.
func (ConfirmSignUpInput) Format(f fmt.State, _ rune) { hide(f, "ConfirmSignUpInput") }

// MarshalText redacts.
func (ConfirmSignUpInput) MarshalText() ([]byte, error) { return hidden("ConfirmSignUpInput") }

// Format redacts.
func (ConfirmSignUpOutput) Format(f fmt.State, _ rune) { hide(f, "ConfirmSignUpOutput") }

// MarshalText redacts.
func (ConfirmSignUpOutput) MarshalText() ([]byte, error) { return hidden("ConfirmSignUpOutput") }

// Format redacts.
func (ResendConfirmationCodeInput) Format(f fmt.State, _ rune) {
	hide(f, "ResendConfirmationCodeInput")
}

// MarshalText redacts.
func (ResendConfirmationCodeInput) MarshalText() ([]byte, error) {
	return hidden("ResendConfirmationCodeInput")
}

// Format redacts.
func (ForgotPasswordInput) Format(f fmt.State, _ rune) { hide(f, "ForgotPasswordInput") }

// MarshalText redacts.
func (ForgotPasswordInput) MarshalText() ([]byte, error) { return hidden("ForgotPasswordInput") }

// Format redacts.
func (ConfirmForgotPasswordInput) Format(f fmt.State, _ rune) { hide(f, "ConfirmForgotPasswordInput") }

// MarshalText redacts.
func (ConfirmForgotPasswordInput) MarshalText() ([]byte, error) {
	return hidden("ConfirmForgotPasswordInput")
}

// Format redacts.
func (ChangePasswordInput) Format(f fmt.State, _ rune) { hide(f, "ChangePasswordInput") }

// MarshalText redacts.
func (ChangePasswordInput) MarshalText() ([]byte, error) { return hidden("ChangePasswordInput") }

// Format redacts.
func (GetUserInput) Format(f fmt.State, _ rune) { hide(f, "GetUserInput") }

// MarshalText redacts.
func (GetUserInput) MarshalText() ([]byte, error) { return hidden("GetUserInput") }

// Format redacts.
func (GlobalSignOutInput) Format(f fmt.State, _ rune) { hide(f, "GlobalSignOutInput") }

// MarshalText redacts.
func (GlobalSignOutInput) MarshalText() ([]byte, error) { return hidden("GlobalSignOutInput") }

// Format redacts.
func (v Attribute) Format(f fmt.State, _ rune) { hide(f, "Attribute", "Name", v.Name) }

// MarshalText redacts.
func (v Attribute) MarshalText() ([]byte, error) { return hidden("Attribute", "Name", v.Name) }

// Format redacts.
func (ConfirmDeviceInput) Format(f fmt.State, _ rune) { hide(f, "ConfirmDeviceInput") }

// MarshalText redacts.
func (ConfirmDeviceInput) MarshalText() ([]byte, error) { return hidden("ConfirmDeviceInput") }

// Format redacts.
func (DeviceSecretVerifierConfig) Format(f fmt.State, _ rune) { hide(f, "DeviceSecretVerifierConfig") }

// MarshalText redacts.
func (DeviceSecretVerifierConfig) MarshalText() ([]byte, error) {
	return hidden("DeviceSecretVerifierConfig")
}

// Format redacts.
func (UpdateDeviceStatusInput) Format(f fmt.State, _ rune) { hide(f, "UpdateDeviceStatusInput") }

// MarshalText redacts.
func (UpdateDeviceStatusInput) MarshalText() ([]byte, error) {
	return hidden("UpdateDeviceStatusInput")
}

// Format redacts.
func (ForgetDeviceInput) Format(f fmt.State, _ rune) { hide(f, "ForgetDeviceInput") }

// MarshalText redacts.
func (ForgetDeviceInput) MarshalText() ([]byte, error) { return hidden("ForgetDeviceInput") }

// Format redacts.
func (GetDeviceInput) Format(f fmt.State, _ rune) { hide(f, "GetDeviceInput") }

// MarshalText redacts.
func (GetDeviceInput) MarshalText() ([]byte, error) { return hidden("GetDeviceInput") }

// Format redacts.
func (ListDevicesInput) Format(f fmt.State, _ rune) { hide(f, "ListDevicesInput") }

// MarshalText redacts.
func (ListDevicesInput) MarshalText() ([]byte, error) { return hidden("ListDevicesInput") }

// Format redacts.
func (AssociateSoftwareTokenInput) Format(f fmt.State, _ rune) {
	hide(f, "AssociateSoftwareTokenInput")
}

// MarshalText redacts.
func (AssociateSoftwareTokenInput) MarshalText() ([]byte, error) {
	return hidden("AssociateSoftwareTokenInput")
}

// Format redacts.
func (AssociateSoftwareTokenOutput) Format(f fmt.State, _ rune) {
	hide(f, "AssociateSoftwareTokenOutput")
}

// MarshalText redacts.
func (AssociateSoftwareTokenOutput) MarshalText() ([]byte, error) {
	return hidden("AssociateSoftwareTokenOutput")
}

// Format redacts.
func (VerifySoftwareTokenInput) Format(f fmt.State, _ rune) { hide(f, "VerifySoftwareTokenInput") }

// MarshalText redacts.
func (VerifySoftwareTokenInput) MarshalText() ([]byte, error) {
	return hidden("VerifySoftwareTokenInput")
}

// Format redacts.
func (VerifySoftwareTokenOutput) Format(f fmt.State, _ rune) { hide(f, "VerifySoftwareTokenOutput") }

// MarshalText redacts.
func (VerifySoftwareTokenOutput) MarshalText() ([]byte, error) {
	return hidden("VerifySoftwareTokenOutput")
}

// Format redacts.
func (SetUserMFAPreferenceInput) Format(f fmt.State, _ rune) { hide(f, "SetUserMFAPreferenceInput") }

// MarshalText redacts.
func (SetUserMFAPreferenceInput) MarshalText() ([]byte, error) {
	return hidden("SetUserMFAPreferenceInput")
}
