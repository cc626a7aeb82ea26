// How a command talks to the local daemon. `serve` has a leaner way of its own over the same socket.

import type { PendingLogin } from './pending-login.ts';

export interface DaemonStatus {
  version: string;
  pid: number;
  startedAt: number;
  /** AI clients connected to the local socket. */
  clients: number;
  /** Channels that its links carry now. */
  channels: number;
  /** Bytes that wait in its sockets, each way. */
  bytesToBroker: number;
  bytesToClients: number;
  link: {
    state: 'idle' | 'connecting' | 'open' | 'waiting' | 'login_needed' | 'revoked';
    broker: string | null;
    /** When the WebSocket was opened, ms since the epoch. */
    since: number | null;
    latencyMs: number | null;
    /** Why it is not open: one line that says what to do. */
    message: string | null;
  };
  /** A login that the daemon has begun, for its person to confirm. */
  login: PendingLogin | null;
}

/** An MCP session through the daemon, as `serve` has one: one JSON-RPC message a call, as text. */
export interface DaemonChannel {
  send(text: string): void;
  onMessage(listener: (text: string) => void): void;
  /** The link is there; before that, what is sent may be answered without the broker. Once. */
  onOpen(listener: () => void): void;
  /** The link is not to be had (not logged in, revoked, unreachable), or the daemon has ended: the error says what to do. A cut after `onOpen` heals by itself. */
  onFailure(listener: (error: Error) => void): void;
  close(): void;
}

export interface DaemonConnection {
  status(): Promise<DaemonStatus>;
  /** Tells the daemon that the stored login changed: it forgets its tokens and connects anew (or drops the link after a logout). */
  reload(): Promise<void>;
  /** Asks it to end once calls under way are done. */
  stop(): Promise<void>;
  channel(options?: { server?: string }): DaemonChannel;
  close(): void;
}
