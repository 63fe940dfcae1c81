// openid.mjs signs in at managed login with openid-client, and verifies the tokens with aws-jwt-verify.
import assert from 'node:assert';
import * as lib from './lib.mjs';
const { finish, given, load } = lib;

const oidc = load('openid-client');
const { CognitoJwtVerifier } = load('aws-jwt-verify');

// attempt records an error of the server under its OAuth code.
const attempt = (name, action) =>
  lib.attempt(name, async () => {
    try {
      return await action();
    } catch (error) {
      throw error.error ? Object.assign(error, { code: error.error }) : error;
    }
  });

const issuer = `https://cognito-idp.${given.region}.amazonaws.com/${given.userPoolId}`;
const redirect_uri = given.callback;

// discover reads the discovery document from the stand-in.
const discover = (clientId, secret, method) =>
  oidc.discovery(new URL(issuer), clientId, secret, method, {
    execute: [oidc.allowInsecureRequests],
    [oidc.customFetch]: (url, options) => fetch(url.replace(new URL(issuer).origin, given.endpoint), options),
  });

// browse fills in the form of managed login, as a browser does, and returns the callback.
async function browse(url, username = given.user) {
  const cookies = [];
  const visit = async (at, options = {}) => {
    const response = await fetch(at, { redirect: 'manual', ...options, headers: { cookie: cookies.join('; '), ...options.headers } });
    cookies.push(...response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]));
    return response;
  };
  const follow = (response, at) => new URL(response.headers.get('location'), at);
  const login = follow(await visit(url), url);
  if (login.href.startsWith(redirect_uri)) return login;
  const page = await (await visit(login)).text();
  const body = new URLSearchParams({ username, password: given.password });
  body.set('_csrf', page.match(/name="_csrf" value="([^"]*)"/)[1]);
  return follow(await visit(login, { method: 'POST', body }), login);
}

// signIn returns the tokens of a sign-in with PKCE, state and nonce.
async function signIn(config, { parameters, user, altered, checks } = {}) {
  const code_verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  const nonce = oidc.randomNonce();
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri,
    scope: 'openid email',
    code_challenge: await oidc.calculatePKCECodeChallenge(code_verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    ...parameters,
  });
  for (const [name, value] of [...url.searchParams]) if (value === 'none of it') url.searchParams.delete(name);
  const callback = await browse(url, user);
  return oidc.authorizationCodeGrant(config, callback, {
    pkceCodeVerifier: altered ? oidc.randomPKCECodeVerifier() : code_verifier,
    expectedState: state,
    expectedNonce: nonce,
    ...checks,
  });
}

const jwks = await (await fetch(`${given.endpoint}/${given.userPoolId}/.well-known/jwks.json`)).json();
function verify(token, tokenUse, clientId = given.clientId) {
  const verifier = CognitoJwtVerifier.create({ userPoolId: given.userPoolId, tokenUse, clientId });
  verifier.cacheJwks(jwks);
  return verifier.verify(token);
}

const config = await attempt('discovery', () => discover(given.clientId, undefined, oidc.None()));
const tokens = await attempt('public client', () => signIn(config));
await attempt('ID token', () => verify(tokens.id_token, 'id'));
await attempt('access token', () => verify(tokens.access_token, 'access'));
await attempt('ID token of another client', () => verify(tokens.id_token, 'id', given.secretClientId));
await attempt('user information', async () => {
  const { sub, email } = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  assert.equal(email, given.email);
  assert.equal(sub, tokens.claims().sub);
});
await attempt('refresh', async () => {
  const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  await verify(refreshed.id_token, 'id');
});
await attempt('refresh with another token', () => oidc.refreshTokenGrant(config, 'x'));
await attempt('revocation', () => oidc.tokenRevocation(config, tokens.refresh_token));
await attempt('refresh after revocation', () => oidc.refreshTokenGrant(config, tokens.refresh_token));
await attempt('another verifier', () => signIn(config, { altered: true }));
await attempt('another state', () => signIn(config, { checks: { expectedState: oidc.randomState() } }));
await attempt('another nonce', () => signIn(config, { checks: { expectedNonce: oidc.randomNonce() } }));
await attempt('scope that is not allowed', () => signIn(config, { parameters: { scope: 'openid server/read' } }));

// A user of a provider has a nonce even if none was sent.
const provider = { user: given.providerUser, parameters: { identity_provider: given.provider } };
await attempt('provider', async () => {
  const claims = (await signIn(config, provider)).claims();
  assert.equal(claims['cognito:username'], `${given.provider}_${given.providerUser}`);
});
const silent = { ...provider, parameters: { ...provider.parameters, nonce: 'none of it' }, checks: { expectedNonce: undefined } };
await attempt('provider without a nonce', () => signIn(config, silent));

for (const [name, method] of [['header', oidc.ClientSecretBasic], ['form', oidc.ClientSecretPost]]) {
  const secret = await discover(given.secretClientId, undefined, method(given.clientSecret));
  await attempt(`secret in the ${name}`, async () => void (await signIn(secret)));
  const wrong = await discover(given.secretClientId, undefined, method('wrong'));
  await attempt(`wrong secret in the ${name}`, () => signIn(wrong));
}
const machine = await discover(given.machineId, undefined, oidc.ClientSecretBasic(given.machineSecret));
await attempt('client credentials', async () => {
  const { access_token } = await oidc.clientCredentialsGrant(machine, { scope: 'server/read' });
  await verify(access_token, 'access', given.machineId);
});
await attempt('client credentials, another scope', () => oidc.clientCredentialsGrant(machine, { scope: 'server/write' }));

finish();
