// Registrations of clients by themselves: recorded, bounded while nobody has let them in, kept for longer once somebody has.
import type { Client } from 'oidc-provider';
import type { Clock } from 'mcpgate-shared/clock';
import type { Audit } from '../../audit/audit.ts';
import type { Store } from '../../store/store.ts';
import { sha256Hex } from '../secret-token.ts';
import { NEW_CLIENT_MS, UNUSED_CLIENT_TTL_MS, UNUSED_CLIENTS_MAX, USED_CLIENT_TTL_MS } from './oauth-settings.ts';

const KIND = 'Client';
const PROLONG_EVERY_MS = 3_600_000;

export interface Registrations {
  /** False: there are as many as may be that nobody has let in, and all of them are new. */
  hasRoom(): Promise<boolean>;
  added(client: Client, address: string): Promise<void>;
  /** Somebody has let it in, or it has renewed its tokens. Nothing to do for a client that is no registration. */
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
      // A `uid` says that it is in use: only those without one are cut to a number.
      await store.oauth.update({ ...row, uid: clientId, expiresAt });
    },
  };
}
