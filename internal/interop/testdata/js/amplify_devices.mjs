// amplify_devices.mjs signs in on remembered devices with aws-amplify, and refreshes tokens.
import assert from 'node:assert';
import { answer, auth, expect, refresh, report, signIn, storage, stored, storedKey, use } from './amplify.mjs';
import { sent, totp, wrong } from './codes.mjs';
import { attempt, finish, given } from './lib.mjs';

const { always, challenges, optIn } = given.pools;

// firstSignIn signs in with a code. The client then confirms the new device by itself.
async function firstSignIn(pool, name) {
  expect('CONFIRM_SIGN_IN_WITH_SMS_CODE', await signIn(name));
  const session = await report(await answer(await sent(pool, name)));
  assert(stored('deviceKey') && stored('randomPasswordKey') && stored('deviceGroupKey'), 'no device was stored');
  return session;
}

// altered runs action while one item in the storage is changed.
async function altered(key, change, action) {
  const before = storage.get(key);
  storage.set(key, change(before));
  try {
    return await action();
  } finally {
    storage.set(key, before);
  }
}
const flip = (text) => text.slice(0, -1) + (text.endsWith('0') ? '1' : '0');

// A pool that remembers every confirmed device.
use(always);
await attempt('always, first sign-in', () => firstSignIn(always, 'sms'));
await attempt('always, second sign-in', async () => report(await signIn('sms')));
await attempt('always, second sign-in by email address', async () => report(await signIn('sms@example.com')));
await attempt('always, USER_PASSWORD_AUTH', async () => report(await signIn('sms', { authFlowType: 'USER_PASSWORD_AUTH' })));
await attempt('always, CUSTOM_WITHOUT_SRP', async () => {
  const question = 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE';
  expect(question, await signIn('sms', { authFlowType: 'CUSTOM_WITHOUT_SRP' }, null));
  expect(question, await answer('answer one'));
  return report(await answer('answer two'));
});
await attempt('always, wrong password', () => signIn('sms', {}, 'wrong'));
await attempt('always, wrong device password', async () => {
  expect('DONE', await signIn('sms'));
  await altered(storedKey('randomPasswordKey'), flip, () => signIn('sms'));
});
await attempt('always, wrong device group', async () => {
  expect('DONE', await signIn('sms'));
  await altered(storedKey('deviceGroupKey'), flip, () => signIn('sms'));
});
await attempt('always, fetchDevices', async () => {
  expect('DONE', await signIn('sms'));
  const devices = await auth.fetchDevices();
  assert.deepEqual(devices.map(({ id }) => id), [stored('deviceKey')]);
  assert.equal(devices[0].name, devices[0].attributes.device_name);
  assert(devices[0].createDate <= new Date() && devices[0].lastAuthenticatedDate >= devices[0].createDate);
});
await attempt('always, forgetDevice', async () => {
  expect('DONE', await signIn('sms'));
  await attempt('always, forgetDevice, unknown', () => auth.forgetDevice({ device: { id: flip(stored('deviceKey')) } }));
  await auth.forgetDevice();
  assert.equal(stored('deviceKey'), undefined);
  return firstSignIn(always, 'sms'); // the pool asks for a code again
});
await attempt('always, forgotten elsewhere', async () => {
  // The pool responds that the device does not exist. The client deletes it and answers the challenge again.
  expect('DONE', await signIn('sms'));
  const before = stored('deviceKey');
  const device = [...storage];
  await auth.forgetDevice({ device: { id: before } });
  for (const [key, value] of device) storage.set(key, value);
  const session = await firstSignIn(always, 'sms');
  assert.notEqual(stored('deviceKey'), before);
  await attempt('always, confirmed again', async () => report(await signIn('sms')));
  return session;
});

// A pool that remembers a confirmed device if the client asks for it.
use(optIn);
await attempt('opt-in, not remembered', async () => {
  await firstSignIn(optIn, 'sms');
  expect('CONFIRM_SIGN_IN_WITH_SMS_CODE', await signIn('sms'));
  const code = await sent(optIn, 'sms');
  await attempt('opt-in, wrong code', () => answer(wrong(code)));
  return report(await answer(code));
});
await attempt('opt-in, rememberDevice', async () => {
  await auth.rememberDevice();
  return report(await signIn('sms'));
});
await attempt('opt-in, rememberDevice after TOTP', async () => {
  expect('CONFIRM_SIGN_IN_WITH_TOTP_CODE', await signIn('totp'));
  expect('DONE', await answer(totp(given.totpSecret)));
  await auth.rememberDevice();
  return report(await signIn('totp'));
});
await attempt('opt-in, rememberDevice, signed out', async () => {
  await auth.signOut();
  await auth.rememberDevice();
});

// Refresh. A refresh token is valid only with the device that it was issued to.
use(always);
await attempt('refresh', async () => {
  await firstSignIn(always, 'sms3');
  const before = stored('accessToken');
  await refresh();
  assert.notEqual(stored('accessToken'), before);
  return report({ signInStep: 'DONE' });
});
await attempt('refresh after a sign-in with the device', async () => {
  expect('DONE', await signIn('sms3'));
  await refresh();
  return report({ signInStep: 'DONE' });
});
await attempt('refresh, without a device', async () => {
  storage.delete(storedKey('deviceKey'));
  await refresh();
});
await attempt('refresh, altered token', async () => {
  use(challenges);
  await signIn('plain');
  storage.set(storedKey('refreshToken'), 'A' + stored('refreshToken').slice(1));
  await refresh();
});

// Rotation. Each refresh returns a new refresh token. The old one stays valid for the grace period, if there is one.
async function rotated() {
  const first = stored('refreshToken');
  await refresh();
  const second = stored('refreshToken');
  assert.notEqual(second, first);
  await refresh();
  assert.notEqual(stored('refreshToken'), second);
  return first;
}
await attempt('rotation', async () => {
  use(challenges, challenges.rotatingClientId);
  await signIn('plain');
  const first = await rotated();
  storage.set(storedKey('refreshToken'), first);
  await refresh();
  return report({ signInStep: 'DONE' });
});
await attempt('rotation without grace', async () => {
  use(challenges, challenges.strictClientId);
  await signIn('plain');
  const first = await rotated();
  storage.set(storedKey('refreshToken'), first);
  await refresh();
});
await attempt('rotation on a device', async () => {
  use(always, always.rotatingClientId);
  await firstSignIn(always, 'sms4');
  await rotated();
  return report({ signInStep: 'DONE' });
});

finish();
