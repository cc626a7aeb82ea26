// A login that the daemon has begun and that waits for the person to confirm it.

export interface PendingLogin {
  /** The page on which to confirm the login, with the code in its address. */
  url: string;
  /** The code, for a page that asks for it. */
  userCode: string;
  /** Whether the daemon has opened the page in a browser. */
  browserOpened: boolean;
  /** When the code expires (ms since the epoch). */
  expiresAt: number;
}

/** Reads a pending login from a message of the daemon; undefined where the value is none. */
export function readPendingLogin(value: unknown): PendingLogin | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const url: unknown = Reflect.get(value, 'url');
  const userCode: unknown = Reflect.get(value, 'userCode');
  const expiresAt: unknown = Reflect.get(value, 'expiresAt');
  if (typeof url !== 'string' || typeof userCode !== 'string' || typeof expiresAt !== 'number') return undefined;
  return { url, userCode, expiresAt, browserOpened: Reflect.get(value, 'browserOpened') === true };
}

/** One line that tells the person what to do. */
export const pendingLoginText = ({ url, userCode, browserOpened }: PendingLogin): string =>
  browserOpened
    ? `a login is needed: confirm it in the browser window that was opened at ${url} (if it asks for a code: ${userCode})`
    : `a login is needed: confirm it at ${url} (if it asks for a code: ${userCode})`;
