// The AI client's session: knows which requests are unanswered, holds what cannot be sent yet, and answers by itself what must not wait.
// The channel under it outlives the daemon and the link.
import { formatByteSize } from 'mcpgate-shared/byte-size';
import type { ChannelLimits } from 'mcpgate-shared/channel';
import type { Clock } from 'mcpgate-shared/clock';
import { idOfCutMessage, isCutRequest } from 'mcpgate-shared/cut-message';
import type { FrameHeader } from 'mcpgate-shared/frame';
import type { LinkState } from '../local/control.ts';
import type { PendingLogin } from '../local/pending-login.ts';
import { answeredId, askedId, readClientMessage, resultText, type ClientMessage } from './client-message.ts';
import { callHoldMs, holdMs, type LinkView } from './hold-rules.ts';
import { createIntroduction, REINITIALIZE_ID } from './introduction.ts';
import type { LastKnown } from './last-known.ts';
import { createLoginWait, type LoginWaitOptions } from './login-wait.ts';
import { localAnswer, localResult, tooLarge, unknownOutcome } from './local-answer.ts';
import { createMovingChannel } from './moving-channel.ts';
import type { ResumableChannel, ServeView } from './resumable-channel.ts';

/** What a person would log in for. */
const CALLS: readonly (string | undefined)[] = ['tools/call', 'prompts/get', 'resources/read'];

interface Entry extends ClientMessage {
  line: Buffer;
  /** The channel that it was given to: from then on it may have been carried out. */
  via: ResumableChannel | undefined;
  /** On that channel, the sequence number behind it. */
  upTo: number;
  since: number;
}

export interface ServeSession {
  /** One line of the AI client. */
  fromClient(line: Buffer): void;
  /** A line over the limit: its first and last kilobyte. */
  fromClientCut(head: Buffer, tail: Buffer): void;
  /** The longest line. */
  readonly maxMessageBytes: number;
  /** A frame of the daemon for the channel. */
  fromLink(header: FrameHeader, payload: Buffer): void;
  linkState(state: LinkState, message: string | null, broker?: string): void;
  /** A login waits to be confirmed, or there is none and why. */
  loginState(pending: PendingLogin | undefined, message: string): void;
  /** The broker takes leave: what runs on the link finishes, the rest waits for the next one. */
  linkDraining(): void;
  /** The former link that carried this channel was lost. */
  channelDetached(number: number): void;
  /** The daemon has gone. */
  linkLost(): void;
  /** The local socket, or the AI client, takes more. */
  linkWritable(): void;
  clientWritable(): void;
  /** The last frame: tells the broker that nobody is here any more. Undefined where there is no channel. */
  closing(): Buffer | undefined;
  /** Requests without an answer. */
  readonly pending: number;
  /** The link is behind the client, who should wait. */
  readonly isFull: boolean;
}

export interface ServeSessionOptions {
  clock: Clock;
  randomHex: (bytes: number) => string;
  randomSecret: () => string;
  view: ServeView;
  ownLimits?: Partial<ChannelLimits>;
  /** Writes to the daemon; false: no more for now. */
  toLink: (frame: Buffer) => boolean;
  /** Writes a message to the AI client; false: no more for now. */
  toClient: (message: Buffer | string) => boolean;
  /** MCPGATE_HOLD_SECONDS: how long a call waits for a broker that was there before. */
  holdSeconds?: string | undefined;
  /** For when the link is away. */
  lastKnown: LastKnown;
  /** Asks the daemon for a login; absent where there is none to be had. */
  beginLogin?: LoginWaitOptions['begin'];
}

export function createServeSession(options: ServeSessionOptions): ServeSession {
  const { clock, lastKnown } = options;
  const link: LinkView = {
    state: 'connecting',
    wasOpen: false,
    away: false,
    callHoldMs: callHoldMs(options.holdSeconds),
  };
  let reason = 'the local daemon is starting';
  let cancelHold: (() => void) | undefined;
  /** Every request without an answer, by id, and what waits for a link, in order. */
  const entries = new Map<string, Entry>();
  let waiting: Entry[] = [];
  const introduction = createIntroduction<Entry>();
  /** The client was told something that the broker may know better. */
  let answeredLocally = false;
  /** What servers ask the client, by id: the answer goes back the same way. */
  const asked = new Map<string, ResumableChannel>();

  const channel = createMovingChannel({
    clock,
    randomHex: options.randomHex,
    randomSecret: options.randomSecret,
    view: options.view,
    toLink: options.toLink,
    ...(options.ownLimits === undefined ? {} : { ownLimits: options.ownLimits }),
    onMessage: fromBroker,
    onOversize: fromBrokerCut,
    onLost,
    onLive(fresh) {
      if (fresh) introduce();
      flush();
    },
    isAwaited: (one) => {
      for (const { via } of entries.values()) if (via === one) return true;
      return false;
    },
  });

  const loginWait = createLoginWait({
    clock,
    toClient,
    begin: options.beginLogin,
    clientCapabilities: () => introduction.request?.params['capabilities'],
    calls: () => [...entries.values()].filter(({ method }) => CALLS.includes(method)),
    onChange: watchHold,
  });

  function toClient(message: Buffer | string): void {
    if (!options.toClient(message)) channel.pause();
  }

  function fromBroker(message: Buffer, from: ResumableChannel): void {
    const answered = answeredId(message);
    const question = answered === undefined ? askedId(message) : undefined;
    if (question !== undefined) asked.set(question, from);
    if (answered === REINITIALIZE_ID) {
      if (introduction.request) lastKnown.keep(introduction.request, message);
      return; // our own question
    }
    const entry = answered === undefined ? undefined : entries.get(answered);
    if (answered !== undefined && entries.delete(answered)) channel.settle();
    if (entry !== undefined) {
      lastKnown.keep(entry, message);
      if (entry === introduction.request) {
        introduction.answered(resultText(message));
        if (from !== channel.current && channel.current.attached) introduce();
      }
    }
    toClient(message);
  }

  function fromBrokerCut(head: Buffer, tail: Buffer): void {
    const id = idOfCutMessage(head.toString('utf8'), tail.toString('utf8'));
    if (id === undefined || isCutRequest(head.toString('utf8'))) return;
    entries.delete(id);
    toClient(tooLarge(id, channel.current.maxMessageBytes));
  }

  function deliver(entry: Entry, via = channel.current): void {
    entry.via = via;
    try {
      entry.upTo = via.send(entry.line);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      if (entry.id === undefined) return;
      entries.delete(entry.id);
      toClient(tooLarge(entry.id, channel.current.maxMessageBytes));
    }
  }

  function answer(entry: Entry, why: string): void {
    if (entry.id === undefined) return;
    entries.delete(entry.id);
    const copy = lastKnown.read(entry);
    if (entry === introduction.request) introduction.answered(localResult(entry, copy));
    answeredLocally = true;
    toClient(localAnswer({ ...entry, id: entry.id }, why, copy));
  }

  /** The channel is live: everything that waits goes out, behind a handshake of our own where the client has had its answer. */
  function flush(): void {
    cancelHold?.();
    cancelHold = undefined;
    const lines = waiting;
    waiting = [];
    for (const entry of lines) deliver(entry);
    if (!answeredLocally) return;
    answeredLocally = false;
    for (const notice of introduction.listsChanged()) toClient(notice);
  }

  function introduce(): void {
    for (const line of introduction.again()) {
      channel.current.send(line);
      answeredLocally = true; // whatever the client knows may be old
    }
  }

  /**
   * The broker has nothing of the channel any more: what it had taken has an unknown outcome; what it had not (from `taken` on), and what
   * can be asked twice, is asked again.
   */
  function onLost(lost: ResumableChannel, taken = Number.POSITIVE_INFINITY): void {
    for (const [id, from] of asked) if (from === lost) asked.delete(id);
    const again: Entry[] = [];
    for (const [key, entry] of [...entries]) {
      if (entry.via !== lost) continue;
      if (entry.method === 'tools/call' && entry.upTo <= taken) {
        entries.delete(key);
        toClient(unknownOutcome(key));
      } else again.push({ ...entry, via: undefined, upTo: 0 });
    }
    for (const entry of again) if (entry.id !== undefined) entries.set(entry.id, entry);
    const first = again.find((entry) => entry.method === 'initialize');
    if (first) introduction.replace(first);
    waiting = [...again, ...waiting];
    // A former channel: the present one is there already.
    if (lost !== channel.current && channel.current.attached) flush();
  }

  /** What was sent waits for as long as the broker keeps the channel; after a revocation the broker has ended it. */
  const resumeUntil = (one: ResumableChannel) => (link.state === 'revoked' ? 0 : one.resumeUntil);

  /** Answers what has waited for long enough, and looks again when the next one has. */
  function watchHold(): void {
    cancelHold?.();
    cancelHold = undefined;
    const now = clock.now();
    for (const one of channel.lingering) if (now >= resumeUntil(one)) abandon(one);
    const { lingering } = channel;
    if (channel.current.attached && lingering.length === 0) return;
    const needsLogin = link.state === 'login_needed';
    if (needsLogin) {
      for (const entry of entries.values()) {
        if (entry.via !== undefined && CALLS.includes(entry.method)) loginWait.until(entry);
      }
    }
    const dueAt = (entry: Entry) =>
      needsLogin && CALLS.includes(entry.method)
        ? loginWait.until(entry)
        : entry.since + holdMs(entry.method, link, lastKnown.read(entry) !== undefined);
    const due = waiting.filter((entry) => now >= dueAt(entry));
    waiting = waiting.filter((entry) => !due.includes(entry));
    for (const entry of due) answer(entry, (needsLogin ? loginWait.reason : undefined) ?? reason);
    const times = waiting.map(dueAt);
    if (entries.size > waiting.length) times.push(...lingering.map(resumeUntil));
    const nextMs = Math.min(...times) - now;
    if (Number.isFinite(nextMs)) cancelHold = clock.after(Math.max(1, nextMs), watchHold);
  }

  /** The channel can no longer be resumed: what was under way is answered, and the next link gets a new channel. */
  function abandon(one: ResumableChannel): void {
    if (link.state === 'revoked') {
      for (const entry of [...entries.values()]) if (entry.via === one) answer(entry, reason);
    }
    one.giveUp();
  }

  /** One line more than the limit always fits. */
  const isTooMuch = (entry: Entry) =>
    waiting.length > 0 &&
    waiting.reduce((sum, { line }) => sum + line.length, entry.line.length) > channel.current.backlogBytes;

  /** The client does not want an answer any more; where it was not sent, nothing needs to be. Else: where it was. */
  function cancelled({ params }: ClientMessage): ResumableChannel | 'not_sent' | undefined {
    const key = JSON.stringify(params['requestId']);
    const entry = entries.get(key);
    entries.delete(key);
    if (entry === undefined || entry.via !== undefined) return entry?.via;
    waiting = waiting.filter((each) => each !== entry);
    return 'not_sent';
  }

  return {
    fromClient(line) {
      const message = readClientMessage(line) ?? { id: undefined, method: undefined, params: {} };
      if (loginWait.answered({ ...message, line })) return;
      const entry: Entry = { ...message, line, via: undefined, upTo: 0, since: clock.now() };
      if (entry.method === 'initialize') {
        introduction.begin(entry);
        lastKnown.speak(entry.params['protocolVersion']);
      }
      if (entry.method === 'notifications/initialized') introduction.initialized();
      let via: ResumableChannel | undefined;
      if (entry.method === 'notifications/cancelled') {
        const sentOn = cancelled(entry);
        if (sentOn === 'not_sent') return;
        via = sentOn;
      } else if (entry.id !== undefined && entry.method === undefined) {
        via = asked.get(entry.id);
        asked.delete(entry.id);
      }
      if (via !== undefined && via !== channel.current) {
        deliver(entry, via);
        return channel.settle();
      }
      if (entry.id !== undefined && entry.method !== undefined) entries.set(entry.id, entry);
      if (channel.current.attached) return deliver(entry);
      if (isTooMuch(entry))
        return answer(entry, `more than ${formatByteSize(channel.current.backlogBytes)} waits for the broker already`);
      waiting.push(entry);
      watchHold();
    },

    fromClientCut(head, tail) {
      toClient(
        tooLarge(
          idOfCutMessage(head.toString('utf8'), tail.toString('utf8')) ?? 'null',
          channel.current.maxMessageBytes,
        ),
      );
    },

    get maxMessageBytes() {
      return channel.current.maxMessageBytes;
    },

    fromLink: (header, payload) => channel.receive(header, payload),

    linkState(next, message, broker) {
      // What waited for a login waits for the link from now on.
      if (link.state === 'login_needed' && next !== 'login_needed') {
        for (const entry of waiting) entry.since = clock.now();
      }
      if (next === 'open' || next === 'revoked') loginWait.over(next === 'open');
      link.state = next;
      link.away = next === 'waiting' || (link.away && next === 'connecting');
      reason = message ?? (next === 'open' ? '' : 'the broker is not connected yet; try again in a moment');
      if (next === 'open') {
        link.wasOpen = true;
        lastKnown.linkOpen();
        channel.linkUp(broker);
      } else {
        channel.linkDown();
        watchHold();
      }
    },

    loginState(pending, message) {
      if (pending === undefined) loginWait.onRefused(message);
      else loginWait.onPending(pending);
    },

    linkDraining() {
      link.state = 'connecting';
      reason = 'the broker restarts';
      channel.draining();
      watchHold();
    },

    channelDetached(number) {
      channel.detached(number);
      watchHold();
    },

    linkLost() {
      loginWait.over(false);
      channel.daemonLost();
      link.state = 'connecting';
      reason = 'the local daemon is starting again';
      watchHold();
    },

    linkWritable: () => channel.pump(),
    clientWritable: () => channel.resume(),

    closing: () => (channel.current.attached ? channel.current.closeFrame('the AI client has ended') : undefined),

    get pending() {
      return entries.size;
    },
    get isFull() {
      return channel.current.isFull;
    },
  };
}
