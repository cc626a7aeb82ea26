// What shows that the log is whole: verifications, exports that others verify, and the public keys of checkpoints.
import { GateError } from 'mcpgate-shared/error';
import type { Logger } from '../../log/logger.ts';
import type { Store } from '../../store/store.ts';
import type { Audit } from '../audit.ts';
import type { ArchiveFiles } from '../archive/check-archives.ts';
import type { AuditKeys } from '../audit-keys.ts';
import type { CheckpointKeys, CheckpointKeyView } from './checkpoint-keys.ts';
import { createLogExports, type LogExports } from '../export/log-exports.ts';
import { CheckpointSchema } from './statement.ts';
import type { Verdict } from './verdict.ts';
import { verifyInThread, type VerifyMessage } from './verify-thread.ts';

export interface LogProofs {
  /**
   * Says how far it is, and at the end what was found. `checkpoints`: as they were kept elsewhere; throws `usage` for one that is none, and `unavailable`
   * where too many verifications are under way. `noted` records what was found: a log that takes no row now, perhaps because of what is wrong with it, is told of all the same.
   */
  verify(
    asked: {
      since: number | undefined;
      until: number | undefined;
      checkpoints: readonly unknown[];
      archives?: ArchiveFiles | undefined;
    },
    signal: AbortSignal,
    noted?: (verdict: Verdict) => Promise<void>,
  ): AsyncIterable<Exclude<VerifyMessage, { kind: 'failed' }>>;
  exports: LogExports;
  keys(): Promise<CheckpointKeyView[]>;
}

/** A few are made at the same time: each has two threads, connections to the database, and memory for all words of the log. */
const AT_ONCE = 2;

export function createLogProofs(parts: {
  store: Pick<Store, 'audit'>;
  audit: Pick<Audit, 'flush' | 'head'>;
  keys: Pick<AuditKeys, 'sealKeys'>;
  checkpointKeys: CheckpointKeys;
  log: Pick<Logger, 'error'>;
}): LogProofs {
  const { store, audit, keys, checkpointKeys, log } = parts;
  let underWay = 0;
  return {
    async *verify({ since, until, checkpoints, archives }, signal, noted) {
      const read = checkpoints.map((checkpoint, index) => {
        const found = CheckpointSchema.safeParse(checkpoint);
        if (found.success) return found.data;
        throw new GateError(
          'usage',
          `checkpoint ${index + 1} of the file is none: give the file that the broker has written`,
        );
      });
      if (underWay >= AT_ONCE) {
        const text = `${AT_ONCE} verifications of the log are under way, and no more are made at the same time: try again when one has ended`;
        throw new GateError('unavailable', text);
      }
      underWay += 1;
      try {
        await audit.flush();
        const pems = await checkpointKeys.pems();
        // Whoever empties the log has not emptied the memory of its writer.
        const claims = audit.head === undefined ? [] : [{ head: audit.head, by: 'this broker, which wrote it,' }];
        const by = { source: store.audit.source(), sealKeys: keys.sealKeys(), pems };
        for await (const message of verifyInThread(
          { ...by, since, until, checkpoints: read, claims, archives },
          signal,
        )) {
          if (message.kind === 'verdict')
            await noted?.(message.verdict).catch((error: unknown) =>
              log.error({ err: error, verdict: message.verdict }, 'that the log was verified could not be recorded'),
            );
          yield message;
        }
      } finally {
        underWay -= 1;
      }
    },
    exports: createLogExports({ store, audit }),
    keys: () => checkpointKeys.published(),
  };
}
