// identity_js.mjs signs in with amazon-cognito-identity-js.
import * as identity from './identity_user.mjs';
import { attempt, finish, given } from './lib.mjs';

const newUser = (name, clientId = given.clientId) => identity.newUser({ userPoolId: given.userPoolId, clientId }, name);

// signIn returns the session of a sign-in without a challenge after the password.
async function signIn(user, password) {
  const { session, challenge } = await identity.signIn(user, password);
  if (!session) throw new Error(`asked ${challenge}`);
  return session;
}

function report(session) {
  return {
    ...identity.report({ session }),
    idToken: session.getIdToken().getJwtToken(),
    accessToken: session.getAccessToken().getJwtToken(),
  };
}

let tokens;
await attempt('right password', async () => (tokens = report(await signIn(newUser(given.user), given.password))));
await attempt('email address', async () => report(await signIn(newUser(given.email), given.password)));
await attempt('USER_PASSWORD_AUTH', async () => {
  const user = newUser(given.user);
  user.setAuthenticationFlowType('USER_PASSWORD_AUTH');
  return report(await signIn(user, given.password));
});
await attempt('wrong password', () => signIn(newUser(given.user), given.password + '.'));
await attempt('empty password', () => signIn(newUser(given.user), ''));
await attempt('unknown user', () => signIn(newUser('nobody'), given.password));
await attempt('unknown client', () => signIn(newUser(given.user, '0unknown0unknown0unknown00'), given.password));
// This client cannot send a SECRET_HASH.
await attempt('secret client', () => signIn(newUser(given.user, given.secretClientId), given.password));

await attempt('refresh', async () => report(await identity.refresh(newUser(given.user), tokens.refreshToken)));
await attempt('altered refresh token', () => identity.refresh(newUser(given.user), 'A' + tokens.refreshToken.slice(1)));

// A user who must choose a new password. The challenge follows the SRP exchange.
await attempt('new password', async () => {
  const user = newUser(given.newUser);
  identity.expect('NEW_PASSWORD_REQUIRED', await identity.signIn(user));
  const { session } = await identity.reply(user, 'completeNewPasswordChallenge', [given.newPassword, {}]);
  return report(session);
});
await attempt('after the new password', async () => report(await signIn(newUser(given.newUser), given.newPassword)));
await attempt('old password after the new one', () => signIn(newUser(given.newUser), given.password));

// signOut with a callback revokes the refresh token.
await attempt('sign out', async () => {
  const user = newUser(given.user);
  const { refreshToken } = report(await signIn(user, given.password));
  await identity.call(user, 'signOut');
  return { refreshToken };
}).then((out) => attempt('refresh after sign out', () => identity.refresh(newUser(given.user), out.refreshToken)));

finish();
