// The interface through which commands use the local daemon. `serve` does not load it and uses the same socket directly.

import type { PendingLogin } from './pending-login.ts';

export interface DaemonStatus {
  version: string;
  pid: number;
  startedAt: number;
  /** How many AI clients are connected to the local socket. */
  clients: number;
  /** How many channels its links carry now. */
  channels: number;
  /** Bytes that wait in the daemon's sockets, in each direction. */
  bytesToBroker: number;
  bytesToClients: number;
  link: {
    state: 'idle' | 'connecting' | 'open' | 'waiting' | 'login_needed' | 'revoked';
    broker: string | null;
    /** When the WebSocket was opened, ms since the epoch. */
    since: number | null;
    latencyMs: number | null;
    /** Why the link is not open, as one line that says what to do. */
    message: string | null;
  };
  /** A login that the daemon has begun and that waits for the person to confirm it. */
  login: PendingLogin | null;
}

/** An MCP session through the daemon, like the one of `serve`. Each `send` and `onMessage` is one JSON-RPC message, as text. */
export interface DaemonChannel {
  send(text: string): void;
  onMessage(listener: (text: string) => void): void;
  /** Called once, when the link is open. Requests before that may be answered without the broker. */
  onOpen(listener: () => void): void;
  /**
   * The link cannot be opened (not logged in, revoked, unreachable), or the daemon has ended; the error says what to do. Not called for a cut
   * after `onOpen`, after which the link comes back.
   */
  onFailure(listener: (error: Error) => void): void;
  close(): void;
}

export interface DaemonConnection {
  status(): Promise<DaemonStatus>;
  /** Tells the daemon that the stored login has changed: it forgets its tokens and connects again, or drops the link after a logout. */
  reload(): Promise<void>;
  /** Asks the daemon to end once calls under way are done. */
  stop(): Promise<void>;
  channel(options?: { server?: string }): DaemonChannel;
  close(): void;
}
