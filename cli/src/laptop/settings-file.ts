// Reads `config.json` in the configuration folder, without a library, because `serve` and the daemon must start fast. `settings.ts` writes it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GateError } from 'mcpgate-shared/error';

export type TokenStoreKind = 'keychain' | 'file';
export type Environment = Readonly<Record<string, string | undefined>>;

/** The stored settings. They contain no secret of mcpgate; the file has mode 0600 because a proxy variable may contain a password. */
export interface Settings {
  /** The broker's origin, e.g. `https://mcp.example.com`. Kept after a logout, so that the next `login` needs no URL. */
  broker?: string;
  workspace?: string;
  /** The name of the user who is logged in; absent after a logout. */
  user?: string;
  /** The kind of the stored credential: a device login (refresh token) or a grant. Absent: not logged in. */
  credential?: 'device' | 'grant';
  /** A random value that changes at each login, so that a process knows when the tokens in its memory are of an earlier one. */
  loginId?: string;
  /** The id that the broker gave this laptop at the first login. It is sent with later logins, so that the laptop stays one device. */
  deviceId?: string;
  /** The store in which the credential was put at login. */
  tokenStore?: TokenStoreKind;
  /** Variables of the shell that logged in (kept-environment.ts). */
  environment?: Record<string, string>;
}

export const settingsPath = (configDir: string): string => join(configDir, 'config.json');

/** Reads the settings; `{}` where there are none yet. Throws `config` where the file is unreadable or not JSON. */
export const readSettings = (configDir: string): Settings => guardSettings(readSettingsValue(configDir));

/** The same as it stands there; undefined where there are none yet. */
export function readSettingsValue(configDir: string): unknown {
  const path = settingsPath(configDir);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    const detail = error instanceof Error ? error.message : String(error);
    throw new GateError('config', `cannot read ${path}: ${detail}`, { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new GateError('config', `${path} is not valid JSON; mend it, or delete it and log in again`, {
      cause: error,
    });
  }
}

/** Takes the keys that are known and have the right type, and ignores all others. */
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
