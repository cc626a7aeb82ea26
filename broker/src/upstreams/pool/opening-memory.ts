// Remembers how a session with each server was last opened, so that not every connection has to find it out anew. It is forgotten when the
// server's record changes, or the remembered way stops working.
import type { ServerRecord } from '../../domain/server-record.ts';

/** `sse`: legacy, over the transport of 2024-11-05. */
export type Opening = 'legacy' | 'modern' | 'sse';

export interface KnownOpening {
  get(): Opening | undefined;
  learn(opening: Opening): void;
  forget(): void;
}

export interface OpeningMemory {
  of(record: ServerRecord): KnownOpening;
  /** Forgets all servers but those with these ids. */
  keep(recordIds: ReadonlyMap<string, unknown>): void;
}

export function createOpeningMemory(): OpeningMemory {
  const known = new Map<string, { transport: string; opening: Opening }>();
  return {
    of(record) {
      const transport = JSON.stringify(record.transport);
      const own = () => {
        const entry = known.get(record.id);
        return entry?.transport === transport ? entry : undefined;
      };
      return {
        get: () => own()?.opening,
        learn: (opening) => void known.set(record.id, { transport, opening }),
        forget() {
          if (own() !== undefined) known.delete(record.id);
        },
      };
    },
    keep(recordIds) {
      for (const id of known.keys()) if (!recordIds.has(id)) known.delete(id);
    },
  };
}
