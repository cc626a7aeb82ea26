// What the broker says of the person's own accounts at servers, asked over the daemon's link.
import { member } from 'mcpgate-shared/member';
import { GateError } from 'mcpgate-shared/error';
import { OWN_METHODS } from 'mcpgate-shared/mcp/own-methods';
import type { McpSession } from '../tools/mcp-session.ts';

export interface AccountKey {
  name: string;
  label: string;
  help: string | null;
  secret: boolean;
}

export interface OwnAccount {
  server: string;
  kind: 'oauth' | 'keys';
  state: 'connected' | 'missing' | 'expired' | 'more_scopes';
  scopes: string[];
  connected_at: string | null;
  /** The page on which it is connected, in the browser. */
  url: string;
  /** Where the server is, as a digest; null where an earlier version of the broker does not say. */
  target: string | null;
  keys: AccountKey[];
}

const stringOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

/** The accounts in a result; empty where an earlier version of the broker says nothing of any. */
export function readAccounts(result: unknown): OwnAccount[] {
  return listOf(member(result, 'accounts')).map((account) => {
    const state = member(account, 'state');
    return {
      server: stringOrNull(member(account, 'server')) ?? '',
      kind: member(account, 'kind') === 'keys' ? 'keys' : 'oauth',
      state: state === 'connected' || state === 'expired' || state === 'more_scopes' ? state : 'missing',
      url: stringOrNull(member(account, 'url')) ?? '',
      target: stringOrNull(member(account, 'target')),
      connected_at: stringOrNull(member(account, 'connected_at')),
      scopes: listOf(member(account, 'scopes')).filter((scope) => typeof scope === 'string'),
      keys: listOf(member(member(account, 'form'), 'fields')).map((key) => ({
        name: stringOrNull(member(key, 'name')) ?? '',
        label: stringOrNull(member(key, 'label')) ?? '',
        help: stringOrNull(member(key, 'help')),
        secret: member(key, 'secret') !== false,
      })),
    };
  });
}

export async function ownAccounts(session: McpSession, signal: AbortSignal): Promise<OwnAccount[]> {
  return readAccounts((await session.request(OWN_METHODS.accounts, {}, { signal })).result);
}

/** Throws `not_found`, and names those that there are. */
export function accountAt(accounts: readonly OwnAccount[], server: string): OwnAccount {
  const found = accounts.find((account) => account.server === server);
  if (found !== undefined) return found;
  const names = accounts.map((account) => account.server).join(', ');
  const others = names === '' ? 'there is none' : `there is: ${names}`;
  throw new GateError(
    'not_found',
    `you use no server ${JSON.stringify(server)} with an account of your own; ${others}`,
  );
}

export const STATE_WORDS: Readonly<Record<OwnAccount['state'], string>> = {
  connected: 'connected',
  missing: 'not connected',
  expired: 'not good any more',
  more_scopes: 'allows too little',
};
