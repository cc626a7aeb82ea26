// States where the log stands: after so many rows of this broker, and at the latest so long after the first row that no checkpoint covers.
import { hash } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import { canonicalJson } from '../../domain/canonical-json.ts';
import type { ChainHead } from '../../store/audit/row.ts';
import type { Signer } from './checkpoint-keys.ts';
import { signStatement, type Checkpoint } from './statement.ts';

const ROWS = 1_000;
const LATEST_MS = 60_000;

export interface CheckpointWriter {
  /** Rows were committed that no checkpoint covers. */
  appended(rows: number): void;
  /** States it now, where there is anything to state. */
  state(): Promise<void>;
  /** When the last one was made, ms since the epoch. */
  readonly lastAt: number | null;
  close(): void;
}

export function createCheckpointWriter(options: {
  clock: Pick<Clock, 'now' | 'after'>;
  signer: () => Promise<Signer>;
  /** The end of this broker's chain; undefined where it has none. */
  head: () => ChainHead | undefined;
  /** The ends of other chains that went on since this was asked before. */
  others: () => Promise<ChainHead[]>;
  /** Writes it into the log. */
  write: (checkpoint: Checkpoint) => Promise<void>;
  /** Brings it to where it is kept besides. */
  bring: (checkpoint: Checkpoint) => void;
  onError: (error: unknown) => void;
}): CheckpointWriter {
  const { clock, signer, head, others, write, bring, onError } = options;
  let uncovered = 0;
  let previous: string | null = null;
  let lastAt: number | null = null;
  let running: Promise<void> | undefined;
  let cancelTimer: (() => void) | undefined;

  async function stateNow(): Promise<void> {
    cancelTimer?.();
    cancelTimer = undefined;
    const own = head();
    if (own === undefined || uncovered === 0) return;
    const covered = uncovered;
    const { kid, key } = await signer();
    const moved = await others();
    const at = new Date(clock.now()).toISOString();
    const heads = [own, ...moved].map(({ chain, hash: rowHash, seq }) => ({ chain, hash: rowHash, seq }));
    const statement = {
      ...{ at, chain: own.chain, heads, key: kid, previous },
      ...{ type: 'mcpgate.checkpoint' as const, v: 1 as const },
    };
    const checkpoint = signStatement(statement, key);
    await write(checkpoint);
    previous = hash('sha256', canonicalJson(statement), 'hex');
    lastAt = clock.now();
    uncovered -= covered;
    bring(checkpoint);
    if (uncovered > 0) later();
  }

  const state = (): Promise<void> =>
    (running ??= stateNow().finally(() => {
      running = undefined;
    }));

  function begin(): void {
    state().catch((error: unknown) => {
      onError(error);
      later();
    });
  }

  function later(): void {
    cancelTimer ??= clock.after(LATEST_MS, () => {
      cancelTimer = undefined;
      begin();
    });
  }

  return {
    appended(rows) {
      if (rows === 0) return;
      uncovered += rows;
      if (uncovered >= ROWS) {
        if (running === undefined) begin();
      } else {
        later();
      }
    },
    state,
    get lastAt() {
      return lastAt;
    },
    close() {
      cancelTimer?.();
    },
  };
}
