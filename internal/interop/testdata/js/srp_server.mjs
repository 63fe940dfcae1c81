// srp_server.mjs serves a user pool that verifies proofs with the server side of the npm package cognito-srp.
//
// The first line of standard input is JSON: {userPoolId, users}. A user is {username, alias, password, salt} or
// {username, alias, salt, verifier}; salt and verifier are hexadecimal. When the server is ready it prints {url} as a
// line of JSON. It exits at the end of standard input.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { homedir } from 'node:os';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const tools = process.env.COGNITO_TOOLS || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cognito-tools');
const { UserPool } = createRequire(join(tools, 'js', 'package.json'))('cognito-srp');

const lines = createInterface({ input: process.stdin });
lines.on('close', () => process.exit(0));
const given = JSON.parse((await lines[Symbol.asyncIterator]().next()).value);

const pool = new UserPool(given.userPoolId.split('_')[1]);
const users = new Map();
for (const { alias, password, ...user } of given.users) {
  const stored = user.verifier ? user : await pool.createUser({ username: user.username, password }, user.salt);
  users.set(user.username, stored).set(alias, stored);
}

const exchanges = new Map(); // by SECRET_BLOCK

class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

async function initiateAuth({ AuthFlow, AuthParameters: { USERNAME, SRP_A } }) {
  const user = users.get(USERNAME);
  if (AuthFlow !== 'USER_SRP_AUTH' || !user) throw new Refusal('UserNotFoundException', 'User does not exist.');
  // cognito-srp decodes A as hexadecimal bytes, so it needs an even number of digits. It hashes B and S padded to the
  // length of N, but Cognito hashes them without leading zero bytes. In about one of 128 exchanges the two differ, and
  // the server would refuse a right proof. It then draws a new b.
  const A = SRP_A.length % 2 ? '0' + SRP_A : SRP_A;
  let challenge, session;
  do {
    challenge = await pool.getServerChallenge(user);
    session = challenge.getSession(A);
  } while (challenge.calculateB()[0] === 0 || session.key[0] === 0);
  const block = randomBytes(48).toString('base64');
  exchanges.set(block, { user, session });
  return {
    ChallengeName: 'PASSWORD_VERIFIER',
    ChallengeParameters: {
      SALT: user.salt,
      SRP_B: challenge.calculateB().toString('hex'),
      SECRET_BLOCK: block,
      USERNAME: user.username,
      USER_ID_FOR_SRP: user.username,
    },
  };
}

async function respondToAuthChallenge({ ChallengeName, ChallengeResponses: r, ClientId }) {
  const exchange = exchanges.get(r.PASSWORD_CLAIM_SECRET_BLOCK);
  exchanges.delete(r.PASSWORD_CLAIM_SECRET_BLOCK);
  const right =
    ChallengeName === 'PASSWORD_VERIFIER' &&
    exchange?.user.username === r.USERNAME &&
    exchange.session.calculateSignature(r.PASSWORD_CLAIM_SECRET_BLOCK, r.TIMESTAMP) === r.PASSWORD_CLAIM_SIGNATURE;
  if (!right) throw new Refusal('NotAuthorizedException', 'Incorrect username or password.');
  const now = Math.floor(Date.now() / 1000);
  const token = (claims) =>
    [{ alg: 'none' }, { iss: `https://cognito-idp.us-east-1.amazonaws.com/${given.userPoolId}`, sub: r.USERNAME, iat: now, exp: now + 3600, ...claims }]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.') + '.AA';
  return {
    AuthenticationResult: {
      IdToken: token({ token_use: 'id', aud: ClientId, 'cognito:username': r.USERNAME }),
      AccessToken: token({ token_use: 'access', client_id: ClientId, username: r.USERNAME }),
      RefreshToken: 'refresh',
      ExpiresIn: 3600,
      TokenType: 'Bearer',
    },
    ChallengeParameters: {},
  };
}

const operations = { InitiateAuth: initiateAuth, RespondToAuthChallenge: respondToAuthChallenge };

const server = createServer(async (request, response) => {
  const answer = (status, body) => {
    response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(body));
  };
  try {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const operation = operations[request.headers['x-amz-target']?.split('.')[1]];
    if (!operation) throw new Refusal('UnknownOperationException', 'no such operation');
    answer(200, await operation(JSON.parse(Buffer.concat(chunks).toString())));
  } catch (error) {
    answer(400, { __type: error.code ?? 'InvalidParameterException', message: error.message });
  }
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` })));
