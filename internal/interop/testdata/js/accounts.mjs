// accounts.mjs manages accounts with @aws-sdk/client-cognito-identity-provider.
import assert from 'node:assert';
import { sent, totp, wrong } from './codes.mjs';
import { attempt, finish, given } from './lib.mjs';
import { alter, app, call, signIn, tokens, tokensOf } from './sdk.mjs';

const { challenges } = given.pools;
const mine = app(challenges);

// named sends an operation for a user name, without a sign-in.
const named = (operation, Username, more = {}) =>
  call(operation, { ClientId: mine.ClientId, SecretHash: mine.hash(Username), Username, ...more });

// ---- SignUp, and a sign-in with the session of ConfirmSignUp

const signUp = (name, more = {}) =>
  named('SignUp', name, { Password: given.password, UserAttributes: [{ Name: 'email', Value: `${name}@example.com` }], ...more });
const withSession = (USERNAME, Session, more = {}) =>
  call('InitiateAuth', { ClientId: mine.ClientId, AuthFlow: 'USER_AUTH', AuthParameters: { USERNAME, SECRET_HASH: mine.hash(USERNAME) }, Session, ...more });
await attempt('SignUp', async () => {
  const { UserConfirmed, UserSub, CodeDeliveryDetails, Session } = await signUp('eve');
  assert.equal(UserConfirmed, false);
  assert.match(UserSub, /^[0-9a-f]{8}-/);
  assert.deepEqual(CodeDeliveryDetails, { AttributeName: 'email', DeliveryMedium: 'EMAIL', Destination: 'e***@e***' });
  const code = await sent(challenges, 'eve');
  const confirm = (ConfirmationCode, more = {}) => named('ConfirmSignUp', 'eve', { ConfirmationCode, Session, ...more });
  await attempt('ConfirmSignUp, wrong code', () => confirm(wrong(code)));
  await attempt('ConfirmSignUp, no code', () => confirm(undefined));
  await attempt('ConfirmSignUp, wrong hash', () => confirm(code, { SecretHash: mine.hash('eva') }));
  await attempt('ConfirmSignUp, no hash', () => confirm(code, { SecretHash: undefined }));
  await attempt('session of SignUp in place of ConfirmSignUp\'s', () => withSession('eve', Session));
  const confirmed = await attempt('ConfirmSignUp', () => confirm(code));
  await attempt('session of ConfirmSignUp, another user', () => withSession('plain', confirmed.Session));
  await attempt('session of ConfirmSignUp', async () => void tokensOf(await withSession('eve', confirmed.Session)));
  await attempt('session of ConfirmSignUp, again', () => withSession('eve', confirmed.Session));
  const { UserAttributes } = await call('GetUser', { AccessToken: (await tokens(mine, 'eve')).AccessToken });
  assert.equal(UserAttributes.find(({ Name }) => Name === 'email_verified').Value, 'true');
  assert.equal(UserAttributes.find(({ Name }) => Name === 'sub').Value, UserSub);
});
await attempt('SignUp, name that is taken', () => signUp('plain'));
await attempt('SignUp, no name', () => signUp('x', { Username: undefined }));
await attempt('SignUp, password too short', () => signUp('mallory', { Password: 'Short-1' }));
await attempt('SignUp, attribute missing', () => signUp('mallory', { UserAttributes: [] }));
await attempt('SignUp, wrong hash', () => signUp('mallory', { SecretHash: mine.hash('eve') }));
await attempt('SignUp, no hash', () => signUp('mallory', { SecretHash: undefined }));
await attempt('SignUp, unknown client', () => signUp('mallory', { ClientId: 'unknown' }));
await attempt('ResendConfirmationCode', async () => {
  const { Session } = await signUp('frank');
  const { CodeDeliveryDetails } = await named('ResendConfirmationCode', 'frank');
  assert.equal(CodeDeliveryDetails.Destination, 'f***@e***');
  const confirmed = await named('ConfirmSignUp', 'frank', { Session, ConfirmationCode: await sent(challenges, 'frank') });
  await attempt('session of ConfirmSignUp, another flow', () => withSession('frank', confirmed.Session, { AuthFlow: 'CUSTOM_AUTH' }));
});
await attempt('ResendConfirmationCode, confirmed', () => named('ResendConfirmationCode', 'plain'));
await attempt('ResendConfirmationCode, unknown user', async () => assert((await named('ResendConfirmationCode', 'nobody')).CodeDeliveryDetails));
await attempt('ConfirmSignUp, unknown user', () => named('ConfirmSignUp', 'nobody', { ConfirmationCode: '123456' }));

// ---- forgotten passwords

await attempt('ForgotPassword', async () => {
  const { CodeDeliveryDetails } = await named('ForgotPassword', 'plain2');
  assert.deepEqual(CodeDeliveryDetails, { AttributeName: 'email', DeliveryMedium: 'EMAIL', Destination: 'p***@e***' });
  const code = await sent(challenges, 'plain2');
  const confirm = (ConfirmationCode, Password = given.newPassword) => named('ConfirmForgotPassword', 'plain2', { ConfirmationCode, Password });
  await attempt('ConfirmForgotPassword, wrong code', () => confirm(wrong(code)));
  await attempt('ConfirmForgotPassword, too short', () => confirm(code, 'Short-1'));
  await attempt('ConfirmForgotPassword', () => confirm(code).then(() => null));
  await attempt('ConfirmForgotPassword, again', () => confirm(code));
  await attempt('sign-in with the old password', () => tokens(mine, 'plain2'));
  await attempt('sign-in with the new password', () => tokens(mine, 'plain2', given.newPassword).then(() => null));
});
await attempt('ConfirmForgotPassword, six wrong codes', async () => {
  await named('ForgotPassword', 'plain3');
  const code = await sent(challenges, 'plain3');
  const confirm = (ConfirmationCode) => named('ConfirmForgotPassword', 'plain3', { ConfirmationCode, Password: given.newPassword });
  for (let i = 0; i < 5; i++) await assert.rejects(confirm(wrong(code)), { name: 'CodeMismatchException' });
  await confirm(code);
});
await attempt('ForgotPassword, unknown user', async () => assert((await named('ForgotPassword', 'nobody')).CodeDeliveryDetails));
await attempt('ForgotPassword, wrong hash', () => named('ForgotPassword', 'plain', { SecretHash: mine.hash('x') }));
await attempt('ConfirmForgotPassword, unknown user', () => named('ConfirmForgotPassword', 'nobody', { ConfirmationCode: '123456', Password: given.newPassword }));
await attempt('ForgotPassword, by email address', async () => {
  await named('ForgotPassword', 'reset@example.com');
  const ConfirmationCode = await sent(challenges, 'reset');
  await named('ConfirmForgotPassword', 'reset@example.com', { ConfirmationCode, Password: given.newPassword });
  await tokens(mine, 'reset', given.newPassword);
});

// ---- operations that take an access token

const { AccessToken, IdToken } = await tokens(mine, 'plain');
const GetUser = (AccessToken) => call('GetUser', { AccessToken });
await attempt('GetUser', async () => {
  const { Username, UserAttributes, UserMFASettingList } = await GetUser(AccessToken);
  assert.equal(Username, 'plain');
  assert.equal(UserMFASettingList, undefined);
  assert.equal(UserAttributes.find(({ Name }) => Name === 'phone_number').Value, '+12065550123');
});
await attempt('GetUser, altered token', () => GetUser(alter(AccessToken)));
await attempt('GetUser, ID token', () => GetUser(IdToken));
await attempt('GetUser, no token', () => GetUser('.'));
await attempt('ChangePassword', async () => {
  const change = (PreviousPassword, ProposedPassword) => call('ChangePassword', { AccessToken, PreviousPassword, ProposedPassword });
  await attempt('ChangePassword, wrong password', () => change('wrong', given.newPassword));
  await attempt('ChangePassword, no password', () => change(undefined, given.newPassword));
  await attempt('ChangePassword, too short', () => change(given.password, 'Short-1'));
  await change(given.password, given.newPassword);
  await assert.rejects(tokens(mine, 'plain'), { name: 'NotAuthorizedException' });
  await tokens(mine, 'plain', given.newPassword);
});
const prefer = (more) => call('SetUserMFAPreference', { AccessToken, ...more });
const on = { Enabled: true, PreferredMfa: true };
await attempt('VerifySoftwareToken', async () => {
  const verify = (UserCode, input = { AccessToken }) => call('VerifySoftwareToken', { UserCode, ...input });
  await attempt('VerifySoftwareToken, not associated', () => verify('123456'));
  await attempt('AssociateSoftwareToken, altered token', () => call('AssociateSoftwareToken', { AccessToken: alter(AccessToken) }));
  await attempt('AssociateSoftwareToken, unknown session', () => call('AssociateSoftwareToken', { Session: 'x'.repeat(100) }));
  const { SecretCode } = await attempt('AssociateSoftwareToken', () => call('AssociateSoftwareToken', { AccessToken }));
  assert.match(SecretCode, /^[A-Z2-7]{32,}$/);
  const code = totp(SecretCode);
  await attempt('VerifySoftwareToken, wrong code', () => verify(wrong(code)));
  await attempt('SetUserMFAPreference, not verified', () => prefer({ SoftwareTokenMfaSettings: on }));
  assert.equal((await verify(code)).Status, 'SUCCESS');
  await attempt('SetUserMFAPreference', async () => {
    await prefer({ SoftwareTokenMfaSettings: on, SMSMfaSettings: { Enabled: true } });
    const { UserMFASettingList, PreferredMfaSetting } = await GetUser(AccessToken);
    assert.deepEqual([...UserMFASettingList].sort(), ['SMS_MFA', 'SOFTWARE_TOKEN_MFA']);
    assert.equal(PreferredMfaSetting, 'SOFTWARE_TOKEN_MFA');
  });
  await attempt('SetUserMFAPreference, two preferred', () => prefer({ SoftwareTokenMfaSettings: on, EmailMfaSettings: on }));
  await attempt('SetUserMFAPreference, preferred and not enabled', () => prefer({ SMSMfaSettings: { Enabled: false, PreferredMfa: true } }));
  const { ChallengeName, Session } = await signIn(mine, 'plain', given.newPassword);
  assert.equal(ChallengeName, 'SOFTWARE_TOKEN_MFA');
  const ChallengeResponses = { USERNAME: 'plain', SECRET_HASH: mine.hash('plain'), SOFTWARE_TOKEN_MFA_CODE: totp(SecretCode, 1) };
  tokensOf(await call('RespondToAuthChallenge', { ClientId: mine.ClientId, ChallengeName, Session, ChallengeResponses }));
  await attempt('SetUserMFAPreference, none', async () => {
    await prefer({ SoftwareTokenMfaSettings: { Enabled: false }, SMSMfaSettings: { Enabled: false } });
    await tokens(mine, 'plain', given.newPassword);
  });
});
await attempt('GlobalSignOut', async () => {
  const other = await tokens(mine, 'plain', given.newPassword);
  await call('GlobalSignOut', { AccessToken });
  await attempt('GlobalSignOut, again', () => call('GlobalSignOut', { AccessToken: other.AccessToken }));
  await attempt('GetUser after GlobalSignOut', () => GetUser(other.AccessToken));
  await attempt('refresh after GlobalSignOut', () =>
    call('GetTokensFromRefreshToken', { ClientId: mine.ClientId, ClientSecret: challenges.clientSecret, RefreshToken: other.RefreshToken }),
  );
});
await attempt('GlobalSignOut, altered token', () => call('GlobalSignOut', { AccessToken: alter(AccessToken) }));

// ---- rotation of refresh tokens

await attempt('rotation', async () => {
  const initiate = (ClientId, AuthFlow, AuthParameters) => call('InitiateAuth', { ClientId, AuthFlow, AuthParameters }).then(tokensOf);
  const begin = (ClientId) => initiate(ClientId, 'USER_PASSWORD_AUTH', { USERNAME: 'plain4', PASSWORD: given.password });
  const next = (ClientId, RefreshToken) => call('GetTokensFromRefreshToken', { ClientId, RefreshToken }).then(tokensOf);
  const { rotatingClientId, strictClientId } = challenges;
  const first = (await begin(rotatingClientId)).RefreshToken;
  await attempt('rotation, REFRESH_TOKEN_AUTH', () => initiate(rotatingClientId, 'REFRESH_TOKEN_AUTH', { REFRESH_TOKEN: first }));
  const second = (await next(rotatingClientId, first)).RefreshToken;
  assert.notEqual(second, first);
  await attempt('rotation, within the grace period', () => next(rotatingClientId, first).then(() => null));
  await attempt('rotation, another client', () => next(strictClientId, second));
  assert((await next(rotatingClientId, second)).AccessToken);
  const old = (await begin(strictClientId)).RefreshToken;
  await next(strictClientId, old);
  await attempt('rotation without a grace period', () => next(strictClientId, old));
});

finish();
