// What the log is filtered by: it stands in the address, so that whoever opens that sees the same, and an export holds what the page shows.
import type { TailLine } from 'mcpgate-shared/api/audit';
import { z } from 'zod';

const text = z.coerce.string().max(300).optional().catch(undefined);
const time = z.iso.datetime({ offset: true }).optional().catch(undefined);

const DECISIONS = ['allow', 'deny', 'would_deny'] as const;
const STATUSES = ['ok', 'tool_error', 'denied', 'failed', 'cancelled', 'timeout', 'unknown'] as const;

export const LogSearch = z.object({
  what: z.enum(['calls', 'events']).optional().catch(undefined),
  text,
  user: text,
  server: text,
  since: time,
  until: time,
  // What only calls have.
  tool: text,
  decision: z.enum(DECISIONS).optional().catch(undefined),
  status: z.enum(STATUSES).optional().catch(undefined),
  rule: text,
  secret: text,
  credential: text,
  client: text,
  session: text,
  // What only events have.
  type: text,
  subject: text,
});
export type LogSearch = z.output<typeof LogSearch>;
export type FilterName = keyof LogSearch;

const OF_CALLS = ['tool', 'decision', 'status', 'rule', 'secret', 'credential', 'client', 'session'] as const;
const OF_EVENTS = ['type', 'subject'] as const;

/** What is shown: a filter that only calls have leaves no event, and the other way round. */
export function kindOf(search: LogSearch): 'calls' | 'events' | undefined {
  if (OF_CALLS.some((name) => search[name] !== undefined)) return 'calls';
  if (OF_EVENTS.some((name) => search[name] !== undefined)) return 'events';
  return search.what;
}

/** The search with a filter set or, undefined, without it; what does not go with it is left out. */
export function withFilter(search: LogSearch, change: Partial<LogSearch>): LogSearch {
  const next = { ...search, ...change };
  const isOf = (names: readonly FilterName[]) => names.some((name) => change[name] !== undefined);
  const drop = (names: readonly FilterName[]): void => {
    for (const name of names) next[name] = undefined;
  };
  if (isOf(OF_CALLS) || change.what === 'calls') drop(OF_EVENTS);
  if (isOf(OF_EVENTS) || change.what === 'events') drop(OF_CALLS);
  if ('what' in change && change.what === undefined) drop([...OF_CALLS, ...OF_EVENTS]);
  if (next.what !== undefined && next.what !== (kindOf(next) ?? next.what)) next.what = undefined;
  return next;
}

const pick = <Name extends FilterName>(search: LogSearch, names: readonly Name[]): Partial<Pick<LogSearch, Name>> =>
  Object.fromEntries(names.flatMap((name) => (search[name] === undefined ? [] : [[name, search[name]]]))) as Partial<
    Pick<LogSearch, Name>
  >;

const OF_BOTH = ['text', 'user', 'server', 'since', 'until'] as const;

export const callsQuery = (search: LogSearch) => pick(search, [...OF_BOTH, ...OF_CALLS]);
export const eventsQuery = (search: LogSearch) => pick(search, [...OF_BOTH, ...OF_EVENTS]);
/** As exports take it. */
export function exportQuery(search: LogSearch) {
  const what = kindOf(search);
  return { ...pick(search, [...OF_BOTH, ...OF_CALLS, ...OF_EVENTS]), ...(what !== undefined && { what }) };
}

/** `*` stands for any characters, as the broker has it. */
function isLike(pattern: string, value: string): boolean {
  if (!pattern.includes('*')) return pattern === value;
  const parts = pattern.toLowerCase().split('*');
  const whole = value.toLowerCase();
  const [first = '', last = ''] = [parts[0], parts.at(-1)];
  if (!whole.startsWith(first) || !whole.endsWith(last) || whole.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = whole.indexOf(part, at);
    if (found === -1 || found + part.length > whole.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}

const has = (value: string | null, part: string): boolean => value !== null && isLike(`*${part}*`, value);

/** Whether a record that has just come is one of those that the broker would find. */
export function fits(search: LogSearch, line: TailLine): boolean {
  const kind = kindOf(search);
  if (kind !== undefined && kind !== `${line.kind}s`) return false;
  const { since, until, text: part, user, server } = search;
  const at = Date.parse(line.record.ts);
  if ((since !== undefined && at < Date.parse(since)) || (until !== undefined && at >= Date.parse(until))) return false;
  if (line.kind === 'event') {
    const { type, subject, actor } = line.record;
    return (
      (part === undefined || has(type, part) || has(subject, part)) &&
      (user === undefined || actor === user || subject === `user:${user}`) &&
      (server === undefined || subject === `server:${server}`) &&
      (search.type === undefined || isLike(search.type, type)) &&
      (search.subject === undefined || subject === search.subject)
    );
  }
  const call = line.record;
  const { tool, decision, status, rule, secret, credential, client, session } = search;
  return (
    (part === undefined || has(call.tool_name, part)) &&
    (user === undefined || (call.member ?? `${call.credential_kind}:${call.credential_label}`) === user) &&
    (server === undefined || call.server === server) &&
    (tool === undefined || isLike(tool, call.tool_name ?? '')) &&
    (decision === undefined || call.decision === decision) &&
    (status === undefined || call.status === status) &&
    (rule === undefined || call.rule === rule) &&
    (secret === undefined || call.secret_versions.some((each) => each === secret || each.startsWith(`${secret}@`))) &&
    (credential === undefined || [call.credential_id, call.credential_label, call.device].includes(credential)) &&
    (client === undefined || isLike(client, call.client_name ?? '')) &&
    (session === undefined || call.session_id === session)
  );
}
