// amplify.mjs is aws-amplify for one pool after the other. Its storage, in memory, is the device.
import { given, load } from './lib.mjs';

// The client names a device by navigator.userAgent, which node has from version 21 on.
globalThis.navigator ??= { userAgent: 'node' };

const { Amplify } = load('aws-amplify');
const { Hub } = load('aws-amplify/utils');
export const auth = load('aws-amplify/auth');
const { cognitoUserPoolsTokenProvider } = load('aws-amplify/auth/cognito');

// storage is what the client keeps: tokens until they sign out, and devices.
export const storage = new Map();
const store = {
  setItem: async (key, value) => void storage.set(key, value),
  getItem: async (key) => storage.get(key) ?? null,
  removeItem: async (key) => void storage.delete(key),
  clear: async () => storage.clear(),
};

let clientId;

// use makes the client speak to a pool.
export function use(pool, userPoolClientId = pool.clientId) {
  clientId = userPoolClientId;
  Amplify.configure({
    Auth: {
      Cognito: {
        userPoolId: pool.userPoolId,
        userPoolClientId,
        userPoolEndpoint: given.endpoint,
        identityPoolId: given.identityPoolId,
        identityPoolEndpoint: given.endpoint,
      },
    },
  });
  cognitoUserPoolsTokenProvider.setKeyValueStorage(store); // configure sets another one
}

// signIn begins as whoever comes, after the one before has gone. It answers the next step.
export async function signIn(username, options, password = given.password) {
  await auth.signOut();
  const input = { username, options };
  if (password !== null) input.password = password;
  return (await auth.signIn(input)).nextStep;
}

// answer answers the step, and answers the next.
export const answer = async (challengeResponse, options) =>
  (await auth.confirmSignIn({ challengeResponse, options })).nextStep;

// expect demands a step, and answers it.
export function expect(signInStep, step) {
  if (step.signInStep !== signInStep) throw new Error(`asked ${step.signInStep}, want ${signInStep}`);
  return step;
}

// report is the session as the Go test wants it.
export async function report(step) {
  expect('DONE', step);
  const { tokens } = await auth.fetchAuthSession();
  return {
    username: tokens.idToken.payload['cognito:username'],
    valid: tokens.accessToken.payload.exp * 1000 > Date.now(),
    refreshToken: stored('refreshToken'),
  };
}

// refresh exchanges the refresh token. What the client makes of a refusal is to sign out and be silent; here it is thrown.
export async function refresh() {
  let refusal;
  const stop = Hub.listen('auth', ({ payload }) => {
    if (payload.event === 'tokenRefresh_failure') refusal = payload.data.error;
  });
  try {
    await auth.fetchAuthSession({ forceRefresh: true });
  } finally {
    stop();
  }
  if (refusal) throw refusal;
}

// stored is what the storage has of a kind, of the user who is signed in.
export const stored = (kind) => storage.get(storedKey(kind));

export function storedKey(kind) {
  const prefix = `CognitoIdentityServiceProvider.${clientId}`;
  return `${prefix}.${storage.get(`${prefix}.LastAuthUser`)}.${kind}`;
}
