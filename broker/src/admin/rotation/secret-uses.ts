// Who used a secret: every call of the log that carried it, added up by person and what they called with.
import type { SecretUses } from 'mcpgate-shared/api/secrets';
import { readCarriedVersion, type CallRecord } from '../../domain/call-record.ts';

type Row = SecretUses['users'][number];

export interface UsesQuery {
  name: string;
  version: number | null;
  since: string;
  limit: number;
}

/** `calls`: those that carried it, the newest first. */
export async function tallyUses(calls: AsyncIterable<CallRecord>, query: UsesQuery): Promise<SecretUses> {
  const { name, version, since, limit } = query;
  const rows = new Map<string, Row>();
  const records: CallRecord[] = [];
  let count = 0;
  let [first, last]: (string | null)[] = [null, null];
  for await (const call of calls) {
    count += 1;
    last ??= call.ts;
    first = call.ts;
    if (records.length < limit) records.push(call);
    const credential = `${call.credential_kind}:${call.credential_label}`;
    const key = JSON.stringify([call.member_id, call.credential_id]);
    const row = rows.get(key) ?? newRow(call, credential);
    rows.set(key, row);
    row.calls += 1;
    row.first_at = call.ts;
    addTo(row.servers, call.server);
    for (const each of versionsIn(call, name)) addTo(row.versions, each);
  }
  const users = [...rows.values()].toSorted((a, b) => b.calls - a.calls);
  return {
    ...{ name, version, since, calls: count, first_at: first ?? null, last_at: last ?? null },
    people: [...new Set(users.flatMap(({ member }) => member ?? []))],
    devices: [...new Set(users.flatMap(({ device }) => device ?? []))],
    users,
    records,
  };
}

function newRow({ member, device, ts }: CallRecord, credential: string): Row {
  return { member, credential, device, servers: [], versions: [], calls: 0, first_at: ts, last_at: ts };
}

function addTo<T>(list: T[], item: T): void {
  if (!list.includes(item)) list.push(item);
}

function versionsIn({ secret_versions: versions }: CallRecord, name: string): number[] {
  return versions.map(readCarriedVersion).flatMap((each) => (each.name === name ? each.version : []));
}
