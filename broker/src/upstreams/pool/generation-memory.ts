// What was found out of a server's protocol, so that it is not asked again at every connection: for as long as its record stays the same and
// the server does not say otherwise.
import type { ServerRecord } from '../../domain/server-record.ts';

/** `sse`: legacy, over the transport of 2024-11-05. */
export type Speech = 'legacy' | 'modern' | 'sse';

export interface KnownSpeech {
  get(): Speech | undefined;
  learn(speech: Speech): void;
  forget(): void;
}

export interface GenerationMemory {
  of(record: ServerRecord): KnownSpeech;
  /** Forgets all but these records. */
  keep(recordIds: ReadonlyMap<string, unknown>): void;
}

export function createGenerationMemory(): GenerationMemory {
  const known = new Map<string, { transport: string; speech: Speech }>();
  return {
    of(record) {
      const transport = JSON.stringify(record.transport);
      const own = () => {
        const entry = known.get(record.id);
        return entry?.transport === transport ? entry : undefined;
      };
      return {
        get: () => own()?.speech,
        learn: (speech) => void known.set(record.id, { transport, speech }),
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
