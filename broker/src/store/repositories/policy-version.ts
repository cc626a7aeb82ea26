// The version of a workspace's policy, which every change of what its rules mean raises.
import type { Transaction } from 'kysely';
import { GateError } from 'mcpgate-shared/error';
import type { Announce } from '../bus/announce.ts';
import type { Database } from '../schema.ts';

/** Raises the version of a workspace's policy, announces the change (unless something else that is announced tells of it), and returns the new version. Throws `not_found` without such a workspace. */
export async function raisePolicyVersion(
  trx: Transaction<Database>,
  workspaceId: string,
  announce: Announce | undefined,
): Promise<number> {
  const row = await trx
    .updateTable('policies')
    .set((eb) => ({ version: eb('version', '+', 1) }))
    .where('workspace_id', '=', workspaceId)
    .returning('version')
    .executeTakeFirst();
  if (row === undefined) throw new GateError('not_found', `there is no workspace ${workspaceId}`);
  await announce?.(trx, { kind: 'policy', workspaceId });
  return row.version;
}
