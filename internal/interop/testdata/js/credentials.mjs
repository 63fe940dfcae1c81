// credentials.mjs gets AWS credentials with the AWS SDK, in the enhanced flow, in the classic flow and as a guest, and
// uses them with STS and S3.
import { attempt, finish, given, load } from './lib.mjs';

const { CognitoIdentityProviderClient, InitiateAuthCommand } = load('@aws-sdk/client-cognito-identity-provider');
const { CognitoIdentityClient, GetCredentialsForIdentityCommand, GetIdCommand, GetOpenIdTokenCommand } =
  load('@aws-sdk/client-cognito-identity');
const { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient } = load('@aws-sdk/client-sts');
const { fromCognitoIdentityPool } = load('@aws-sdk/credential-providers');
const S3 = load('@aws-sdk/client-s3');

const options = { region: given.region, endpoint: given.endpoint, maxAttempts: 1 };
const idp = new CognitoIdentityProviderClient(options);
const identity = new CognitoIdentityClient(options);
const anonymousSTS = new STSClient({ ...options, credentials: { accessKeyId: 'unused', secretAccessKey: 'unused' } });

const initiate = new InitiateAuthCommand({
  ClientId: given.clientId,
  AuthFlow: 'USER_PASSWORD_AUTH',
  AuthParameters: { USERNAME: given.user, PASSWORD: given.password },
});
const { IdToken, AccessToken } = (await idp.send(initiate)).AuthenticationResult;

const provider = `cognito-idp.${given.region}.amazonaws.com/${given.userPoolId}`;
const logins = { [provider]: IdToken };
const alter = (text, at = -10) => {
  const bytes = Buffer.from(text);
  const i = at < 0 ? bytes.length + at : at;
  bytes[i] = bytes[i] === 0x41 ? 0x42 : 0x41;
  return bytes.toString();
};

// ---- identity pool

const getId = (Logins, IdentityPoolId = given.identityPoolId) => identity.send(new GetIdCommand({ IdentityPoolId, Logins }));
const { IdentityId } = (await attempt('GetId', () => getId(logins))) ?? {};
await attempt('GetId again is the same', async () => {
  const again = (await getId(logins)).IdentityId;
  if (again !== IdentityId) throw new Error(`${again} is not ${IdentityId}`);
});
const guest = (await attempt('GetId of a guest', () => getId())) ?? {};
await attempt('GetId, altered ID token', () => getId({ [provider]: alter(IdToken) }));
await attempt('GetId, access token', () => getId({ [provider]: AccessToken }));
await attempt('GetId, another pool in the login', () => getId({ [provider.replace(/.$/, 'X')]: IdToken }));
await attempt('GetId, another Region in the login', () => getId({ [provider.replace('us-east-1.', 'us-west-2.')]: IdToken }));
await attempt('GetId, no token', () => getId({ [provider]: '' }));
await attempt('GetId, unknown identity pool', () => getId(logins, given.identityPoolId.replace(/.$/, 'f')));

const credentialsOf = async (id, Logins, more = {}) =>
  (await identity.send(new GetCredentialsForIdentityCommand({ IdentityId: id, Logins, ...more }))).Credentials;
const enhanced = await attempt('GetCredentialsForIdentity', () => credentialsOf(IdentityId, logins));
const guestCredentials = await attempt('GetCredentialsForIdentity of a guest', () => credentialsOf(guest.IdentityId));
await attempt('GetCredentialsForIdentity, no login', () => credentialsOf(IdentityId));
await attempt('GetCredentialsForIdentity, altered ID token', () => credentialsOf(IdentityId, { [provider]: alter(IdToken) }));
await attempt('GetCredentialsForIdentity, unknown identity', () => credentialsOf(alter(IdentityId, -1), logins));
await attempt('GetCredentialsForIdentity, a role that is not the user\'s', () =>
  credentialsOf(IdentityId, logins, { CustomRoleArn: given.roleArn + '-not-mine' }),
);

await attempt('fromCognitoIdentityPool', async () => {
  const credentials = await fromCognitoIdentityPool({
    identityPoolId: given.identityPoolId,
    logins,
    clientConfig: { region: given.region, endpoint: given.endpoint },
  })();
  return callerOf(credentials);
});

// ---- classic flow

const openIdToken = async (id, Logins) =>
  (await identity.send(new GetOpenIdTokenCommand({ IdentityId: id, Logins }))).Token;
const assume = async (WebIdentityToken, more = {}) =>
  (
    await anonymousSTS.send(
      new AssumeRoleWithWebIdentityCommand({ RoleArn: given.roleArn, RoleSessionName: 'interop', WebIdentityToken, ...more }),
    )
  ).Credentials;
const token = await attempt('GetOpenIdToken', () => openIdToken(IdentityId, logins));
await attempt('GetOpenIdToken, no login', () => openIdToken(IdentityId));
const classic = await attempt('AssumeRoleWithWebIdentity', () => assume(token, { DurationSeconds: 900 }));
await attempt('AssumeRoleWithWebIdentity, an hour by default', async () => {
  const { Expiration } = await assume(token);
  const seconds = (Expiration.getTime() - Date.now()) / 1000;
  if (seconds < 3500 || seconds > 3700) throw new Error(`expires in ${seconds} seconds`);
});
await attempt('AssumeRoleWithWebIdentity, 899 seconds', () => assume(token, { DurationSeconds: 899 }));
await attempt('AssumeRoleWithWebIdentity, 13 hours', () => assume(token, { DurationSeconds: 13 * 3600 }));
await attempt('AssumeRoleWithWebIdentity, altered token', () => assume(alter(token)));
await attempt('AssumeRoleWithWebIdentity, ID token of the user pool', () => assume(IdToken));
await attempt('AssumeRoleWithWebIdentity, not a token', () => assume('not.a.token'));
await attempt('AssumeRoleWithWebIdentity, unknown role', () => assume(token, { RoleArn: given.roleArn + '-unknown' }));
await attempt('AssumeRoleWithWebIdentity, bad session name', () => assume(token, { RoleSessionName: 'a b' }));

// ---- STS with the credentials

const named = (c) => ({
  accessKeyId: c.AccessKeyId,
  secretAccessKey: c.SecretKey ?? c.SecretAccessKey,
  sessionToken: c.SessionToken,
});
async function callerOf(credentials, more = {}) {
  const { Account, Arn, UserId } = await new STSClient({ ...options, credentials, ...more }).send(new GetCallerIdentityCommand({}));
  return { account: Account, arn: Arn, userId: UserId };
}
const good = named(enhanced);
await attempt('GetCallerIdentity, enhanced flow', () => callerOf(good));
await attempt('GetCallerIdentity, classic flow', () => callerOf(named(classic)));
await attempt('GetCallerIdentity, guest', () => callerOf(named(guestCredentials)));
await attempt('GetCallerIdentity, wrong secret key', () => callerOf({ ...good, secretAccessKey: alter(good.secretAccessKey) }));
await attempt('GetCallerIdentity, unknown access key', () => callerOf({ ...good, accessKeyId: alter(good.accessKeyId, -1) }));
await attempt('GetCallerIdentity, no session token', () => callerOf({ ...good, sessionToken: undefined }));
await attempt('GetCallerIdentity, altered session token', () => callerOf({ ...good, sessionToken: alter(good.sessionToken) }));
await attempt('GetCallerIdentity, token of another session', () =>
  callerOf({ ...good, sessionToken: classic.SessionToken }),
);
// slowly runs an action with a clock that is 20 minutes slow. If the SDK may retry, it corrects the time from the
// Date header of the response.
const RealDate = Date;
async function slowly(action) {
  const now = () => RealDate.now() - 20 * 60_000;
  globalThis.Date = class extends RealDate {
    constructor(...args) {
      super(...(args.length ? args : [now()]));
    }
    static now = now;
  };
  try {
    return await action();
  } finally {
    globalThis.Date = RealDate;
  }
}
await attempt('GetCallerIdentity, slow clock', () => slowly(() => callerOf(good)));
await attempt('GetCallerIdentity, slow clock corrected', () => slowly(() => callerOf(good, { maxAttempts: 2 })));

// ---- S3 with the credentials

const s3 = (credentials, more = {}) => new S3.S3Client({ ...options, forcePathStyle: true, credentials, ...more });
const mine = s3(good);
const Bucket = given.bucket;
const keys = [
  'a b', 'a+b', 'a%b', 'a%20b', 'a&b=c;d', "a'(b)!*", 'a~b_c.d-e', 'a:b@c,d$e', '#?', '"<>[]{}|^`\\', '\u00e9', 'e\u0301', '\u65e5\u672c/\u6771\u4eac',
  '\u{1f600}', 'a//b', '/a', 'a/', './a', '../a', 'a/../b', 'line\nfeed', 'tab\t', '\u0001control', '\u007f', 'nbsp\u00a0', 'trailing ',
];
await attempt('PutObject and GetObject', async () => {
  for (const key of keys) {
    const Body = `the object ${key}`;
    await mine.send(new S3.PutObjectCommand({ Bucket, Key: 'odd/' + key, Body }));
    const { Body: stored } = await mine.send(new S3.GetObjectCommand({ Bucket, Key: 'odd/' + key }));
    if ((await stored.transformToString()) !== Body) throw new Error(`${JSON.stringify(key)} came back changed`);
  }
});
async function list(more = {}, client = mine) {
  const found = [];
  const pages = S3.paginateListObjectsV2({ client }, { Bucket, ...more });
  for await (const page of pages) found.push(...(page.Contents ?? []).map((o) => o.Key), ...(page.CommonPrefixes ?? []).map((p) => p.Prefix));
  return found;
}
const same = (got, want) => {
  const [a, b] = [JSON.stringify(got), JSON.stringify(want)];
  if (a !== b) throw new Error(`listed ${a}, want ${b}`);
};
// S3 sorts keys by their UTF-8 bytes.
const sorted = keys.map((key) => 'odd/' + key).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
// An XML document cannot contain every key, so the script requests encoding-type=url and decodes the keys itself.
const encoded = { Prefix: 'odd/', EncodingType: 'url' };
const decode = (key) => decodeURIComponent(key.replaceAll('+', ' '));
await attempt('ListObjectsV2', async () => same((await list(encoded)).map(decode), sorted));
await attempt('ListObjectsV2 in pages of two', async () => same((await list({ ...encoded, MaxKeys: 2 })).map(decode), sorted));
await attempt('ListObjectsV2 with each key as prefix', async () => {
  for (const key of sorted) {
    const found = (await list({ Prefix: key, EncodingType: 'url' })).map(decode);
    same(found, sorted.filter((other) => other.startsWith(key)));
  }
});
await attempt('ListObjectsV2 with StartAfter', async () => {
  for (const [i, key] of sorted.entries()) same((await list({ ...encoded, StartAfter: key })).map(decode), sorted.slice(i + 1));
});
await attempt('ListObjectsV2 with Delimiter', async () => same(await list({ Prefix: 'odd', Delimiter: '/' }), ['odd/']));

await attempt('ListObjectsV2, no such bucket', () => list({ Bucket: 'no-such-bucket' }));
await attempt('GetObject, no such key', () => mine.send(new S3.GetObjectCommand({ Bucket, Key: 'no such key' })));
await attempt('ListObjectsV2, wrong secret key', () => list({}, s3({ ...good, secretAccessKey: alter(good.secretAccessKey) })));
await attempt('ListObjectsV2, unknown access key', () => list({}, s3({ ...good, accessKeyId: alter(good.accessKeyId, -1) })));
await attempt('ListObjectsV2, no session token', () => list({}, s3({ ...good, sessionToken: undefined })));
await attempt('ListObjectsV2, altered session token', () => list({}, s3({ ...good, sessionToken: alter(good.sessionToken) })));
await attempt('ListObjectsV2, another Region signed', () => list({}, s3(good, { region: 'eu-west-1' })));
await attempt('ListObjectsV2, bucket in another Region', () => list({ Bucket: given.bucketElsewhere }));
await attempt('ListObjectsV2, its Region signed', () =>
  list({ Bucket: given.bucketElsewhere }, s3(good, { region: 'eu-west-1' })),
);
await attempt('ListObjectsV2, slow clock', () => slowly(() => list()));
await attempt('ListObjectsV2, slow clock corrected', () => slowly(() => list({}, s3(good, { maxAttempts: 2 }))));

finish();
