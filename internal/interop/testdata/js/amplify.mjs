// amplify.mjs runs aws-amplify with one pool at a time. Its storage, in memory, holds the remembered device.
import { given, load } from './lib.mjs';

// The client names a device after navigator.userAgent, which node has from version 21 on.
globalThis.navigator ??= { userAgent: 'node' };

const { Amplify } = load('aws-amplify');
const { Hub } = load('aws-amplify/utils');
export const auth = load('aws-amplify/auth');
const { cognitoUserPoolsTokenProvider } = load('aws-amplify/auth/cognito');

// storage holds what the client stores: tokens until the user signs out, and devices.
export const storage = new Map();
const store = {
  setItem: async (key, value) => void storage.set(key, value),
  getItem: async (key) => storage.get(key) ?? null,
  removeItem: async (key) => void storage.delete(key),
  clear: async () => storage.clear(),
};

let clientId;

// use selects a pool.
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
  cognitoUserPoolsTokenProvider.setKeyValueStorage(store); // configure resets it
}

// signIn signs out, starts a new sign-in and returns its next step.
export async function signIn(username, options, password = given.password) {
  await auth.signOut();
  const input = { username, options };
  if (password !== null) input.password = password;
  return (await auth.signIn(input)).nextStep;
}

// answer sends an answer to the current step and returns the next step.
export const answer = async (challengeResponse, options) =>
  (await auth.confirmSignIn({ challengeResponse, options })).nextStep;

// expect checks the name of a step and returns the step.
export function expect(signInStep, step) {
  if (step.signInStep !== signInStep) throw new Error(`asked ${step.signInStep}, want ${signInStep}`);
  return step;
}

// report returns the session in the form that the Go test reads.
export async function report(step) {
  expect('DONE', step);
  const { tokens } = await auth.fetchAuthSession();
  return {
    username: tokens.idToken.payload['cognito:username'],
    valid: tokens.accessToken.payload.exp * 1000 > Date.now(),
    refreshToken: stored('refreshToken'),
  };
}

// refresh refreshes the tokens. On a refusal the client signs out without an error; refresh throws the error that the
// client reports to its Hub.
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

// stored returns the stored item of a kind of the signed-in user.
export const stored = (kind) => storage.get(storedKey(kind));

// storedKey returns the name of that item in the storage.
export function storedKey(kind) {
  const prefix = `CognitoIdentityServiceProvider.${clientId}`;
  return `${prefix}.${storage.get(`${prefix}.LastAuthUser`)}.${kind}`;
}
