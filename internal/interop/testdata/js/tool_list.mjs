// tool_list.mjs lists a bucket with the AWS SDK and its default credentials, until it has used CREDENTIALS different
// ones. It prints a line of JSON for each listing.
//
// Usage: tool_list.mjs BUCKET CREDENTIALS [PROVIDER]
//
// PROVIDER is a credential provider of the SDK, such as fromProcess. It replaces the default chain, which does not print
// the messages of its providers.
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
