// Limits the number of connections on the local socket, and how many refused ones are logged.
import type { Socket } from 'node:net';
import type { Clock } from 'mcpgate-shared/clock';
import { createRateBound } from 'mcpgate-shared/rate-bound';
import type { DaemonLog } from './daemon-log.ts';

/** The most connections that have not finished the handshake. */
const UNPROVEN_MAX = 64;
const CONNECTIONS_MAX = 1_000;
const LINES = { burst: 10, perSecond: 0.1 };

export interface LocalDoor {
  /** Admits a connection; undefined: there are too many, and this one was closed. Call `proven` when the handshake is done. */
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
