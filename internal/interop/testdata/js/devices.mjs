// devices.mjs confirms devices with @aws-sdk/client-cognito-identity-provider and cognito-srp-helper, signs in with
// them, and forges their proofs.
import assert from 'node:assert';
import { attempt, finish, given, load } from './lib.mjs';
import { alter, app, call, tokens, tokensOf } from './sdk.mjs';

const { createDeviceVerifier, createSrpSession, signSrpSession, signSrpSessionWithDevice, wrapAuthChallenge, wrapInitiateAuth } =
  load('cognito-srp-helper');
const { always, optIn } = given.pools;

// newDevice signs in and returns the new device, which confirm confirms.
async function newDevice(client, name) {
  const { AccessToken, NewDeviceMetadata: { DeviceKey, DeviceGroupKey } } = await tokens(client, name);
  const { DeviceSecretVerifierConfig, DeviceRandomPassword } = createDeviceVerifier(DeviceKey, DeviceGroupKey);
  const confirm = (more = {}) => call('ConfirmDevice', { AccessToken, DeviceKey, DeviceName: name, DeviceSecretVerifierConfig, ...more });
  return { AccessToken, DeviceKey, DeviceGroupKey, DeviceRandomPassword, DeviceSecretVerifierConfig, confirm };
}
const remembering = app(always);
const base64 = (hex) => Buffer.from(hex, 'hex').toString('base64');
let device;
await attempt('ConfirmDevice', async () => {
  device = await newDevice(remembering, 'plain');
  const { confirm, DeviceSecretVerifierConfig: config } = device;
  const other = await newDevice(remembering, 'plain2');
  await attempt('ConfirmDevice, key of another user', () => confirm({ DeviceKey: other.DeviceKey }));
  await attempt('ConfirmDevice, unknown key', () => confirm({ DeviceKey: alter(device.DeviceKey, -1) }));
  await attempt('ConfirmDevice, altered token', () => confirm({ AccessToken: alter(device.AccessToken) }));
  await attempt('ConfirmDevice, no verifier', () => confirm({ DeviceSecretVerifierConfig: { Salt: config.Salt } }));
  await attempt('ConfirmDevice, negative verifier', () => confirm({ DeviceSecretVerifierConfig: { ...config, PasswordVerifier: base64('80') } }));
  await attempt('ConfirmDevice, padded salt', () => confirm({ DeviceSecretVerifierConfig: { ...config, Salt: base64('0001') } }));
  await attempt('ConfirmDevice, verifier not base64', () => confirm({ DeviceSecretVerifierConfig: { ...config, PasswordVerifier: '!' } }));
  assert.equal((await confirm()).UserConfirmationNecessary, false);
  await attempt('ConfirmDevice, again', () => confirm());
});

// byDevice signs in with SRP for the password and for the device. what may change the last answer, to
// DEVICE_PASSWORD_VERIFIER.
async function byDevice(client, name, { DeviceKey, DeviceGroupKey, DeviceRandomPassword }, what = () => {}) {
  const { pool, ClientId, hash } = client;
  const more = { SECRET_HASH: hash(name), USERNAME: name, DEVICE_KEY: DeviceKey };
  const session = createSrpSession(name, given.password, pool.userPoolId, false);
  const begun = await call('InitiateAuth', wrapInitiateAuth(session, { ClientId, AuthFlow: 'USER_SRP_AUTH', AuthParameters: more }));
  const answer = (signed, { ChallengeName, Session }, change = () => {}) => {
    const request = wrapAuthChallenge(signed, { ClientId, ChallengeName, Session, ChallengeResponses: { ...more } });
    change(request.ChallengeResponses, request);
    return call('RespondToAuthChallenge', request);
  };
  const signed = signSrpSession(session, begun);
  const second = await answer(signed, begun);
  if (second.ChallengeName !== 'DEVICE_SRP_AUTH') throw new Error(`challenge ${second.ChallengeName}`);
  const third = await answer(signed, second);
  const proof = signSrpSessionWithDevice(session, third, DeviceGroupKey, DeviceRandomPassword);
  return tokensOf(await answer(proof, third, what));
}
await attempt('device sign-in', async () => {
  const result = await byDevice(remembering, 'plain', device);
  assert.equal(result.NewDeviceMetadata, undefined);
  const refresh = (DeviceKey) =>
    call('GetTokensFromRefreshToken', { ClientId: remembering.ClientId, ClientSecret: always.clientSecret, RefreshToken: result.RefreshToken, DeviceKey });
  await attempt('refresh with its device', () => refresh(device.DeviceKey).then(() => null));
  await attempt('refresh without its device', () => refresh());
  await attempt('refresh with another device', () => refresh(alter(device.DeviceKey, -1)));
});
const flip = (text) => {
  const bytes = Buffer.from(text, 'base64');
  bytes[0] ^= 1;
  return bytes.toString('base64');
};
for (const [name, change] of Object.entries({
  'one bit of the signature': (r) => (r.PASSWORD_CLAIM_SIGNATURE = flip(r.PASSWORD_CLAIM_SIGNATURE)),
  'one bit of the secret block': (r) => (r.PASSWORD_CLAIM_SECRET_BLOCK = flip(r.PASSWORD_CLAIM_SECRET_BLOCK)),
  'another timestamp': (r) => (r.TIMESTAMP = r.TIMESTAMP.replace(/UTC \d+/, 'UTC 2001')),
  'no signature': (r) => delete r.PASSWORD_CLAIM_SIGNATURE,
  'another key': (r) => (r.DEVICE_KEY = alter(r.DEVICE_KEY, -1)),
  'another session': (_, request) => (request.Session = alter(request.Session)),
})) {
  await attempt(`device sign-in, ${name}`, () => byDevice(remembering, 'plain', device, change));
}
await attempt('device sign-in, wrong device password', () => byDevice(remembering, 'plain', { ...device, DeviceRandomPassword: 'wrong' }));
await attempt('device sign-in, another group', () => byDevice(remembering, 'plain', { ...device, DeviceGroupKey: 'wrong' }));
await attempt('device sign-in, another user', () => byDevice(remembering, 'plain2', device));

await attempt('ListDevices', async () => {
  const { AccessToken } = device;
  const others = [];
  for (let i = 0; i < 3; i++) {
    const other = await newDevice(remembering, 'plain');
    await other.confirm();
    others.push(other.DeviceKey);
  }
  const listed = [];
  for (let PaginationToken, pages = 0; pages === 0 || PaginationToken; pages++) {
    const page = await call('ListDevices', { AccessToken, Limit: 2, PaginationToken });
    assert(page.Devices.length <= 2 && pages < 5);
    listed.push(...page.Devices.map(({ DeviceKey }) => DeviceKey));
    ({ PaginationToken } = page);
  }
  assert.deepEqual(listed.sort(), [device.DeviceKey, ...others].sort());
});
const own = (operation, more = {}) => call(operation, { AccessToken: device.AccessToken, DeviceKey: device.DeviceKey, ...more });
await attempt('ListDevices, unknown pagination token', () => own('ListDevices', { PaginationToken: 'x' }));
await attempt('ListDevices, altered token', () => own('ListDevices', { AccessToken: alter(device.AccessToken) }));
await attempt('GetDevice', async () => {
  const { Device } = await own('GetDevice');
  assert.equal(Device.DeviceKey, device.DeviceKey);
  assert(Device.DeviceCreateDate instanceof Date && Device.DeviceCreateDate <= new Date());
  assert(Device.DeviceAttributes.some(({ Name, Value }) => Name === 'device_name' && Value === 'plain'));
});
await attempt('UpdateDeviceStatus', async () => {
  const client = app(optIn);
  const other = await newDevice(client, 'plain');
  assert.equal((await other.confirm()).UserConfirmationNecessary, true);
  const update = (DeviceRememberedStatus) => call('UpdateDeviceStatus', { AccessToken: other.AccessToken, DeviceKey: other.DeviceKey, DeviceRememberedStatus });
  await assert.rejects(byDevice(client, 'plain', other), { message: 'challenge undefined' }); // the pool asks for the password only
  await update('remembered');
  await byDevice(client, 'plain', other);
  await attempt('UpdateDeviceStatus, unknown status', () => update('forgotten'));
  await update('not_remembered');
  await assert.rejects(byDevice(client, 'plain', other), { message: 'challenge undefined' });
});
await attempt('UpdateDeviceStatus, unknown device', () =>
  own('UpdateDeviceStatus', { DeviceKey: alter(device.DeviceKey, -1), DeviceRememberedStatus: 'remembered' }),
);
await attempt('ForgetDevice', () => own('ForgetDevice').then(() => null));
await attempt('ForgetDevice, again', () => own('ForgetDevice'));
await attempt('device sign-in, forgotten', () => byDevice(remembering, 'plain', device));

finish();
