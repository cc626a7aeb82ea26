// `/v1/tunnel`: checks who comes before the upgrade, keeps the links, ends them on a revocation, notices dead ones, drains.
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Clock } from 'mcpgate-shared/clock';
import { CLOSE_CODE, SUBPROTOCOL } from 'mcpgate-shared/close-code';
import { FRAME_MAX_BYTES } from 'mcpgate-shared/frame';
import type { Audit } from '../audit/audit.ts';
import type { Log } from '../domain/log.ts';
import type { Principal } from '../domain/principal.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Authentication, Identity, Revocation } from '../identity/identity.ts';
import { createChannelRegistry } from './channel-registry.ts';
import { ownerOf, TUNNEL_LIMITS, type TunnelLimits } from './tunnel-channel.ts';
import { createTunnelLink, type TunnelLink } from './tunnel-link.ts';

const PING_EVERY_MS = 8_000;
const SILENT_AFTER_MS = 18_000;

export interface Tunnel {
  /** `address`: of the client, as the HTTP edge knows it behind a proxy. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, address: string): void;
  stats(): { links: number; channels: number; pending: number; backlogBytes: number };
  links(): readonly { principal: Principal; openedAt: number; channels: number }[];
  /** No new links; resolves when no call is under way, or after `limitMs`; then links are closed with 1012. */
  drain(limitMs: number): Promise<void>;
  close(): void;
}

const matches = (revocation: Revocation) => (principal: Principal) => {
  if (principal.workspaceId !== revocation.workspaceId) return false;
  if (revocation.kind === 'user') return principal.user?.id === revocation.id;
  if (revocation.kind === 'device') return principal.device?.id === revocation.id;
  return principal.credential.id === revocation.id;
};

const bearerOf = (request: IncomingMessage) =>
  /^Bearer ([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? '')?.[1];

function rejectUpgrade(socket: Duplex, status: number, code: string, message: string, headers: string[] = []): void {
  const body = JSON.stringify({ error: { code, message, request_id: null } });
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...headers,
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

export function createTunnel(options: {
  identity: Pick<Identity, 'authenticate' | 'onRevoked'>;
  gateway: Gateway;
  audit: Pick<Audit, 'event'>;
  log: Log;
  clock: Clock;
  version: string;
  limits?: Partial<TunnelLimits>;
}): Tunnel {
  const { identity, gateway, audit, log, clock } = options;
  const limits = { ...TUNNEL_LIMITS, ...options.limits };
  const onError = (error: unknown) => log.error({ err: error }, 'the end of a session could not be recorded');
  const registry = createChannelRegistry({ gateway, clock, limits, onError });
  const links = new Set<TunnelLink>();
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: FRAME_MAX_BYTES,
    handleProtocols: () => SUBPROTOCOL,
  });
  let draining = false;
  let revocations = 0;

  const reject = (socket: Duplex, address: string, rejected: Authentication & { kind: 'rejected' }) => {
    const status = rejected.reason === 'revoked' || rejected.reason === 'wrong_audience' ? 403 : 401;
    rejectUpgrade(socket, status, rejected.reason, rejected.message, [
      'WWW-Authenticate: Bearer error="invalid_token"',
    ]);
    const data = { door: 'tunnel', reason: rejected.reason };
    audit
      .event({ workspace_id: 'default', type: 'auth.rejected', actor: 'anonymous', subject: null, address, data })
      .catch((error: unknown) => log.error({ err: error }, 'a rejected upgrade could not be recorded'));
  };

  const renew = async (token: string, current: Principal) => {
    const answer = await identity.authenticate(token, 'tunnel');
    return answer.kind === 'ok' && ownerOf(answer.principal) === ownerOf(current) ? answer.principal : undefined;
  };

  /** A daemon that comes back after a half-open link takes over from its own former one. */
  const replaceFormer = (principal: Principal, instance: string) => {
    for (const other of links) {
      if (instance === '' || other.instance !== instance || ownerOf(other.principal) !== ownerOf(principal)) continue;
      other.close(CLOSE_CODE.replaced, 'a newer link of the same daemon took over');
    }
  };

  const admit = async (request: IncomingMessage, socket: Duplex, head: Buffer, address: string) => {
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (!offered.includes(SUBPROTOCOL)) {
      const message = `this broker speaks ${SUBPROTOCOL}; upgrade mcpgate on this computer, or the broker`;
      const headers = ['Upgrade: websocket', `Sec-WebSocket-Protocol: ${SUBPROTOCOL}`];
      return rejectUpgrade(socket, 426, 'version', message, headers);
    }
    if (draining) return rejectUpgrade(socket, 503, 'unavailable', 'this broker is draining', ['Retry-After: 1']);
    let answer: Authentication;
    let seen: number;
    do {
      seen = revocations; // one that falls between the check and the link would miss the link: check again
      answer = await identity.authenticate(bearerOf(request), 'tunnel');
    } while (seen !== revocations);
    if (answer.kind === 'rejected') return reject(socket, address, answer);
    const { principal } = answer;
    const instance = String(request.headers['mcpgate-instance'] ?? '').slice(0, 64);
    server.handleUpgrade(request, socket, head, (ws) => {
      replaceFormer(principal, instance);
      const onClose = (closed: TunnelLink) => {
        links.delete(closed);
        log.info({ user: principal.user?.name, credential: principal.credential.label, address }, 'link closed');
      };
      const link = createTunnelLink({ ws, principal, instance, clock, limits, registry, renew, onClose });
      links.add(link);
      const { workspaceId: workspace, user, expiresAt = null } = principal;
      link.send({ type: 'welcome', user: user?.name ?? null, workspace, version: options.version, expiresAt });
      log.info({ user: user?.name, credential: principal.credential.label, address }, 'link opened');
    });
  };

  const endRevoked = identity.onRevoked(async (revocation) => {
    revocations += 1;
    const isMeant = matches(revocation);
    const { calls, closed } = registry.endWhere(isMeant, revocation.reason);
    let linksClosed = 0;
    for (const link of links) {
      if (!isMeant(link.principal)) continue;
      link.close(CLOSE_CODE.revoked, revocation.reason);
      linksClosed += 1;
    }
    await closed;
    return { linksClosed, callsCancelled: calls };
  });

  const heartbeat = setInterval(() => {
    for (const link of links) {
      if (clock.now() - link.lastHeardAt > SILENT_AFTER_MS) {
        link.close(CLOSE_CODE.heartbeat, 'nothing was heard');
        link.terminate();
      } else link.ping();
    }
  }, PING_EVERY_MS).unref();

  return {
    handleUpgrade(request, socket, head, address) {
      socket.on('error', () => socket.destroy());
      admit(request, socket, head, address).catch((error: unknown) => {
        log.error({ err: error }, 'an upgrade failed');
        const message = 'the broker cannot check who you are right now';
        rejectUpgrade(socket, 503, 'unavailable', message, ['Retry-After: 1']);
      });
    },
    stats: () => ({
      links: links.size,
      channels: registry.size,
      pending: registry.pending,
      backlogBytes: registry.backlogBytes,
    }),
    links: () => [...links],
    async drain(limitMs) {
      draining = true;
      for (const link of links) link.send({ type: 'draining' });
      await new Promise<void>((resolve) => {
        const deadline = clock.now() + limitMs;
        const poll = setInterval(() => {
          if (registry.pending > 0 && clock.now() < deadline) return;
          clearInterval(poll);
          resolve();
        }, 10);
      });
      for (const link of links) link.close(CLOSE_CODE.draining, 'the broker restarts');
    },
    close() {
      endRevoked();
      clearInterval(heartbeat);
      for (const link of links) link.terminate();
      server.close();
    },
  };
}
