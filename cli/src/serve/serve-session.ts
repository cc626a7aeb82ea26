// The AI client's session: owns the channel, so order, acknowledgement and resend outlive the daemon and the link. Knows which requests
// are unanswered, holds what cannot be sent yet, and answers by itself what must not wait.
import { CHANNEL_DEFAULTS, createChannel, type Channel } from 'mcpgate-shared/channel';
import type { Clock } from 'mcpgate-shared/clock';
import { FrameKind, writeFrame, type FrameHeader } from 'mcpgate-shared/frame';
import { readClose, readOpened, toPayload } from 'mcpgate-shared/link-message';
import { VERSION } from 'mcpgate-shared/version';
import type { LinkState } from '../local/control.ts';
import { fillPrefix, PREFIX_BYTES } from '../local/frame-stream.ts';
import { answeredId, readClientMessage, resultText, type ClientMessage } from './client-message.ts';
import { LISTS_CHANGED, localAnswer, unknownOutcome } from './local-answer.ts';

const CHANNEL_NUMBER = 1;
/** A handshake, and with the broker known to be away a list too, waits this long before the last known copy answers. */
const AWAY_HOLD_MS = 250;
/** A list waits this long for a link that is just coming up. */
const LIST_HOLD_MS = 2_000;
/** A call waits this long for a link that was there before, and that long for one that never was. */
const CALL_HOLD_MS = 30_000;
const FIRST_CALL_HOLD_MS = 10_000;
const REINITIALIZE_ID = '"mcpgate-initialize-again"';

interface Entry extends ClientMessage {
  line: Buffer;
  /** Given to a channel: from then on it may have been carried out. */
  sent: boolean;
  since: number;
}

export interface ServeSession {
  /** One line of the AI client. */
  fromClient(line: Buffer): void;
  /** A frame of the daemon for the channel. */
  fromLink(header: FrameHeader, payload: Buffer): void;
  linkState(state: LinkState, message: string | null): void;
  /** The daemon has gone. */
  linkLost(): void;
  /** The local socket, or the AI client, takes more. */
  linkWritable(): void;
  clientWritable(): void;
  /** The last frame: tells the broker that nobody is here any more. Undefined where there is no channel. */
  closing(): Buffer | undefined;
  /** Requests without an answer. */
  readonly pending: number;
}

export interface ServeSessionOptions {
  clock: Clock;
  randomHex: (bytes: number) => string;
  randomSecret: () => string;
  server?: string;
  /** Writes to the daemon; false: no more for now. */
  toLink: (frame: Buffer) => boolean;
  /** Writes a message to the AI client; false: no more for now. */
  toClient: (message: Buffer | string) => boolean;
  /** The last known list, for when the link is away. */
  lists: { read(): string | undefined; keep(resultText: string): void };
}

export function createServeSession(options: ServeSessionOptions): ServeSession {
  const { clock } = options;
  let id = options.randomHex(16);
  let secret = options.randomSecret();
  let opened = false; // an `open` of this channel was sent once: from then on only a resume continues it
  /** A resume was asked for; its `opened` says where to go on. */
  let resuming = false;
  let wasOpen = false;
  /** The broker was tried and did not answer, and has not since. */
  let away = false;
  let state: LinkState = 'connecting';
  let reason = 'the local daemon is starting';
  let cancelHold: (() => void) | undefined;
  let detachedAt = clock.now();
  /** Every request without an answer, by id, and what waits for a link, in order. */
  const entries = new Map<string, Entry>();
  let waiting: Entry[] = [];
  let initialize: Entry | undefined;
  let initializeAnswered = false;
  let initializedSent = false;
  let answeredLocally = false;

  let channel = makeChannel();

  function makeChannel(): Channel {
    return createChannel({
      clock,
      windowBytes: CHANNEL_DEFAULTS.windowBytes,
      backlogBytes: CHANNEL_DEFAULTS.backlogBytes,
      maxMessageBytes: CHANNEL_DEFAULTS.maxMessageBytes,
      headroomBytes: PREFIX_BYTES,
      onMessage: fromBroker,
      onReady: pump,
      onBroken: () => sendOpen(),
      onFatal() {
        if (state === 'open') options.toLink(closeFrame('the channel was given up'));
        openAnew();
      },
    });
  }

  function pump(): void {
    for (let frame = channel.next(); frame !== undefined; frame = channel.next()) {
      if (!options.toLink(fillPrefix(frame))) return;
    }
  }

  function toClient(message: Buffer | string): void {
    if (!options.toClient(message)) channel.pause();
  }

  function fromBroker(message: Buffer): void {
    const answered = answeredId(message);
    if (answered === REINITIALIZE_ID) return; // our own question
    if (answered !== undefined) {
      const entry = entries.get(answered);
      entries.delete(answered);
      if (entry === initialize) initializeAnswered = true;
      if (entry?.method === 'tools/list' && entry.params['cursor'] === undefined) {
        const text = resultText(message);
        if (text !== undefined) options.lists.keep(text);
      }
    }
    toClient(message);
  }

  function deliver(entry: Entry): void {
    entry.sent = true;
    try {
      channel.send(entry.line);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      answer(entry, `${error.message}; send less at once`);
    }
  }

  function answer(entry: Entry, why: string): void {
    if (entry.id === undefined) return;
    entries.delete(entry.id);
    if (entry === initialize) initializeAnswered = true;
    answeredLocally = true;
    toClient(localAnswer({ ...entry, id: entry.id }, why, options.lists.read()));
  }

  /** The channel is live: everything that waits goes out, behind a handshake of our own where the client has had its answer. */
  function flush(): void {
    cancelHold?.();
    cancelHold = undefined;
    const lines = waiting;
    waiting = [];
    for (const entry of lines) deliver(entry);
    if (answeredLocally) {
      answeredLocally = false;
      toClient(LISTS_CHANGED);
    }
  }

  function introduce(): void {
    if (!initialize || !initializeAnswered) return;
    const params = JSON.stringify(initialize.params);
    channel.send(Buffer.from(`{"jsonrpc":"2.0","id":${REINITIALIZE_ID},"method":"initialize","params":${params}}`));
    if (initializedSent) channel.send(Buffer.from('{"jsonrpc":"2.0","method":"notifications/initialized"}'));
    answeredLocally = true; // whatever the client knows may be old
  }

  function sendOpen(): void {
    const { windowBytes } = CHANNEL_DEFAULTS;
    const { server } = options;
    const next = channel.nextReceive;
    const payload = toPayload({
      id,
      secret,
      next,
      windowBytes,
      version: VERSION,
      ...(server === undefined ? {} : { server }),
    });
    const header = { kind: FrameKind.open, flags: 0, channel: CHANNEL_NUMBER, seq: 0, ack: 0 };
    const isFresh = !opened;
    resuming = opened;
    opened = true;
    options.toLink(fillPrefix(writeFrame(header, payload, PREFIX_BYTES)));
    if (!isFresh) return;
    channel.attach(CHANNEL_NUMBER, 0, windowBytes); // a new one starts at 0: no need to wait for that answer
    introduce();
    flush();
  }

  /** The broker knows nothing of the channel: what was under way has an unknown outcome, what can be asked again is asked again. */
  function startOver(): void {
    channel.detach();
    channel = makeChannel();
    const again: Entry[] = [];
    for (const [key, entry] of [...entries]) {
      if (!entry.sent) continue;
      if (entry.method === 'tools/call') {
        entries.delete(key);
        toClient(unknownOutcome(key));
      } else again.push({ ...entry, sent: false });
    }
    for (const entry of again) if (entry.id !== undefined) entries.set(entry.id, entry);
    const first = again.find((entry) => entry.method === 'initialize');
    if (first) initialize = first;
    waiting = [...again, ...waiting];
  }

  /** Refused or ended by the broker: a new channel under a new name. */
  function openAnew(): void {
    startOver();
    id = options.randomHex(16);
    secret = options.randomSecret();
    opened = false;
    if (state === 'open') sendOpen();
  }

  const isHopeless = () => state === 'login_needed' || state === 'revoked';
  const holdMs = (entry: Entry) => {
    if (isHopeless()) return 0;
    if (entry.method !== 'tools/call') return away || entry.method === 'initialize' ? AWAY_HOLD_MS : LIST_HOLD_MS;
    return wasOpen ? CALL_HOLD_MS : FIRST_CALL_HOLD_MS;
  };

  /** What was sent waits for as long as the broker keeps the channel; after a revocation the broker has ended it. */
  const resumeUntil = () => (state === 'revoked' ? 0 : detachedAt + CHANNEL_DEFAULTS.resumeMs);

  /** Answers what has waited for long enough, and looks again when the next one has. */
  function watchHold(): void {
    cancelHold?.();
    cancelHold = undefined;
    if (channel.attached) return;
    const now = clock.now();
    if (now >= resumeUntil()) abandon();
    const due = waiting.filter((entry) => now - entry.since >= holdMs(entry));
    waiting = waiting.filter((entry) => !due.includes(entry));
    for (const entry of due) answer(entry, reason);
    const times = waiting.map((entry) => entry.since + holdMs(entry));
    if (entries.size > waiting.length) times.push(resumeUntil());
    const nextMs = Math.min(...times) - now;
    if (Number.isFinite(nextMs)) cancelHold = clock.after(Math.max(1, nextMs), watchHold);
  }

  /** The channel can no longer be resumed: what was under way is answered, and the next link gets a new channel. */
  function abandon(): void {
    if (!opened) return;
    if (state === 'revoked') for (const entry of [...entries.values()]) if (entry.sent) answer(entry, reason);
    openAnew();
  }

  /** The client does not want an answer any more; where it was not sent, nothing needs to be. */
  function cancelled({ params }: ClientMessage): boolean {
    const key = JSON.stringify(params['requestId']);
    const entry = entries.get(key);
    entries.delete(key);
    if (entry === undefined || entry.sent) return false;
    waiting = waiting.filter((each) => each !== entry);
    return true;
  }

  function closeFrame(message: string): Buffer {
    const header = { kind: FrameKind.close, flags: 0, channel: CHANNEL_NUMBER, seq: 0, ack: 0 };
    return fillPrefix(writeFrame(header, toPayload({ code: 'done', message }), PREFIX_BYTES));
  }

  function detach(): void {
    if (channel.attached) detachedAt = clock.now();
    channel.detach();
  }

  return {
    fromClient(line) {
      const message = readClientMessage(line) ?? { id: undefined, method: undefined, params: {} };
      const entry: Entry = { ...message, line, sent: false, since: clock.now() };
      if (entry.method === 'initialize') {
        initialize = entry;
        initializeAnswered = false;
      }
      if (entry.method === 'notifications/initialized') initializedSent = true;
      if (entry.method === 'notifications/cancelled' && cancelled(entry)) return;
      if (entry.id !== undefined && entry.method !== undefined) entries.set(entry.id, entry);
      if (channel.attached) return deliver(entry);
      waiting.push(entry);
      watchHold();
    },

    fromLink(header, payload) {
      if (header.kind === FrameKind.data || header.kind === FrameKind.ack) return channel.receive(header, payload);
      if (header.kind === FrameKind.opened) {
        const answerOfBroker = readOpened(payload);
        if (answerOfBroker === undefined || !resuming) return;
        resuming = false;
        if (!answerOfBroker.resumed) startOver();
        if (!channel.attach(CHANNEL_NUMBER, answerOfBroker.next, answerOfBroker.windowBytes)) return openAnew();
        if (!answerOfBroker.resumed) introduce();
        flush();
        pump();
      } else if (header.kind === FrameKind.close) {
        const close = readClose(payload);
        channel.detach();
        // A resume that was refused would be refused again.
        if (close?.code === 'protocol' && !resuming) sendOpen();
        else openAnew();
      }
    },

    linkState(next, message) {
      state = next;
      away = next === 'waiting' || (away && next === 'connecting');
      reason = message ?? (next === 'open' ? '' : 'the broker is not connected yet; try again in a moment');
      if (next === 'open') {
        wasOpen = true;
        if (!channel.attached) sendOpen();
      } else {
        detach();
        watchHold();
      }
    },

    linkLost() {
      detach();
      state = 'connecting';
      reason = 'the local daemon is starting again';
      watchHold();
    },

    linkWritable: pump,
    clientWritable: () => channel.resume(),

    closing: () => (channel.attached ? closeFrame('the AI client has ended') : undefined),

    get pending() {
      return entries.size;
    },
  };
}
