// lib.mjs is shared by the other scripts. It loads packages, reads the parameters and prints the report for the Go test.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

const tools = process.env.COGNITO_TOOLS || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cognito-tools');

// load loads a package that ../../install.sh installed.
export const load = createRequire(join(tools, 'js', 'package.json'));

// given are the parameters that the test wrote to standard input.
export const given = JSON.parse(readFileSync(0, 'utf8'));

const outcomes = {};

// attempt runs an action and records its outcome under a name: the value that it returns, or the code (or the name)
// and the message of the error that it throws. It returns the value, or undefined after an error.
export async function attempt(name, action) {
  if (name in outcomes) throw new Error(`two attempts are named ${name}`);
  try {
    const value = await action();
    outcomes[name] = { value: value ?? null };
    return value;
  } catch (error) {
    const kind = error.name === 'Error' ? error.constructor.name : error.name;
    outcomes[name] = { error: error.code ?? kind, message: error.message };
  }
}

// finish prints the report and ends the script.
export function finish() {
  process.stdout.write(JSON.stringify(outcomes), () => process.exit(0));
}

// claims decodes the payload of a JWT without verifying it.
export function claims(jwt) {
  return JSON.parse(Buffer.from(jwt.split('.')[1], 'base64url'));
}

// N is the SRP group's prime, the 3072-bit MODP group of RFC 3526.
export const N = BigInt(
  '0xFFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B' +
    '302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6' +
    '49286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D' +
    '670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718' +
    '3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7D' +
    'B3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C' +
    'BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF',
);
