// The link to the broker for one credential: connects with the current token, says what each end of it means, and comes back. It moves frames
// and never looks into a payload.
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
import { createTokenRenewal } from './token-renewal.ts';

/** A link whose refresh was refused is closed by the broker within this time, or by this end. */
const REASON_MS = 1_000;
/** Clients have resumed their channels this long after a link was opened. */
const SETTLE_MS = 250;
/** Above this many bytes in the socket, local clients wait: a small call is never behind much more than this. */
const SOCKET_HIGH_BYTES = 256 * 1024;
const SOCKET_LOW_BYTES = 64 * 1024;

export interface BrokerLink {
  readonly state: LinkState;
  readonly message: string | null;
  readonly broker: string | undefined;
  /** The run of the broker that it leads to, while it is open. */
  readonly welcomedBy: string | undefined;
  readonly since: number | null;
  readonly latencyMs: number | null;
  /** Bytes that the broker has not taken yet. */
  readonly unsentBytes: number;
  /** Sends a frame; false: no more of this client for now, `onWritable` follows. Frames for a link that is not open are dropped: channels resend. */
  send(frame: Buffer): boolean;
  /** Connects where it waits, or where a login was needed. */
  wake(): void;
  /** Carries what it carries, and does not come back; `onRetired` says when it is over. */
  retire(): void;
  close(): void;
}

export interface BrokerLinkOptions {
  tokens: TokenSource;
  clock: Clock;
  random: () => number;
  log: DaemonLog;
  /** Tells the broker that a new link is of the same daemon process. */
  instance: string;
  /** TLS and proxy settings for the socket. */
  socketOptions: (broker: string) => SocketOptions;
  onFrame: (frame: Buffer) => void;
  onState: (state: LinkState, message: string | null) => void;
  onWritable: () => void;
  /** The broker takes leave. */
  onDraining: () => void;
  /** A retired link has ended; `isOver`: nothing of it can be resumed. */
  onRetired: (isOver: boolean) => void;
  /** It follows the link of a broker that drains, which is soon back, or has another beside it. */
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
  /** What the broker said when it ended the login, which a refusal of the same login later does not say. */
  let whyRevoked: string | undefined;
  let cancelRetry: (() => void) | undefined;
  /** What a person can do where the broker refuses what was presented last. */
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
      // A refresh token that was revoked a moment ago: the broker is about to say so on the link, and why.
      cancelRetry = clock.after(REASON_MS, () => {
        pulse.stop();
        ws?.close(1000);
        giveUp('login_needed', why);
      });
    },
  });

  const become = (next: LinkState, why: string | null) => {
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

  /** Stops for good until somebody logs in. */
  const giveUp = (next: 'login_needed' | 'revoked', why: string) => become(next, why);

  const sendToken = (token: string) => {
    const header = { kind: FrameKind.control, flags: 0, channel: LINK_CHANNEL, seq: 0, ack: 0 };
    ws?.send(writeFrame(header, toPayload({ type: 'token', token })));
  };

  /** After a sleep the socket may be half-open, and a back-off may be of another network. */
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
    } else if (control?.type === 'renewed') renewal.schedule(control.expiresAt);
    else if (control?.type === 'draining') {
      log.info('the broker takes leave');
      // A link that was let in to finish something first takes the channels that it is for.
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

  /** The upgrade was answered with an HTTP status. `forced`: with a token that was new. */
  const onRefused = (broker: string, response: IncomingMessage, forced: boolean) => {
    ws = undefined;
    // A page with these numbers is a firewall's; only the broker's own word ends a login.
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
      log.warn(`the link failed: ${error.message}`); // its close follows
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
    try {
      const socket = openLinkSocket({
        ...options.socketOptions(broker),
        broker,
        token: result.token,
        instance: options.instance,
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
