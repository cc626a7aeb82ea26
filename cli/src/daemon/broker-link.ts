// The one WebSocket to the broker for one credential: connecting with the current token, renewing it in-band, noticing when the link
// is dead, coming back with back-off and full jitter. It moves frames and never looks into a payload.
import { WebSocket } from 'ws';
import type { Clock } from 'mcpgate-shared/clock';
import { CLOSE_CODE, SUBPROTOCOL } from 'mcpgate-shared/close-code';
import { FRAME_MAX_BYTES, FrameKind, HEADER_BYTES, LINK_CHANNEL, readFrame, writeFrame } from 'mcpgate-shared/frame';
import { readLinkMessage, toPayload } from 'mcpgate-shared/link-message';
import { VERSION } from 'mcpgate-shared/version';
import { networkFailure } from '../auth/network-failure.ts';
import type { TokenSource } from '../auth/token-source.ts';
import type { LinkState } from '../local/control.ts';
import type { DaemonLog } from './daemon-log.ts';
import { explainStatus } from './explain-status.ts';

const HEARTBEAT_MS = 8_000;
const SILENT_AFTER_MS = 18_000;
const HANDSHAKE_MS = 15_000;
/** A timer of one second that comes this late: the computer has slept. */
const TICK_MS = 1_000;
const SLEPT_MS = 4_000;
/** After a sleep the link answers within this, or it is dead. */
const PROOF_OF_LIFE_MS = 2_000;
const BACKOFF_FIRST_MS = 250;
const BACKOFF_MAX_MS = 30_000;
/** A token is renewed this long before its end. */
const RENEW_BEFORE_MS = 60_000;
/** Above this many bytes in the socket, local clients wait. */
const SOCKET_HIGH_BYTES = 1024 * 1024;
const SOCKET_LOW_BYTES = 256 * 1024;

export interface BrokerLink {
  readonly state: LinkState;
  readonly message: string | null;
  readonly broker: string | undefined;
  readonly since: number | null;
  readonly latencyMs: number | null;
  /** Sends a frame; false: no more for now, `onWritable` follows. Frames for a link that is not open are dropped: channels resend. */
  send(frame: Buffer): boolean;
  /** Connects where it waits, or where a login was needed. */
  wake(): void;
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
  socketOptions: (broker: string) => Promise<Pick<WebSocket.ClientOptions, 'agent' | 'ca'>>;
  onFrame: (frame: Buffer) => void;
  onState: (state: LinkState, message: string | null) => void;
  onWritable: () => void;
}

export function createBrokerLink(options: BrokerLinkOptions): BrokerLink {
  const { tokens, clock, log } = options;
  let state: LinkState = 'idle';
  let message: string | null = null;
  let ws: WebSocket | undefined;
  let since: number | null = null;
  let latencyMs: number | null = null;
  let lastHeardAt = 0;
  let pingSentAt = 0;
  let attempt = 0;
  let closed = false;
  let choked = false;
  let cancelRetry: (() => void) | undefined;
  let cancelRenewal: (() => void) | undefined;
  let cancelHeartbeat: (() => void) | undefined;
  let cancelTick: (() => void) | undefined;
  let abort = new AbortController();

  const become = (next: LinkState, why: string | null) => {
    if (next === state && why === message) return;
    state = next;
    message = why;
    since = next === 'open' ? clock.now() : null;
    log.info(`link ${next}${why === null ? '' : `: ${why}`}`);
    options.onState(next, why);
  };

  const retryLater = (why: string, soon = false) => {
    if (closed) return;
    become('waiting', why);
    const ceiling = soon ? BACKOFF_FIRST_MS : Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** attempt);
    attempt += 1;
    cancelRetry?.();
    cancelRetry = clock.after(options.random() * ceiling, () => void connect());
  };

  const failed = async (broker: string, error: unknown) => {
    const carrier = ws;
    const { message: why } = await networkFailure(broker, error);
    if (ws !== carrier) return; // somebody else has connected meanwhile
    ws = undefined;
    retryLater(why);
  };

  /** Stops for good until somebody logs in. */
  const giveUp = (next: 'login_needed' | 'revoked', why: string) => become(next, why);

  const scheduleRenewal = (expiresAt: number | null) => {
    cancelRenewal?.();
    if (expiresAt === null) return;
    const leftMs = expiresAt - clock.now();
    const delayMs = Math.max(1_000, leftMs - Math.min(RENEW_BEFORE_MS, leftMs / 5));
    cancelRenewal = clock.after(Math.min(delayMs, 0x7fff_ffff), () => void renew(expiresAt));
  };

  const renew = async (expiresAt: number) => {
    const carrier = ws;
    const leftMs = Math.max(0, expiresAt - clock.now());
    const result = await tokens.token({ minValidityMs: leftMs + 1_000, signal: abort.signal });
    if (closed || carrier === undefined || carrier !== ws || state !== 'open') return;
    if (result.kind === 'token') return sendControl(carrier, result.token);
    log.warn(`the token could not be renewed: ${result.message}`);
    if (result.kind === 'login_needed') {
      carrier.close(1000);
      return giveUp('login_needed', result.message);
    }
    cancelRenewal = clock.after(Math.max(1_000, leftMs / 4), () => void renew(expiresAt));
  };

  const sendControl = (carrier: WebSocket, token: string) => {
    const header = { kind: FrameKind.control, flags: 0, channel: LINK_CHANNEL, seq: 0, ack: 0 };
    carrier.send(writeFrame(header, toPayload({ type: 'token', token })));
  };

  const beat = () => {
    cancelHeartbeat = clock.after(HEARTBEAT_MS, () => {
      if (ws === undefined || state !== 'open') return;
      if (clock.now() - lastHeardAt > SILENT_AFTER_MS) return ws.terminate();
      pingSentAt = clock.now();
      ws.ping();
      beat();
    });
  };

  /** After a sleep the socket may be half-open, and a back-off may be of another network. */
  const onWoken = () => {
    log.info('woke up');
    attempt = 0;
    const carrier = ws;
    if (state === 'waiting') void connect();
    if (carrier === undefined || state !== 'open') return;
    const askedAt = clock.now();
    pingSentAt = askedAt;
    lastHeardAt = askedAt - 1; // nobody could be heard while asleep: that is no silence
    carrier.ping();
    clock.after(PROOF_OF_LIFE_MS, () => {
      if (ws === carrier && lastHeardAt < askedAt) carrier.terminate();
    });
  };

  const watchSleep = () => {
    const setAt = clock.now();
    cancelTick = clock.after(TICK_MS, () => {
      if (clock.now() - setAt > SLEPT_MS) onWoken();
      watchSleep();
    });
  };

  const onControl = (payload: Buffer) => {
    const control = readLinkMessage(payload);
    if (control?.type === 'welcome') {
      attempt = 0;
      become('open', null);
      scheduleRenewal(control.expiresAt);
      pingSentAt = clock.now();
      ws?.ping();
      beat();
    } else if (control?.type === 'renewed') scheduleRenewal(control.expiresAt);
    else if (control?.type === 'draining') log.info('the broker is about to restart');
  };

  const onClosed = (code: number, reason: string) => {
    cancelHeartbeat?.();
    cancelRenewal?.();
    latencyMs = null;
    choked = false;
    if (closed || state === 'login_needed' || state === 'revoked') return;
    if (code === CLOSE_CODE.revoked) {
      return giveUp(
        'revoked',
        `your access was revoked (${reason}); ask your platform team, then run \`mcpgate login\``,
      );
    }
    if (code === CLOSE_CODE.token) void connect(true);
    else
      retryLater(
        code === CLOSE_CODE.draining ? 'the broker restarts' : `the link was lost (${code} ${reason})`,
        attempt === 0,
      );
  };

  const listen = (carrier: WebSocket, broker: string, forced: boolean) => {
    let settled = false; // an upgrade that was answered with an HTTP status has been dealt with
    carrier.on('message', (data: Buffer) => {
      lastHeardAt = clock.now();
      const header = readFrame(data);
      if (typeof header === 'string') return carrier.close(CLOSE_CODE.protocol, header);
      if (header.channel === LINK_CHANNEL) {
        if (header.kind === FrameKind.control) onControl(data.subarray(HEADER_BYTES));
      } else options.onFrame(data);
    });
    carrier.on('pong', () => {
      lastHeardAt = clock.now();
      latencyMs = lastHeardAt - pingSentAt;
    });
    carrier.on('ping', () => {
      lastHeardAt = clock.now();
    });
    carrier.on('unexpected-response', (request, response) => {
      settled = true;
      response.resume();
      request.destroy();
      ws = undefined;
      const { statusCode = 0 } = response;
      if (statusCode === 401 && !forced) return void connect(true);
      if (statusCode === 401) return giveUp('login_needed', 'the broker refused the login; run `mcpgate login`');
      if (statusCode === 403) {
        return giveUp('revoked', 'your access was revoked; ask your platform team, then run `mcpgate login`');
      }
      retryLater(explainStatus(broker, statusCode));
    });
    carrier.on('error', (error) => {
      if (settled) return;
      if (state === 'open') return log.warn(`the link failed: ${error.message}`); // `close` follows
      settled = true;
      void failed(broker, error);
    });
    carrier.on('close', (code, reason) => {
      if (ws !== carrier || settled) return;
      ws = undefined;
      onClosed(code, reason.toString());
    });
  };

  const connect = async (force = false): Promise<void> => {
    cancelRetry?.();
    cancelRetry = undefined;
    if (closed || ws !== undefined) return;
    become('connecting', message);
    const { signal } = abort;
    const result = await tokens.token({ minValidityMs: 30_000, force, signal });
    if (closed || signal.aborted || ws !== undefined) return;
    if (result.kind === 'login_needed') return giveUp('login_needed', result.message);
    if (result.kind === 'retry') return retryLater(result.message);
    const { broker } = tokens;
    if (broker === undefined) return giveUp('login_needed', 'not logged in; run `mcpgate login URL`');
    try {
      const url = `${broker.replace(/^http/, 'ws').replace(/\/$/, '')}/v1/tunnel`;
      const socketOptions = await options.socketOptions(broker);
      if (closed || signal.aborted || ws !== undefined) return;
      ws = new WebSocket(url, SUBPROTOCOL, {
        ...socketOptions,
        headers: {
          authorization: `Bearer ${result.token}`,
          'mcpgate-instance': options.instance,
          'user-agent': `mcpgate/${VERSION}`,
        },
        handshakeTimeout: HANDSHAKE_MS,
        maxPayload: FRAME_MAX_BYTES,
        perMessageDeflate: false,
        followRedirects: false,
      });
      lastHeardAt = clock.now();
      listen(ws, broker, force);
    } catch (error) {
      await failed(broker, error);
    }
  };

  watchSleep();
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
    get since() {
      return since;
    },
    get latencyMs() {
      return latencyMs;
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
      attempt = 0;
      void connect();
    },
    close() {
      closed = true;
      abort.abort();
      abort = new AbortController();
      cancelRetry?.();
      cancelRenewal?.();
      cancelHeartbeat?.();
      cancelTick?.();
      const carrier = ws;
      ws = undefined;
      carrier?.close(1000);
      if (carrier) clock.after(2_000, () => carrier.terminate());
      become('idle', null);
    },
  };
}
