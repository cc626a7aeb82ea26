// All sources, by their kind. What several secrets read at the same time is read once.
import { atMost } from 'mcpgate-shared/at-most';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { SourceSettings } from '../../config/source-settings.ts';
import { createCommandSource } from './command-source.ts';
import { createEnvSource } from './env-source.ts';
import { createFileSource } from './file-source.ts';
import { createHashicorpSource } from './hashicorp/hashicorp-source.ts';
import { parseReference } from './reference.ts';
import type { Source, SourceKind } from './source.ts';

/** So many commands run, and requests are under way, at the same time; the others wait for their turn. */
const AT_ONCE = 4;

export interface ReadFrom {
  workspaceId: string;
  reference: string;
}

export interface Sources {
  /** Throws `usage` or `forbidden`: what is written wrong, or not allowed. */
  check(from: ReadFrom): Pick<Source, 'everyMs' | 'mayBeTold'>;
  /** Throws a GateError that says what is in the way. */
  read(from: ReadFrom): Promise<string>;
  /** Undefined where the source has none. */
  stamp(from: ReadFrom): Promise<string | undefined>;
  everyMs(reference: string): number;
  close(): void;
}

export function createSources(
  settings: SourceSettings,
  surroundings: { clock: Clock; env: Readonly<Record<string, string | undefined>> },
): Sources {
  const table: Readonly<Record<SourceKind, Source>> = {
    env: createEnvSource(settings, surroundings.env),
    file: createFileSource(settings),
    vault: createHashicorpSource(settings.hashicorp, surroundings),
    command: createCommandSource(settings, surroundings),
  };
  const underWay = new Map<string, Promise<string>>();
  const inTurn = atMost(AT_ONCE);

  function find({ workspaceId, reference }: ReadFrom) {
    const { kind, text } = parseReference(reference);
    return { kind, source: table[kind], wanted: { workspaceId, text } };
  }

  return {
    check(from) {
      const { source, wanted } = find(from);
      source.check(wanted);
      return source;
    },
    async read(from) {
      const { kind, source, wanted } = find(from);
      if (kind === 'env' || kind === 'file') return await source.read(wanted);
      const key = `${from.workspaceId} ${from.reference}`;
      const reading = underWay.get(key) ?? inTurn(() => source.read(wanted)).finally(() => underWay.delete(key));
      underWay.set(key, reading);
      return await reading;
    },
    async stamp(from) {
      const { source, wanted } = find(from);
      return await source.stamp?.(wanted);
    },
    everyMs: (reference) => table[parseReference(reference).kind].everyMs,
    close() {
      for (const source of Object.values(table)) source.close?.();
    },
  };
}

/** Where no configuration allows any. */
export const NO_SOURCES: SourceSettings = {
  ...{ env: [], ownVariables: new Set<string>(), files: [], closedPaths: [], commands: [], commandEnv: [] },
  ...{ commandTimeoutMs: 10_000, hashicorp: undefined },
};

/** The error with the secret that it is about. */
export function ofSecret(error: unknown, { name, reference }: { name: string; reference: string }): GateError {
  if (!(error instanceof GateError)) throw error;
  const text = `the secret ${name} cannot be read from ${reference}: ${error.message}`;
  return new GateError(error.code, text, { cause: error });
}
