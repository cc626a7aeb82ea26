// The audit log as `audit search --json` prints it.
import type { Call, Event } from 'mcpgate-shared/api/audit';
import type { Broker } from './broker.ts';
import { until } from './until.ts';

/** The call records that fit `words` (`--tool`, `--user`), newest first. */
export async function searchCalls(broker: Broker, words: readonly string[] = []): Promise<Call[]> {
  return (await broker.json(['audit', 'search', ...words])) as Call[];
}

/** The first record that fits, once its outcome is written; `words` as for `searchCalls`. */
export async function callRecord(
  broker: Broker,
  fits: (call: Call) => boolean,
  words: readonly string[] = [],
): Promise<Call> {
  return await until('a call record with its outcome', async () => {
    const calls = await searchCalls(broker, words);
    return calls.find((call) => fits(call) && call.latency_ms !== null);
  });
}

/** The events of a type, newest first. */
export async function searchEvents(broker: Broker, type: string): Promise<Event[]> {
  return (await broker.json(['audit', 'search', '--events', '--type', type])) as Event[];
}
