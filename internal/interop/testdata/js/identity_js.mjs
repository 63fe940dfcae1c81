// identity_js.mjs signs in with amazon-cognito-identity-js.
import { attempt, claims, finish, given, load } from './lib.mjs';

const { AuthenticationDetails, CognitoRefreshToken, CognitoUser, CognitoUserPool } = load('amazon-cognito-identity-js');

// A storage for each user, so that no attempt finds the tokens of another.
function newUser(name, clientId = given.clientId) {
  const items = new Map();
  const Storage = {
    setItem: (key, value) => void items.set(key, value),
    getItem: (key) => items.get(key) ?? null,
    removeItem: (key) => void items.delete(key),
    clear: () => items.clear(),
  };
  const Pool = new CognitoUserPool({
    UserPoolId: given.userPoolId,
    ClientId: clientId,
    endpoint: given.endpoint + '/',
    Storage,
  });
  return new CognitoUser({ Username: name, Pool, Storage });
}

function signIn(user, password) {
  return new Promise((resolve, reject) => {
    user.authenticateUser(new AuthenticationDetails({ Username: user.getUsername(), Password: password }), {
      onSuccess: resolve,
      onFailure: reject,
      newPasswordRequired: (attributes, required) => resolve({ newPasswordRequired: { attributes, required } }),
    });
  });
}

function refresh(user, token) {
  return new Promise((resolve, reject) => {
    const RefreshToken = new CognitoRefreshToken({ RefreshToken: token });
    user.refreshSession(RefreshToken, (error, session) => (error ? reject(error) : resolve(session)));
  });
}

function report(session) {
  return {
    idToken: session.getIdToken().getJwtToken(),
    accessToken: session.getAccessToken().getJwtToken(),
    refreshToken: session.getRefreshToken().getToken(),
    valid: session.isValid(),
    username: claims(session.getIdToken().getJwtToken())['cognito:username'],
  };
}

let tokens;
await attempt('right password', async () => (tokens = report(await signIn(newUser(given.user), given.password))));
await attempt('e-mail address', async () => report(await signIn(newUser(given.email), given.password)));
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

await attempt('refresh', async () => report(await refresh(newUser(given.user), tokens.refreshToken)));
await attempt('altered refresh token', () => refresh(newUser(given.user), 'A' + tokens.refreshToken.slice(1)));

// A user who has to choose a new password: the SRP exchange comes first, then the challenge.
await attempt('new password', async () => {
  const user = newUser(given.newUser);
  const { newPasswordRequired } = await signIn(user, given.password);
  if (!newPasswordRequired) throw new Error('no NEW_PASSWORD_REQUIRED challenge');
  const session = await new Promise((resolve, reject) => {
    user.completeNewPasswordChallenge(given.newPassword, {}, { onSuccess: resolve, onFailure: reject });
  });
  return report(session);
});
await attempt('after the new password', async () => report(await signIn(newUser(given.newUser), given.newPassword)));
await attempt('old password after the new one', () => signIn(newUser(given.newUser), given.password));

// signOut with a callback revokes the refresh token.
await attempt('sign out', async () => {
  const user = newUser(given.user);
  const { refreshToken } = report(await signIn(user, given.password));
  await new Promise((resolve, reject) => user.signOut((error) => (error ? reject(error) : resolve())));
  return { refreshToken };
}).then((out) => attempt('refresh after sign out', () => refresh(newUser(given.user), out.refreshToken)));

finish();
