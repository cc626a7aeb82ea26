// How many may stand at the local socket at once, and how much of what is refused there is logged.
import type { Socket } from 'node:net';
import type { Clock } from 'mcpgate-shared/clock';
import { createRateBound } from 'mcpgate-shared/rate-bound';
import type { DaemonLog } from './daemon-log.ts';

/** Connections that have not proven themselves; each may take the time of the handshake. */
const UNPROVEN_MAX = 64;
const CONNECTIONS_MAX = 1_000;
const LINES = { burst: 10, perSecond: 0.1 };

export interface LocalDoor {
  /** Undefined: it was one too many, and is gone. `proven` is called once it has proven itself. */
  enter(socket: Socket): { proven: () => void } | undefined;
  refused(reason: string): void;
}

export function createLocalDoor({ log, clock }: { log: DaemonLog; clock: Clock }): LocalDoor {
  const mayLog = createRateBound(LINES, clock.now);
  let unlogged = 0;
  let unproven = 0;
  let connections = 0;

  const refused = (reason: string) => {
    if (!mayLog()) {
      unlogged += 1;
      return;
    }
    log.warn(`a local connection was refused: ${reason}${unlogged === 0 ? '' : ` (and ${unlogged} more before)`}`);
    unlogged = 0;
  };

  return {
    refused,
    enter(socket) {
      if (unproven >= UNPROVEN_MAX || connections >= CONNECTIONS_MAX) {
        refused(unproven >= UNPROVEN_MAX ? 'too many without a proof' : `more than ${CONNECTIONS_MAX} at once`);
        socket.destroy();
        return undefined;
      }
      let isProven = false;
      const proven = () => {
        if (isProven) return;
        isProven = true;
        unproven -= 1;
      };
      unproven += 1;
      connections += 1;
      socket.once('close', () => {
        proven();
        connections -= 1;
      });
      return { proven };
    },
  };
}
