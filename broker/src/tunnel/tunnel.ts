// The endpoint `/v1/tunnel`: authenticates daemons before the WebSocket upgrade, keeps their links, ends links on a revocation or when they are
// dead, and drains them when the broker ends.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { Clock } from 'mcpgate-shared/clock';
import { CLOSE_CODE, SUBPROTOCOL } from 'mcpgate-shared/link/close-code';
import { FRAME_MAX_BYTES } from 'mcpgate-shared/link/frame';
import { PAGES_HEADER } from 'mcpgate-shared/link/link-message';
import { createRateBound } from 'mcpgate-shared/rate-bound';
import type { Audit } from '../audit/audit.ts';
import { DEFAULT_WORKSPACE } from '../domain/workspace.ts';
import type { Log } from '../domain/log.ts';
import { ownerOf } from '../domain/people/owner-of.ts';
import type { Principal } from '../domain/people/principal.ts';
import { isRevoked } from '../domain/people/revocation.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Authentication } from '../identity/authentication.ts';
import type { Identity } from '../identity/identity.ts';
import { createAdmission } from './link/admission.ts';
import { createChannelRegistry } from './channels/channel-registry.ts';
import { drained, mayReturn } from './handoff/drained.ts';
import { createEndedChannels } from './handoff/ended-channels.ts';
import { createFormerChannels, type BetweenBrokers } from './handoff/former-channels.ts';
import { createRejectMeter, type RejectMeter, type RejectReason } from './link/reject-meter.ts';
import { badHandshake, rejectUpgrade, type Rejection } from './link/reject-upgrade.ts';
import { TUNNEL_LIMITS, type TunnelLimits } from './channels/tunnel-channel.ts';
import { createTunnelLink, type TunnelLink } from './link/tunnel-link.ts';

const OWNERS_WATCHED = 10_000;
/** The close code of RFC 6455 that `ws` sends for a message over `maxPayload`. */
const WS_TOO_LARGE = 1009;

class TunnelSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    super.close(code === WS_TOO_LARGE ? CLOSE_CODE.tooLarge : code, reason);
  }
}

export interface TunnelStats {
  links: number;
  channels: number;
  /** Channels that other brokers are being asked for. */
  awaited: number;
  /** Requests that have no answer yet. */
  pending: number;
  /** Sent, but not acknowledged by laptops. */
  backlogBytes: number;
  /** Arrived, but not read by the broker yet. */
  heldBytes: number;
  /** Of messages whose end has not arrived yet. */
  partialBytes: number;
  /** In sockets, not sent yet because daemons read slowly. */
  socketBytes: number;
  rejects: RejectMeter['rejects'];
  closes: RejectMeter['closes'];
}

export interface Tunnel {
  /** `address`: the client's, which the HTTP server has found out where there is a proxy before it. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, address: string): void;
  /** Refuses an upgrade for a reason that the HTTP server found. */
  turnAway(socket: Duplex, address: string, why: Rejection & { reason: RejectReason }): void;
  /** Servers of a workspace were renamed; logins stay bound to the same ones. `names`: the new names by the old ones. */
  serversRenamed(workspaceId: string, names: ReadonlyMap<string, string>): void;
  stats(): TunnelStats;
  links(): readonly { principal: Principal; openedAt: number; channels: number; pending: number }[];
  /** Tells clients to go to another broker, and waits until they have all answers, at most for `limitMs`. Then closes all links with 1012. */
  drain(limitMs: number): Promise<void>;
  close(): void;
}

const bearerOf = (request: IncomingMessage) =>
  /^Bearer ([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? '')?.[1];

/** Reasons for 403 instead of 401: the token is genuine, but has been revoked or is not meant for this use. */
const FORBIDDEN: ReadonlySet<string> = new Set(['revoked', 'wrong_audience', 'wrong_address']);

const DRAINING = {
  reason: 'draining',
  status: 503,
  code: 'unavailable',
  message: 'this broker is draining',
  headers: ['Retry-After: 1'],
} as const;

export function createTunnel(
  options: {
    identity: Pick<Identity, 'authenticate' | 'onRevoked' | 'onChanged'>;
    gateway: Gateway;
    audit: Pick<Audit, 'refused'>;
    log: Log;
    clock: Clock;
    version: string;
    /** The unique name of this run of the broker. */
    broker: string;
    limits?: Partial<TunnelLimits>;
  } & BetweenBrokers,
): Tunnel {
  const { identity, gateway, audit, log, clock } = options;
  const limits = { ...TUNNEL_LIMITS, ...options.limits };
  const onError = (error: unknown) => log.error({ err: error }, 'the end of a session could not be recorded');
  const meter = createRejectMeter({
    ...{ log, clock },
    onRejected(reason, { user, credential, address = null, workspaceId = DEFAULT_WORKSPACE }) {
      // A bad token has a row that says what is wrong with it, and of these nobody has asked for anything that was refused.
      if (['token', 'revoked', 'draining', 'unavailable', 'silent', 'slow_reader'].includes(reason)) return;
      const actor = user ?? (credential === undefined ? 'anonymous' : `grant:${credential}`);
      const common = { workspace_id: workspaceId, type: 'request.refused', actor, subject: null, address };
      audit
        .refused({ ...common, data: { door: 'tunnel', reason } })
        .catch((error: unknown) => log.error({ err: error }, 'what the tunnel has refused could not be recorded'));
    },
  });
  const ended = createEndedChannels({ clock, keepMs: limits.resumeMs });
  const registry = createChannelRegistry({ gateway, clock, limits, meter, ended, onError });
  const formers = createFormerChannels({
    between: options,
    broker: options.broker,
    registry,
    ended,
    clock,
    keepMs: limits.resumeMs,
    onError: (error) => log.error({ err: error }, 'what channels leave behind could not be kept or read'),
  });
  const links = new Set<TunnelLink>();
  const server = new WebSocketServer({
    noServer: true,
    WebSocket: TunnelSocket,
    perMessageDeflate: false,
    autoPong: false, // tunnel-link.ts answers pings itself, at a limited rate
    maxPayload: FRAME_MAX_BYTES,
    handleProtocols: () => SUBPROTOCOL,
  });
  const addresses = new WeakMap<IncomingMessage, string>();
  server.on('wsClientError', (_error: Error, socket: Duplex, request: IncomingMessage) => {
    turnAway(socket, addresses.get(request) ?? 'unknown', badHandshake(request));
  });
  let draining = false;
  /** True: the drain is over, and no daemon is let in any more to fetch answers. */
  let gone = false;
  let revocations = 0;
  const admission = createAdmission(clock);
  const upgradeBounds = new Map<string, () => boolean>();

  /** Refuses an upgrade for a reason that has nothing to do with the token. */
  const turnAway = (socket: Duplex, address: string, why: Rejection & { reason: RejectReason }) => {
    meter.rejected(why.reason, { address }, why.message);
    rejectUpgrade(socket, why);
  };

  const reject = (socket: Duplex, address: string, rejected: Authentication & { kind: 'rejected' }) => {
    const status = FORBIDDEN.has(rejected.reason) ? 403 : 401;
    const { reason, message } = rejected;
    // RFC 6750, section 3: no error code where no token was sent.
    const why = reason === 'missing' ? '' : ` error="invalid_token", error_description="${message}"`;
    const headers = [`WWW-Authenticate: Bearer${why}`];
    rejectUpgrade(socket, { status, code: reason, message, headers });
    meter.rejected(status === 403 ? 'revoked' : 'token', { address }, rejected.message);
    const data = { door: 'tunnel', reason: rejected.reason };
    audit
      .refused({ workspace_id: 'default', type: 'auth.rejected', actor: 'anonymous', subject: null, address, data })
      .catch((error: unknown) => log.error({ err: error }, 'a rejected upgrade could not be recorded'));
  };

  const renew = async (token: string, current: Principal, address: string) => {
    const answer = await identity.authenticate(token, 'tunnel', address);
    return answer.kind === 'ok' && ownerOf(answer.principal) === ownerOf(current) ? answer.principal : undefined;
  };

  /** While draining: whether `owner` (or anybody) has a channel without a link that has something to finish. */
  const mayFinish = (owner?: string) => {
    if (gone) return false;
    for (const channel of registry.all) {
      if ((owner ?? channel.owner) === channel.owner && mayReturn(channel)) return true;
    }
    return false;
  };

  /** Ends the former link of a daemon that has come back, for example after a link that was half-open. */
  const replaceFormer = (principal: Principal, instance: string) => {
    for (const other of links) {
      if (instance === '' || other.instance !== instance || other.owner !== ownerOf(principal)) continue;
      other.close(CLOSE_CODE.replaced, 'a newer link of the same daemon took over');
    }
  };

  /** Whether this login may have one more link, and does not connect too often. */
  const hasRoomFor = (principal: Principal, instance: string): boolean => {
    const owner = ownerOf(principal);
    let mayUpgrade = upgradeBounds.get(owner);
    if (mayUpgrade === undefined) {
      mayUpgrade = createRateBound(limits.upgrades, clock.now);
      for (const [oldest] of upgradeBounds) if (upgradeBounds.size >= OWNERS_WATCHED) upgradeBounds.delete(oldest);
      upgradeBounds.set(owner, mayUpgrade);
    }
    let others = 0;
    for (const link of links) {
      if (link.owner === owner && (instance === '' || link.instance !== instance)) others += 1;
    }
    return others < limits.linksPerOwner && mayUpgrade();
  };

  const admit = async (request: IncomingMessage, socket: Duplex, head: Buffer, address: string) => {
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (!offered.includes(SUBPROTOCOL)) {
      const message = `this broker speaks ${SUBPROTOCOL}; upgrade mcpgate on this computer, or the broker`;
      const headers = ['Upgrade: websocket', `Sec-WebSocket-Protocol: ${SUBPROTOCOL}`];
      return turnAway(socket, address, { reason: 'version', status: 426, code: 'version', message, headers });
    }
    if (draining && !mayFinish()) {
      return turnAway(socket, address, DRAINING);
    }
    let answer: Authentication;
    let seen: number;
    do {
      seen = revocations; // a revocation between this check and the new link would not find the link, so check again
      answer = await identity.authenticate(bearerOf(request), 'tunnel', address);
    } while (seen !== revocations);
    if (answer.kind === 'rejected') return reject(socket, address, answer);
    const { principal } = answer;
    if (draining && !mayFinish(ownerOf(principal))) return turnAway(socket, address, DRAINING);
    const opensPages = request.headers[PAGES_HEADER] === 'yes';
    const instance = String(request.headers['mcpgate-instance'] ?? '').slice(0, 64);
    if (!hasRoomFor(principal, instance)) {
      const message = `too many links of this login; at most ${limits.linksPerOwner} at a time`;
      const headers = ['Retry-After: 10'];
      return turnAway(socket, address, { reason: 'too_many_links', status: 429, code: 'throttled', message, headers });
    }
    addresses.set(request, address);
    server.handleUpgrade(request, socket, head, (ws) => {
      if (!draining) replaceFormer(principal, instance); // while draining, a daemon keeps its former link beside the new one
      const onClose = (closed: TunnelLink) => {
        links.delete(closed);
        log.info({ user: principal.user?.name, credential: principal.credential.label, address }, 'link closed');
      };
      const parts = {
        clock,
        limits,
        registry,
        meter,
        broker: options.broker,
        formers,
        endOf: ended.find,
        renew,
        onClose,
      };
      const link = createTunnelLink({ ws, principal, instance, opensPages, address, ...parts });
      links.add(link);
      const { workspaceId: workspace, user, expiresAt = null } = principal;
      const { version, broker } = options;
      link.send({ type: 'welcome', user: user?.name ?? null, workspace, version, expiresAt, broker });
      if (draining) link.send({ type: 'draining' });
      log.info({ user: user?.name, credential: principal.credential.label, address }, 'link opened');
    });
  };

  const live = () => [...links, ...registry.all].map(({ principal }) => principal);
  const endRevoked = identity.onRevoked(async (revocation) => {
    revocations += 1;
    const isMeant = (principal: Principal) => isRevoked(revocation, principal);
    const { calls, closed } = registry.endWhere(isMeant, revocation.reason);
    let linksClosed = 0;
    for (const link of links) {
      if (!isMeant(link.principal)) continue;
      link.close(CLOSE_CODE.revoked, revocation.reason);
      linksClosed += 1;
    }
    await Promise.all([closed, formers.revoked(revocation)]);
    return { linksClosed, callsCancelled: calls };
  }, live);

  const endChanged = identity.onChanged(({ id, name, role, groups }) => {
    for (const link of links) link.personChanged({ id, name, role, groups });
  });

  const heartbeat = setInterval(() => {
    for (const link of links) link.beat();
  }, limits.heartbeatMs).unref();

  return {
    handleUpgrade(request, socket, head, address) {
      socket.on('error', () => socket.destroy());
      const away = (message: string, afterS: number) => {
        const headers = [`Retry-After: ${afterS}`];
        turnAway(socket, address, { reason: 'unavailable', status: 503, code: 'unavailable', message, headers });
      };
      const work = async () => {
        if (socket.destroyed) return;
        await admit(request, socket, head, address).catch((error: unknown) => {
          log.error({ err: error }, 'an upgrade failed');
          away('the broker cannot check who you are right now', 1);
        });
      };
      const afterS = admission.enter(address, work);
      if (afterS !== undefined) away('too many come at once; you will be let in in a moment', afterS);
    },
    turnAway,
    serversRenamed(workspaceId, names) {
      for (const link of links) if (link.principal.workspaceId === workspaceId) link.serversRenamed(names);
    },
    stats: () => ({
      links: links.size,
      channels: registry.size,
      awaited: formers.awaited,
      pending: registry.pending,
      backlogBytes: registry.backlogBytes,
      heldBytes: registry.heldBytes,
      partialBytes: registry.partialBytes,
      socketBytes: [...links].reduce((total, link) => total + link.socketBytes, 0),
      rejects: meter.rejects,
      closes: meter.closes,
    }),
    links: () => [...links],
    async drain(limitMs) {
      draining = true;
      registry.stopOpening();
      for (const link of links) link.send({ type: 'draining' });
      if (!(await drained(() => registry.all, { clock, limitMs, leaveMs: limits.leaveMs }))) {
        log.warn(
          { calls: registry.pending },
          'the drain has reached its limit: what still runs has an unknown outcome',
        );
      }
      gone = true;
      await formers.leave('the broker restarts');
      for (const link of links) link.close(CLOSE_CODE.draining, 'the broker restarts');
    },
    close() {
      endRevoked();
      endChanged();
      formers.close();
      clearInterval(heartbeat);
      for (const link of links) link.terminate();
      server.close();
    },
  };
}
