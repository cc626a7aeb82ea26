// One WebSocket of a daemon: reads its frames, lets its channels send in turn, and ends when its token does. It knows nothing of HTTP or of
// other links.
import type { WebSocket } from 'ws';
import type { Clock } from 'mcpgate-shared/clock';
import { CLOSE_CODE, closeCodeOfBadFrame } from 'mcpgate-shared/link/close-code';
import {
  FLAG_FINAL,
  FrameKind,
  HEADER_BYTES,
  LINK_CHANNEL,
  readFrame,
  writeFrame,
  type FrameHeader,
} from 'mcpgate-shared/link/frame';
import { readLinkMessage, toPayload, type CloseMessage, type LinkMessage } from 'mcpgate-shared/link/link-message';
import { createRateBound } from 'mcpgate-shared/rate-bound';
import type { ChannelEnd } from '../../domain/channel-end.ts';
import { ownerOf } from '../../domain/people/owner-of.ts';
import type { Principal } from '../../domain/people/principal.ts';
import type { ChannelRegistry } from '../channels/channel-registry.ts';
import type { FormerChannels } from '../handoff/former-channels.ts';
import { createLinkLogin } from './link-login.ts';
import { createLinkOpening } from './link-opening.ts';
import type { RejectMeter, RejectReason } from './reject-meter.ts';
import type { Carrier, TunnelChannel, TunnelLimits } from '../channels/tunnel-channel.ts';

/** With more unsent bytes than this in the socket, channels wait: so a small answer never has to wait behind more. */
const SOCKET_HIGH_BYTES = 256 * 1024;
/** How long the daemon may take to answer a close before the socket is cut. */
const CLOSE_MS = 2_000;
/** How long the daemon may take to answer a ping when another broker says that it is there. */
const ALIVE_MS = 2_000;
/** The smallest fragment, except for a message's last one: many tiny fragments would cost far more memory than their bytes. */
const FRAGMENT_MIN_BYTES = 1024;

export interface TunnelLink {
  readonly principal: Principal;
  /** The owner of the login (`owner-of.ts`); a renewed token has the same one. */
  readonly owner: string;
  /** Identifies the daemon process at the other end; a newer link of the same process replaces this one. */
  readonly instance: string;
  readonly openedAt: number;
  readonly channels: number;
  /** Requests that came over it and have no answer yet. */
  readonly pending: number;
  /** The person's role or groups have changed; channels that are opened from now on get the new ones. */
  personChanged(person: NonNullable<Principal['user']>): void;
  serversRenamed(names: ReadonlyMap<string, string>): void;
  /** Bytes that the socket has not sent yet. */
  readonly socketBytes: number;
  send(message: LinkMessage): void;
  /** Ends the link where the daemon is silent or does not read, else pings it. */
  beat(): void;
  close(code: number, reason: string): void;
  terminate(): void;
}

/** Error codes of `ws` for a message that is too long, or whose length does not fit into a number. */
const TOO_LARGE: ReadonlySet<string> = new Set([
  'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
  'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH',
]);

export function createTunnelLink(options: {
  ws: WebSocket;
  principal: Principal;
  instance: string;
  /** Whether the daemon has a person before it for whom it can open pages. */
  opensPages: boolean;
  clock: Clock;
  limits: TunnelLimits;
  registry: ChannelRegistry;
  meter: RejectMeter;
  /** The daemon's address, for the log. */
  address: string;
  /** The name of this run of the broker. */
  broker: string;
  formers: Pick<FormerChannels, 'fateOf' | 'heard'>;
  /** The record of a channel that has ended at this broker. */
  endOf: (id: string) => ChannelEnd | undefined;
  /** Checks a renewed token; returns its principal, or undefined where it does not belong to the same login. */
  renew: (token: string, current: Principal, address: string) => Promise<Principal | undefined>;
  onClose: (link: TunnelLink) => void;
}): TunnelLink {
  const { ws, clock, limits, registry, meter } = options;
  const byNumber = new Map<number, TunnelChannel>();
  const ready = new Set<TunnelChannel>();
  const openedAt = clock.now();
  let lastHeardAt = openedAt;
  let ended = false;
  let closeCode: number | undefined;
  let sent = 0;
  let sentAtBeat = 0;
  let readAt = openedAt;
  const mayControl = createRateBound(limits.controls, clock.now);
  const mayPing = createRateBound(limits.pings, clock.now);

  const close = (code: number, reason: string) => {
    if (ended) return;
    ended = true; // frames that still arrive are not read
    closeCode = code;
    ws.close(code, reason.slice(0, 120));
    clock.after(CLOSE_MS, () => ws.terminate());
  };
  const login = createLinkLogin(options.principal, clock, () => close(CLOSE_CODE.token, 'the access token has ended'));
  const owner = ownerOf(options.principal);
  const noteRejected = (reason: RejectReason, message: string) => {
    const { user, credential, workspaceId } = login.principal;
    const who = { user: user?.name, credential: credential.label, address: options.address, workspaceId };
    meter.rejected(reason, who, message);
  };
  const reject = (reason: RejectReason, code: number, message: string) => {
    if (ended) return;
    noteRejected(reason, message);
    close(code, message);
  };

  const onSent = (error?: Error | null) => {
    if (!error) sent += 1;
    if (ready.size > 0) pump();
  };
  const pump = () => {
    for (const channel of ready) {
      if (ws.bufferedAmount > SOCKET_HIGH_BYTES) return;
      ready.delete(channel);
      const frame = channel.channel.next();
      if (frame === undefined) continue;
      ready.add(channel); // it gets its next turn after the others
      ws.send(frame, onSent);
    }
  };

  const mindReader = () => {
    if (ws.bufferedAmount > limits.socketBytes) reject('slow_reader', CLOSE_CODE.heartbeat, 'the answers are not read');
  };
  const reply = (kind: FrameKind, channel: number, payload: Buffer) => {
    ws.send(writeFrame({ kind, flags: 0, channel, seq: 0, ack: 0 }, payload), onSent);
    mindReader();
  };
  const refuse = (number: number, message: CloseMessage) => reply(FrameKind.close, number, toPayload(message));

  const leave = (channel: TunnelChannel) => {
    channel.channel.detach();
    ready.delete(channel);
    if (byNumber.get(channel.number) === channel) byNumber.delete(channel.number);
    if (channel.carrier === carrier) channel.carrier = undefined;
  };

  const carrier: Carrier = {
    address: options.address,
    ready(channel) {
      ready.add(channel);
      pump();
    },
    broken(channel, reason) {
      leave(channel);
      registry.linger(channel);
      noteRejected('sequence', reason);
      refuse(channel.number, { code: 'protocol', message: reason });
    },
    fatal: (channel, message) => refuse(channel.number, message),
    takenOver(channel) {
      leave(channel);
      refuse(channel.number, { code: 'protocol', message: 'another link has taken this channel over' });
    },
    ended: leave,
    openPage(url) {
      if (ended || !options.opensPages) return false;
      link.send({ type: 'page', url });
      return true;
    },
    checkAlive() {
      const askedAt = clock.now();
      ws.ping(undefined, undefined, onSent);
      clock.after(ALIVE_MS, () => {
        // Reads the socket first: where the broker itself was busy, the daemon's answer already waits there.
        setImmediate(() => {
          if (lastHeardAt < askedAt) reject('silent', CLOSE_CODE.heartbeat, 'nothing was heard');
        });
      });
    },
  };

  const opening = createLinkOpening({
    ...options,
    owner,
    byNumber,
    carrier,
    principal: () => login.principal,
    isEnded: () => ended,
    opened: (number, message) => reply(FrameKind.opened, number, toPayload(message)),
    refuse,
    noteRejected,
    reject,
    close,
  });

  const control = async (payload: Buffer) => {
    const message = readLinkMessage(payload);
    if (message?.type !== 'token') return reject('control', CLOSE_CODE.protocol, 'an unknown control message');
    if (!mayControl()) return reject('rate', CLOSE_CODE.tooMany, 'the token is renewed too often');
    const renewed = await options.renew(message.token, login.principal, options.address);
    if (renewed === undefined) return reject('renewal', CLOSE_CODE.token, 'the renewed token was refused');
    if (ended) return;
    login.renew(renewed);
    link.send({ type: 'renewed', expiresAt: renewed.expiresAt ?? null });
  };

  const receive = (header: FrameHeader, payload: Buffer) => {
    const channel = byNumber.get(header.channel);
    if (header.kind === FrameKind.open) return opening.open(header.channel, payload);
    if (header.kind === FrameKind.control && header.channel === LINK_CHANNEL) {
      control(payload).catch(() => close(1011, 'the token could not be checked'));
      return;
    }
    if (header.kind === FrameKind.control || header.kind === FrameKind.opened) {
      return reject('frame', CLOSE_CODE.protocol, 'a frame that only the broker sends');
    }
    if (channel === undefined) {
      if (header.kind === FrameKind.close) opening.forget(header.channel);
      if (header.channel !== LINK_CHANNEL && opening.hadNumber(header.channel)) return; // the channel was closed while this frame was on its way
      return reject('unknown_channel', CLOSE_CODE.protocol, 'a frame for a channel that was never opened');
    }
    if (header.kind === FrameKind.close) return registry.end(channel, 'the AI client has gone');
    if (header.kind === FrameKind.data && (header.flags & FLAG_FINAL) === 0) {
      if (payload.length < FRAGMENT_MIN_BYTES) return reject('frame', CLOSE_CODE.protocol, 'a fragment is too small');
      // A copy, so that keeping a small payload does not keep the large buffer around it.
      if (payload.buffer.byteLength > payload.length * 4) payload = Buffer.from(payload);
    }
    if (header.kind === FrameKind.data && !channel.admits(payload.length)) {
      return registry.fail(channel, { code: 'overflow', message: 'too much of this login is under way' });
    }
    channel.channel.receive(header, payload);
    opening.settle(channel);
  };

  const link: TunnelLink = {
    instance: options.instance,
    openedAt,
    owner,
    get principal() {
      return login.principal;
    },
    get channels() {
      return byNumber.size;
    },
    get pending() {
      return [...byNumber.values()].reduce((sum, { session }) => sum + session.pending, 0);
    },
    personChanged: (person) => login.personChanged(person),
    serversRenamed: (names) => login.serversRenamed(names),
    send: (message) => reply(FrameKind.control, LINK_CHANNEL, toPayload(message)),
    get socketBytes() {
      return ws.bufferedAmount;
    },
    beat() {
      const now = clock.now();
      if (ws.bufferedAmount === 0 || sent !== sentAtBeat) readAt = now;
      sentAtBeat = sent;
      if (now - lastHeardAt > limits.silentMs) return reject('silent', CLOSE_CODE.heartbeat, 'nothing was heard');
      if (now - readAt > limits.stalledMs) return reject('slow_reader', CLOSE_CODE.heartbeat, 'nothing is read');
      ws.ping(undefined, undefined, onSent);
    },
    close,
    terminate: () => ws.terminate(),
  };
  const heard = () => {
    lastHeardAt = clock.now();
  };

  ws.on('message', (data, isBinary) => {
    if (ended) return;
    heard();
    if (!isBinary || !Buffer.isBuffer(data)) return reject('text', CLOSE_CODE.protocol, 'a text message');
    const header = readFrame(data);
    if (typeof header === 'string') {
      const code = closeCodeOfBadFrame(data);
      return reject(code === CLOSE_CODE.version ? 'version' : 'frame', code, header);
    }
    receive(header, data.subarray(HEADER_BYTES));
  });
  ws.on('pong', heard);
  ws.on('ping', (data) => {
    if (ended) return;
    heard();
    if (!mayPing()) return reject('rate', CLOSE_CODE.tooMany, 'too many pings');
    ws.pong(data, undefined, onSent);
    mindReader();
  });
  ws.on('error', (error) => {
    // A network error is followed by `close`, which does the rest. Where the daemon broke the protocol, `ws` has sent the close code itself.
    const code = 'code' in error ? String(error.code) : '';
    if (code.startsWith('WS_ERR_')) {
      if (TOO_LARGE.has(code)) reject('too_large', CLOSE_CODE.tooLarge, 'a frame is too large');
      else reject('websocket', CLOSE_CODE.protocol, error.message);
    }
  });
  ws.on('close', (code) => {
    ended = true;
    meter.closed(closeCode ?? code);
    login.end();
    for (const channel of [...byNumber.values()]) {
      leave(channel);
      registry.linger(channel);
    }
    options.onClose(link);
  });
  return link;
}
