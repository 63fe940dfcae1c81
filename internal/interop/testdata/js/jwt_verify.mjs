// jwt_verify.mjs verifies the stand-in's tokens, unchanged and altered, with aws-jwt-verify, AWS's own verifier.
import { createHmac, createPublicKey } from 'node:crypto';
import { attempt, claims, finish, given, load } from './lib.mjs';

const { CognitoJwtVerifier } = load('aws-jwt-verify');
const { CognitoIdentityProviderClient, InitiateAuthCommand } = load('@aws-sdk/client-cognito-identity-provider');

const idp = new CognitoIdentityProviderClient({ region: given.region, endpoint: given.endpoint, maxAttempts: 1 });

async function initiate(AuthFlow, AuthParameters) {
  const command = new InitiateAuthCommand({ ClientId: given.clientId, AuthFlow, AuthParameters });
  return (await idp.send(command)).AuthenticationResult;
}

const fetchJSON = async (path) => {
  const response = await fetch(given.endpoint + path);
  if (!response.ok) throw new Error(`${path}: status ${response.status}`);
  return response.json();
};
const jwks = await attempt('JWKS', () => fetchJSON(`/${given.userPoolId}/.well-known/jwks.json`));
await attempt('OpenID configuration', () => fetchJSON(`/${given.userPoolId}/.well-known/openid-configuration`));

function verify(token, more = {}) {
  const verifier = CognitoJwtVerifier.create({
    userPoolId: given.userPoolId,
    tokenUse: 'id',
    clientId: given.clientId,
    ...more,
  });
  verifier.cacheJwks(jwks);
  return verifier.verify(token);
}

const tokens = await initiate('USER_PASSWORD_AUTH', { USERNAME: given.user, PASSWORD: given.password });
const { IdToken, AccessToken, RefreshToken } = tokens;
const refreshed = await initiate('REFRESH_TOKEN_AUTH', { REFRESH_TOKEN: RefreshToken });

await attempt('ID token', () => verify(IdToken));
await attempt('access token', () => verify(AccessToken, { tokenUse: 'access' }));
await attempt('refreshed ID token', () => verify(refreshed.IdToken));
await attempt('refreshed access token', () => verify(refreshed.AccessToken, { tokenUse: 'access' }));
await attempt('group of the user', () => verify(IdToken, { groups: 'engineers' }));

await attempt('access token as ID token', () => verify(AccessToken));
await attempt('ID token as access token', () => verify(IdToken, { tokenUse: 'access' }));
await attempt('another client', () => verify(IdToken, { clientId: given.secretClientId }));
await attempt('another group', () => verify(IdToken, { groups: 'admins' }));
await attempt('another pool', () => verify(IdToken, { userPoolId: 'us-east-1_EXAMPLE01' }));

const [header, payload, signature] = IdToken.split('.');
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const altered = { ...claims(IdToken), 'cognito:username': 'root' };
await attempt('altered claim', () => verify([header, encode(altered), signature].join('.')));
await attempt('altered signature', () => {
  const bytes = Buffer.from(signature, 'base64url');
  bytes[10] ^= 1;
  return verify([header, payload, bytes.toString('base64url')].join('.'));
});
await attempt('no signature', () => verify([header, payload, ''].join('.')));
const { kid } = JSON.parse(Buffer.from(header, 'base64url'));
await attempt('algorithm none', () => verify([encode({ alg: 'none', kid }), payload, signature].join('.')));
await attempt('HMAC with the public key', () => {
  const pem = createPublicKey({ key: jwks.keys.find((key) => key.kid === kid), format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  const signed = [encode({ alg: 'HS256', kid }), payload].join('.');
  return verify([signed, createHmac('sha256', pem).update(signed).digest('base64url')].join('.'));
});

finish();
