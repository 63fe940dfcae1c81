// amplify_accounts.mjs manages accounts with aws-amplify.
import assert from 'node:assert';
import { setTimeout } from 'node:timers/promises';
import { answer, auth, expect, refresh, report, signIn, storage, use } from './amplify.mjs';
import { sent, totp, wrong } from './codes.mjs';
import { attempt, finish, given } from './lib.mjs';

const { challenges } = given.pools;
use(challenges);

// Sign-up, and an automatic sign-in after it, with the password or with the confirmation code in its place.
const signUp = (username, autoSignIn, password = given.password, email = `${username}@example.com`) =>
  auth.signUp({ username, password, options: { userAttributes: email && { email }, autoSignIn } });
const confirm = (username, confirmationCode) => auth.confirmSignUp({ username, confirmationCode });
await attempt('signUp', async () => {
  const { nextStep } = await signUp('eve', false);
  assert.equal(nextStep.signUpStep, 'CONFIRM_SIGN_UP');
  assert.deepEqual(nextStep.codeDeliveryDetails, { attributeName: 'email', deliveryMedium: 'EMAIL', destination: 'e***@e***' });
  await attempt('signIn before confirmSignUp', async () => void expect('CONFIRM_SIGN_UP', await signIn('eve')));
  await attempt('resendSignUpCode', async () => {
    const { destination } = await auth.resendSignUpCode({ username: 'eve' });
    assert.equal(destination, 'e***@e***');
  });
  const code = await sent(challenges, 'eve');
  await attempt('confirmSignUp, wrong code', () => confirm('eve', wrong(code)));
  await attempt('confirmSignUp', async () => assert.equal((await confirm('eve', code)).nextStep.signUpStep, 'DONE'));
  await attempt('confirmSignUp, again', () => confirm('eve', code));
  await attempt('signIn after confirmSignUp', async () => report(await signIn('eve')));
});
for (const [name, username, options, password] of [
  ['autoSignIn', 'frank', true, given.password],
  ['autoSignIn, USER_AUTH', 'heidi', { authFlowType: 'USER_AUTH' }, undefined],
  ['autoSignIn, USER_AUTH with a password', 'ivan', { authFlowType: 'USER_AUTH' }, given.password],
]) {
  await attempt(name, async () => {
    await auth.signOut();
    const { nextStep } = await auth.signUp({
      username,
      password,
      options: { userAttributes: { email: `${username}@example.com` }, autoSignIn: options },
    });
    assert.equal(nextStep.signUpStep, 'CONFIRM_SIGN_UP');
    const code = await sent(challenges, username);
    await attempt(`${name}, wrong code`, () => confirm(username, wrong(code)));
    assert.equal((await confirm(username, code)).nextStep.signUpStep, 'COMPLETE_AUTO_SIGN_IN');
    await setTimeout(400); // the client ignores the second of two calls within 300 ms
    const session = await report((await auth.autoSignIn()).nextStep);
    await attempt(`${name}, again`, () => auth.autoSignIn());
    return session;
  });
}
await attempt('signUp, name that is taken', () => signUp('plain', false));
await attempt('signUp, password too short', () => signUp('mallory', false, 'Short-1'));
await attempt('signUp, attribute missing', () => signUp('mallory', false, given.password, null));

// Forgotten passwords.
const reset = (username, confirmationCode, newPassword = given.newPassword) =>
  auth.confirmResetPassword({ username, confirmationCode, newPassword });
await attempt('resetPassword', async () => {
  const { nextStep } = await auth.resetPassword({ username: 'plain2' });
  assert.equal(nextStep.resetPasswordStep, 'CONFIRM_RESET_PASSWORD_WITH_CODE');
  assert.equal(nextStep.codeDeliveryDetails.destination, 'p***@e***');
  const code = await sent(challenges, 'plain2');
  await attempt('confirmResetPassword, wrong code', () => reset('plain2', wrong(code)));
  await attempt('confirmResetPassword, too short', () => reset('plain2', code, 'Short-1'));
  await attempt('confirmResetPassword', () => reset('plain2', code));
  await attempt('confirmResetPassword, again', () => reset('plain2', code));
  await attempt('signIn with the old password', () => signIn('plain2'));
  await attempt('signIn with the new password', async () => report(await signIn('plain2', {}, given.newPassword)));
});
await attempt('resetPassword, unknown user', () => auth.resetPassword({ username: 'nobody' }));
await attempt('reset required', async () => {
  expect('RESET_PASSWORD', await signIn('reset'));
  await auth.resetPassword({ username: 'reset' });
  await reset('reset', await sent(challenges, 'reset'));
  return report(await signIn('reset', {}, given.newPassword));
});

// Operations of a signed-in user.
await attempt('updatePassword', async () => {
  await signIn('plain3');
  const update = (oldPassword, newPassword) => auth.updatePassword({ oldPassword, newPassword });
  await attempt('updatePassword, wrong password', () => update('wrong', given.newPassword));
  await attempt('updatePassword, too short', () => update(given.password, 'Short-1'));
  await update(given.password, given.newPassword);
  await attempt('signIn with the updated password', async () => report(await signIn('plain3', {}, given.newPassword)));
});
await attempt('fetchUserAttributes', async () => {
  await signIn('plain');
  const { email, email_verified: verified, sub } = await auth.fetchUserAttributes();
  assert.deepEqual([email, verified], ['plain@example.com', 'true']);
  assert.equal(sub, (await auth.getCurrentUser()).userId);
});
await attempt('setUpTOTP', async () => {
  await signIn('plain4');
  await attempt('verifyTOTPSetup, not set up', () => auth.verifyTOTPSetup({ code: '123456' }));
  await attempt('updateMFAPreference, not set up', () => auth.updateMFAPreference({ totp: 'PREFERRED' }));
  const { sharedSecret } = await auth.setUpTOTP();
  await attempt('verifyTOTPSetup, wrong code', () => auth.verifyTOTPSetup({ code: wrong(totp(sharedSecret)) }));
  await auth.verifyTOTPSetup({ code: totp(sharedSecret) });
  await auth.updateMFAPreference({ sms: 'ENABLED', totp: 'PREFERRED', email: 'ENABLED' });
  const { enabled, preferred } = await auth.fetchMFAPreference();
  assert.deepEqual([...enabled].sort(), ['EMAIL', 'SMS', 'TOTP']);
  assert.equal(preferred, 'TOTP');
  expect('CONFIRM_SIGN_IN_WITH_TOTP_CODE', await signIn('plain4'));
  return report(await answer(totp(sharedSecret, 1)));
});
await attempt('signOut', async () => {
  await signIn('plain');
  const before = new Map(storage);
  await auth.signOut();
  for (const [key, value] of before) storage.set(key, value);
  await refresh();
});
await attempt('signOut, global', async () => {
  await signIn('plain');
  const before = new Map(storage);
  await auth.signOut({ global: true });
  for (const [key, value] of before) storage.set(key, value);
  await attempt('fetchUserAttributes after a global signOut', () => auth.fetchUserAttributes());
  await refresh();
});

finish();
