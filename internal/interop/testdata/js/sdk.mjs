// sdk.mjs uses @aws-sdk/client-cognito-identity-provider with an app client that has a secret.
import { given, load } from './lib.mjs';

const idp = load('@aws-sdk/client-cognito-identity-provider');
const { createSecretHash } = load('cognito-srp-helper');

const sdk = new idp.CognitoIdentityProviderClient({ region: given.region, endpoint: given.endpoint, maxAttempts: 1 });

// call sends an operation by its name.
export const call = (operation, input) => sdk.send(new idp[`${operation}Command`](input));

// app describes the app client of a pool that has a secret and does not reveal whether a user exists.
export const app = (pool) => ({
  pool,
  ClientId: pool.secretClientId,
  hash: (name) => createSecretHash(name, pool.secretClientId, pool.clientSecret),
});

// signIn starts a sign-in with a password.
export const signIn = ({ ClientId, hash }, USERNAME, PASSWORD = given.password) =>
  call('InitiateAuth', { ClientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME, PASSWORD, SECRET_HASH: hash(USERNAME) } });

// tokensOf returns the tokens in a response, and throws if the response is a challenge.
export function tokensOf({ AuthenticationResult, ChallengeName }) {
  if (!AuthenticationResult) throw new Error(`challenge ${ChallengeName}`);
  return AuthenticationResult;
}

// tokens signs in and returns the tokens.
export const tokens = async (...args) => tokensOf(await signIn(...args));

// alter returns the text with one character changed.
export function alter(text, at = -10) {
  const bytes = Buffer.from(text);
  const i = at < 0 ? bytes.length + at : at;
  bytes[i] = bytes[i] === 0x41 ? 0x42 : 0x41;
  return bytes.toString();
}
