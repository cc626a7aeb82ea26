// Clients that register themselves (RFC 7591). Each registration is recorded. Those that no person has approved yet are bounded in number and soon
// forgotten; the others are kept for longer.
import type { Client } from 'oidc-provider';
import type { Clock } from 'mcpgate-shared/clock';
import type { Audit } from '../../audit/audit.ts';
import type { Store } from '../../store/store.ts';
import { sha256Hex } from '../../store/secret-token.ts';
import { NEW_CLIENT_MS, UNUSED_CLIENT_TTL_MS, UNUSED_CLIENTS_MAX, USED_CLIENT_TTL_MS } from './oauth-settings.ts';

const KIND = 'Client';
const PROLONG_EVERY_MS = 3_600_000;

export interface Registrations {
  /** Whether one more may register; forgets unapproved registrations that are not new for it. False: there are too many, and all are new. */
  hasRoom(): Promise<boolean>;
  /** Records a registration in the audit log. */
  added(client: Client, address: string): Promise<void>;
  /** A person has approved a login of the client, or the client has renewed its tokens: its registration is kept longer. Others are ignored. */
  used(clientId: string): Promise<void>;
}

export function createRegistrations(parts: {
  store: Store;
  clock: Clock;
  audit: Audit;
  workspaceId: string;
}): Registrations {
  const { store, clock, audit, workspaceId } = parts;
  return {
    hasRoom: () => store.oauth.makeRoom(KIND, UNUSED_CLIENTS_MAX, clock.now() + UNUSED_CLIENT_TTL_MS - NEW_CLIENT_MS),
    async added({ clientId, clientName, redirectUris = [] }, address) {
      await audit.refused({
        workspace_id: workspaceId,
        type: 'client.registered',
        actor: 'anonymous',
        subject: `client:${clientId}`,
        address,
        data: { client_name: clientName ?? '', redirect_uris: redirectUris },
      });
    },
    async used(clientId) {
      const row = await store.oauth.find(KIND, sha256Hex(clientId));
      if (row === undefined) return;
      const expiresAt = clock.now() + USED_CLIENT_TTL_MS;
      if (row.uid !== null && row.expiresAt !== null && expiresAt - row.expiresAt < PROLONG_EVERY_MS) return;
      // A `uid` marks a registration as used: only those without one are bounded in number.
      await store.oauth.update({ ...row, uid: clientId, expiresAt });
    },
  };
}
