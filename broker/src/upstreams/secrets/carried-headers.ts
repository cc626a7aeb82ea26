// What each request to a server over HTTP carries besides the headers of its record: the token of the account that it is used with (bearer.ts), and
// a token that says who asks. They are asked for anew for every request, because they end after a while.
import type { IdentityTokens } from '../../assertions/assertions.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { identityHeaderOf } from '../../domain/transports/transports.ts';
import type { Bearer } from './bearer.ts';
import type { HideToken } from './secret-mask.ts';

export interface Carried {
  /** Names and values in turn. */
  headers: readonly string[];
  /** Of the account; undefined where the server is used without one by OAuth. */
  token: string | undefined;
}

export interface CarriedHeaders {
  /** Throws an AttemptError of `account_needed`, and `forbidden` where the access of the person has ended. */
  current(): Promise<Carried>;
  /** After `error`, by which the server refused these: others to send the request with once more. Throws as `Bearer.after` does. */
  after(error: unknown, carried: Carried): Promise<Carried>;
}

/** `userId`: of the person whose connection it is; undefined: it is no person's, and says nobody's name. Undefined where nothing is carried. */
export function createCarriedHeaders(parts: {
  record: ServerRecord;
  userId: string | undefined;
  bearer: Bearer | undefined;
  identityTokens: Pick<IdentityTokens, 'tokenFor'>;
  /** Told each token before it is used, so that nobody hears it from the server. */
  hide: HideToken;
}): CarriedHeaders | undefined {
  const { record, userId, bearer, identityTokens, hide } = parts;
  const header = identityHeaderOf(record.transport)?.toLowerCase();
  const saysWho = header !== undefined && userId !== undefined;
  if (bearer === undefined && !saysWho) return undefined;
  let last: string | undefined;

  async function carry(token: string | undefined): Promise<Carried> {
    const headers = token === undefined ? [] : ['authorization', `Bearer ${token}`];
    if (!saysWho) return { headers, token };
    const identity = await identityTokens.tokenFor(record, userId);
    if (identity !== last) hide('identity', (last = identity));
    return { headers: [...headers, header, identity], token };
  }

  return {
    async current() {
      return await carry(await bearer?.current());
    },
    async after(error, { token }) {
      if (bearer === undefined) throw error;
      return await carry(await bearer.after(error, token));
    },
  };
}
