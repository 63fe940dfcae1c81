// amplify_challenges.mjs gives right and wrong answers to challenges with aws-amplify.
import assert from 'node:assert';
import { answer, auth, expect, report, signIn, use } from './amplify.mjs';
import { sent, totp, wrong } from './codes.mjs';
import { attempt, finish, given, load } from './lib.mjs';

const { GetCallerIdentityCommand, STSClient } = load('@aws-sdk/client-sts');
const { challenges, required } = given.pools;
use(challenges);

// Passwords.
await attempt('USER_SRP_AUTH', async () => report(await signIn('plain')));
await attempt('USER_SRP_AUTH, by email address', async () => report(await signIn('plain@example.com')));
await attempt('USER_SRP_AUTH, wrong password', () => signIn('plain', {}, given.password + '.'));
await attempt('USER_SRP_AUTH, unknown user', () => signIn('nobody'));
await attempt('USER_PASSWORD_AUTH', async () => report(await signIn('plain', { authFlowType: 'USER_PASSWORD_AUTH' })));
await attempt('USER_PASSWORD_AUTH, wrong password', () => signIn('plain', { authFlowType: 'USER_PASSWORD_AUTH' }, 'wrong'));
await attempt('unconfirmed', async () => void expect('CONFIRM_SIGN_UP', await signIn('unconfirmed')));
await attempt('reset', async () => void expect('RESET_PASSWORD', await signIn('reset')));
await attempt('disabled', () => signIn('disabled'));

// Second factors.
await attempt('SMS_MFA', async () => {
  const { codeDeliveryDetails } = expect('CONFIRM_SIGN_IN_WITH_SMS_CODE', await signIn('sms'));
  assert.equal(codeDeliveryDetails.deliveryMedium, 'SMS');
  const code = await sent(challenges, 'sms');
  await attempt('SMS_MFA, wrong code', () => answer(wrong(code)));
  const session = await report(await answer(code));
  await attempt('SMS_MFA, the right code again', () => answer(code));
  return session;
});
await attempt('EMAIL_OTP', async () => {
  const { codeDeliveryDetails } = expect('CONFIRM_SIGN_IN_WITH_EMAIL_CODE', await signIn('mail@example.com'));
  assert.deepEqual(codeDeliveryDetails, { deliveryMedium: 'EMAIL', destination: 'm***@e***' });
  const code = await sent(challenges, 'mail');
  await attempt('EMAIL_OTP, wrong code', () => answer(wrong(code)));
  return report(await answer(code));
});
await attempt('SOFTWARE_TOKEN_MFA', async () => {
  expect('CONFIRM_SIGN_IN_WITH_TOTP_CODE', await signIn('totp'));
  const code = totp(given.totpSecret);
  await attempt('SOFTWARE_TOKEN_MFA, wrong code', () => answer(wrong(code)));
  const session = await report(await answer(code));
  await attempt('SOFTWARE_TOKEN_MFA, the same code at the next sign-in', async () => {
    expect('CONFIRM_SIGN_IN_WITH_TOTP_CODE', await signIn('totp'));
    await answer(code);
  });
  return session;
});
for (const [name, method, step, code] of [
  ['several', 'SMS', 'CONFIRM_SIGN_IN_WITH_SMS_CODE', sent],
  ['several2', 'EMAIL', 'CONFIRM_SIGN_IN_WITH_EMAIL_CODE', sent],
  ['several3', 'TOTP', 'CONFIRM_SIGN_IN_WITH_TOTP_CODE', () => totp(given.totpSecret)],
]) {
  await attempt(`SELECT_MFA_TYPE, ${method}`, async () => {
    const { allowedMFATypes } = expect('CONTINUE_SIGN_IN_WITH_MFA_SELECTION', await signIn(name));
    assert.deepEqual(allowedMFATypes, ['SMS', 'TOTP', 'EMAIL']);
    expect(step, await answer(method));
    const right = await code(challenges, name);
    await attempt(`SELECT_MFA_TYPE, ${method}, wrong code`, () => answer(wrong(right)));
    return report(await answer(right));
  });
}

// New passwords.
await attempt('NEW_PASSWORD_REQUIRED', async () => {
  const { missingAttributes } = expect('CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED', await signIn('invited'));
  assert.deepEqual(missingAttributes, []);
  await attempt('NEW_PASSWORD_REQUIRED, too short', () => answer('Short-1'));
  const session = await report(await answer(given.newPassword));
  await attempt('after NEW_PASSWORD_REQUIRED', async () => report(await signIn('invited', {}, given.newPassword)));
  await attempt('after NEW_PASSWORD_REQUIRED, old password', () => signIn('invited'));
  return session;
});
await attempt('NEW_PASSWORD_REQUIRED, with an attribute', async () => {
  const { missingAttributes } = expect('CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED', await signIn('without-email'));
  assert.deepEqual(missingAttributes, ['email']);
  await attempt('NEW_PASSWORD_REQUIRED, without the attribute', () => answer(given.newPassword));
  return report(await answer(given.newPassword, { userAttributes: { email: 'new@example.com' } }));
});

// USER_AUTH. Without a preferred challenge, the pool asks for a choice.
const passwordless = (name, preferredChallenge) => signIn(name, { authFlowType: 'USER_AUTH', preferredChallenge }, null);
const all = ['PASSWORD', 'PASSWORD_SRP', 'EMAIL_OTP', 'SMS_OTP'];
async function choose(name, choice, available = all) {
  const { availableChallenges } = expect('CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION', await passwordless(name));
  assert.deepEqual([...availableChallenges].sort(), [...available].sort());
  return answer(choice);
}
for (const choice of ['PASSWORD', 'PASSWORD_SRP']) {
  await attempt(`USER_AUTH, ${choice} chosen`, async () => {
    expect('CONFIRM_SIGN_IN_WITH_PASSWORD', await choose('plain', choice));
    return report(await answer(given.password));
  });
  await attempt(`USER_AUTH, ${choice} chosen, wrong password`, async () => {
    expect('CONFIRM_SIGN_IN_WITH_PASSWORD', await choose('plain', choice));
    await answer('wrong');
  });
  const preferred = (password) => signIn('plain', { authFlowType: 'USER_AUTH', preferredChallenge: choice }, password);
  await attempt(`USER_AUTH, ${choice} preferred`, async () => report(await preferred()));
  await attempt(`USER_AUTH, ${choice} preferred, wrong password`, () => preferred('wrong'));
  await attempt(`USER_AUTH, ${choice} preferred, then SMS_MFA`, async () => {
    const options = { authFlowType: 'USER_AUTH', preferredChallenge: choice };
    expect('CONFIRM_SIGN_IN_WITH_SMS_CODE', await signIn('sms2', options));
    return report(await answer(await sent(challenges, 'sms2')));
  });
}
for (const [choice, step] of [
  ['EMAIL_OTP', 'CONFIRM_SIGN_IN_WITH_EMAIL_CODE'],
  ['SMS_OTP', 'CONFIRM_SIGN_IN_WITH_SMS_CODE'],
]) {
  for (const [how, begin] of [
    ['chosen', (name) => choose(name, choice)],
    ['preferred', (name) => passwordless(name, choice)],
  ]) {
    await attempt(`USER_AUTH, ${choice} ${how}`, async () => {
      expect(step, await begin('plain@example.com'));
      const code = await sent(challenges, 'plain');
      await attempt(`USER_AUTH, ${choice} ${how}, wrong code`, () => answer(wrong(code)));
      return report(await answer(code));
    });
  }
}
await attempt('USER_AUTH, unavailable choice', () => choose('plain', 'WEB_AUTHN'));
await attempt('USER_AUTH, user without a password', async () => {
  expect('CONFIRM_SIGN_IN_WITH_EMAIL_CODE', await choose('without-password', 'EMAIL_OTP', ['EMAIL_OTP', 'SMS_OTP']));
  return report(await answer(await sent(challenges, 'without-password')));
});
await attempt('USER_AUTH, unavailable preference', async () => {
  // A user with a second factor must give the password first.
  const { availableChallenges } = expect('CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION', await passwordless('sms', 'EMAIL_OTP'));
  assert.deepEqual(availableChallenges, ['PASSWORD', 'PASSWORD_SRP']);
});
await attempt('USER_AUTH, unknown user', () => passwordless('nobody', 'EMAIL_OTP'));

// CUSTOM_AUTH.
const custom = (authFlowType, password) =>
  signIn('plain', { authFlowType, clientMetadata: { said: 'hello' } }, password);
const question = (step) => expect('CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE', step).additionalInfo;
for (const [flow, password] of [['CUSTOM_WITHOUT_SRP', null], ['CUSTOM_WITH_SRP', given.password]]) {
  await attempt(flow, async () => {
    const { question: first, heard } = question(await custom(flow, password));
    assert.equal(first, 'one');
    assert.equal(heard, 'hello');
    assert.equal(question(await answer('nonsense')).question, 'one');
    const second = question(await answer('answer one', { clientMetadata: { said: 'hello again' } }));
    assert.deepEqual([second.question, second.heard], ['two', 'hello again']);
    return report(await answer('answer two'));
  });
  await attempt(`${flow}, two wrong answers`, async () => {
    question(await custom(flow, password));
    question(await answer('answer two'));
    await answer('answer two');
  });
}
await attempt('CUSTOM_WITH_SRP, wrong password', () => custom('CUSTOM_WITH_SRP', 'wrong'));

// AWS credentials.
await attempt('fetchAuthSession', async () => {
  await signIn('plain');
  const { credentials, identityId, userSub, tokens } = await auth.fetchAuthSession();
  assert.equal(userSub, tokens.idToken.payload.sub);
  assert.match(identityId, /^us-east-1:/);
  assert(credentials.expiration > new Date());
  const sts = new STSClient({ region: given.region, endpoint: given.endpoint, credentials });
  const { Account, Arn, UserId } = await sts.send(new GetCallerIdentityCommand({}));
  return { account: Account, arn: Arn, userId: UserId };
});

// Setup of a second factor that the pool requires.
use(required);
const setUp = async (name, method, step) => {
  const { allowedMFATypes } = expect('CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION', await signIn(name));
  assert.deepEqual([...allowedMFATypes].sort(), ['EMAIL', 'TOTP']);
  return expect(step, await answer(method));
};
await attempt('MFA_SETUP, TOTP', async () => {
  const { totpSetupDetails } = await setUp('plain', 'TOTP', 'CONTINUE_SIGN_IN_WITH_TOTP_SETUP');
  const { sharedSecret } = totpSetupDetails;
  assert.match(totpSetupDetails.getSetupUri('app').href, /^otpauth:\/\/totp\/app:plain\?secret=/);
  await attempt('MFA_SETUP, TOTP, wrong code', () => answer(wrong(totp(sharedSecret))));
  const session = await report(await answer(totp(sharedSecret)));
  await attempt('after MFA_SETUP, TOTP', async () => {
    expect('CONFIRM_SIGN_IN_WITH_TOTP_CODE', await signIn('plain'));
    return report(await answer(totp(sharedSecret, 1)));
  });
  return session;
});
await attempt('MFA_SETUP, EMAIL', async () => {
  await setUp('plain2', 'EMAIL', 'CONTINUE_SIGN_IN_WITH_EMAIL_SETUP');
  expect('CONFIRM_SIGN_IN_WITH_EMAIL_CODE', await answer('second@example.com'));
  const code = await sent(required, 'plain2');
  await attempt('MFA_SETUP, EMAIL, wrong code', () => answer(wrong(code)));
  const session = await report(await answer(code));
  await attempt('after MFA_SETUP, EMAIL', async () => {
    const { codeDeliveryDetails } = expect('CONFIRM_SIGN_IN_WITH_EMAIL_CODE', await signIn('plain2'));
    assert.equal(codeDeliveryDetails.destination, 's***@e***');
    return report(await answer(await sent(required, 'plain2')));
  });
  return session;
});

finish();
