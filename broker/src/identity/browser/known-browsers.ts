// Recognizes a browser that has signed in to an account before, by a cookie. The cookie proves only that, and lets nobody in; but the failed
// sign-ins of such a browser are counted apart from those of strangers (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
import { createHmac, randomBytes } from 'node:crypto';
import { sameText } from '../../store/secret-token.ts';

export interface KnownBrowsers {
  /** Makes the cookie's value for a browser in which this person has just signed in. */
  issue(userId: string): string;
  /** An id of the browser, where `value` was issued for this account; else undefined. */
  read(value: string | undefined, userId: string | undefined): string | undefined;
}

const SHAPE = /^([\w-]{22})\.([\w-]{43})$/;

export function createKnownBrowsers(key: string): KnownBrowsers {
  const macOf = (userId: string, nonce: string): string =>
    createHmac('sha256', key).update(`known-browser:${nonce}:${userId}`).digest('base64url');
  return {
    issue(userId) {
      const nonce = randomBytes(16).toString('base64url');
      return `${nonce}.${macOf(userId, nonce)}`;
    },
    read(value, userId) {
      const [, nonce, mac] = SHAPE.exec(value ?? '') ?? [];
      if (nonce === undefined || mac === undefined || userId === undefined) return undefined;
      return sameText(mac, macOf(userId, nonce)) ? nonce : undefined;
    },
  };
}
