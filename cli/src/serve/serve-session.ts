// The session of one AI client in `serve`: sends its messages on the channel, holds those that cannot be sent yet, and answers requests itself that
// must not wait longer. `open-requests.ts` keeps track of unanswered requests, `hold-watch.ts` of how long they wait. The channel outlives the
// daemon and the link.
import { formatByteSize } from 'mcpgate-shared/byte-size';
import type { ChannelLimits } from 'mcpgate-shared/link/channel';
import type { Clock } from 'mcpgate-shared/clock';
import { idOfCutMessage, isCutRequest } from 'mcpgate-shared/mcp/cut-message';
import { BATCH_VERSION } from 'mcpgate-shared/mcp/protocol-version';
import type { FrameHeader } from 'mcpgate-shared/link/frame';
import type { LinkState } from '../local/control.ts';
import type { PendingLogin } from '../local/pending-login.ts';
import { answeredId, askedId, batchLines, readClientMessage, resultText } from './client-message.ts';
import { createHoldWatch, isCall } from './hold-watch.ts';
import { createIntroduction, REINITIALIZE_ID } from './introduction.ts';
import type { LastKnown } from './last-known.ts';
import { createLinkView } from './link-view.ts';
import { createLoginWait, type LoginWaitOptions } from './login-wait.ts';
import { garbageAnswer, localAnswer, localResult, tooLarge, unknownOutcome } from './local-answer.ts';
import { createMovingChannel } from '../channel/moving-channel.ts';
import { createOpenRequests, type Entry } from './open-requests.ts';
import type { ResumableChannel, ServeView } from '../channel/resumable-channel.ts';

export interface ServeSession {
  /** Takes one line of the AI client. */
  fromClient(line: Buffer): void;
  /** Takes the first and last kilobyte of a line over the limit. */
  fromClientCut(head: Buffer, tail: Buffer): void;
  /** The longest line. */
  readonly maxMessageBytes: number;
  /** Takes a frame from the daemon. */
  fromLink(header: FrameHeader, payload: Buffer): void;
  linkState(state: LinkState, message: string | null, broker?: string): void;
  /** A login waits for the person to confirm it; undefined: there is none, and `message` says why. */
  loginState(pending: PendingLogin | undefined, message: string): void;
  /** The broker drains: calls that run finish on the present link, new messages wait for the next one. */
  linkDraining(): void;
  /** The link to a draining broker that carried this channel was lost. */
  channelDetached(number: number): void;
  /** The connection to the daemon is lost. */
  linkLost(): void;
  /** The local socket (`linkWritable`) or the AI client (`clientWritable`) accepts more data. */
  linkWritable(): void;
  clientWritable(): void;
  /** The last frame, which closes the channel at the broker; undefined where there is no channel. */
  closing(): Buffer | undefined;
  /** Answers all open requests, because the session ends. */
  abandonAll(): void;
  readonly pending: number;
  /** So much waits for the link that the client should be paused. */
  readonly isFull: boolean;
}

export interface ServeSessionOptions {
  clock: Clock;
  randomHex: (bytes: number) => string;
  randomSecret: () => string;
  view: ServeView;
  ownLimits?: Partial<ChannelLimits>;
  /** Sends a frame to the daemon; false: wait for `linkWritable`. */
  toLink: (frame: Buffer) => boolean;
  /** Sends a message to the AI client; false: wait for `clientWritable`. */
  toClient: (message: Buffer | string) => boolean;
  /** MCPGATE_HOLD_SECONDS: how long a call waits for a link that was open before. */
  holdSeconds?: string | undefined;
  /** The copies with which requests are answered while the link is away. */
  lastKnown: LastKnown;
  /** Asks the daemon to begin a login; undefined where the client has a credential of its own. */
  /** What a command adds to be of this profile, with a blank before it; undefined: nothing. */
  ofProfile?: string | undefined;
  beginLogin?: LoginWaitOptions['begin'];
}

const MAX_WAITING = 2_000;

export function createServeSession(options: ServeSessionOptions): ServeSession {
  const { clock, lastKnown } = options;
  const link = createLinkView();
  const requests = createOpenRequests();
  const introduction = createIntroduction<Entry>();
  /** The client got an answer of `serve` itself, which may be outdated. */
  let answeredLocally = false;

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
    isAwaited: (one) => requests.areAwaited(one),
  });

  const loginWait = createLoginWait({
    clock,
    toClient,
    begin: options.beginLogin,
    ofProfile: options.ofProfile,
    clientCapabilities: () => introduction.request?.params['capabilities'],
    calls: () => [...requests.values()].filter(isCall),
    onChange: () => holdWatch.look(),
  });

  const holdWatch = createHoldWatch({
    clock,
    link,
    requests,
    channel,
    loginWait,
    lastKnown,
    holdSeconds: options.holdSeconds,
    onDue: (entry, why) => answer(entry, why ?? link.reason),
    onExpired: abandon,
  });

  function toClient(message: Buffer | string): void {
    if (!options.toClient(message)) channel.pause();
  }

  function fromBroker(message: Buffer, from: ResumableChannel): void {
    const answered = answeredId(message);
    const question = answered === undefined ? askedId(message) : undefined;
    if (question !== undefined) requests.asked(question, from);
    if (answered === REINITIALIZE_ID) {
      if (introduction.request) lastKnown.keep(introduction.request, message);
      return; // the answer to the handshake that `serve` has repeated
    }
    const entry = requests.settle(answered);
    if (entry !== undefined) {
      channel.settle();
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
    requests.settle(id);
    toClient(tooLarge(id, channel.current.maxMessageBytes));
  }

  function deliver(entry: Entry, via = channel.current): void {
    entry.via = via;
    try {
      entry.upTo = via.send(entry.line);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      if (entry.id === undefined) return;
      requests.settle(entry.id);
      toClient(tooLarge(entry.id, channel.current.maxMessageBytes));
    }
  }

  function answer(entry: Entry, why: string): void {
    if (entry.id === undefined) return;
    requests.settle(entry.id);
    const copy = lastKnown.read(entry);
    if (entry === introduction.request) introduction.answered(localResult(entry, copy));
    answeredLocally = true;
    toClient(localAnswer({ ...entry, id: entry.id }, why, copy));
  }

  /** The channel has a link: sends all waiting messages; `serve` has repeated the handshake before, if the client has its answer. */
  function flush(): void {
    holdWatch.stop();
    for (const entry of requests.release(() => true)) deliver(entry);
    if (!answeredLocally) return;
    answeredLocally = false;
    for (const notice of introduction.listsChanged()) toClient(notice);
  }

  function introduce(): void {
    for (const line of introduction.again()) {
      channel.current.send(line);
      answeredLocally = true; // the client's lists may be outdated
    }
  }

  /** The broker no longer has the channel; it had read everything before `taken`. */
  function onLost(lost: ResumableChannel, taken = Number.POSITIVE_INFINITY): void {
    const { unknown, again } = requests.lose(lost, taken);
    for (const id of unknown) toClient(unknownOutcome(id));
    const first = again.find((entry) => entry.method === 'initialize');
    if (first) introduction.replace(first);
    // The lost channel was a former one, so the requests to repeat can be sent on the current one at once.
    if (lost !== channel.current && channel.current.attached) flush();
  }

  /** A channel can no longer be resumed: answers its requests; the next link gets a new channel. */
  function abandon(one: ResumableChannel): void {
    if (link.state === 'revoked') {
      for (const entry of [...requests.values()]) if (entry.via === one) answer(entry, link.reason);
    }
    one.giveUp();
  }

  /** Whether too much is waiting; one message always fits. Their number is bounded because each new line causes a search through all of them. */
  const isTooMuch = (entry: Entry) =>
    requests.waiting.length >= MAX_WAITING ||
    (requests.waiting.length > 0 &&
      requests.waiting.reduce((sum, { line }) => sum + line.length, entry.line.length) > channel.current.backlogBytes);

  function take(line: Buffer): void {
    const message = readClientMessage(line);
    if (typeof message === 'number') return toClient(garbageAnswer(message));
    if (loginWait.answered({ ...message, line })) return;
    const entry: Entry = { ...message, line, via: undefined, upTo: 0, since: clock.now() };
    if (entry.method === 'initialize') {
      introduction.begin(entry);
      lastKnown.speak(entry.params['protocolVersion']);
    }
    if (entry.method === 'notifications/initialized') introduction.initialized();
    let via: ResumableChannel | undefined;
    if (entry.method === 'notifications/cancelled') {
      const sentOn = requests.cancel(entry);
      if (sentOn === 'not_sent') return;
      via = sentOn;
    } else if (entry.id !== undefined && entry.method === undefined) {
      via = requests.askedFrom(entry.id);
    }
    if (via !== undefined && via !== channel.current) {
      deliver(entry, via);
      return channel.settle();
    }
    if (entry.id !== undefined && entry.method !== undefined) requests.add(entry.id, entry);
    if (channel.current.attached) return deliver(entry);
    if (isTooMuch(entry))
      return answer(
        entry,
        `more than ${formatByteSize(channel.current.backlogBytes)}, or ${MAX_WAITING} messages, waits for the broker already`,
      );
    requests.hold(entry);
    holdWatch.look();
  }

  return {
    fromClient(line) {
      const isBatching = introduction.request?.params['protocolVersion'] === BATCH_VERSION;
      // The messages of a batch are handled one by one.
      for (const each of (isBatching ? batchLines(line) : undefined) ?? [line]) take(each);
    },
    fromClientCut(head, tail) {
      const id = idOfCutMessage(head.toString('utf8'), tail.toString('utf8')) ?? 'null';
      toClient(tooLarge(id, channel.current.maxMessageBytes));
    },

    get maxMessageBytes() {
      return channel.current.maxMessageBytes;
    },

    fromLink: (header, payload) => channel.receive(header, payload),

    linkState(next, message, broker) {
      // After the login, waiting requests wait for the link, and their time begins again.
      if (link.state === 'login_needed' && next !== 'login_needed') {
        for (const entry of requests.waiting) entry.since = clock.now();
      }
      if (next === 'open' || next === 'revoked') loginWait.over(next === 'open');
      link.change(next, message);
      if (next === 'open') {
        lastKnown.linkOpen();
        channel.linkUp(broker);
      } else {
        channel.linkDown();
        holdWatch.look();
      }
    },

    loginState(pending, message) {
      if (pending === undefined) loginWait.onRefused(message);
      else loginWait.onPending(pending);
    },

    linkDraining() {
      link.lost('the broker restarts');
      channel.draining();
      holdWatch.look();
    },

    channelDetached(number) {
      channel.detached(number);
      holdWatch.look();
    },

    linkLost() {
      loginWait.over(false);
      channel.daemonLost();
      link.lost('the local daemon is starting again');
      holdWatch.look();
    },

    linkWritable: () => channel.pump(),
    clientWritable: () => channel.resume(),

    abandonAll() {
      for (const id of requests.lose(channel.current, Infinity).unknown) toClient(unknownOutcome(id));
      for (const entry of [...requests.values()]) answer(entry, link.reason || 'no answer came in time');
    },

    closing: () => (channel.current.attached ? channel.current.closeFrame('the AI client has ended') : undefined),

    get pending() {
      return requests.size;
    },
    get isFull() {
      return channel.current.isFull;
    },
  };
}
