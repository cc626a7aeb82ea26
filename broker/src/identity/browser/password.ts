// Hashes and checks local passwords: scrypt, in PHC form. Checking the password of an account without one takes as long as checking a wrong one,
// so that the time does not show which accounts exist. Which new ones will do, `sign-in/new-password.ts` says.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** OWASP's setting of scrypt that takes 32 MiB for each guess. */
const COST = { log2N: 15, r: 8, p: 3, hashBytes: 32 };
const MAX_MEMORY_BYTES = 64 * 1024 * 1024;
const PHC = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

const derive = (password: string, salt: Uint8Array, cost: typeof COST): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const options = { N: 2 ** cost.log2N, r: cost.r, p: cost.p, maxmem: MAX_MEMORY_BYTES };
    scrypt(password.normalize('NFKC'), salt, cost.hashBytes, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });

const unpadded = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replaceAll('=', '');

/** `$scrypt$ln=15,r=8,p=3$salt$hash`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, COST);
  return `$scrypt$ln=${COST.log2N},r=${COST.r},p=${COST.p}$${unpadded(salt)}$${unpadded(hash)}`;
}

/** Whether `password` fits; with `null` (unknown person, no password yet) always false, after the same work. */
export async function verifyPassword(phc: string | null, password: string): Promise<boolean> {
  const [, log2N, r, p, salt, hash] = PHC.exec(phc ?? '') ?? [];
  if (!log2N || !r || !p || !salt || !hash) {
    await derive(password, randomBytes(16), COST);
    return false;
  }
  const expected = Buffer.from(hash, 'base64');
  const cost = { log2N: Number(log2N), r: Number(r), p: Number(p), hashBytes: expected.length };
  return timingSafeEqual(await derive(password, Buffer.from(salt, 'base64'), cost), expected);
}
