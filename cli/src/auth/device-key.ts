// The device key: 32 random bytes of this laptop, in a file of mode 0600. It proves to the broker that a refresh token which is sent a second time
// comes from the same device, so that a lost answer does not log the person out; and that a new login is of a device that logged in before.
import { createHmac, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GateError } from 'mcpgate-shared/error';

const KEY_BYTES = 32;

/** Reads the key, or makes it at the first use. Two processes that make it at the same time end up with the same one. */
export function deviceKey(configDir: string): Buffer {
  const path = join(configDir, 'device-key');
  const existing = readKey(path);
  if (existing !== undefined) return existing;
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    mkdirSync(configDir, { recursive: true, mode: 0o700 });
    writeFileSync(temporary, randomBytes(KEY_BYTES).toString('base64url'), { mode: 0o600, flag: 'wx' });
    try {
      linkSync(temporary, path);
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error;
    } finally {
      rmSync(temporary, { force: true });
    }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new GateError('config', `cannot write ${path}: ${detail}`, { cause: error });
  }
  const made = readKey(path);
  if (made === undefined) throw new GateError('config', `${path} is damaged: delete it and try again`);
  return made;
}

/** `retry_proof` of a refresh: base64url(HMAC-SHA256(device key, refresh token)). */
export const retryProof = (key: Buffer, refreshToken: string): string =>
  createHmac('sha256', key).update(refreshToken).digest('base64url');

/** `device_proof` of a login. It differs by broker, so that no broker can use it at another one. */
export const deviceProof = (key: Buffer, broker: string): string =>
  createHmac('sha256', key).update(`device login at ${broker}`).digest('base64url');

function readKey(path: string): Buffer | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    const detail = error instanceof Error ? error.message : String(error);
    throw new GateError('config', `cannot read ${path}: ${detail}`, { cause: error });
  }
  const key = Buffer.from(text, 'base64url');
  if (key.length !== KEY_BYTES) throw new GateError('config', `${path} is damaged: delete it and try again`);
  return key;
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
