// One WebSocket: its slots, the turns that channels take, the life of its token. It knows nothing of HTTP or of other links.
import type { WebSocket } from 'ws';
import type { Clock } from 'mcpgate-shared/clock';
import { CLOSE_CODE } from 'mcpgate-shared/close-code';
import { FrameKind, HEADER_BYTES, LINK_CHANNEL, readFrame, writeFrame, type FrameHeader } from 'mcpgate-shared/frame';
import { readLinkMessage, readOpen, toPayload, type CloseMessage, type LinkMessage } from 'mcpgate-shared/link-message';
import type { Principal } from '../domain/principal.ts';
import type { ChannelRegistry } from './channel-registry.ts';
import type { Slot, TunnelChannel, TunnelLimits } from './tunnel-channel.ts';

/** Above this many bytes in the socket, channels wait for their turn: a small answer is never behind more than this. */
const SOCKET_HIGH_BYTES = 256 * 1024;
/** A renewed token may arrive this much late. */
const TOKEN_GRACE_MS = 5_000;
const TIMER_MAX_MS = 0x7fff_ffff;

export interface TunnelLink {
  readonly principal: Principal;
  /** The daemon process at the other end; a newer link of the same one replaces this one. */
  readonly instance: string;
  readonly openedAt: number;
  /** When the peer was last heard. */
  readonly lastHeardAt: number;
  readonly channels: number;
  send(message: LinkMessage): void;
  ping(): void;
  close(code: number, reason: string): void;
  terminate(): void;
}

export function createTunnelLink(options: {
  ws: WebSocket;
  principal: Principal;
  instance: string;
  clock: Clock;
  limits: TunnelLimits;
  registry: ChannelRegistry;
  /** Checks a renewed token: the principal it stands for, if it is the same one. */
  renew: (token: string, current: Principal) => Promise<Principal | undefined>;
  onClose: (link: TunnelLink) => void;
}): TunnelLink {
  const { ws, clock, limits, registry } = options;
  const slots = new Map<number, TunnelChannel>();
  const ready = new Set<TunnelChannel>();
  const openedAt = clock.now();
  let { principal } = options;
  let lastHeardAt = openedAt;
  let cancelExpiry: (() => void) | undefined;

  const close = (code: number, reason: string) => ws.close(code, reason.slice(0, 120));

  const onSent = () => {
    if (ready.size > 0) pump();
  };
  const pump = () => {
    for (const channel of ready) {
      if (ws.bufferedAmount > SOCKET_HIGH_BYTES) return;
      ready.delete(channel);
      const frame = channel.channel.next();
      if (frame === undefined) continue;
      ready.add(channel); // behind the others
      ws.send(frame, onSent);
    }
  };

  const reply = (kind: FrameKind, channel: number, payload: Buffer) =>
    ws.send(writeFrame({ kind, flags: 0, channel, seq: 0, ack: 0 }, payload));
  const refuse = (number: number, message: CloseMessage) => reply(FrameKind.close, number, toPayload(message));

  const leave = (channel: TunnelChannel) => {
    channel.channel.detach();
    ready.delete(channel);
    if (slots.get(channel.number) === channel) slots.delete(channel.number);
    if (channel.slot === slot) channel.slot = undefined;
  };

  const slot: Slot = {
    ready(channel) {
      ready.add(channel);
      pump();
    },
    broken(channel, reason) {
      leave(channel);
      registry.linger(channel);
      refuse(channel.number, { code: 'protocol', message: reason });
    },
    fatal: (channel, message) => refuse(channel.number, message),
    left: leave,
  };

  const open = (number: number, payload: Buffer) => {
    const message = readOpen(payload);
    if (number === LINK_CHANNEL || message === undefined || slots.has(number)) {
      return close(CLOSE_CODE.protocol, 'an open frame that does not fit');
    }
    if (slots.size >= limits.channelsPerLink) {
      return refuse(number, {
        code: 'refused',
        message: `one link carries at most ${limits.channelsPerLink} channels`,
      });
    }
    const found = registry.openOrResume(message, principal);
    if (found.kind === 'refused') return refuse(number, { code: 'refused', message: found.message });
    const { channel, resumed } = found;
    if (!channel.channel.attach(number, resumed ? message.next : 0, message.windowBytes)) {
      registry.linger(channel);
      return refuse(number, { code: 'protocol', message: 'the acknowledgement does not fit what was sent' });
    }
    channel.number = number;
    channel.slot = slot;
    slots.set(number, channel);
    const { windowBytes, maxMessageBytes } = limits;
    const next = channel.channel.nextReceive;
    reply(FrameKind.opened, number, toPayload({ next, windowBytes, resumed, maxMessageBytes }));
    slot.ready(channel);
  };

  const watchExpiry = () => {
    cancelExpiry?.();
    const { expiresAt } = principal;
    if (expiresAt === undefined) return;
    const delayMs = Math.min(Math.max(0, expiresAt + TOKEN_GRACE_MS - clock.now()), TIMER_MAX_MS);
    cancelExpiry = clock.after(delayMs, () => close(CLOSE_CODE.token, 'the access token has ended'));
  };

  const control = async (payload: Buffer) => {
    const message = readLinkMessage(payload);
    if (message?.type !== 'token') return close(CLOSE_CODE.protocol, 'an unknown control message');
    const renewed = await options.renew(message.token, principal);
    if (renewed === undefined) return close(CLOSE_CODE.token, 'the renewed token was refused');
    principal = renewed;
    watchExpiry();
    link.send({ type: 'renewed', expiresAt: renewed.expiresAt ?? null });
  };

  const receive = (header: FrameHeader, payload: Buffer) => {
    const channel = slots.get(header.channel);
    if (header.kind === FrameKind.data || header.kind === FrameKind.ack) {
      channel?.channel.receive(header, payload); // none: it was closed while this was on its way
    } else if (header.kind === FrameKind.open) {
      open(header.channel, payload);
    } else if (header.kind === FrameKind.close) {
      if (channel) registry.end(channel, 'the AI client has gone');
    } else if (header.kind === FrameKind.control && header.channel === LINK_CHANNEL) {
      control(payload).catch(() => close(1011, 'the token could not be checked'));
    } else close(CLOSE_CODE.protocol, 'a frame that only the broker sends');
  };

  const link: TunnelLink = {
    instance: options.instance,
    openedAt,
    get principal() {
      return principal;
    },
    get lastHeardAt() {
      return lastHeardAt;
    },
    get channels() {
      return slots.size;
    },
    send: (message) => reply(FrameKind.control, LINK_CHANNEL, toPayload(message)),
    ping: () => ws.ping(),
    close,
    terminate: () => ws.terminate(),
  };
  const heard = () => {
    lastHeardAt = clock.now();
  };

  ws.on('message', (data, isBinary) => {
    heard();
    if (!isBinary || !Buffer.isBuffer(data)) return close(CLOSE_CODE.protocol, 'a text message');
    const header = readFrame(data);
    if (typeof header === 'string') return close(CLOSE_CODE.protocol, header);
    receive(header, data.subarray(HEADER_BYTES));
  });
  ws.on('pong', heard);
  ws.on('ping', heard);
  ws.on('error', (error) => {
    // ws closes with 1009 by itself; every other error is followed by `close` and needs nothing here
    if ('code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH')
      close(CLOSE_CODE.tooLarge, 'a frame is too large');
  });
  ws.on('close', () => {
    cancelExpiry?.();
    for (const channel of [...slots.values()]) {
      leave(channel);
      registry.linger(channel);
    }
    options.onClose(link);
  });
  watchExpiry();
  return link;
}
