// The credential store in a file of mode 0600, for machines without a keychain, if the person asked for it. One file holds the credentials of all
// brokers and workspaces; each write is atomic.
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GateError } from 'mcpgate-shared/error';
import { accountOf, parseCredential, serializeCredential, type CredentialStore } from './credential-store.ts';

export const tokenFilePath = (configDir: string): string => join(configDir, 'token');

export function createTokenFile(configDir: string): CredentialStore {
  const path = tokenFilePath(configDir);
  const change = async (items: Record<string, string>): Promise<void> => {
    if (Object.keys(items).length === 0) return rm(path, { force: true });
    await writePrivately(path, `${JSON.stringify(items, null, 2)}\n`);
  };
  return {
    kind: 'file',
    where: path,
    async probe() {
      const probe = `${path}.probe`;
      await writePrivately(probe, '');
      await rm(probe, { force: true });
    },
    async read(address) {
      const text = (await readItems(path))[accountOf(address)];
      return text === undefined ? null : parseCredential(text);
    },
    async write(address, credential) {
      await change({ ...(await readItems(path)), [accountOf(address)]: serializeCredential(credential) });
    },
    async replace(address, expected, next) {
      const items = await readItems(path);
      if (items[accountOf(address)] !== serializeCredential(expected)) return false;
      await change({ ...items, [accountOf(address)]: serializeCredential(next) });
      return true;
    },
    async remove(address) {
      const { [accountOf(address)]: removed, ...rest } = await readItems(path);
      if (removed !== undefined) await change(rest);
      return removed !== undefined;
    },
  };
}

async function readItems(path: string): Promise<Record<string, string>> {
  let text: string;
  try {
    if (process.platform !== 'win32' && ((await stat(path)).mode & 0o077) !== 0) {
      throw new GateError('keychain', `${path} can be read by others: run \`chmod 600 ${path}\``);
    }
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof GateError) throw error;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw fileError('read', path, error);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return {};
    return Object.fromEntries(
      Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  } catch (error) {
    throw new GateError('keychain', `${path} is damaged: delete it and log in again`, { cause: error });
  }
}

async function writePrivately(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(temporary, text, { mode: 0o600, flag: 'wx', flush: true });
    await rename(temporary, path);
  } catch (error) {
    // Where this fails too, the first failure is reported.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError('write', path, error);
  }
}

function fileError(verb: 'read' | 'write', path: string, error: unknown): GateError {
  const detail = error instanceof Error ? error.message : String(error);
  return new GateError('keychain', `cannot ${verb} the token file ${path}: ${detail}`, { cause: error });
}
