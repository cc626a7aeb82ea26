// The control messages on the local socket (channel 0), as JSON, with small hand-written guards, because `serve` loads no validation library.
import { FrameKind, LINK_CHANNEL, writeFrame } from 'mcpgate-shared/link/frame';
import { readJson } from 'mcpgate-shared/link/link-message';
import type { DaemonStatus } from './daemon-connection.ts';
import { readPendingLogin, type PendingLogin } from './pending-login.ts';
import { fillPrefix, PREFIX_BYTES } from '../channel/frame-stream.ts';

export type LinkState = DaemonStatus['link']['state'];

/** Client -> daemon. */
export type LocalRequest =
  /** The first message of a client that opens channels. With a token, it gets the link of that credential. */
  | { type: 'attach'; broker?: string; token?: string }
  | { type: 'status' }
  | { type: 'reload' }
  | { type: 'stop' }
  /** Asks for a new login, because a call needs the stored one and it has ended. `browser` false: the AI client shows the page itself. */
  | { type: 'login'; browser: boolean };

/** Daemon -> client. */
export type LocalEvent =
  /** The state of the link. `broker`: the run of the broker at its other end, where it is open. */
  | { type: 'link'; state: LinkState; message: string | null; broker?: string }
  /** The broker drains. Open channels stay on their link; later `link` events are about the next link. */
  | { type: 'draining' }
  /** The link to a draining broker that carried this channel was lost. */
  | { type: 'detached'; channel: number }
  | { type: 'status'; status: DaemonStatus }
  /** A login waits for the person to confirm it; null: there is none, and `message` says why. */
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
      // Not checked in detail: the handshake has proven that the daemon belongs to this user, and the status is only shown.
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
