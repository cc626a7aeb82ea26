// The logins of HTTP clients, as `session list` shows and `session end` ends them. Whatever ends a login here also ends its tokens, and the open
// sessions and calls of its client.
import type { Part } from '../domain/bounds/part.ts';
import type { Session } from '../domain/people/people.ts';
import type { Actor, Receipt } from '../domain/people/receipt.ts';
import { DEFAULT_WORKSPACE } from '../domain/workspace.ts';
import type { Store } from '../store/store.ts';
import type { Revocation } from '../domain/people/revocation.ts';
import type { ClientLogin, ClientLogins } from './oauth/client-logins.ts';
import { MCP_SCOPE } from './oauth/oauth-settings.ts';
import { pickById, withUserNames } from './registers/people.ts';
import type { Revocations } from './revocations.ts';
import { changeNotes } from '../domain/change-notes.ts';

export interface ClientSessions {
  /** The logins of the people of a workspace, or of one of them, in an order that does not change. A place is the id of a session. */
  list(of: { workspaceId: string; userId?: string | undefined }, part?: Part<string>): Promise<Session[]>;
  /** Ends one login. `id` may be cut to a prefix that fits only one. Throws `not_found`, `usage` (ambiguous prefix). */
  end(workspaceId: string, id: string, actor: Actor): Promise<Receipt>;
  /** Ends all logins of a person; returns how many valid tokens were ended. */
  endOf(userId: string): Promise<number>;
  /** The OAuth server ended a login and its tokens: its client logged out, or a used token was presented again, as a thief would do. */
  ended(grantId: string, why: 'reuse' | 'logout', address: string): Promise<void>;
}

export function createClientSessions(parts: {
  store: Store;
  clientLogins: ClientLogins;
  revocations: Revocations;
  now: () => number;
}): ClientSessions {
  const { store, clientLogins, revocations, now } = parts;

  const revocation = (workspaceId: string, login: ClientLogin, reason: string): Revocation => ({
    workspaceId,
    kind: 'grant',
    id: login.grantId,
    reason,
  });

  return {
    async list(of, part) {
      const found = await clientLogins.listOfPeople(of, part);
      return (await withUserNames(store, found)).map((login) => {
        const { grantId: id, user, name: label, resource, address, createdAt, lastSeenAt, expiresAt } = login;
        const access = { resource, scopes: MCP_SCOPE.split(' ') };
        return { id, kind: 'oauth', user, label, access, address, createdAt, lastSeenAt, expiresAt };
      });
    },
    async end(workspace, id, actor) {
      const startedAt = now();
      const logins = (await clientLogins.list()).map((login) => ({ ...login, id: login.grantId }));
      const login = pickById(logins, id, { what: 'session', workspaceId: workspace });
      const tokensRevoked = await clientLogins.end(login.grantId);
      const user = await store.users.byId(login.userId);
      return revocations.end({
        subject: `session:${login.grantId}`,
        startedAt,
        revocations: [revocation(workspace, login, `the login of ${login.name} was ended`)],
        tokensRevoked,
        event: {
          workspace_id: workspace,
          type: 'session.ended',
          actor: actor.name,
          address: actor.address,
          data: {
            ...{ client: login.name, user: user?.name ?? null },
            ...changeNotes({ session: login.grantId, client: login.name }, undefined),
          },
        },
      });
    },
    async endOf(userId) {
      let tokens = 0;
      for (const { grantId } of await clientLogins.list(userId)) tokens += await clientLogins.end(grantId);
      return tokens;
    },
    async ended(grantId, why, address) {
      const startedAt = now();
      const login = await clientLogins.find(grantId);
      if (login === undefined) return;
      await clientLogins.end(grantId);
      const user = await store.users.byId(login.userId);
      const workspaceId = user?.workspaceId ?? DEFAULT_WORKSPACE;
      const reason =
        why === 'reuse' ? `a used token of ${login.name} was presented again` : `${login.name} has logged out`;
      await revocations.end({
        subject: `session:${login.grantId}`,
        startedAt,
        revocations: [revocation(workspaceId, login, reason)],
        tokensRevoked: 0,
        event: {
          workspace_id: workspaceId,
          type: why === 'reuse' ? 'token.reused' : 'logout',
          actor: user?.name ?? 'anonymous',
          address,
          data: { client: login.name },
        },
      });
    },
  };
}
