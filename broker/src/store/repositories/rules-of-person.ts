// Rules that name a person end with that person: whoever gets the same name later is somebody else.
import type { Transaction } from 'kysely';
import type { Announce } from '../bus/announce.ts';
import { readStringList } from '../json-text.ts';
import type { Database } from '../schema.ts';
import type { FallenRules } from '../store.ts';
import { raisePolicyVersion } from './policy-version.ts';

/** Takes `user:NAME` out of every rule of the workspace; a rule that names nobody else is removed. Globs are about names, and stay. */
export async function dropRulesOfPerson(
  trx: Transaction<Database>,
  person: { workspaceId: string; name: string },
  announce: Announce,
): Promise<FallenRules> {
  const named = `user:${person.name}`;
  const rows = await trx
    .selectFrom('rules')
    .select(['id', 'who_json'])
    .where('workspace_id', '=', person.workspaceId)
    .orderBy('added_in')
    .execute();
  const fallen: FallenRules = { removed: [], narrowed: [] };
  for (const { id, who_json } of rows) {
    const who = readStringList(who_json, `the people of rule ${id}`);
    const others = who.filter((each) => each !== named);
    if (others.length === who.length) continue;
    if (others.length === 0) {
      await trx.deleteFrom('rules').where('workspace_id', '=', person.workspaceId).where('id', '=', id).execute();
      fallen.removed.push(id);
    } else {
      await trx
        .updateTable('rules')
        .set({ who_json: JSON.stringify(others) })
        .where('workspace_id', '=', person.workspaceId)
        .where('id', '=', id)
        .execute();
      fallen.narrowed.push(id);
    }
  }
  if (fallen.removed.length + fallen.narrowed.length > 0) await raisePolicyVersion(trx, person.workspaceId, announce);
  return fallen;
}
