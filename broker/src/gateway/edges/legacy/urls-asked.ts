// The pages that a client up to 2025-11-25 was asked to show its person, one a server, until it is told that what they are for is done
// (MCP 2025-11-25, client/elicitation, "Completion Notifications").
import { randomUUID } from 'node:crypto';
import type { Notice } from '../../request.ts';
import type { UrlsAsked } from '../../session-scope.ts';

export interface OwnUrlsAsked extends UrlsAsked {
  /** The account at the server is there: tells the client, where it was asked. */
  done(serverId: string): void;
}

export function createUrlsAsked(tell: (notice: Notice) => void): OwnUrlsAsked {
  const ids = new Map<string, string>();
  return {
    idFor(serverId) {
      const id = ids.get(serverId) ?? randomUUID();
      ids.set(serverId, id);
      return id;
    },
    forget: (serverId) => void ids.delete(serverId),
    done(serverId) {
      const elicitationId = ids.get(serverId);
      if (!ids.delete(serverId)) return;
      tell({ method: 'notifications/elicitation/complete', paramsText: JSON.stringify({ elicitationId }) });
    },
  };
}
