// Checks that the broker is still there: sends a ping every few seconds, and ends a socket on which nothing has arrived for too long.
import type { Clock } from 'mcpgate-shared/clock';

const HEARTBEAT_MS = 8_000;
const SILENT_AFTER_MS = 18_000;
/** How long a link may take to answer after the computer has slept. */
const PROOF_OF_LIFE_MS = 2_000;

export interface Pulsing {
  ping(): void;
  terminate(): void;
}

export interface LinkPulse {
  readonly latencyMs: number | null;
  start(socket: Pulsing): void;
  stop(): void;
  /** Bytes have arrived on the socket. */
  heard(): void;
  /** A pong has arrived. */
  ponged(): void;
  /** Pings and ends the socket unless an answer comes soon: after a sleep it may be half-open. */
  prove(): void;
}

export function createLinkPulse(clock: Clock): LinkPulse {
  let watched: Pulsing | undefined;
  let latencyMs: number | null = null;
  let lastHeardAt = 0;
  let pingSentAt = 0;
  let cancelBeat: (() => void) | undefined;

  function ping(socket: Pulsing): void {
    pingSentAt = clock.now();
    socket.ping();
  }

  function beat(socket: Pulsing): void {
    // The timer also fires when the silence becomes too long, not only for the next ping.
    const silentInMs = lastHeardAt + SILENT_AFTER_MS - clock.now() + 1;
    cancelBeat = clock.after(Math.max(1, Math.min(HEARTBEAT_MS, silentInMs)), () => {
      if (clock.now() - lastHeardAt > SILENT_AFTER_MS) return socket.terminate();
      ping(socket);
      beat(socket);
    });
  }

  return {
    get latencyMs() {
      return latencyMs;
    },
    start(socket) {
      cancelBeat?.();
      watched = socket;
      lastHeardAt = clock.now();
      ping(socket);
      beat(socket);
    },
    stop() {
      cancelBeat?.();
      watched = undefined;
      latencyMs = null;
    },
    heard() {
      lastHeardAt = clock.now();
    },
    ponged() {
      lastHeardAt = clock.now();
      latencyMs = lastHeardAt - pingSentAt;
    },
    prove() {
      const socket = watched;
      if (socket === undefined) return;
      const askedAt = clock.now();
      lastHeardAt = askedAt - 1; // the time of the sleep does not count as silence
      ping(socket);
      clock.after(PROOF_OF_LIFE_MS, () => {
        if (watched === socket && lastHeardAt < askedAt) socket.terminate();
      });
    },
  };
}
