// identity_accounts.mjs manages accounts with amazon-cognito-identity-js.
import assert from 'node:assert';
import { sent, totp, wrong } from './codes.mjs';
import { call, expect, newUser, refresh, reply, report, signIn, signUp } from './identity_user.mjs';
import { attempt, finish, given } from './lib.mjs';

const { challenges } = given.pools;
const plain = (name) => newUser(challenges, name);
const refused = []; // refreshes that the pool refuses and the client retries for some seconds

// Sign-up.
const email = (address) => [{ Name: 'email', Value: address }];
await attempt('SignUp', async () => {
  const { userConfirmed, userSub, codeDeliveryDetails } = await signUp(challenges, 'eve', given.password, email('eve@example.com'));
  assert.equal(userConfirmed, false);
  assert.deepEqual(codeDeliveryDetails, { AttributeName: 'email', DeliveryMedium: 'EMAIL', Destination: 'e***@e***' });
  await attempt('sign-in before ConfirmSignUp', () => signIn(plain('eve')));
  await attempt('ForgotPassword before ConfirmSignUp', () => reply(plain('eve'), 'forgotPassword', []));
  const code = await sent(challenges, 'eve');
  await attempt('ConfirmSignUp, wrong code', () => call(plain('eve'), 'confirmRegistration', wrong(code), false));
  await attempt('ConfirmSignUp, unknown user', () => call(plain('nobody'), 'confirmRegistration', code, false));
  await attempt('ResendConfirmationCode', async () => {
    const { CodeDeliveryDetails } = await call(plain('eve'), 'resendConfirmationCode');
    assert.equal(CodeDeliveryDetails.Destination, 'e***@e***');
  });
  const latest = await sent(challenges, 'eve');
  if (latest !== code) await assert.rejects(call(plain('eve'), 'confirmRegistration', code, false), { code: 'CodeMismatchException' });
  await attempt('ConfirmSignUp', () => call(plain('eve'), 'confirmRegistration', latest, false));
  await attempt('ConfirmSignUp, again', () => call(plain('eve'), 'confirmRegistration', latest, false));
  await attempt('ResendConfirmationCode, confirmed', () => call(plain('eve'), 'resendConfirmationCode'));
  await attempt('sign-in after ConfirmSignUp', async () => {
    const answer = await signIn(plain('eve'));
    assert.equal(answer.session.getIdToken().payload.sub, userSub);
    return report(answer);
  });
  await attempt('sign-in by the confirmed address', async () => report(await signIn(plain('eve@example.com'))));
});
await attempt('SignUp, name that is taken', () => signUp(challenges, 'plain', given.password, email('x@example.com')));
await attempt('SignUp, password too short', () => signUp(challenges, 'mallory', 'Short-1', email('m@example.com')));
await attempt('SignUp, attribute missing', () => signUp(challenges, 'mallory', given.password, []));
await attempt('SignUp, email_verified', () =>
  signUp(challenges, 'mallory', given.password, [...email('m@example.com'), { Name: 'email_verified', Value: 'true' }]),
);
await attempt('SignUp, address that is taken', async () => {
  await signUp(challenges, 'impostor', given.password, email('plain@example.com'));
  const code = await sent(challenges, 'impostor');
  await attempt('ConfirmSignUp, address that is taken', () => call(plain('impostor'), 'confirmRegistration', code, false));
});

// Forgotten passwords.
const confirm = (name, code, password = given.newPassword) => reply(plain(name), 'confirmPassword', [code, password]);
await attempt('ForgotPassword', async () => {
  const { session } = await reply(plain('plain2'), 'forgotPassword', []);
  assert.equal(session.CodeDeliveryDetails.DeliveryMedium, 'EMAIL');
  const code = await sent(challenges, 'plain2');
  await attempt('ConfirmForgotPassword, wrong code', () => confirm('plain2', wrong(code)));
  await attempt('ConfirmForgotPassword, password too short', () => confirm('plain2', code, 'Short-1'));
  await attempt('ConfirmForgotPassword', async () => void (await confirm('plain2', code)));
  await attempt('ConfirmForgotPassword, again', () => confirm('plain2', code));
  await attempt('sign-in with the old password', () => signIn(plain('plain2')));
  await attempt('sign-in with the new password', async () => report(await signIn(plain('plain2'), given.newPassword)));
});
await attempt('ConfirmForgotPassword without ForgotPassword', () => confirm('plain3', '123456'));
await attempt('ForgotPassword, unknown user', () => reply(plain('nobody'), 'forgotPassword', []));
await attempt('ForgotPassword, disabled', () => reply(plain('disabled'), 'forgotPassword', []));
await attempt('ForgotPassword, invited', () => reply(plain('invited'), 'forgotPassword', []));
await attempt('reset required', async () => {
  await reply(plain('reset'), 'forgotPassword', []);
  await confirm('reset', await sent(challenges, 'reset'));
  return report(await signIn(plain('reset'), given.newPassword));
});

// Operations of a signed-in user.
await attempt('ChangePassword', async () => {
  const user = plain('plain3');
  await signIn(user);
  await attempt('ChangePassword, wrong password', () => call(user, 'changePassword', 'wrong', given.newPassword));
  await attempt('ChangePassword, too short', () => call(user, 'changePassword', given.password, 'Short-1'));
  await call(user, 'changePassword', given.password, given.newPassword);
  await attempt('sign-in with the changed password', async () => report(await signIn(plain('plain3'), given.newPassword)));
  await attempt('sign-in with the unchanged password', () => signIn(plain('plain3')));
});
await attempt('GetUser', async () => {
  const user = plain('sms');
  expect('SMS_MFA', await signIn(user));
  await reply(user, 'sendMFACode', [await sent(challenges, 'sms')]);
  const data = await call(user, 'getUserData');
  assert.equal(data.Username, 'sms');
  assert.deepEqual(data.UserMFASettingList, ['SMS_MFA']);
  const list = await call(user, 'getUserAttributes');
  assert.equal(list.find(({ Name }) => Name === 'email').Value, 'sms@example.com');
  await call(user, 'setUserMfaPreference', { Enabled: false, PreferredMfa: false }, null);
  await attempt('sign-in without a second factor', async () => report(await signIn(plain('sms'))));
});
await attempt('VerifySoftwareToken', async () => {
  const user = plain('plain4');
  await signIn(user);
  const prefer = (sms, app) => call(user, 'setUserMfaPreference', sms, app);
  const on = { Enabled: true, PreferredMfa: true };
  await attempt('VerifySoftwareToken, not associated', () => reply(user, 'verifySoftwareToken', ['123456', 'phone']));
  await attempt('SetUserMFAPreference, not associated', () => prefer(null, on));
  const { secret } = await reply(user, 'associateSoftwareToken', []);
  const code = totp(secret);
  await attempt('VerifySoftwareToken, wrong code', () => reply(user, 'verifySoftwareToken', [wrong(code), 'phone']));
  await attempt('SetUserMFAPreference, not verified', () => prefer(null, on));
  const { session } = await reply(user, 'verifySoftwareToken', [code, 'phone']);
  assert.equal(session.Status, 'SUCCESS');
  await attempt('SetUserMFAPreference, two preferred', () => prefer(on, on));
  await attempt('SetUserMFAPreference', () => prefer({ Enabled: true, PreferredMfa: false }, on));
  await attempt('sign-in with the preferred factor', async () => {
    const again = plain('plain4');
    expect('SOFTWARE_TOKEN_MFA', await signIn(again));
    return report(await reply(again, 'sendMFACode', [totp(secret, 1)], ['SOFTWARE_TOKEN_MFA']));
  });
});
await attempt('GlobalSignOut', async () => {
  const [one, two] = [plain('plain'), plain('plain')];
  const { session } = await signIn(one);
  await signIn(two);
  await reply(one, 'globalSignOut', []);
  refused.push(attempt('refresh after GlobalSignOut', () => refresh(plain('plain'), session.getRefreshToken().getToken())));
  await attempt('GetUser after GlobalSignOut', () => call(two, 'getUserAttributes'));
  await attempt('GlobalSignOut, again', () => reply(two, 'globalSignOut', []));
  await attempt('sign-in after GlobalSignOut', async () => report(await signIn(plain('plain'))));
});

await Promise.all(refused);
finish();
