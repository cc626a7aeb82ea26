// The tokens that a page sends with whatever changes something. A token is an HMAC of the session, so the store keeps none, every broker of the database
// knows those of the others, and none is good in another session.
import { createHmac } from 'node:crypto';
import { sameText } from '../../store/secret-token.ts';

export interface CsrfTokens {
  /** `session`: what tells this sign-in from all others. */
  of(session: string): string;
  fits(token: unknown, session: string): boolean;
}

/** `key`: the key of the pages' forms. */
export function createCsrfTokens(key: string): CsrfTokens {
  const own = createHmac('sha256', key).update('mcpgate api csrf').digest();
  const of = (session: string): string => createHmac('sha256', own).update(session).digest('base64url');
  return {
    of,
    fits: (token, session) => typeof token === 'string' && token.length === 43 && sameText(token, of(session)),
  };
}
