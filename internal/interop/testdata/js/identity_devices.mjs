// identity_devices.mjs signs in on remembered devices with amazon-cognito-identity-js. Each storage is one device.
import assert from 'node:assert';
import { sent, totp, wrong } from './codes.mjs';
import { call, expect, newStorage, newUser, refresh, reply, report, signIn, signInByScript } from './identity_user.mjs';
import { attempt, finish, given } from './lib.mjs';

const { always, optIn } = given.pools;

// firstSignIn signs in with a code. The client confirms the new device before it reports success.
async function firstSignIn(pool, name, storage) {
  const user = newUser(pool, name, storage);
  expect('SMS_MFA', await signIn(user));
  const answer = await reply(user, 'sendMFACode', [await sent(pool, name)]);
  assert(storedKey(pool, name, storage, 'deviceKey'), 'no device key was stored');
  return { user, ...answer };
}
const keyOf = (pool, name, what) => `CognitoIdentityServiceProvider.${pool.clientId}.${name}.${what}`;
const storedKey = (pool, name, storage, what) => storage.getItem(keyOf(pool, name, what));

// copy copies what the storage holds of the device, without the tokens, as if for another process.
function copy(storage, change = {}) {
  const other = newStorage();
  for (const [key, value] of storage.items) {
    const what = key.split('.').at(-1);
    if (['deviceKey', 'randomPasswordKey', 'deviceGroupKey'].includes(what)) other.setItem(key, change[what]?.(value) ?? value);
  }
  return other;
}
const flip = (text) => text.slice(0, -1) + (text.endsWith('0') ? '1' : '0');
const attributes = ({ DeviceAttributes }) => Object.fromEntries(DeviceAttributes.map(({ Name, Value }) => [Name, Value]));

// A pool that remembers every confirmed device.
const storage = newStorage();
await attempt('always, first sign-in', async () => {
  const { session, necessary } = await firstSignIn(always, 'sms', storage);
  assert(!necessary);
  return report({ session });
});
await attempt('always, second sign-in', async () => report(await signIn(newUser(always, 'sms', copy(storage)))));
await attempt('always, second sign-in by email address', async () => report(await signIn(newUser(always, 'sms@example.com', copy(storage)))));
await attempt('always, USER_PASSWORD_AUTH', async () => {
  // The client finds the device under the name that the user typed.
  const user = newUser(always, 'sms', copy(storage));
  user.setAuthenticationFlowType('USER_PASSWORD_AUTH');
  return report(await signIn(user));
});
await attempt('always, wrong password', () => signIn(newUser(always, 'sms', copy(storage)), 'wrong'));
await attempt('always, wrong device password', () => signIn(newUser(always, 'sms', copy(storage, { randomPasswordKey: flip }))));
await attempt('always, wrong device group', () => signIn(newUser(always, 'sms', copy(storage, { deviceGroupKey: flip }))));
await attempt('always, another device is asked for a code', async () => void expect('SMS_MFA', await signIn(newUser(always, 'sms'))));
await attempt('always, device of another user', async () => {
  // The pool responds that the device does not exist. The client deletes it and answers the challenge again.
  const other = newStorage();
  for (const [key, value] of copy(storage).items) other.setItem(key.replace('.sms.', '.sms2.'), value);
  expect('SMS_MFA', await signIn(newUser(always, 'sms2', other)));
  assert.equal(storedKey(always, 'sms2', other, 'deviceKey'), null);
});
await attempt('always, device after CUSTOM_AUTH', async () => {
  const say = (user, answer) => reply(user, 'sendCustomChallengeAnswer', [answer]);
  const user = newUser(always, 'sms', copy(storage));
  expect('CUSTOM_CHALLENGE', await signInByScript(user));
  expect('CUSTOM_CHALLENGE', await say(user, 'answer one'));
  return report(await say(user, 'answer two'));
});

// Operations on devices, and a forgotten device.
await attempt('operations', async () => {
  const user = newUser(always, 'sms', copy(storage));
  await signIn(user);
  const list = (limit = 10) => reply(user, 'listDevices', [limit, null]).then(({ session }) => session.Devices);
  const key = storedKey(always, 'sms', storage, 'deviceKey');
  const [device, ...more] = await list();
  assert.equal(device.DeviceKey, key);
  assert.equal(more.length, 0);
  assert.equal(attributes(device)['dev:device_remembered_status'], 'remembered');
  const { session: got } = await reply(user, 'getDevice', []);
  assert.equal(got.Device.DeviceKey, key);
  await attempt('ListDevices, a limit of 61', () => list(61));
  await attempt('ForgetDevice, unknown', () => reply(user, 'forgetSpecificDevice', [flip(key)]));
  await attempt('ForgetDevice', async () => void (await reply(user, 'forgetSpecificDevice', [key])));
  await attempt('ForgetDevice, again', () => reply(user, 'forgetSpecificDevice', [key]));
  await attempt('GetDevice, forgotten', () => reply(user, 'getDevice', []));
  assert.deepEqual(await list(), []);
});
await attempt('forgotten device is asked for a code, and confirmed again', async () => {
  const forgotten = copy(storage);
  const before = storedKey(always, 'sms', storage, 'deviceKey');
  const { session } = await firstSignIn(always, 'sms', forgotten);
  assert.notEqual(storedKey(always, 'sms', forgotten, 'deviceKey'), before);
  await attempt('device confirmed again', async () => report(await signIn(newUser(always, 'sms', copy(forgotten)))));
  return report({ session });
});

// A pool that remembers a confirmed device if the client asks for it.
const optional = newStorage();
await attempt('opt-in, first sign-in', async () => {
  const { session, necessary } = await firstSignIn(optIn, 'sms', optional);
  assert.equal(necessary, true);
  return report({ session });
});
await attempt('opt-in, not remembered yet', async () => {
  const user = newUser(optIn, 'sms', copy(optional));
  expect('SMS_MFA', await signIn(user));
  const code = await sent(optIn, 'sms');
  await attempt('opt-in, wrong code', () => reply(user, 'sendMFACode', [wrong(code)]));
  await reply(user, 'sendMFACode', [code]);
  return report({ session: user.getSignInUserSession() });
});
await attempt('opt-in, remembered', async () => {
  const device = newStorage();
  const { user } = await firstSignIn(optIn, 'sms2', device);
  await reply(user, 'setDeviceStatusRemembered', []);
  const session = report(await signIn(newUser(optIn, 'sms2', copy(device))));
  await reply(user, 'setDeviceStatusNotRemembered', []);
  expect('SMS_MFA', await signIn(newUser(optIn, 'sms2', copy(device))));
  return session;
});
await attempt('opt-in, TOTP', async () => {
  const device = newStorage();
  const user = newUser(optIn, 'totp', device);
  expect('SOFTWARE_TOKEN_MFA', await signIn(user));
  await reply(user, 'sendMFACode', [totp(given.totpSecret)], ['SOFTWARE_TOKEN_MFA']);
  await reply(user, 'setDeviceStatusRemembered', []);
  return report(await signIn(newUser(optIn, 'totp', copy(device))));
});

// A refresh token is valid only with the device that it was issued to. The client retries a refused refresh for some
// seconds, so these run in the background.
const refused = [];
await attempt('refresh', async () => {
  const { session } = await firstSignIn(always, 'sms3', storage);
  const token = session.getRefreshToken().getToken();
  const again = await refresh(newUser(always, 'sms3', storage), token);
  const other = newStorage();
  await firstSignIn(always, 'sms3', other);
  refused.push(attempt('refresh, on another device', () => refresh(newUser(always, 'sms3', other), token)));
  refused.push(attempt('refresh, without a device', () => refresh(newUser(always, 'sms3'), token)));
  return report({ session: again });
});
await attempt('refresh after a sign-in with the device', async () => {
  const device = newStorage();
  await firstSignIn(always, 'sms4', device);
  const user = newUser(always, 'sms4', device);
  const { session } = await signIn(user);
  const token = session.getRefreshToken().getToken();
  const again = await refresh(user, token);
  await reply(user, 'forgetDevice', []);
  refused.push(attempt('refresh on a forgotten device', () => refresh(newUser(always, 'sms4', device), token)));
  return report({ session: again });
});
await attempt('getSession refreshes by itself', async () => {
  const device = newStorage();
  await firstSignIn(always, 'sms2', device);
  device.setItem(keyOf(always, 'sms2', 'accessToken'), expired(storedKey(always, 'sms2', device, 'accessToken')));
  return report({ session: await call(newUser(always, 'sms2', device), 'getSession') });
});

// expired returns the token with a time in the past as exp. The client does not verify the signature.
function expired(jwt) {
  const [header, payload, signature] = jwt.split('.');
  const claims = { ...JSON.parse(Buffer.from(payload, 'base64url')), exp: 1 };
  return [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
}

await Promise.all(refused);
finish();
