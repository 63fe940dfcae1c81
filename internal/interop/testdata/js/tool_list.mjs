// tool_list.mjs lists a bucket with the AWS SDK, whose default chain finds the credentials, until it has had some number
// of different ones. Every listing is a line of JSON on standard output. Usage: tool_list.mjs BUCKET CREDENTIALS [PROVIDER]
// PROVIDER is one of the SDK's, such as fromProcess. (The default chain says no more than that none was of use.)
import { createRequire } from 'node:module';
import { join } from 'node:path';

const load = createRequire(join(process.env.COGNITO_TOOLS, 'js', 'package.json'));
const { S3Client, paginateListObjectsV2 } = load('@aws-sdk/client-s3');

const providers = load('@aws-sdk/credential-providers');

const [Bucket, wanted, provider] = process.argv.slice(2);
const client = new S3Client({ forcePathStyle: true, credentials: provider && providers[provider]() });
const seen = new Set();
for (const end = Date.now() + 150_000; ; ) {
  const { accessKeyId } = await client.config.credentials();
  const keys = [];
  for await (const page of paginateListObjectsV2({ client }, { Bucket })) keys.push(...page.Contents.map((o) => o.Key));
  console.log(JSON.stringify({ accessKey: accessKeyId, keys }));
  if (seen.add(accessKeyId).size >= Number(wanted)) break;
  if (Date.now() > end) throw new Error('the credentials do not change');
  await new Promise((resolve) => setTimeout(resolve, 400));
}
