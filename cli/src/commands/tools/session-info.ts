// Reads the result of `mcpgate/session`: the user and workspace of this session, and the servers that it may use.
import { member } from 'mcpgate-shared/member';
import { type OwnAccount, readAccounts } from '../accounts/own-accounts.ts';

export interface SessionInfo {
  user: string | null;
  workspace: string | null;
  /** Of earlier versions of the broker: none. */
  accounts: OwnAccount[];
  servers: { name: string; state: string; tools: number; message: string | null; warnings: number }[];
}

const stringOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

export function parseSessionInfo(result: unknown): SessionInfo {
  const servers = member(result, 'servers');
  return {
    user: stringOrNull(member(result, 'user')),
    workspace: stringOrNull(member(result, 'workspace')),
    accounts: readAccounts(result),
    servers: (Array.isArray(servers) ? servers : []).map((server) => {
      const tools = member(server, 'tools');
      return {
        name: stringOrNull(member(server, 'name')) ?? '',
        state: stringOrNull(member(server, 'state')) ?? 'unknown',
        tools: typeof tools === 'number' ? tools : 0,
        message: stringOrNull(member(server, 'message')),
        // Earlier versions of the broker do not send this.
        warnings: Number(member(server, 'warnings') ?? 0),
      };
    }),
  };
}
