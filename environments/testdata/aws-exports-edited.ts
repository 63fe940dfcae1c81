'use strict';
// Edited by hand: don't overwrite.
import { Amplify } from 'aws-amplify'; /* { "aws_project_region": "af-south-1" } */

interface Options {
  retries: number;
}

const options: Options = { retries: 3, names: ["a", 'b'] };
const greeting = `${options.retries} tries {
  "quoted" and 'quoted'`;

const awsmobile = Object.freeze({
  aws_project_region: 'us-east-1', // of the project
  aws_cognito_region: "ca-central-1", /* of the pools */
  'aws_user_pools_id': 'ca-central-1_\x45dited001',
  aws_user_pools_web_client_id: '1\u0065dited0example0client0001',
  aws_cognito_identity_pool_id: "ca-central-1:ffffffff-1111-4222-8333-444444444444",
  aws_user_files_s3_bucket: "example-edited-files",
  aws_cloud_logic_custom: [{ name: 'it\'s "an" API', weights: [1, -2.5e3, true, null,], }],
  $comment: 'https://example.com/ // no comment',
} as const);

Amplify.configure({ ...awsmobile, ssr: true });
if (options.retries) { console.log("that's all", /"/); }
export default awsmobile;
