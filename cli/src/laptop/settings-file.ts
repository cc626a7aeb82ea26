// What `config.json` in the configuration folder says, read without a library: the daemon and `serve` need it and load next to
// nothing. Writing it is `settings.ts`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GateError } from 'mcpgate-shared/error';

export type TokenStoreKind = 'keychain' | 'file';
export type Environment = Readonly<Record<string, string | undefined>>;

/** The stored settings. Holds no secret of mcpgate; a proxy variable may hold the person's own, hence 0600. */
export interface Settings {
  /** The broker's origin, e.g. `https://mcp.example.com`. Kept after a logout, so that the next `login` needs no URL. */
  broker?: string;
  workspace?: string;
  /** Who is logged in; absent after a logout. */
  user?: string;
  /** What kind of credential is stored: a device login (refresh token) or a grant. Absent: not logged in. */
  credential?: 'device' | 'grant';
  /** Random, another one at each login: tells whoever holds tokens in memory that they are of an earlier one. */
  loginId?: string;
  /** Given by the broker at the first login; sent again so that the same laptop stays one device. */
  deviceId?: string;
  /** Where the credential was put at login. */
  tokenStore?: TokenStoreKind;
  /** Variables of the shell that logged in (kept-environment.ts): AI clients start the daemon with next to none. */
  environment?: Record<string, string>;
}

export const settingsPath = (configDir: string): string => join(configDir, 'config.json');

/** Reads the settings; `{}` where there are none yet. Throws `config` where the file is unreadable or not JSON. */
export function readSettings(configDir: string): Settings {
  const path = settingsPath(configDir);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    const detail = error instanceof Error ? error.message : String(error);
    throw new GateError('config', `cannot read ${path}: ${detail}`, { cause: error });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new GateError('config', `${path} is not valid JSON; mend it, or delete it and log in again`, {
      cause: error,
    });
  }
  return guardSettings(parsed);
}

/** Keeps the keys that are known and well-typed; the rest is as if it were not there. */
export function guardSettings(value: unknown): Settings {
  if (typeof value !== 'object' || value === null) return {};
  const settings: Settings = {};
  for (const key of ['broker', 'workspace', 'user', 'loginId', 'deviceId'] as const) {
    const text: unknown = Reflect.get(value, key);
    if (typeof text === 'string' && text !== '') settings[key] = text;
  }
  const credential: unknown = Reflect.get(value, 'credential');
  if (credential === 'device' || credential === 'grant') settings.credential = credential;
  const tokenStore: unknown = Reflect.get(value, 'tokenStore');
  if (tokenStore === 'keychain' || tokenStore === 'file') settings.tokenStore = tokenStore;
  const environment: unknown = Reflect.get(value, 'environment');
  if (typeof environment === 'object' && environment !== null) {
    settings.environment = Object.fromEntries(
      Object.entries(environment).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  }
  return settings;
}
