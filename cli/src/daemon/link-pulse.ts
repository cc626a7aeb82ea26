// Whether the broker is still there: a ping every few seconds, and the end of a socket over which nothing has come for too long.
import type { Clock } from 'mcpgate-shared/clock';

const HEARTBEAT_MS = 8_000;
const SILENT_AFTER_MS = 18_000;
/** After a sleep the link answers within this, or it is dead. */
const PROOF_OF_LIFE_MS = 2_000;

export interface Pulsing {
  ping(): void;
  terminate(): void;
}

export interface LinkPulse {
  readonly latencyMs: number | null;
  start(socket: Pulsing): void;
  stop(): void;
  /** Something came over the socket. */
  heard(): void;
  /** An answer to a ping did. */
  ponged(): void;
  /** After a sleep the socket may be half-open: it has to answer at once. */
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
    // The look that finds it silent is not put off to the next ping.
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
      lastHeardAt = askedAt - 1; // nobody could be heard while asleep: that is no silence
      ping(socket);
      clock.after(PROOF_OF_LIFE_MS, () => {
        if (watched === socket && lastHeardAt < askedAt) socket.terminate();
      });
    },
  };
}
