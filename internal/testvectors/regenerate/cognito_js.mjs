// cognito_js.mjs regenerates ../data/cognito_js_generated.json and
// ../data/cognito_js_device_generated.json with Amazon's client, amazon-cognito-identity-js 6.3.21.
//
//     node cognito_js.mjs --check    print the differences; exit with status 1 if there are any
//     node cognito_js.mjs --write    store the results
//
// The inputs are those in the files. The client runs CognitoUser.authenticateUser as it is. The
// script replaces fetch, by which it supplies the responses and records the requests, the clock,
// and the random numbers. It computes the server's values with BigInt and node:crypto, which share
// no code with the client. It stops if the server would refuse a signature of the client, or if
// cognito-srp-helper computes another one.
//
// internal/interop/install.sh installs the packages.
import { createHash, createHmac } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
const tools = process.env.COGNITO_TOOLS || join(cache, 'cognito-tools');
const require = createRequire(join(tools, 'js', 'package.json'));
const { AuthenticationDetails, CognitoUser, CognitoUserPool } = require('amazon-cognito-identity-js');
const AuthenticationHelper = require('amazon-cognito-identity-js/lib/AuthenticationHelper').default;
const BigInteger = require('amazon-cognito-identity-js/lib/BigInteger').default;
const helper = require('cognito-srp-helper');

const mode = process.argv[2];
if (!['--check', '--write'].includes(mode) || process.argv.length !== 3) {
  console.error('usage: node cognito_js.mjs --check | --write');
  process.exit(2);
}
const version = require('amazon-cognito-identity-js/package.json').version;
if (version !== '6.3.21') {
  throw new Error(`amazon-cognito-identity-js has version ${version}; the files are from 6.3.21`);
}

// ---- the server, independent of the client

const groupFile = new URL('../data/cognito_group.json', import.meta.url);
const group = JSON.parse(readFileSync(groupFile, 'utf8'));
const N = BigInt('0x' + group.N_hex);
const g = 2n;
const int = (hex) => BigInt('0x' + (typeof hex === 'string' ? hex : hex.toString('hex')));
const sha256 = (...parts) => parts.reduce((h, p) => h.update(p), createHash('sha256')).digest();
const hmac = (key, ...parts) =>
  parts.reduce((h, p) => h.update(p), createHmac('sha256', key)).digest();

// pad returns the minimal two's complement form, as Java's BigInteger.toByteArray does.
function pad(n) {
  let hex = n.toString(16);
  if (hex.length % 2) hex = '0' + hex;
  const b = Buffer.from(hex, 'hex');
  return b[0] >= 0x80 ? Buffer.concat([Buffer.of(0), b]) : b;
}

function modPow(base, exponent, modulus) {
  let result = 1n;
  for (base %= modulus; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % modulus;
    base = (base * base) % modulus;
  }
  return result;
}

const k = int(sha256(pad(N), pad(g)));

function secretX(salt, pool, user, password) {
  return int(sha256(pad(salt), sha256(pool, user, ':', password)));
}

// serve returns the server's values of one exchange.
function serve({ v, b, A, pool, user, secretBlock, timestamp }) {
  const B = (k * v + modPow(g, b, N)) % N;
  const u = int(sha256(pad(A), pad(B)));
  const S = modPow(A * modPow(v, u, N), b, N);
  const key = hmac(hmac(pad(u), pad(S)), 'Caldera Derived Key', Buffer.of(1)).subarray(0, 16);
  const block = Buffer.from(secretBlock, 'base64');
  const signature = hmac(key, pool, user, block, timestamp).toString('base64');
  return { B, u, S, key, signature };
}

function must(condition, what) {
  if (!condition) throw new Error(what);
}

// ---- the client, with another fetch, clock and source of random numbers

const RealDate = Date;
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

// freeze sets the clock to a timestamp such as "Tue Apr 5 06:07:08 UTC 2022".
function freeze(timestamp) {
  const [, month, day, time, , year] = timestamp.split(' ');
  const at = RealDate.UTC(year, months.indexOf(month), day, ...time.split(':'));
  globalThis.Date = class extends RealDate {
    constructor(...args) {
      super(...(args.length ? args : [at]));
    }
    static now() {
      return at;
    }
  };
}

// random holds the next random numbers of the client, which draws four bytes at a time.
let random = Buffer.alloc(0);
globalThis.crypto.getRandomValues = (words) => {
  must(words.length === 1 && random.length >= 4, 'the client draws too many random bytes');
  words[0] = random.readUInt32BE();
  random = random.subarray(4);
  return words;
};

// smallA holds the next values of a. It does not come from random, because one case has an a that is
// longer than what the client draws.
let smallA = [];
let seen = {};
AuthenticationHelper.prototype.generateRandomSmallA = () => {
  must(smallA.length > 0, 'the client draws too many a');
  return new BigInteger(smallA.shift(), 16);
};
function tap(method, keep) {
  const original = AuthenticationHelper.prototype[method];
  AuthenticationHelper.prototype[method] = function (...args) {
    const result = original.apply(this, args);
    keep(args, result);
    return result;
  };
}
tap('calculateU', (_, u) => (seen.u_hex = u.toString(16)));
tap('computehkdf', ([ikm], key) => {
  seen.S_hex = ikm.toString('hex').replace(/^0+/, '');
  seen.hkdf_key_hex = Buffer.from(key).toString('hex');
});
tap('calculateS', ([x]) => (seen.x_hex = x.toString(16)));

// transport responds to each request with the result of answer. It returns the list of requests.
function transport(answer) {
  const requests = [];
  globalThis.fetch = async (_, { headers, body }) => {
    const request = { op: headers['X-Amz-Target'].split('.')[1], params: JSON.parse(body) };
    requests.push(request);
    const json = answer(request, requests.length - 1);
    return { ok: true, json: async () => json };
  };
  return requests;
}

function storage() {
  const items = new Map();
  return {
    setItem: (key, value) => void items.set(key, value),
    getItem: (key) => items.get(key) ?? null,
    removeItem: (key) => void items.delete(key),
    clear: () => items.clear(),
  };
}

const clientID = '1example23456789';

function authenticate(poolID, username, password, Storage) {
  const Pool = new CognitoUserPool({ UserPoolId: poolID, ClientId: clientID, Storage });
  const user = new CognitoUser({ Username: username, Pool, Storage });
  return new Promise((resolve, reject) => {
    user.authenticateUser(new AuthenticationDetails({ Username: username, Password: password }), {
      onSuccess: resolve,
      onFailure: reject,
    });
  });
}

// token is an unsigned token with the claims that the client reads.
const claims = '{"username":"user-1","cognito:username":"user-1","exp":4102444800,"iat":0}';
const token = [
  Buffer.from('{"alg":"none"}').toString('base64url'),
  Buffer.from(claims).toString('base64url'),
  'AA',
].join('.');
const tokens = {
  AccessToken: token,
  IdToken: token,
  RefreshToken: 'r',
  ExpiresIn: 3600,
  TokenType: 'Bearer',
};

// ---- cognito_js_generated.json

async function signIn(c) {
  freeze(c.timestamp);
  smallA = [c.small_a_hex];
  seen = {};
  const requests = transport(({ op }) =>
    op === 'InitiateAuth'
      ? {
          ChallengeName: 'PASSWORD_VERIFIER',
          Session: 'sess-1',
          ChallengeParameters: {
            USER_ID_FOR_SRP: c.user_id_for_srp,
            USERNAME: c.user_id_for_srp,
            SALT: c.salt_hex,
            SRP_B: c.big_B_hex,
            SECRET_BLOCK: c.secret_block_b64,
          },
        }
      : { AuthenticationResult: tokens, ChallengeParameters: {} },
  );
  await authenticate(c.pool_id, c.username, c.password, storage());

  const big_A_hex = requests[0].params.AuthParameters.SRP_A;
  const signature_b64 = requests[1].params.ChallengeResponses.PASSWORD_CLAIM_SIGNATURE;
  const pool = c.pool_id.split('_')[1];
  const v = modPow(g, secretX(int(c.salt_hex), pool, c.user_id_for_srp, c.password), N);
  const server = serve({
    v,
    b: int(c.small_b_hex),
    A: int(big_A_hex),
    pool,
    user: c.user_id_for_srp,
    secretBlock: c.secret_block_b64,
    timestamp: c.timestamp,
  });
  must(server.B === int(c.big_B_hex), `${c.name}: small_b_hex does not match big_B_hex`);
  must(server.signature === signature_b64, `${c.name}: the server refuses the signature`);
  must(third(c, big_A_hex) === signature_b64, `${c.name}: cognito-srp-helper disagrees`);
  return {
    name: c.name,
    pool_id: c.pool_id,
    username: c.username,
    user_id_for_srp: c.user_id_for_srp,
    password: c.password,
    small_a_hex: c.small_a_hex,
    small_b_hex: c.small_b_hex,
    salt_hex: c.salt_hex,
    timestamp: c.timestamp,
    secret_block_b64: c.secret_block_b64,
    big_B_hex: c.big_B_hex,
    server: { v_hex: v.toString(16), S_hex: server.S.toString(16), u_hex: server.u.toString(16) },
    big_A_hex,
    ...pick(seen, ['u_hex', 'x_hex', 'S_hex']),
    k_hex: k.toString(16),
    hkdf_key_hex: seen.hkdf_key_hex,
    signature_b64,
    requests,
  };
}

// third returns the signature that cognito-srp-helper, a client by other authors, computes.
function third(c, largeA) {
  const session = {
    username: c.username,
    password: c.password,
    isHashed: false,
    poolId: c.pool_id,
    poolIdAbbr: c.pool_id.split('_')[1],
    timestamp: c.timestamp,
    smallA: c.small_a_hex,
    largeA,
  };
  return helper.signSrpSession(session, {
    ChallengeParameters: {
      SALT: c.salt_hex,
      SRP_B: c.big_B_hex,
      SECRET_BLOCK: c.secret_block_b64,
      USER_ID_FOR_SRP: c.user_id_for_srp,
    },
  }).passwordSignature;
}

// refuse sends the client a B that it must refuse without a response.
async function refuse({ big_B_hex }, c) {
  smallA = [c.small_a_hex];
  const requests = transport(() => ({
    ChallengeName: 'PASSWORD_VERIFIER',
    ChallengeParameters: {
      USER_ID_FOR_SRP: c.user_id_for_srp,
      SALT: c.salt_hex,
      SRP_B: big_B_hex,
      SECRET_BLOCK: c.secret_block_b64,
    },
  }));
  const error = await authenticate(c.pool_id, c.username, c.password, storage()).then(
    () => null,
    (e) => e,
  );
  must(error && requests.length === 1, `B = ${big_B_hex.slice(0, 8)}...: the client responded`);
  return { big_B_hex, result: 'threw ' + error.message };
}

// ---- cognito_js_device_generated.json

async function rememberDevice(s) {
  freeze(s.timestamp);
  const pool = s.pool_id.split('_')[1];
  const salt = int(s.salt_hex);
  const v = modPow(g, secretX(salt, pool, s.user_id_for_srp, s.password), N);
  const deviceSalt = int(s.device_salt_hex);
  const deviceX = secretX(deviceSalt, s.device_group_key, s.device_key, s.device_password);
  const deviceV = modPow(g, deviceX, N);
  const B = (v, b) => ((k * v + modPow(g, b, N)) % N).toString(16);
  const userB = int(s.user_b_hex);
  const deviceB = int(s.device_b_hex);

  smallA = [...s.small_a_hex];
  random = Buffer.concat([Buffer.from(s.device_password, 'base64'), pad16(s.device_salt_hex)]);
  let session = 0;
  let signIns = 0;
  let A;
  const transcript = [];
  transport(({ op, params }) => {
    const response = answer(op, params);
    transcript.push({ op, request: params, response });
    return response;
  });
  function answer(op, params) {
    const { ChallengeName, ChallengeResponses: given } = params;
    if (op === 'InitiateAuth') {
      signIns++;
      A = int(params.AuthParameters.SRP_A);
      return {
        ChallengeName: 'PASSWORD_VERIFIER',
        Session: `S${++session}`,
        ChallengeParameters: {
          USER_ID_FOR_SRP: s.user_id_for_srp,
          USERNAME: s.user_id_for_srp,
          SALT: s.salt_hex,
          SRP_B: B(v, userB),
          SECRET_BLOCK: s.user_secret_block_b64,
        },
      };
    }
    if (op === 'ConfirmDevice') {
      const { Salt, PasswordVerifier } = params.DeviceSecretVerifierConfig;
      must(Salt === pad(deviceSalt).toString('base64'), `${s.name}: device salt`);
      must(PasswordVerifier === pad(deviceV).toString('base64'), `${s.name}: device verifier`);
      return { UserConfirmationNecessary: false };
    }
    if (ChallengeName === 'DEVICE_SRP_AUTH') {
      A = int(given.SRP_A);
      return {
        ChallengeName: 'DEVICE_PASSWORD_VERIFIER',
        Session: `S${++session}`,
        ChallengeParameters: {
          USERNAME: s.user_id_for_srp,
          DEVICE_KEY: s.device_key,
          SALT: s.device_salt_hex,
          SRP_B: B(deviceV, deviceB),
          SECRET_BLOCK: s.device_secret_block_b64,
        },
      };
    }
    const device = ChallengeName === 'DEVICE_PASSWORD_VERIFIER';
    const want = serve({
      v: device ? deviceV : v,
      b: device ? deviceB : userB,
      A,
      pool: device ? s.device_group_key : pool,
      user: device ? s.device_key : s.user_id_for_srp,
      secretBlock: device ? s.device_secret_block_b64 : s.user_secret_block_b64,
      timestamp: s.timestamp,
    });
    must(
      given.PASSWORD_CLAIM_SIGNATURE === want.signature,
      `${s.name}: the server refuses the ${ChallengeName} signature`,
    );
    if (given.DEVICE_KEY && !device) {
      return { ChallengeName: 'DEVICE_SRP_AUTH', Session: `S${++session}`, ChallengeParameters: {} };
    }
    const NewDeviceMetadata = { DeviceKey: s.device_key, DeviceGroupKey: s.device_group_key };
    return {
      AuthenticationResult: { ...tokens, ...(signIns === 1 && { NewDeviceMetadata }) },
      ChallengeParameters: {},
    };
  }

  const Storage = storage();
  await authenticate(s.pool_id, s.username, s.password, Storage);
  await authenticate(s.pool_id, s.username, s.password, Storage);
  must(
    smallA.length === 0 && random.length === 0,
    `${s.name}: the client draws too few random numbers`,
  );
  return {
    ...pick(s, ['name', 'pool_id', 'username', 'user_id_for_srp', 'password', 'timestamp']),
    ...pick(s, ['salt_hex', 'user_secret_block_b64']),
    ...pick(s, ['device_key', 'device_group_key', 'device_password', 'device_salt_hex']),
    ...pick(s, ['device_secret_block_b64', 'user_b_hex', 'device_b_hex', 'small_a_hex']),
    device_verifier_hex: deviceV.toString(16),
    transcript,
  };
}

function pad16(hex) {
  return Buffer.from(hex.padStart(32, '0'), 'hex');
}

function pick(object, names) {
  return Object.fromEntries(names.map((name) => [name, object[name]]));
}

// ---- files

// differences returns the paths at which two JSON values differ.
function differences(stored, made, path = '$') {
  const isObject = (value) => value !== null && typeof value === 'object';
  if (!isObject(stored) || !isObject(made)) {
    return Object.is(stored, made) ? [] : [path];
  }
  return [...new Set([...Object.keys(stored), ...Object.keys(made)])].flatMap((key) =>
    differences(stored[key] ?? null, made[key] ?? null, `${path}.${key}`),
  );
}

let failed = false;
async function regenerate(name, make) {
  const file = new URL(`../data/${name}.json`, import.meta.url);
  const stored = JSON.parse(readFileSync(file, 'utf8'));
  const made = await make(stored);
  if (mode === '--write') {
    writeFileSync(file, JSON.stringify(made, null, 1) + '\n');
    return;
  }
  const list = differences(stored, made);
  failed ||= list.length > 0;
  console.log(`${name}: ${list.length ? `differs at ${list.join(', ')}` : 'ok'}`);
}

await regenerate('cognito_js_generated', async (stored) => {
  const cases = [];
  for (const c of stored.cases) cases.push(await signIn(c));
  const negative_B = [];
  for (const n of stored.negative_B) negative_B.push(await refuse(n, stored.cases[0]));
  must(cases.length > 0 && negative_B.length > 0, 'no cases');
  return { ...pick(stored, ['description', 'generator']), k_hex: k.toString(16), cases, negative_B };
});
await regenerate('cognito_js_device_generated', async (stored) => {
  const scenarios = [];
  for (const s of stored.scenarios) scenarios.push(await rememberDevice(s));
  must(scenarios.length > 0, 'no scenarios');
  return { ...pick(stored, ['description', 'generator']), scenarios };
});
process.exit(failed ? 1 : 0);
