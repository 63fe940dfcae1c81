"""Manages accounts and devices with boto3."""

import base64
import hmac
import secrets
import struct
import time
import urllib.parse
import urllib.request

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from lib import attempt, finish, given

config = Config(retries={"total_max_attempts": 1}, signature_version=UNSIGNED)
idp = boto3.client("cognito-idp", given["region"], endpoint_url=given["endpoint"], config=config)
pools, password, new_password = given["pools"], given["password"], given["newPassword"]
challenges = pools["challenges"]
client_id = challenges["clientId"]


def sent(pool, user):
    """Returns the code that was last sent to a user."""
    query = urllib.parse.urlencode({"pool": pool["userPoolId"], "user": user})
    with urllib.request.urlopen(f"{given['codes']}/?{query}") as answer:
        return answer.read().decode()


def wrong(code):
    return code[:-1] + str((int(code[-1]) + 1) % 10)


def totp(secret, later=0):
    """Returns the code of an authenticator app (RFC 6238), for now or some time steps later."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30 + later), "sha1")
    return f"{(struct.unpack_from('>I', mac, mac[19] & 15)[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def sign_in(user, secret=password, pool=challenges):
    answer = idp.initiate_auth(
        ClientId=pool["clientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user, "PASSWORD": secret},
    )
    assert "AuthenticationResult" in answer, answer["ChallengeName"]
    return answer["AuthenticationResult"]


def refused(code, action):
    try:
        action()
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400, error
    else:
        raise AssertionError(f"not refused, want {code}")


# Sign-up.


def sign_up(name, **more):
    email = [{"Name": "email", "Value": f"{name}@example.com"}]
    return idp.sign_up(**{"ClientId": client_id, "Username": name, "Password": password, "UserAttributes": email, **more})


def confirm_sign_up(code, name="eve"):
    idp.confirm_sign_up(ClientId=client_id, Username=name, ConfirmationCode=code)


@attempt("SignUp")
def _():
    answer = sign_up("eve")
    assert answer["UserConfirmed"] is False and len(answer["UserSub"]) == 36, answer
    assert answer["CodeDeliveryDetails"] == {
        "Destination": "e***@e***",
        "DeliveryMedium": "EMAIL",
        "AttributeName": "email",
    }, answer


attempt("sign-in before ConfirmSignUp")(lambda: sign_in("eve"))


@attempt("ResendConfirmationCode")
def _():
    answer = idp.resend_confirmation_code(ClientId=client_id, Username="eve")
    assert answer["CodeDeliveryDetails"]["Destination"] == "e***@e***", answer


code = sent(challenges, "eve")
attempt("ConfirmSignUp, wrong code")(lambda: confirm_sign_up(wrong(code)))
attempt("ConfirmSignUp, unknown user")(lambda: confirm_sign_up(code, "nobody"))
attempt("ConfirmSignUp")(lambda: confirm_sign_up(code))
attempt("ConfirmSignUp, again")(lambda: confirm_sign_up(code))
attempt("ResendConfirmationCode, confirmed")(lambda: idp.resend_confirmation_code(ClientId=client_id, Username="eve"))
attempt("sign-in after ConfirmSignUp")(lambda: sign_in("eve") and None)
attempt("SignUp, name that is taken")(lambda: sign_up("plain"))
attempt("SignUp, password too short")(lambda: sign_up("mallory", Password="Short-1"))
attempt("SignUp, attribute missing")(lambda: sign_up("mallory", UserAttributes=[]))
attempt("SignUp, secret client without a hash")(lambda: sign_up("mallory", ClientId=challenges["secretClientId"]))

# Forgotten passwords.


def confirm_forgot_password(code, secret=new_password, user="plain2"):
    idp.confirm_forgot_password(ClientId=client_id, Username=user, ConfirmationCode=code, Password=secret)


@attempt("ForgotPassword")
def _():
    answer = idp.forgot_password(ClientId=client_id, Username="plain2")
    assert answer["CodeDeliveryDetails"]["AttributeName"] == "email", answer


attempt("ForgotPassword, unknown user")(lambda: idp.forgot_password(ClientId=client_id, Username="nobody"))
code = sent(challenges, "plain2")
attempt("ConfirmForgotPassword, wrong code")(lambda: confirm_forgot_password(wrong(code)))
attempt("ConfirmForgotPassword, too short")(lambda: confirm_forgot_password(code, "Short-1"))
attempt("ConfirmForgotPassword, another user")(lambda: confirm_forgot_password(code, user="plain3"))
attempt("ConfirmForgotPassword")(lambda: confirm_forgot_password(code))
attempt("ConfirmForgotPassword, again")(lambda: confirm_forgot_password(code))
attempt("sign-in with the old password")(lambda: sign_in("plain2"))
attempt("sign-in with the new password")(lambda: sign_in("plain2", new_password) and None)

# Operations that take an access token.
tokens = sign_in("plain")
access = tokens["AccessToken"]


@attempt("GetUser")
def _():
    answer = idp.get_user(AccessToken=access)
    attributes = {a["Name"]: a["Value"] for a in answer["UserAttributes"]}
    assert answer["Username"] == "plain" and attributes["email"] == "plain@example.com", answer


attempt("GetUser, altered token")(lambda: idp.get_user(AccessToken=access[:-8] + "AAAAAAAA"))
attempt("GetUser, ID token")(lambda: idp.get_user(AccessToken=tokens["IdToken"]))


def change_password(previous, proposed):
    idp.change_password(AccessToken=access, PreviousPassword=previous, ProposedPassword=proposed)


attempt("ChangePassword, wrong password")(lambda: change_password("wrong", new_password))
attempt("ChangePassword, too short")(lambda: change_password(password, "Short-1"))


@attempt("ChangePassword")
def _():
    change_password(password, new_password)
    refused("NotAuthorizedException", lambda: sign_in("plain"))
    sign_in("plain", new_password)
    change_password(new_password, password)


def verify(code):
    return idp.verify_software_token(AccessToken=access, UserCode=code, FriendlyDeviceName="phone")["Status"]


on = {"Enabled": True, "PreferredMfa": True}
attempt("VerifySoftwareToken, not associated")(lambda: verify("123456"))
secret = attempt("AssociateSoftwareToken")(lambda: idp.associate_software_token(AccessToken=access)["SecretCode"])
attempt("AssociateSoftwareToken, ID token")(lambda: idp.associate_software_token(AccessToken=tokens["IdToken"]))
attempt("VerifySoftwareToken, wrong code")(lambda: verify(wrong(totp(secret))))
attempt("SetUserMFAPreference, not verified")(
    lambda: idp.set_user_mfa_preference(AccessToken=access, SoftwareTokenMfaSettings=on)
)
attempt("VerifySoftwareToken")(lambda: verify(totp(secret)))
attempt("SetUserMFAPreference, two preferred")(
    lambda: idp.set_user_mfa_preference(AccessToken=access, SoftwareTokenMfaSettings=on, SMSMfaSettings=on)
)


@attempt("SetUserMFAPreference")
def _():
    idp.set_user_mfa_preference(AccessToken=access, SoftwareTokenMfaSettings=on, EmailMfaSettings={"Enabled": True})
    answer = idp.get_user(AccessToken=access)
    assert sorted(answer["UserMFASettingList"]) == ["EMAIL_OTP", "SOFTWARE_TOKEN_MFA"], answer
    assert answer["PreferredMfaSetting"] == "SOFTWARE_TOKEN_MFA", answer


@attempt("sign-in with the preferred factor")
def _():
    asked = idp.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "plain", "PASSWORD": password},
    )
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA", asked

    def answer(code):
        return idp.respond_to_auth_challenge(
            ClientId=client_id,
            ChallengeName=asked["ChallengeName"],
            Session=asked["Session"],
            ChallengeResponses={"USERNAME": "plain", "SOFTWARE_TOKEN_MFA_CODE": code},
        )

    right = totp(secret, 1)
    refused("CodeMismatchException", lambda: answer(wrong(right)))
    assert answer(right)["AuthenticationResult"]["TokenType"] == "Bearer"


# Devices. boto3 does not implement SRP, so the script cannot sign in with them, and salts and verifiers are random.


def device_of(tokens):
    def number(bits):
        n = secrets.randbits(bits) | 1
        return base64.b64encode(n.to_bytes(n.bit_length() // 8 + 1, "big")).decode()

    return {
        "AccessToken": tokens["AccessToken"],
        "DeviceKey": tokens["NewDeviceMetadata"]["DeviceKey"],
        "DeviceName": "boto3",
        "DeviceSecretVerifierConfig": {"PasswordVerifier": number(3000), "Salt": number(128)},
    }


device = device_of(sign_in("plain3", pool=pools["optIn"]))
own = {key: device[key] for key in ("AccessToken", "DeviceKey")}
stranger = own | {"DeviceKey": device_of(sign_in("plain4", pool=pools["optIn"]))["DeviceKey"]}


def status():
    attributes = idp.get_device(**own)["Device"]["DeviceAttributes"]
    return {a["Name"]: a["Value"] for a in attributes}["dev:device_remembered_status"]


attempt("GetDevice, not confirmed")(lambda: idp.get_device(**own))
attempt("ConfirmDevice, another's key")(lambda: idp.confirm_device(**(device | stranger)))
attempt("ConfirmDevice")(lambda: idp.confirm_device(**device)["UserConfirmationNecessary"])
attempt("ConfirmDevice, again")(lambda: idp.confirm_device(**device))


@attempt("ListDevices")
def _():
    devices = idp.list_devices(AccessToken=own["AccessToken"])["Devices"]
    assert [d["DeviceKey"] for d in devices] == [own["DeviceKey"]], devices
    assert devices[0]["DeviceCreateDate"].utcoffset() is not None, devices


attempt("ListDevices, altered token")(lambda: idp.list_devices(AccessToken=own["AccessToken"][:-8] + "AAAAAAAA"))


@attempt("UpdateDeviceStatus")
def _():
    for want in ("remembered", "not_remembered", "remembered"):
        idp.update_device_status(**own, DeviceRememberedStatus=want)
        assert status() == want, status()


attempt("UpdateDeviceStatus, unknown status")(lambda: idp.update_device_status(**own, DeviceRememberedStatus="x"))
attempt("UpdateDeviceStatus, another's key")(
    lambda: idp.update_device_status(**stranger, DeviceRememberedStatus="remembered")
)
attempt("ForgetDevice, another's key")(lambda: idp.forget_device(**stranger) and None)
attempt("ForgetDevice")(lambda: idp.forget_device(**own) and None)
attempt("ForgetDevice, again")(lambda: idp.forget_device(**own) and None)
attempt("GetDevice, forgotten")(lambda: idp.get_device(**own))


def exchange(token, client=client_id):
    """Returns the tokens that the pool issues for a refresh token."""
    return idp.get_tokens_from_refresh_token(ClientId=client, RefreshToken=token)["AuthenticationResult"]


@attempt("RevokeToken")
def _():
    mine = sign_in("plain3")
    attempt("RevokeToken, access token")(lambda: idp.revoke_token(ClientId=client_id, Token=mine["AccessToken"]))
    attempt("RevokeToken, another client")(
        lambda: idp.revoke_token(ClientId=challenges["rotatingClientId"], Token=mine["RefreshToken"])
    )
    exchange(mine["RefreshToken"])
    idp.revoke_token(ClientId=client_id, Token=mine["RefreshToken"])
    refused("NotAuthorizedException", lambda: exchange(mine["RefreshToken"]))
    refused("NotAuthorizedException", lambda: idp.get_user(AccessToken=mine["AccessToken"]))


@attempt("GetTokensFromRefreshToken, rotation")
def _():
    strict = challenges["strictClientId"]
    old = sign_in("plain3", pool={"clientId": strict})["RefreshToken"]
    new = exchange(old, strict)["RefreshToken"]
    assert new != old
    attempt("GetTokensFromRefreshToken, the old token")(lambda: exchange(old, strict))
    attempt("GetTokensFromRefreshToken, altered token")(lambda: exchange(new[:-8] + "AAAAAAAA", strict))


@attempt("GlobalSignOut")
def _():
    idp.global_sign_out(AccessToken=access)
    refused("NotAuthorizedException", lambda: idp.get_user(AccessToken=access))
    refused(
        "NotAuthorizedException",
        lambda: idp.get_tokens_from_refresh_token(ClientId=client_id, RefreshToken=tokens["RefreshToken"]),
    )


attempt("GlobalSignOut, again")(lambda: idp.global_sign_out(AccessToken=access))

finish()
