// identity_user.mjs wraps amazon-cognito-identity-js, and returns promises where it takes callbacks.
import { promisify } from 'node:util';
import { given, load } from './lib.mjs';

const { AuthenticationDetails, CognitoRefreshToken, CognitoUser, CognitoUserPool } = load('amazon-cognito-identity-js');

// newStorage returns a replacement for the local storage of a browser.
export function newStorage() {
  const items = new Map();
  return {
    items,
    setItem: (key, value) => void items.set(key, value),
    getItem: (key) => items.get(key) ?? null,
    removeItem: (key) => void items.delete(key),
    clear: () => items.clear(),
  };
}

const newPool = (pool, Storage) =>
  new CognitoUserPool({ UserPoolId: pool.userPoolId, ClientId: pool.clientId, endpoint: given.endpoint + '/', Storage });

// newUser returns a user on a new device, unless a storage is given.
export const newUser = (pool, name, Storage = newStorage()) =>
  new CognitoUser({ Username: name, Pool: newPool(pool, Storage), Storage });

// reply calls a method that takes an object of callbacks after args and before more. It resolves to
// {session, necessary}, {secret} or {challenge, parameters}.
export const reply = (user, method, args, more = []) =>
  new Promise((resolve, reject) => {
    const asked = (challenge, parameters) => resolve({ challenge, parameters });
    user[method](
      ...args,
      {
        onSuccess: (session, necessary) => resolve({ session, necessary }),
        onFailure: reject,
        inputVerificationCode: (session) => resolve({ session }),
        associateSecretCode: (secret) => resolve({ secret }),
        mfaRequired: asked,
        totpRequired: asked,
        selectMFAType: asked,
        mfaSetup: asked,
        customChallenge: (parameters) => asked('CUSTOM_CHALLENGE', parameters),
        newPasswordRequired: (attributes, required) => asked('NEW_PASSWORD_REQUIRED', { attributes, required }),
      },
      ...more,
    );
  });

// call calls a method whose last argument is a callback function.
export const call = (user, method, ...args) => promisify(user[method]).call(user, ...args);

const details = (Username, Password, ClientMetadata) => new AuthenticationDetails({ Username, Password, ClientMetadata });

// signIn signs in with a password, using SRP unless another flow was set on the user.
export const signIn = (user, password = given.password, metadata) =>
  reply(user, 'authenticateUser', [details(user.getUsername(), password, metadata)]);

// signInByScript starts CUSTOM_AUTH without a password.
export const signInByScript = (user, metadata) => {
  user.setAuthenticationFlowType('CUSTOM_AUTH');
  return reply(user, 'initiateAuth', [details(user.getUsername(), undefined, metadata)]);
};

export const refresh = (user, token) => call(user, 'refreshSession', new CognitoRefreshToken({ RefreshToken: token }));

// signUp registers a user.
export const signUp = (pool, name, password, attributes) =>
  call(newPool(pool, newStorage()), 'signUp', name, password, attributes, null);

// report returns a session in the form that the Go test reads, and throws if there is a challenge instead.
export const report = ({ session, challenge }) => {
  if (!session) throw new Error(`asked ${challenge}`);
  return {
    username: session.getIdToken().payload['cognito:username'],
    valid: session.isValid(),
    refreshToken: session.getRefreshToken().getToken(),
  };
};

// expect checks the name of a challenge and returns its parameters.
export const expect = (challenge, answer) => {
  if (answer.challenge !== challenge) throw new Error(`asked ${answer.challenge}, want ${challenge}`);
  return answer.parameters;
};
