// Control messages on the local socket (channel 0), as JSON. Small guards by hand: `serve` loads no validation library.
import { FrameKind, LINK_CHANNEL, writeFrame } from 'mcpgate-shared/link/frame';
import { readJson } from 'mcpgate-shared/link/link-message';
import type { DaemonStatus } from './daemon-connection.ts';
import { readPendingLogin, type PendingLogin } from './pending-login.ts';
import { fillPrefix, PREFIX_BYTES } from '../channel/frame-stream.ts';

export type LinkState = DaemonStatus['link']['state'];

/** Client -> daemon. */
export type LocalRequest =
  /** The first message of a client with a channel. With a token: a link of its own, never another credential's. */
  | { type: 'attach'; broker?: string; token?: string }
  | { type: 'status' }
  | { type: 'reload' }
  | { type: 'stop' }
  /** A call needs the stored login, which has ended. `browser` false: the AI client shows the page. */
  | { type: 'login'; browser: boolean };

/** Daemon -> client. */
export type LocalEvent =
  /** `broker`: the run of the broker that an open link leads to. */
  | { type: 'link'; state: LinkState; message: string | null; broker?: string }
  /** The broker takes leave. Open channels finish on the link that they have; `link` speaks of the next one from now on. */
  | { type: 'draining' }
  /** The former link that carried this channel of the client was lost. */
  | { type: 'detached'; channel: number }
  | { type: 'status'; status: DaemonStatus }
  /** A login waits for its person; null: there is none, and why. */
  | { type: 'login'; pending: PendingLogin | null; message: string }
  | { type: 'ok' };

const LINK_STATES: readonly string[] = ['idle', 'connecting', 'open', 'waiting', 'login_needed', 'revoked'];

export function controlFrame(message: LocalRequest | LocalEvent): Buffer {
  const header = { kind: FrameKind.control, flags: 0, channel: LINK_CHANNEL, seq: 0, ack: 0 };
  return fillPrefix(writeFrame(header, Buffer.from(JSON.stringify(message)), PREFIX_BYTES));
}

export function readLocalRequest(payload: Buffer): LocalRequest | undefined {
  const m = readJson(payload);
  switch (m?.['type']) {
    case 'attach': {
      const { broker, token } = m;
      if (token === undefined) return { type: 'attach' };
      return typeof token === 'string' && typeof broker === 'string' ? { type: 'attach', broker, token } : undefined;
    }
    case 'login':
      return { type: 'login', browser: m['browser'] === true };
    case 'status':
    case 'reload':
    case 'stop':
      return { type: m['type'] };
    default:
      return undefined;
  }
}

export function readLocalEvent(payload: Buffer): LocalEvent | undefined {
  const m = readJson(payload);
  switch (m?.['type']) {
    case 'link': {
      const { state, message, broker } = m;
      if (typeof state !== 'string' || !LINK_STATES.includes(state)) return undefined;
      return {
        type: 'link',
        state: state as LinkState,
        message: typeof message === 'string' ? message : null,
        ...(typeof broker === 'string' && { broker }),
      };
    }
    case 'status':
      // The peer has proven that it is this user's own daemon; its status is shown, nothing is decided by it.
      return { type: 'status', status: m['status'] as DaemonStatus };
    case 'login': {
      const message = m['message'];
      const pending = readPendingLogin(m['pending']) ?? null;
      return { type: 'login', pending, message: typeof message === 'string' ? message : '' };
    }
    case 'detached':
      return typeof m['channel'] === 'number' ? { type: 'detached', channel: m['channel'] } : undefined;
    case 'draining':
    case 'ok':
      return { type: m['type'] };
    default:
      return undefined;
  }
}
