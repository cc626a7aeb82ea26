// The token that each request to a server over HTTP carries, where the server is used with an account by OAuth. It is asked for anew for every
// request, because it may have been refreshed; where the server refuses it, the request may go out once more with another one.
import type { Accounts, TokenAnswer } from '../../accounts/accounts.ts';
import type { AccountOwner } from '../../domain/people/account.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { attemptOf } from '../attempt.ts';
import { remedy } from '../remedy.ts';
import { lacking, nobodysAccount } from './account-values.ts';
import type { HideToken } from './secret-mask.ts';

export interface Bearer {
  /** Undefined for an account of keys, which stand in the texts of the record. Throws an AttemptError of `account_needed`. */
  current(): string | undefined | Promise<string>;
  /**
   * After `error`, by which the server refused a request with this token: another token to send it with once more. Throws an AttemptError of
   * `account_needed` where somebody has something to do first, and `error` where nothing would help.
   */
  after(error: unknown, token: string | undefined): Promise<string | undefined>;
}

/**
 * `keys`: those that the connection is made with, where the account is made of keys. `hide`: told each token before it is used, so that nobody
 * hears it from the server. Undefined where the record wants no account.
 */
export function createBearer(
  record: ServerRecord,
  owner: AccountOwner | undefined,
  accounts: Pick<Accounts, 'token' | 'refused' | 'keysRefused' | 'pageOf'>,
  keys: ReadonlyMap<string, string>,
  hide: HideToken,
): Bearer | undefined {
  if (record.account === null) return undefined;
  if (owner === undefined) throw nobodysAccount(record);
  if (record.account.kind === 'keys') return forKeys(record, owner, accounts, keys);
  let last: string | undefined;

  function take(answer: TokenAnswer, cause?: unknown): string {
    if (answer.kind === 'lacking')
      throw lacking(record, owner ?? 'shared', answer.lack, accounts.pageOf(record), cause);
    if (answer.value !== last) hide('account', (last = answer.value));
    return answer.value;
  }

  return {
    current() {
      const answer = accounts.token(record, owner);
      return answer instanceof Promise ? answer.then((late) => take(late)) : take(answer);
    },
    async after(error, token) {
      const attempt = attemptOf(error);
      const wants = remedy(attempt, { what: 'request_with_token' });
      if ((wants !== 'new_token' && wants !== 'wider_token') || token === undefined) throw error;
      const answer = await accounts.refused(record, owner, token, { wants, header: attempt.challenge });
      if (answer === undefined) throw error;
      return take(answer, error);
    },
  };
}

function forKeys(
  record: ServerRecord,
  owner: AccountOwner,
  accounts: Pick<Accounts, 'keysRefused' | 'pageOf'>,
  keys: ReadonlyMap<string, string>,
): Bearer {
  return {
    current: () => undefined,
    async after(error) {
      // Others may have been entered since the connection was made: another connection has them.
      const next = remedy(attemptOf(error), { what: 'credentials' });
      if (next !== 'new_credentials' || !(await accounts.keysRefused(record, owner, keys))) throw error;
      throw lacking(record, owner, 'expired', accounts.pageOf(record), error);
    },
  };
}
