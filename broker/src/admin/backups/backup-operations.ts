// Backups: only administrators of the first workspace may have one, because it holds all workspaces.
import { backupsApi } from 'mcpgate-shared/api/backups/backups';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { assertAtHome, eventBy, operation, streamOperation, type Caller, type Operation } from '../operation.ts';

const NOT_AT_HOME = `a backup holds all workspaces: administrators of the workspace ${DEFAULT_WORKSPACE} make it`;

export function backupOperations({ backups, audit }: Pick<AdminDependencies, 'backups' | 'audit'>): Operation[] {
  const record = async (caller: Caller, type: string, subject: string, data: Record<string, string | number>) =>
    await audit.event(eventBy({ ...caller, workspaceId: DEFAULT_WORKSPACE }, { type, subject, data }));

  async function* recorded(caller: Caller, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    // Before the first byte leaves: whoever has it has all that the database holds.
    await record(caller, 'backup.begun', 'database', {});
    yield* chunks;
  }

  return [
    streamOperation(backupsApi.make, (_input, caller, signal) => {
      assertAtHome(caller, NOT_AT_HOME);
      const chunks = backups.make(
        signal,
        async ({ sha256, bytes }) =>
          await record(caller, 'backup.sent', `backup:${sha256.slice(0, 16)}`, { sha256, bytes }),
      );
      return recorded(caller, chunks);
    }),
    operation(backupsApi.kept, async ({ body: { bytes, ...trailer } }, caller) => {
      assertAtHome(caller, NOT_AT_HOME);
      const kept = await backups.keep(trailer, bytes, caller.actor.name);
      const { sha256 } = trailer;
      await record(caller, 'backup.kept', `backup:${sha256.slice(0, 16)}`, { sha256, bytes });
      return kept;
    }),
  ];
}
