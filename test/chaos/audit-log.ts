// Every call record of a world, newest first, read page by page as `audit search` gives them.
import type { Broker } from '../world/broker.ts';
import { searchCalls } from '../world/call-rows.ts';
import type { Audited } from './ledger.ts';

const PAGE = 5_000;

export async function readAuditLog(broker: Broker): Promise<Audited[]> {
  const records = new Map<string, Audited>();
  let until: string | undefined;
  for (;;) {
    const before = records.size;
    const words = ['--limit', String(PAGE), ...(until === undefined ? [] : ['--until', until])];
    const page = await searchCalls(broker, words);
    for (const { id, trace_id: trace, status } of page) records.set(id, { id, trace, status });
    const last = page.at(-1);
    // The end is exclusive: others of the same millisecond may be on the next page.
    if (last !== undefined) until = new Date(Date.parse(last.ts) + 1).toISOString();
    if (page.length < PAGE || records.size === before) return [...records.values()];
  }
}
