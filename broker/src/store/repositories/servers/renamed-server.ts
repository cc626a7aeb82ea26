// What names a server elsewhere, when it is renamed: rules, and the servers that grants are bound to.
import type { Transaction } from 'kysely';
import { readStringList } from '../../json-text.ts';
import type { Database } from '../../schema.ts';
import { renameInHooks } from '../hooks.ts';
import { raisePolicyVersion } from '../policy-version.ts';
import type { ServerRecord } from '../../../domain/server-record.ts';

/** What a rename has changed. Rules and grants are those that named the server. */
export interface Renamed {
  server: ServerRecord;
  rules: { id: string; before: readonly string[]; after: readonly string[] }[];
  grants: { id: string; label: string }[];
}

/**
 * Raises the policy's version also where no rule names the server: rules with wildcards may mean something else now. That is not announced: whoever
 * hears of the other name reads the rules again at that moment, and not before, when they would deny the former name.
 */
export async function renameInRules(
  trx: Transaction<Database>,
  workspaceId: string,
  rewrite: (what: string) => string,
): Promise<Renamed['rules']> {
  await raisePolicyVersion(trx, workspaceId, undefined);
  await renameInHooks(trx, workspaceId, rewrite);
  const rows = await trx
    .selectFrom('rules')
    .select(['id', 'what_json'])
    .where('workspace_id', '=', workspaceId)
    .orderBy('added_in')
    .execute();
  const changed: Renamed['rules'] = [];
  for (const { id, what_json } of rows) {
    const before = readStringList(what_json, `the tools of rule ${id}`);
    const after = before.map(rewrite);
    if (after.every((what, index) => what === before[index])) continue;
    await trx
      .updateTable('rules')
      .set({ what_json: JSON.stringify(after) })
      .where('workspace_id', '=', workspaceId)
      .where('id', '=', id)
      .execute();
    changed.push({ id, before, after });
  }
  return changed;
}

export async function renameInGrants(
  trx: Transaction<Database>,
  workspaceId: string,
  from: string,
  to: string,
): Promise<Renamed['grants']> {
  const rows = await trx
    .selectFrom('grants')
    .select(['id', 'label', 'servers_json', 'revoked_at'])
    .where('workspace_id', '=', workspaceId)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  const changed: Renamed['grants'] = [];
  for (const { id, label, servers_json, revoked_at } of rows) {
    const servers = readStringList(servers_json, `the servers of grant ${id}`);
    if (!servers.includes(from)) continue;
    const now = [...new Set(servers.map((name) => (name === from ? to : name)))];
    await trx
      .updateTable('grants')
      .set({ servers_json: JSON.stringify(now) })
      .where('id', '=', id)
      .execute();
    if (revoked_at === null) changed.push({ id, label });
  }
  return changed;
}
