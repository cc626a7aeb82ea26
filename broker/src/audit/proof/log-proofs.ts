// What shows that the log is whole: verifications, exports that others verify, and the public keys of checkpoints.
import { GateError } from 'mcpgate-shared/error';
import type { Store } from '../../store/store.ts';
import type { Audit } from '../audit.ts';
import type { ArchiveFiles } from '../archive/check-archives.ts';
import type { AuditKeys } from '../audit-keys.ts';
import type { CheckpointKeys, CheckpointKeyView } from './checkpoint-keys.ts';
import { createLogExports, type LogExports } from '../export/log-exports.ts';
import { CheckpointSchema } from './statement.ts';
import { verifyInThread, type VerifyMessage } from './verify-thread.ts';

export interface LogProofs {
  /** Says how far it is, and at the end what was found. `checkpoints`: as they were kept elsewhere; throws `usage` for one that is none. */
  verify(
    asked: {
      since: number | undefined;
      until: number | undefined;
      checkpoints: readonly unknown[];
      archives?: ArchiveFiles | undefined;
    },
    signal: AbortSignal,
  ): AsyncIterable<Exclude<VerifyMessage, { kind: 'failed' }>>;
  exports: LogExports;
  keys(): Promise<CheckpointKeyView[]>;
}

export function createLogProofs(parts: {
  store: Pick<Store, 'audit'>;
  audit: Pick<Audit, 'flush' | 'head'>;
  keys: Pick<AuditKeys, 'sealKeys'>;
  checkpointKeys: CheckpointKeys;
}): LogProofs {
  const { store, audit, keys, checkpointKeys } = parts;
  return {
    async *verify({ since, until, checkpoints, archives }, signal) {
      const read = checkpoints.map((checkpoint, index) => {
        const found = CheckpointSchema.safeParse(checkpoint);
        if (found.success) return found.data;
        throw new GateError(
          'usage',
          `checkpoint ${index + 1} of the file is none: give the file that the broker has written`,
        );
      });
      await audit.flush();
      const pems = await checkpointKeys.pems();
      // Whoever empties the log has not emptied the memory of its writer.
      const claims = audit.head === undefined ? [] : [{ head: audit.head, by: 'this broker, which wrote it,' }];
      const by = { source: store.audit.source(), sealKeys: keys.sealKeys(), pems };
      yield* verifyInThread({ ...by, since, until, checkpoints: read, claims, archives }, signal);
    },
    exports: createLogExports({ store, audit }),
    keys: () => checkpointKeys.published(),
  };
}
