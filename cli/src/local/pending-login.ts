// A login that the daemon has begun and that waits for its person.

export interface PendingLogin {
  /** The page to confirm it at, with the code. */
  url: string;
  /** For a page that asks for it. */
  userCode: string;
  /** The page was opened in a browser here. */
  browserOpened: boolean;
  /** ms since the epoch */
  expiresAt: number;
}

/** Only what the daemon itself says; undefined where it is none. */
export function readPendingLogin(value: unknown): PendingLogin | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const url: unknown = Reflect.get(value, 'url');
  const userCode: unknown = Reflect.get(value, 'userCode');
  const expiresAt: unknown = Reflect.get(value, 'expiresAt');
  if (typeof url !== 'string' || typeof userCode !== 'string' || typeof expiresAt !== 'number') return undefined;
  return { url, userCode, expiresAt, browserOpened: Reflect.get(value, 'browserOpened') === true };
}

/** What the person is to do, as one line. */
export const pendingLoginText = ({ url, userCode, browserOpened }: PendingLogin): string =>
  browserOpened
    ? `a login is needed: confirm it in the browser window that was opened at ${url} (if it asks for a code: ${userCode})`
    : `a login is needed: confirm it at ${url} (if it asks for a code: ${userCode})`;
