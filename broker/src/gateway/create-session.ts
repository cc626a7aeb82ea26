// One session: reads the client's messages, gives each to the edge of its generation of MCP, and ends its requests when it is closed. Messages
// go in and out as text, large ones with their pieces beside it.
import { randomUUID } from 'node:crypto';
import type { AccountChange } from '../accounts/accounts.ts';
import type { Principal } from '../domain/people/principal.ts';
import type { Pieces } from '../message/pieces.ts';
import type { ListKind } from '../mcp/list-kind.ts';
import type { UpstreamEvent } from '../upstreams/upstream.ts';
import { createToClient } from './edges/client-channel.ts';
import { refuseCut, refuseLong, replyMessage } from './edges/edge-messages.ts';
import { type Envelope, readEnvelope } from './edges/envelope.ts';
import type { GatewaySession, OpenPage, ParamHeaders, SendToClient, ToolMode } from './gateway.ts';
import { createLegacyEdge } from './edges/legacy/legacy-edge.ts';
import { createModernEdge } from './edges/modern/modern-edge.ts';
import { isModern } from './edges/modern/modern-meta.ts';
import { errorReply } from './reply.ts';
import type { GatewayParts } from './gateway-parts.ts';
import { createUnderWay } from './edges/under-way.ts';

/** A session as the gateway itself sees it. */
export interface Session extends GatewaySession {
  readonly workspaceId: string;
  /** Tells a client that has read the list that it may have changed. */
  listChanged(kind: ListKind | 'all'): void;
  /** The person's role or groups have changed. Does nothing in a session of another person. */
  personChanged(person: NonNullable<Principal['user']>): void;
  /** What the credential is bound to are the same servers as before. `names`: their new names by their old ones. */
  serversRenamed(names: ReadonlyMap<string, string>): void;
  /** An account at a server was made, renewed or ended. Does nothing in a session of another person. */
  accountChanged(change: AccountChange): void;
  /** A notification or other event of a server in the session's workspace. */
  onEvent(event: UpstreamEvent): void;
}

export function createSession(
  parts: GatewayParts,
  options: {
    principal: Principal;
    server?: string;
    tools?: ToolMode;
    /** Set where the client has no session of its own (2026-07-28 over HTTP): this one serves one request. */
    stateless?: { login: string; paramHeaders: ParamHeaders };
    openPage: OpenPage | undefined;
    address: () => string | undefined;
    send: SendToClient;
    onClosed: (session: Session) => void;
  },
): Session {
  const id = randomUUID();
  const { server: only, tools, stateless, openPage, address } = options;
  let closing: Promise<void> | undefined;
  let isEnding = false;
  const to = createToClient(parts, id, (...message) => {
    if (closing === undefined) options.send(...message);
  });
  const underWay = createUnderWay(parts, to);
  const legacy = createLegacyEdge(parts, {
    id,
    principal: options.principal,
    only,
    tools,
    openPage,
    address,
    underWay,
    to,
    cancel(idText) {
      if (!modern.cancel(idText)) underWay.cancel(idText);
    },
  });
  const modern = createModernEdge(parts, {
    get principal() {
      return legacy.principal;
    },
    only,
    tools,
    openPage,
    address,
    owner: stateless?.login ?? id,
    paramHeaders: stateless?.paramHeaders,
    underWay,
    to,
  });

  function onMessage(envelope: Envelope, text: string, pieces: Pieces | undefined): void {
    switch (envelope.kind) {
      case 'request': {
        const edge = isModern(envelope) ? modern : legacy;
        return edge.request(pieces === undefined ? envelope : { ...envelope, pieces });
      }
      case 'invalid':
        return to.put(replyMessage(envelope.idText, errorReply(envelope.code, envelope.message)));
      case 'response':
        return legacy.response(text, pieces);
      case 'notification':
        return legacy.notification(envelope, text);
    }
  }

  const session: Session = {
    id,
    workspaceId: options.principal.workspaceId,
    get pending() {
      return underWay.size;
    },
    listChanged(kind) {
      legacy.listChanged(kind);
      modern.listChanged(kind);
    },
    personChanged(person) {
      if (legacy.personChanged(person)) session.listChanged('all');
    },
    serversRenamed: (names) => legacy.serversRenamed(names),
    accountChanged(change) {
      if (legacy.accountChanged(change)) session.listChanged('all');
    },
    onEvent(event) {
      modern.onEvent(event);
      legacy.onEvent(event);
    },
    receiveCut: (head, tail) => to.put(refuseCut(head, tail, parts.maxMessageChars)),
    receive(text, pieces, envelope) {
      if (closing !== undefined) return;
      if (text.length > parts.maxMessageChars) return to.put(refuseLong(text, parts.maxMessageChars));
      onMessage(envelope ?? readEnvelope(text), text, pieces);
    },
    close(reason) {
      // The answers with which streams end are still sent, and whoever gets the last one may close the session too.
      if (isEnding) return closing ?? Promise.resolve();
      isEnding = true;
      modern.close();
      closing = (async () => {
        legacy.close();
        await Promise.all([underWay.close(reason), parts.clientKeys.end((owner) => owner === id, reason)]);
        options.onClosed(session);
      })();
      return closing;
    },
  };
  return session;
}
