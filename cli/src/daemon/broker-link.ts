// The daemon's link to the broker for one credential: connects with the current token, decides what each failure or close means, and connects again
// where that can help. It passes frames on and never looks into a payload.
import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import type { Clock } from 'mcpgate-shared/clock';
import { CLOSE_CODE } from 'mcpgate-shared/link/close-code';
import { FrameKind, LINK_CHANNEL, writeFrame } from 'mcpgate-shared/link/frame';
import { readLinkMessage, toPayload } from 'mcpgate-shared/link/link-message';
import { networkFailure } from '../auth/network-failure.ts';
import type { TokenSource } from '../auth/token-source.ts';
import type { LinkState } from '../local/control.ts';
import type { DaemonLog } from './daemon-log.ts';
import { describedIn, explainStatus, isBrokersAnswer, retryAfterMs } from './explain-status.ts';
import { createLinkBackoff } from './link-backoff.ts';
import { createLinkPulse } from './link-pulse.ts';
import { openLinkSocket, type SocketOptions } from './link-socket.ts';
import { watchSleep } from './sleep-watch.ts';
import type { PageOpener } from './page-opener.ts';
import { createTokenRenewal } from './token-renewal.ts';

/** How long the broker has to close a link whose token refresh was refused; then this end closes it. */
const REASON_MS = 1_000;
/** By this time after a link was opened, clients have resumed their channels on it. */
const SETTLE_MS = 250;
/** With more unsent bytes than this in the socket, local clients wait: so a small call never has to wait behind much more. */
const SOCKET_HIGH_BYTES = 256 * 1024;
const SOCKET_LOW_BYTES = 64 * 1024;

export interface BrokerLink {
  readonly state: LinkState;
  readonly message: string | null;
  readonly broker: string | undefined;
  /** The run of the broker at the other end, while the link is open. */
  readonly welcomedBy: string | undefined;
  readonly since: number | null;
  readonly latencyMs: number | null;
  /** Bytes that the socket has not sent yet. */
  readonly unsentBytes: number;
  /**
   * Sends a frame. False: this client should send no more until `onWritable`. Drops the frame where the link is not open, because channels
   * send it again.
   */
  send(frame: Buffer): boolean;
  /** Connects now, if the link waits for its next try or for a login. */
  wake(): void;
  /** Keeps its present channels but is not opened again when it ends, which `onRetired` tells. */
  retire(): void;
  close(): void;
}

export interface BrokerLinkOptions {
  tokens: TokenSource;
  clock: Clock;
  random: () => number;
  log: DaemonLog;
  /** Identifies this daemon process, so that the broker replaces its earlier link. */
  instance: string;
  /** Opens pages of the broker for the person; undefined: the credential is no login of a person at this computer. */
  pages: PageOpener | undefined;
  /** Completes the commands that messages name. */
  words: (text: string) => string;
  /** TLS and proxy settings for the socket. */
  socketOptions: (broker: string) => SocketOptions;
  onFrame: (frame: Buffer) => void;
  onState: (state: LinkState, message: string | null) => void;
  onWritable: () => void;
  /** The broker drains. */
  onDraining: () => void;
  /** A retired link has ended. `isOver`: none of its channels can be resumed. */
  onRetired: (isOver: boolean) => void;
  /** This link replaces one to a draining broker. That broker will soon be back, or there is another one. */
  isSuccessor: boolean;
}

const LOGIN = 'run `mcpgate login`';

export function createBrokerLink(options: BrokerLinkOptions): BrokerLink {
  const { tokens, clock, log } = options;
  let state: LinkState = 'idle';
  let message: string | null = null;
  let ws: WebSocket | undefined;
  let since: number | null = null;
  let welcomedBy: string | undefined;
  let closed = false;
  let choked = false;
  let retired = false;
  /** The reason that the broker gave when it ended the login; later refusals of that login give none. */
  let whyRevoked: string | undefined;
  let cancelRetry: (() => void) | undefined;
  /** What a person can do if the broker refuses the last token. */
  let remedy = LOGIN;
  let isGrant = false;
  const abort = new AbortController();
  const pulse = createLinkPulse(clock);
  const backoff = createLinkBackoff({ clock, random: options.random, isHurried: options.isSuccessor });
  const renewal = createTokenRenewal({
    tokens,
    clock,
    log,
    signal: abort.signal,
    onToken: (token) => sendToken(token),
    onLoginNeeded(why) {
      // The login was revoked a moment ago: waits for the broker's close of the link, which says why.
      cancelRetry = clock.after(REASON_MS, () => {
        pulse.stop();
        ws?.close(1000);
        giveUp('login_needed', why);
      });
    },
  });

  const become = (next: LinkState, reason: string | null) => {
    const why = reason === null ? null : options.words(reason);
    if (next === state && why === message) return;
    state = next;
    message = why;
    since = next === 'open' ? clock.now() : null;
    log.info(`link ${next}${why === null ? '' : `: ${why}`}`);
    options.onState(next, why);
  };

  const retryLater = (why: string, toldMs?: number) => {
    if (closed) return;
    become('waiting', why);
    cancelRetry?.();
    cancelRetry = clock.after(backoff.nextMs(toldMs), () => void connect());
  };

  const failed = (broker: string, error: unknown) => {
    ws = undefined;
    retryLater(networkFailure(broker, error).message);
  };

  /** Makes no more tries until a person logs in. */
  const giveUp = (next: 'login_needed' | 'revoked', why: string) => become(next, why);

  const sendToken = (token: string) => {
    const header = { kind: FrameKind.control, flags: 0, channel: LINK_CHANNEL, seq: 0, ack: 0 };
    ws?.send(writeFrame(header, toPayload({ type: 'token', token })));
  };

  /** The computer has slept: the socket may be half-open, and the back-off may come from another network. */
  const onWoken = () => {
    log.info('woke up');
    backoff.reset();
    if (state === 'waiting') void connect();
    else pulse.prove();
  };

  const onControl = (payload: Buffer) => {
    const control = readLinkMessage(payload);
    if (control?.type === 'welcome') {
      backoff.reset();
      welcomedBy = control.broker;
      whyRevoked = undefined;
      become('open', null);
      renewal.schedule(control.expiresAt);
      if (ws !== undefined) pulse.start(ws);
    } else if (control?.type === 'page') {
      if (tokens.broker !== undefined) void options.pages?.open(control.url, tokens.broker);
    } else if (control?.type === 'renewed') renewal.schedule(control.expiresAt);
    else if (control?.type === 'draining') {
      log.info('the broker takes leave');
      // A draining broker let this link in so that clients can finish calls: they first resume their channels.
      clock.after(Math.max(0, SETTLE_MS - (clock.now() - (since ?? 0))), () => {
        if (!closed && state === 'open') options.onDraining();
      });
    }
  };

  const onClosed = (code: number, reason: string) => {
    pulse.stop();
    renewal.stop();
    choked = false;
    cancelRetry?.();
    if (closed) return;
    if (retired) {
      closed = true;
      endWatch();
      state = 'idle';
      return options.onRetired(code === CLOSE_CODE.revoked);
    }
    if (state === 'login_needed' || state === 'revoked') return;
    const blamed = backoff.lost(code, since === null ? 0 : clock.now() - since);
    if (code === CLOSE_CODE.revoked) {
      whyRevoked = `your access was revoked (${reason}); ask your platform team, then ${remedy}`;
      return giveUp('revoked', whyRevoked);
    }
    if (blamed === 'this_end') {
      return retryLater(
        `the broker turned the link away (${code} ${reason}); upgrade mcpgate, or tell your platform team`,
      );
    }
    if (code === CLOSE_CODE.token) void connect(true);
    else retryLater(code === CLOSE_CODE.draining ? 'the broker restarts' : `the link was lost (${code} ${reason})`);
  };

  /** The upgrade was answered with an HTTP status. `forced`: the token had just been refreshed. */
  const onRefused = (broker: string, response: IncomingMessage, forced: boolean) => {
    ws = undefined;
    // 401 or 403 with an HTML page comes from a firewall; only an answer of the broker itself ends a login.
    const statusCode = isBrokersAnswer(response) ? response.statusCode : undefined;
    if (statusCode === 401 && !forced) return void connect(true);
    if (statusCode === 401) {
      const why = isGrant ? describedIn(response) : undefined;
      return giveUp('login_needed', `${why ?? 'the broker refused the login'}; ${remedy}`);
    }
    if (statusCode === 403) {
      const why = describedIn(response) ?? 'your access was revoked; ask your platform team';
      return giveUp('revoked', `${why}, then ${remedy}`);
    }
    retryLater(explainStatus(broker, response), retryAfterMs(response));
  };

  const onFailed = (broker: string, error: Error) => {
    if (state === 'open')
      log.warn(`the link failed: ${error.message}`); // the event `close` follows
    else failed(broker, error);
  };

  const connect = async (force = false): Promise<void> => {
    cancelRetry?.();
    cancelRetry = undefined;
    if (closed || ws !== undefined) return;
    become('connecting', message);
    const { signal } = abort;
    const result = await tokens.token({ minValidityMs: 30_000, force, signal });
    if (closed || signal.aborted || ws !== undefined) return;
    if (result.kind === 'login_needed') {
      if (result.ended === true && whyRevoked !== undefined) return giveUp('revoked', whyRevoked);
      whyRevoked = undefined;
      return giveUp('login_needed', result.message);
    }
    if (result.kind === 'retry') return retryLater(result.message);
    remedy = result.remedy ?? LOGIN;
    isGrant = result.expiresAt === null;
    const { broker } = tokens;
    if (broker === undefined) return giveUp('login_needed', 'not logged in; run `mcpgate login URL`');
    const opensPages = (await options.pages?.available()) ?? false;
    if (closed || signal.aborted || ws !== undefined) return;
    try {
      const socket = openLinkSocket({
        ...options.socketOptions(broker),
        broker,
        token: result.token,
        instance: options.instance,
        opensPages,
        isWelcome: () => state === 'open',
        onHeard: () => pulse.heard(),
        onPonged: () => pulse.ponged(),
        onFrame: options.onFrame,
        onControl,
        onRefused: (response) => onRefused(broker, response, force),
        onFailed: (error) => onFailed(broker, error),
        onClosed(code, reason) {
          if (ws !== socket) return;
          ws = undefined;
          onClosed(code, reason);
        },
      });
      ws = socket;
    } catch (error) {
      failed(broker, error);
    }
  };

  const endWatch = watchSleep(clock, onWoken);
  return {
    get state() {
      return state;
    },
    get message() {
      return message;
    },
    get broker() {
      return tokens.broker;
    },
    get welcomedBy() {
      return welcomedBy;
    },
    get since() {
      return since;
    },
    get latencyMs() {
      return pulse.latencyMs;
    },
    get unsentBytes() {
      return ws?.bufferedAmount ?? 0;
    },
    send(frame) {
      const carrier = ws;
      if (carrier === undefined || state !== 'open') return true;
      carrier.send(frame, () => {
        if (!choked || carrier.bufferedAmount > SOCKET_LOW_BYTES) return;
        choked = false;
        options.onWritable();
      });
      if (carrier.bufferedAmount <= SOCKET_HIGH_BYTES) return true;
      choked = true;
      return false;
    },
    wake() {
      if (closed || state === 'open' || state === 'connecting') return;
      backoff.reset();
      void connect();
    },
    retire() {
      retired = true;
    },
    close() {
      closed = true;
      abort.abort();
      cancelRetry?.();
      renewal.stop();
      pulse.stop();
      endWatch();
      const carrier = ws;
      ws = undefined;
      carrier?.close(1000);
      if (carrier) clock.after(2_000, () => carrier.terminate());
      become('idle', null);
    },
  };
}
