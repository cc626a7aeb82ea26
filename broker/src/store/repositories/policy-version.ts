// The version of a workspace's policy: every change of its rules raises it and is told to the other brokers, in one transaction.
import type { Transaction } from 'kysely';
import { GateError } from 'mcpgate-shared/error';
import type { Announce } from '../bus/announce.ts';
import type { Database } from '../schema.ts';

/** The new version. Throws `not_found` where there is no such workspace. */
export async function raisePolicyVersion(
  trx: Transaction<Database>,
  workspaceId: string,
  announce: Announce,
): Promise<number> {
  const row = await trx
    .updateTable('policies')
    .set((eb) => ({ version: eb('version', '+', 1) }))
    .where('workspace_id', '=', workspaceId)
    .returning('version')
    .executeTakeFirst();
  if (row === undefined) throw new GateError('not_found', `there is no workspace ${workspaceId}`);
  await announce(trx, { kind: 'policy', workspaceId });
  return row.version;
}
