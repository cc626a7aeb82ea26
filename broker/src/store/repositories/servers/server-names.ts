// What servers are and were called. The log has calls under the name of their time, and AI clients may still say a former one.
import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../../schema.ts';

type Reader = Kysely<Database> | Transaction<Database>;

/** From now on the server has this name. */
export async function noteServerName(
  trx: Transaction<Database>,
  { workspaceId, serverId, name, since }: { workspaceId: string; serverId: string; name: string; since: number },
): Promise<void> {
  await trx
    .insertInto('server_names')
    .values({ workspace_id: workspaceId, server_id: serverId, name, since })
    .onConflict((conflict) => conflict.doNothing()) // renamed there and back within a millisecond
    .execute();
}

/** By server: the names that it had, and that no server has now. Of several that had one, the last has it here. */
export async function formerNamesIn(db: Reader, workspaceId: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const servers = await db
    .selectFrom('servers')
    .select(['id', 'name'])
    .where('workspace_id', '=', workspaceId)
    .execute();
  const rows = await db
    .selectFrom('server_names')
    .select(['server_id', 'name'])
    .where('workspace_id', '=', workspaceId)
    .orderBy('since')
    .execute();
  const present = new Set(servers.map(({ name }) => name));
  const ids = new Set(servers.map(({ id }) => id));
  const lastOf = new Map(rows.map(({ name, server_id: id }) => [name, id]));
  const former = new Map<string, string[]>();
  for (const [name, id] of lastOf) {
    if (!present.has(name) && ids.has(id)) former.set(id, [...(former.get(id) ?? []), name]);
  }
  return former;
}

/** A name of a server, and from when to when rows of the log under this name are about that server. */
export interface NameSpan {
  name: string;
  from: number;
  until: number;
}

/** The other names of each server that is or was called `name`: also of servers that are removed by now. */
export async function otherNamesOf(db: Reader, workspaceId: string, name: string): Promise<NameSpan[]> {
  const holders = await db
    .selectFrom('server_names')
    .select('server_id')
    .where('workspace_id', '=', workspaceId)
    .where('name', '=', name)
    .execute();
  const ids = new Set(holders.map(({ server_id: id }) => id));
  if (ids.size === 0) return [];
  const ofHolders = db
    .selectFrom('server_names')
    .select('name')
    .where('server_id', 'in', [...ids]);
  const rows = await db
    .selectFrom('server_names')
    .select(['server_id', 'name', 'since'])
    .where('workspace_id', '=', workspaceId)
    .where('name', 'in', ofHolders)
    .where('name', '!=', name)
    .orderBy('name')
    .orderBy('since')
    .execute();
  // Whoever has a name has the rows from then on until another one gets it; the first one also those that another clock has put before.
  return rows.flatMap(({ server_id: id, name: other, since }, index) => {
    if (!ids.has(id)) return [];
    const isFirst = rows[index - 1]?.name !== other;
    const next = rows.slice(index + 1).find((row) => row.name === other && row.server_id !== id);
    return [{ name: other, from: isFirst ? 0 : since, until: next?.since ?? Number.MAX_SAFE_INTEGER }];
  });
}
