// The operations by which the log is proved whole: verified here, and the keys for somebody else to verify it.
import type { z } from 'zod';
import { auditApi, type VerifyLine } from 'mcpgate-shared/api/audit';
import type { Verdict } from '../../audit/proof/verdict.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { assertAtHome, eventBy, operation, streamOperation, type Caller, type Operation } from '../operation.ts';

const timeOf = (iso: string | undefined): number | undefined => (iso === undefined ? undefined : Date.parse(iso));

export function proofOperations({
  audit,
  proofs,
  archives: files,
}: Pick<AdminDependencies, 'audit' | 'proofs' | 'archives'>): Operation[] {
  async function* verify(
    { since, until, checkpoints, archives: withArchives }: z.output<typeof auditApi.verify.body>,
    caller: Caller,
    signal: AbortSignal,
  ): AsyncGenerator<VerifyLine> {
    // The chains are of all workspaces together.
    assertAtHome(caller, 'the log of all workspaces together is verified by people of the workspace default');
    const known = withArchives
      ? { folder: files.state.folder, known: (await files.list()).map(({ name, sha256 }) => ({ name, sha256 })) }
      : undefined;
    const asked = { since: timeOf(since), until: timeOf(until), checkpoints, archives: known };
    const noted = async ({ rows, fault }: Verdict): Promise<void> => {
      const wrong = { chain: fault?.chain ?? null, seq: fault?.seq ?? null, why: fault?.why ?? null };
      const data = { whole: fault === undefined, rows, ...wrong };
      await audit.event(eventBy(caller, { type: 'audit.verified', subject: null, data }));
    };
    for await (const message of proofs.verify(asked, signal, noted)) {
      if (message.kind === 'progress') {
        yield message;
        continue;
      }
      const {
        rows,
        chains,
        checkpoints: signed,
        archives,
        archivedRows,
        inArchives,
        toldInArchives,
        fault,
      } = message.verdict;
      yield {
        ...{ kind: 'verdict', whole: fault === undefined, rows, chains, checkpoints: signed, wrong: fault ?? null },
        ...{ archives, archived_rows: archivedRows, named_in_archives: [...inArchives] },
        told_in_archives: [...toldInArchives],
      };
    }
  }

  return [
    streamOperation(auditApi.verify, ({ body }, caller, signal) => verify(body, caller, signal)),
    operation(auditApi.keys, async () => ({ keys: await proofs.keys() })),
  ];
}
