// identity_challenges.mjs gives right and wrong answers to challenges with amazon-cognito-identity-js.
import assert from 'node:assert';
import { sent, totp, wrong } from './codes.mjs';
import { expect, newUser, reply, report, signIn, signInByScript } from './identity_user.mjs';
import { attempt, finish, given } from './lib.mjs';

const { challenges, required } = given.pools;

// SMS_MFA. After a wrong code, the pool still accepts the right one.
await attempt('SMS_MFA', async () => {
  const user = newUser(challenges, 'sms');
  const asked = expect('SMS_MFA', await signIn(user));
  assert.equal(asked.CODE_DELIVERY_DELIVERY_MEDIUM, 'SMS');
  assert.match(asked.CODE_DELIVERY_DESTINATION, /^\+\*+0123$/);
  const code = await sent(challenges, 'sms');
  await attempt('SMS_MFA, wrong code', () => reply(user, 'sendMFACode', [wrong(code)]));
  await attempt('SMS_MFA, empty code', () => reply(user, 'sendMFACode', ['']));
  await attempt('SMS_MFA, as another challenge', () => reply(user, 'sendMFACode', [code], ['SOFTWARE_TOKEN_MFA']));
  const session = report(await reply(user, 'sendMFACode', [code]));
  await attempt('SMS_MFA, the right code again', () => reply(user, 'sendMFACode', [code]));
  return session;
});
await attempt('SMS_MFA, code of an earlier sign-in', async () => {
  const user = newUser(challenges, 'sms2');
  expect('SMS_MFA', await signIn(user));
  const old = await sent(challenges, 'sms2');
  let code = old;
  while (code === old) {
    expect('SMS_MFA', await signIn(user));
    code = await sent(challenges, 'sms2');
  }
  await reply(user, 'sendMFACode', [old]);
});
await attempt('SMS_MFA, wrong password', () => signIn(newUser(challenges, 'sms'), given.password + 'x'));
await attempt('SMS_MFA, by email address', async () => {
  const user = newUser(challenges, 'sms3@example.com');
  expect('SMS_MFA', await signIn(user));
  return report(await reply(user, 'sendMFACode', [await sent(challenges, 'sms3')]));
});
await attempt('SMS_MFA, USER_PASSWORD_AUTH', async () => {
  const user = newUser(challenges, 'sms4');
  user.setAuthenticationFlowType('USER_PASSWORD_AUTH');
  expect('SMS_MFA', await signIn(user));
  return report(await reply(user, 'sendMFACode', [await sent(challenges, 'sms4')]));
});

// SOFTWARE_TOKEN_MFA. A code is valid once.
const TOTP = ['SOFTWARE_TOKEN_MFA'];
await attempt('SOFTWARE_TOKEN_MFA', async () => {
  const user = newUser(challenges, 'totp');
  expect('SOFTWARE_TOKEN_MFA', await signIn(user));
  const code = totp(given.totpSecret);
  await attempt('SOFTWARE_TOKEN_MFA, wrong code', () => reply(user, 'sendMFACode', [wrong(code)], TOTP));
  await attempt('SOFTWARE_TOKEN_MFA, code of an hour ago', () => reply(user, 'sendMFACode', [totp(given.totpSecret, -120)], TOTP));
  const session = report(await reply(user, 'sendMFACode', [code], TOTP));
  await attempt('SOFTWARE_TOKEN_MFA, the same code at the next sign-in', async () => {
    const again = newUser(challenges, 'totp');
    expect('SOFTWARE_TOKEN_MFA', await signIn(again));
    await reply(again, 'sendMFACode', [code], TOTP);
  });
  return session;
});
await attempt('SOFTWARE_TOKEN_MFA, three wrong codes', async () => {
  const user = newUser(challenges, 'totp2');
  expect('SOFTWARE_TOKEN_MFA', await signIn(user));
  const code = totp(given.totpSecret);
  for (let i = 0; i < 3; i++) await assert.rejects(reply(user, 'sendMFACode', [wrong(code)], TOTP), { code: 'CodeMismatchException' });
  await reply(user, 'sendMFACode', [code], TOTP);
});
await attempt('preferred factor', async () => {
  const user = newUser(challenges, 'preferring');
  expect('SOFTWARE_TOKEN_MFA', await signIn(user));
  return report(await reply(user, 'sendMFACode', [totp(given.totpSecret)], TOTP));
});

// SELECT_MFA_TYPE.
await attempt('SELECT_MFA_TYPE, SMS_MFA', async () => {
  const user = newUser(challenges, 'several');
  const asked = expect('SELECT_MFA_TYPE', await signIn(user));
  assert.deepEqual(JSON.parse(asked.MFAS_CAN_CHOOSE), ['SMS_MFA', 'SOFTWARE_TOKEN_MFA', 'EMAIL_OTP']);
  await attempt('SELECT_MFA_TYPE, unavailable choice', () => reply(user, 'sendMFASelectionAnswer', ['SMS']));
  expect('SMS_MFA', await reply(user, 'sendMFASelectionAnswer', ['SMS_MFA']));
  const code = await sent(challenges, 'several');
  await attempt('SELECT_MFA_TYPE, SMS_MFA, wrong code', () => reply(user, 'sendMFACode', [wrong(code)]));
  return report(await reply(user, 'sendMFACode', [code]));
});
await attempt('SELECT_MFA_TYPE, SOFTWARE_TOKEN_MFA', async () => {
  const user = newUser(challenges, 'several2');
  expect('SELECT_MFA_TYPE', await signIn(user));
  expect('SOFTWARE_TOKEN_MFA', await reply(user, 'sendMFASelectionAnswer', ['SOFTWARE_TOKEN_MFA']));
  return report(await reply(user, 'sendMFACode', [totp(given.totpSecret)], TOTP));
});

// MFA_SETUP.
await attempt('MFA_SETUP', async () => {
  const user = newUser(required, 'plain');
  const asked = expect('MFA_SETUP', await signIn(user));
  assert(JSON.parse(asked.MFAS_CAN_SETUP).includes('SOFTWARE_TOKEN_MFA'));
  const { secret } = await reply(user, 'associateSoftwareToken', []);
  const code = totp(secret);
  await attempt('MFA_SETUP, wrong code', () => reply(user, 'verifySoftwareToken', [wrong(code), 'phone']));
  const session = report(await reply(user, 'verifySoftwareToken', [code, 'phone']));
  await attempt('after MFA_SETUP', async () => {
    const again = newUser(required, 'plain');
    expect('SOFTWARE_TOKEN_MFA', await signIn(again));
    return report(await reply(again, 'sendMFACode', [totp(secret, 1)], TOTP));
  });
  return session;
});
await attempt('MFA_SETUP, not set up', async () => {
  const user = newUser(required, 'plain2');
  expect('MFA_SETUP', await signIn(user));
  await reply(user, 'sendMFACode', ['123456'], ['MFA_SETUP']);
});

// NEW_PASSWORD_REQUIRED.
await attempt('NEW_PASSWORD_REQUIRED', async () => {
  const user = newUser(challenges, 'invited');
  const { attributes, required } = expect('NEW_PASSWORD_REQUIRED', await signIn(user));
  assert.equal(attributes.email, 'invited@example.com');
  assert.deepEqual(required, []);
  const choose = (password, attributes = {}) => reply(user, 'completeNewPasswordChallenge', [password, attributes]);
  await attempt('NEW_PASSWORD_REQUIRED, too short', () => choose('Short-1'));
  await attempt('NEW_PASSWORD_REQUIRED, existing attribute', () => choose(given.newPassword, attributes));
  const session = report(await choose(given.newPassword));
  await attempt('after NEW_PASSWORD_REQUIRED', async () => report(await signIn(newUser(challenges, 'invited'), given.newPassword)));
  await attempt('after NEW_PASSWORD_REQUIRED, old password', () => signIn(newUser(challenges, 'invited')));
  return session;
});
await attempt('NEW_PASSWORD_REQUIRED, with an attribute', async () => {
  const user = newUser(challenges, 'without-email');
  const { required } = expect('NEW_PASSWORD_REQUIRED', await signIn(user));
  assert.deepEqual(required, ['email']);
  const choose = (attributes) => reply(user, 'completeNewPasswordChallenge', [given.newPassword, attributes]);
  await attempt('NEW_PASSWORD_REQUIRED, without the attribute', () => choose({}));
  const answer = await choose({ email: 'new@example.com' });
  assert.equal(answer.session.getIdToken().payload.email, 'new@example.com');
  return report(answer);
});
await attempt('NEW_PASSWORD_REQUIRED, then SMS_MFA', async () => {
  const user = newUser(challenges, 'invited-sms');
  expect('NEW_PASSWORD_REQUIRED', await signIn(user));
  expect('SMS_MFA', await reply(user, 'completeNewPasswordChallenge', [given.newPassword, {}]));
  return report(await reply(user, 'sendMFACode', [await sent(challenges, 'invited-sms')]));
});

// CUSTOM_CHALLENGE, without a password and after one.
const say = (user, answer, metadata) => reply(user, 'sendCustomChallengeAnswer', [answer], [metadata]);
await attempt('CUSTOM_AUTH', async () => {
  const user = newUser(challenges, 'plain');
  const first = expect('CUSTOM_CHALLENGE', await signInByScript(user, { said: 'hello' }));
  assert.deepEqual([first.question, first.heard], ['one', 'hello']);
  assert.equal(expect('CUSTOM_CHALLENGE', await say(user, 'nonsense')).question, 'one');
  const second = expect('CUSTOM_CHALLENGE', await say(user, 'answer one', { said: 'hello again' }));
  assert.deepEqual([second.question, second.heard], ['two', 'hello again']);
  return report(await say(user, 'answer two'));
});
await attempt('CUSTOM_AUTH, two wrong answers', async () => {
  const user = newUser(challenges, 'plain');
  await signInByScript(user);
  expect('CUSTOM_CHALLENGE', await say(user, 'answer two'));
  await say(user, 'answer two');
});
const withPassword = (password) => {
  const user = newUser(challenges, 'plain');
  user.setAuthenticationFlowType('CUSTOM_AUTH');
  return signIn(user, password).then((answer) => [user, answer]);
};
await attempt('CUSTOM_AUTH with SRP_A', async () => {
  const [user, answer] = await withPassword();
  assert.equal(expect('CUSTOM_CHALLENGE', answer).question, 'one');
  expect('CUSTOM_CHALLENGE', await say(user, 'answer one'));
  return report(await say(user, 'answer two'));
});
await attempt('CUSTOM_AUTH with SRP_A, wrong password', () => withPassword('wrong'));
await attempt('CUSTOM_AUTH with SRP_A, wrong answers', async () => {
  const [user] = await withPassword();
  expect('CUSTOM_CHALLENGE', await say(user, 'x'));
  await say(user, 'x');
});
await attempt('CUSTOM_AUTH, pool without triggers', () => signInByScript(newUser(required, 'plain')));

// Users who cannot sign in.
for (const name of ['unconfirmed', 'reset', 'disabled']) {
  await attempt(name, () => signIn(newUser(challenges, name)));
  await attempt(`${name}, wrong password`, () => signIn(newUser(challenges, name), 'wrong'));
}

finish();
