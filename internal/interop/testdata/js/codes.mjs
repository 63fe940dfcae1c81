// codes.mjs provides codes for sign-ins: those that a pool sent, and those of an authenticator app.
import { createHmac } from 'node:crypto';
import { given } from './lib.mjs';

// sent returns the code that was last sent to a user.
export async function sent(pool, user) {
  const answer = await fetch(`${given.codes}/?${new URLSearchParams({ pool: pool.userPoolId, user })}`);
  return answer.text();
}

// wrong returns a code that differs from the right one.
export const wrong = (code) => code.slice(0, -1) + ((Number(code.at(-1)) + 1) % 10);

// totp returns the code of a base32 secret (RFC 6238). A pool accepts each code once; later = 1 returns the next code.
export function totp(secret, later = 0) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const mac = createHmac('sha1', key).update(step).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
