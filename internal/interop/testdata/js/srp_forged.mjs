// srp_forged.mjs signs in with @aws-sdk/client-cognito-identity-provider and cognito-srp-helper, first correctly and
// then with single fields forged.
import { attempt, finish, given, load, N } from './lib.mjs';

const {
  CognitoIdentityProviderClient,
  GetTokensFromRefreshTokenCommand,
  InitiateAuthCommand,
  RespondToAuthChallengeCommand,
  RevokeTokenCommand,
} = load('@aws-sdk/client-cognito-identity-provider');
const { createSecretHash, createSrpSession, signSrpSession, wrapAuthChallenge, wrapInitiateAuth } = load('cognito-srp-helper');

const client = new CognitoIdentityProviderClient({ region: given.region, endpoint: given.endpoint, maxAttempts: 1 });
const send = (command) => client.send(command);

// initiate starts an exchange. change may alter the request before it is sent.
async function initiate({ user = given.user, password = given.password, clientId = given.clientId, secret, change } = {}) {
  const session = createSrpSession(user, password, given.userPoolId, false);
  const request = wrapInitiateAuth(session, {
    ClientId: clientId,
    AuthFlow: 'USER_SRP_AUTH',
    AuthParameters: {
      USERNAME: user,
      ...(secret && { SECRET_HASH: createSecretHash(user, clientId, secret) }),
    },
  });
  change?.(request);
  return { session, clientId, secret, answer: await send(new InitiateAuthCommand(request)) };
}

// proof returns the response to the challenge. sign may alter the values that are signed, change those that are sent.
function proof({ session, clientId, secret, answer }, { sign, change } = {}) {
  const user = answer.ChallengeParameters.USERNAME;
  sign?.(session, answer);
  const request = wrapAuthChallenge(signSrpSession(session, answer), {
    ClientId: clientId,
    ChallengeName: 'PASSWORD_VERIFIER',
    ChallengeResponses: {
      USERNAME: user,
      ...(secret && { SECRET_HASH: createSecretHash(user, clientId, secret) }),
    },
    ...(answer.Session && { Session: answer.Session }),
  });
  change?.(request.ChallengeResponses, request);
  return request;
}

async function signIn(beginning, ending) {
  const exchange = await initiate(beginning);
  const { AuthenticationResult, ChallengeName } = await send(new RespondToAuthChallengeCommand(proof(exchange, ending)));
  if (!AuthenticationResult) throw new Error(`challenge ${ChallengeName}`);
  return AuthenticationResult;
}

const flip = (base64, at) => {
  const bytes = Buffer.from(base64, 'base64');
  bytes[at < 0 ? bytes.length + at : at] ^= 1;
  return bytes.toString('base64');
};

// Unaltered values, and wrong passwords, names and secrets.
const tokens = await attempt('right password', () => signIn());
await attempt('email address', () => signIn({ user: given.email }));
await attempt('wrong password', () => signIn({ password: given.password.toUpperCase() }));
await attempt('unknown user', () => signIn({ user: 'nobody' }));
const { secretClientId: clientId, clientSecret: secret } = given;
const secretTokens = await attempt('secret client', () => signIn({ clientId, secret }));
await attempt('secret client by email', () => signIn({ clientId, secret, user: given.email }));
await attempt('secret client, wrong password', () => signIn({ clientId, secret, password: 'wrong' }));
await attempt('secret client, wrong secret', () => signIn({ clientId, secret: secret + 'x' }));
await attempt('secret client, no hash', () => signIn({ clientId }));
await attempt('secret client, no hash in the answer', () =>
  signIn({ clientId, secret }, { change: (r) => delete r.SECRET_HASH }),
);
await attempt('secret client, hash of another name', () =>
  signIn({ clientId, secret, user: given.email }, {
    change: (r) => (r.SECRET_HASH = createSecretHash(given.email, clientId, secret)),
  }),
);

// Forged A. If A = 0 mod N, S is 0 for every password.
for (const [name, A] of Object.entries({
  'A = 0': '0',
  'A = 00': '00',
  'A = N': N.toString(16),
  'A = 2N': (2n * N).toString(16),
  'A empty': '',
  'A not hexadecimal': 'xyz',
  'A negative': '-2',
  'A of a million digits': 'f'.repeat(1_000_000),
})) {
  await attempt(name, () => initiate({ change: (r) => (r.AuthParameters.SRP_A = A) }));
}
await attempt('A missing', () => initiate({ change: (r) => delete r.AuthParameters.SRP_A }));
await attempt('A in upper case with a leading zero', () =>
  signIn({ change: (r) => (r.AuthParameters.SRP_A = '0' + r.AuthParameters.SRP_A.toUpperCase()) }),
);
await attempt('A of another exchange', async () => {
  const other = createSrpSession(given.user, given.password, given.userPoolId, false);
  return signIn({ change: (r) => (r.AuthParameters.SRP_A = other.largeA) });
});

// Forged proofs.
const forged = {
  'signature, first bit': { change: (r) => (r.PASSWORD_CLAIM_SIGNATURE = flip(r.PASSWORD_CLAIM_SIGNATURE, 0)) },
  'signature, last bit': { change: (r) => (r.PASSWORD_CLAIM_SIGNATURE = flip(r.PASSWORD_CLAIM_SIGNATURE, -1)) },
  'signature cut short': { change: (r) => (r.PASSWORD_CLAIM_SIGNATURE = r.PASSWORD_CLAIM_SIGNATURE.slice(0, 4)) },
  'signature empty': { change: (r) => (r.PASSWORD_CLAIM_SIGNATURE = '') },
  'signature missing': { change: (r) => delete r.PASSWORD_CLAIM_SIGNATURE },
  'signature not base64': { change: (r) => (r.PASSWORD_CLAIM_SIGNATURE = '!!!!') },
  'secret block, one bit': { change: (r) => (r.PASSWORD_CLAIM_SECRET_BLOCK = flip(r.PASSWORD_CLAIM_SECRET_BLOCK, 3)) },
  'secret block, one bit, signed': {
    sign: (_, a) => (a.ChallengeParameters.SECRET_BLOCK = flip(a.ChallengeParameters.SECRET_BLOCK, 3)),
  },
  'secret block empty': { change: (r) => (r.PASSWORD_CLAIM_SECRET_BLOCK = '') },
  'secret block missing': { change: (r) => delete r.PASSWORD_CLAIM_SECRET_BLOCK },
  'timestamp sent is not the one signed': { change: (r) => (r.TIMESTAMP = stamp(new Date(Date.now() + 1000))) },
  'timestamp missing': { change: (r) => delete r.TIMESTAMP },
  'user name of another': { change: (r) => (r.USERNAME = given.newUser) },
  'user name missing': { change: (r) => delete r.USERNAME },
  'another client': { change: (_, request) => (request.ClientId = given.secretClientId) },
  'another challenge': { change: (_, request) => (request.ChallengeName = 'SMS_MFA') },
  'another pool signed': { sign: (s) => (s.poolIdAbbr = 'EXAMPLE01') },
  'B altered': { sign: (_, a) => (a.ChallengeParameters.SRP_B = '2') },
  'salt altered': { sign: (_, a) => (a.ChallengeParameters.SALT = 'ff') },
};
for (const [name, ending] of Object.entries(forged)) {
  await attempt(name, () => signIn({}, ending));
}

// Timestamps. Each is signed and sent, but most have a wrong form or a wrong time.
function stamp(date) {
  const [weekday, day, month, year, time] = date.toUTCString().replace(',', '').split(' ');
  return `${weekday} ${month} ${Number(day)} ${time} UTC ${year}`;
}
const now = new Date();
// digit is a day of one digit. From the 10th of a month on it is not today, and is refused for its time too.
const digit = now.getUTCDate() < 10 ? now : new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 5, 6, 7, 8));
const minutes = (n) => new Date(now.getTime() + n * 60_000);
for (const [name, timestamp] of Object.entries({
  'timestamp now': stamp(now),
  'timestamp an hour ago': stamp(minutes(-60)),
  'timestamp in an hour': stamp(minutes(60)),
  'timestamp with a wrong weekday': stamp(now).replace(/^\w+/, (d) => (d === 'Mon' ? 'Tue' : 'Mon')),
  'timestamp with a two-digit day': stamp(digit).replace(/ (\d) /, ' 0$1 '),
  'timestamp with a padded day': stamp(digit).replace(/ (\d) /, '  $1 '),
  'timestamp with a lower-case month': stamp(now).replace(/ \w+/, (m) => m.toLowerCase()),
  'timestamp without seconds': stamp(now).replace(/:\d\d UTC/, ' UTC'),
  'timestamp in GMT': stamp(now).replace('UTC', 'GMT'),
  'timestamp in RFC 3339': now.toISOString(),
  'timestamp empty': ' ',
})) {
  await attempt(name, () => signIn({}, { sign: (s) => (s.timestamp = timestamp) }));
}

// Replays.
await attempt('answer sent twice', async () => {
  const request = proof(await initiate());
  await send(new RespondToAuthChallengeCommand(request));
  await send(new RespondToAuthChallengeCommand(request));
});
await attempt('right answer after a wrong one', async () => {
  const exchange = await initiate();
  const wrong = proof(exchange, { change: forged['signature, first bit'].change });
  await send(new RespondToAuthChallengeCommand(wrong)).catch(() => {});
  await send(new RespondToAuthChallengeCommand(proof(exchange)));
});
await attempt('secret block of another exchange', async () => {
  const [one, two] = [await initiate(), await initiate()];
  one.answer.ChallengeParameters.SECRET_BLOCK = two.answer.ChallengeParameters.SECRET_BLOCK;
  await send(new RespondToAuthChallengeCommand(proof(one)));
});
await attempt('two exchanges at once', async () => {
  const [one, two] = [await initiate(), await initiate()];
  await send(new RespondToAuthChallengeCommand(proof(two)));
  await send(new RespondToAuthChallengeCommand(proof(one)));
});

// Refresh and revocation.
const refresh = (token, parameters = {}, ClientId = given.clientId) =>
  send(new InitiateAuthCommand({
    ClientId,
    AuthFlow: 'REFRESH_TOKEN_AUTH',
    AuthParameters: { REFRESH_TOKEN: token, ...parameters },
  })).then((answer) => answer.AuthenticationResult);
const exchangeToken = (RefreshToken, more = {}) =>
  send(new GetTokensFromRefreshTokenCommand({ RefreshToken, ClientId: given.clientId, ...more })).then(
    (answer) => answer.AuthenticationResult,
  );
const hash = (name) => ({ SECRET_HASH: createSecretHash(name, clientId, secret) });

await attempt('REFRESH_TOKEN_AUTH', () => refresh(tokens.RefreshToken));
await attempt('REFRESH_TOKEN_AUTH, altered token', () => refresh(tokens.RefreshToken.slice(0, -4) + 'AAAA'));
await attempt('REFRESH_TOKEN_AUTH, access token', () => refresh(tokens.AccessToken));
await attempt('REFRESH_TOKEN_AUTH, another client', () => refresh(tokens.RefreshToken, hash(given.user), clientId));
await attempt('REFRESH_TOKEN_AUTH, secret client', () => refresh(secretTokens.RefreshToken, hash(given.user), clientId));
await attempt('REFRESH_TOKEN_AUTH, hash of the email address', () =>
  refresh(secretTokens.RefreshToken, hash(given.email), clientId),
);
await attempt('REFRESH_TOKEN_AUTH, no hash', () => refresh(secretTokens.RefreshToken, {}, clientId));
await attempt('GetTokensFromRefreshToken', () => exchangeToken(tokens.RefreshToken));
await attempt('GetTokensFromRefreshToken, altered token', () => exchangeToken('A' + tokens.RefreshToken.slice(1)));
await attempt('GetTokensFromRefreshToken, secret client', () =>
  exchangeToken(secretTokens.RefreshToken, { ClientId: clientId, ClientSecret: secret }),
);
await attempt('GetTokensFromRefreshToken, wrong secret', () =>
  exchangeToken(secretTokens.RefreshToken, { ClientId: clientId, ClientSecret: secret.replace(/.$/, 'x') }),
);
await attempt('GetTokensFromRefreshToken, no secret', () => exchangeToken(secretTokens.RefreshToken, { ClientId: clientId }));
await attempt('RevokeToken', async () => {
  const { RefreshToken: Token } = await signIn();
  await send(new RevokeTokenCommand({ Token, ClientId: given.clientId }));
  return Token;
}).then(async (token) => {
  await attempt('REFRESH_TOKEN_AUTH after RevokeToken', () => refresh(token));
  await attempt('GetTokensFromRefreshToken after RevokeToken', () => exchangeToken(token));
});
await attempt('RevokeToken, secret client without its secret', () =>
  send(new RevokeTokenCommand({ Token: secretTokens.RefreshToken, ClientId: clientId })).then(() => null),
);

finish();
