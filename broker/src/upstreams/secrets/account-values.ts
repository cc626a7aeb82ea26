// The keys of an account, for a connection that is made with them, and the words where there are none.
import type { Accounts } from '../../accounts/accounts.ts';
import type { AccountLack, AccountOwner } from '../../domain/people/account.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { inWorkspace } from '../../domain/workspace.ts';
import { accountNeeded, type AttemptError } from '../attempt.ts';

const NO_KEYS: ReadonlyMap<string, string> = new Map();

/** Throws an AttemptError of `account_needed` where the owner has not entered them. `owner` undefined: whoever asks can have no account. */
export async function accountValues(
  record: ServerRecord,
  owner: AccountOwner | undefined,
  accounts: Pick<Accounts, 'keys' | 'pageOf'>,
): Promise<ReadonlyMap<string, string>> {
  if (record.account?.kind !== 'keys') return NO_KEYS;
  if (owner === undefined) throw nobodysAccount(record);
  const answer = await accounts.keys(record, owner);
  if (answer.kind === 'keys') return answer.values;
  throw lacking(record, owner, answer.lack, accounts.pageOf(record));
}

export function lacking(
  record: ServerRecord,
  owner: AccountOwner,
  lack: AccountLack,
  page: string,
  cause?: unknown,
): AttemptError {
  const { name, workspaceId } = record;
  if (owner !== 'shared')
    return accountNeeded(`${PERSONAL[lack](name)} at ${page}, or with "mcpgate connect ${name}"`, lack, cause);
  const command = `"mcpgate-broker server connect ${name}${inWorkspace(workspaceId)}"`;
  return accountNeeded(`${SHARED[lack](name)}; an administrator connects it with ${command}`, lack, cause);
}

const PERSONAL: Readonly<Record<AccountLack, (name: string) => string>> = {
  missing: (name) => `server ${name} is used with an account of your own: connect it`,
  expired: (name) => `server ${name} takes your account no more: connect it again`,
  more_scopes: (name) => `server ${name} wants more rights than your account has: allow them`,
};

const SHARED: Readonly<Record<AccountLack, (name: string) => string>> = {
  missing: (name) => `server ${name} has no account yet`,
  expired: (name) => `server ${name} takes its account no more`,
  more_scopes: (name) => `server ${name} wants more rights than its account has`,
};

export function nobodysAccount({ name }: Pick<ServerRecord, 'name'>): AttemptError {
  const why = `server ${name} is used with each person's own account, and this credential is no person's`;
  return accountNeeded(`${why}: use a login, or a grant that was issued with --user`, 'missing');
}
