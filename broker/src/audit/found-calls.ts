// Finds calls by what no index leads to: the rule, the credential, the AI client, the session, how they ended. Rows that an index leads to are looked
// through, the newest first, and at most so many for one answer: it says where the search goes on.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CallRecord } from '../domain/call-record.ts';
import { momentOf, timeOf } from '../domain/record-id.ts';
import type { CallRow, Cursor } from '../store/audit/row.ts';
import type { Store } from '../store/store.ts';
import type { CallFilters, CallSearch, Found } from './audit.ts';
import { toCallRecord, toRecordedCall } from './log-rows.ts';
import { idSpan } from './record-times.ts';

type Log = Pick<Store['audit'], 'intents' | 'withOutcomes' | 'endedCalls' | 'endedCallsSoon'>;

const AT_ONCE = 500;
/** Looked through for one answer. */
const MOST_LOOKED_THROUGH = 2_000;
/** A call that begins before a time is found by an end that is so much later at most. */
const LONGEST_MS = 86_400_000;

export async function findCalls(log: Log, asked: CallSearch): Promise<Found<CallRecord>> {
  const { id, limit, before, status, decision, rule, secret, credential, client, session, ...rest } = asked;
  const search = id === undefined ? rest : { ...rest, ...idSpan(id, rest) };
  const begun = intentTest({ decision, rule, credential, client, session, id });
  const isByEnd = before?.byEnd ?? (await isFewByEnd(log, asked));
  // What is found by its end has ended so.
  const ended = isByEnd ? undefined : outcomeTest({ status, secret });
  const isSifted = begun !== undefined || ended !== undefined;
  const next = isByEnd ? byEnd(log, search, asked) : byBeginning(log, search, begun);
  const answer = (cursor: Cursor | undefined): Found<CallRecord> => ({
    records: found.map((call) => toCallRecord(call)),
    next: cursor && { ...cursor, byEnd: isByEnd },
  });

  const found: CallRow[] = [];
  let cursor: Cursor | undefined = before;
  for (let looked = 0; found.length < limit && looked < MOST_LOOKED_THROUGH; looked += AT_ONCE) {
    const wanted = isSifted ? AT_ONCE : limit;
    const part = await next(cursor, wanted);
    for (const [index, row] of part.calls.entries()) {
      if (begun?.(row.intent) === false || ended?.(row) === false) continue;
      found.push(row);
      const at = part.cursors[index];
      if (found.length === limit && at !== undefined) return answer(at);
    }
    cursor = part.next;
    if (cursor === undefined) return answer(undefined);
    await nextTurn();
  }
  return answer(cursor);
}

/** A part of what there is to look through. `next`: behind all of it. */
interface Part {
  calls: readonly CallRow[];
  /** Of each call. */
  cursors: readonly Cursor[];
  next: Cursor | undefined;
}
type NextPart = (before: Cursor | undefined, limit: number) => Promise<Part>;

const cursorOf = ({ at, position }: Cursor): Cursor => ({ at, position });

function byBeginning(
  log: Log,
  search: Parameters<Log['intents']>[0] | Omit<CallSearch, 'limit'>,
  begun?: IntentTest,
): NextPart {
  return async (before, limit) => {
    const intents = await log.intents({ ...search, ...(before === undefined ? {} : { before }), limit });
    const calls = await log.withOutcomes(begun === undefined ? intents : intents.filter(begun));
    const last = intents.at(-1);
    const next = last === undefined || intents.length < limit ? undefined : cursorOf(last);
    return { calls, cursors: calls.map(({ intent }) => cursorOf(intent)), next };
  };
}

function byEnd(log: Log, search: Omit<CallSearch, 'limit'>, { status, secret }: CallFilters): NextPart {
  const { workspaceId, since = 0, until } = search;
  const how = {
    ...(status === undefined ? {} : { status }),
    ...(secret === undefined ? {} : { secret: carried(secret) }),
  };
  const latest = until === undefined ? undefined : { at: momentOf(until + LONGEST_MS), position: 0 };
  return async (cursor, limit) => {
    const before = cursor ?? latest;
    const query = { workspaceId, since, ...how, ...(before === undefined ? {} : { before }), limit };
    const { calls, next } = await log.endedCalls(query);
    const inTime = calls.filter(({ intent }) => until === undefined || timeOf(intent.at) < until);
    return { calls: inTime, cursors: inTime.map(({ intent, outcome }) => cursorOf(outcome ?? intent)), next };
  };
}

/** Whether the rows are found by how the calls have ended. A call that has no end is found by its beginning alone. */
async function isFewByEnd(
  log: Log,
  { workspaceId, user, tool, server, text, id, status, secret }: CallSearch,
): Promise<boolean> {
  if ([user, tool, server, text, id].some((filter) => filter !== undefined)) return false;
  if ((status === undefined && secret === undefined) || status === 'unknown') return false;
  const how = {
    ...(status === undefined ? {} : { status }),
    ...(secret === undefined ? {} : { secret: carried(secret) }),
  };
  return (await log.endedCallsSoon({ workspaceId, ...how, since: 0, limit: 0 })) !== undefined;
}

/** `NAME` or `NAME@VERSION`. */
export function carried(text: string): { name: string; version: number | null } {
  const [, name = text, version] = /^(.+)@(\d+)$/.exec(text) ?? [];
  return { name, version: version === undefined ? null : Number(version) };
}

type IntentTest = (row: CallRow['intent']) => boolean;

function intentTest({
  decision,
  rule,
  credential,
  client,
  session,
  id,
}: CallFilters & { id?: string | undefined }): IntentTest | undefined {
  if ([decision, rule, credential, client, session, id].every((filter) => filter === undefined)) return undefined;
  // Calls of one caller under one policy have the same texts, and so the same answer.
  const known = new Map<string, boolean>();
  const isNamed = client === undefined ? undefined : like(client);
  const fits = (row: CallRow['intent']): boolean => {
    const call = toRecordedCall(row);
    const by = [call.credential_id, call.credential_label, call.device];
    return (
      (decision === undefined || call.decision === decision) &&
      (rule === undefined || call.rule === rule) &&
      (credential === undefined || by.includes(credential)) &&
      (isNamed === undefined || isNamed(call.client_name ?? ''))
    );
  };
  return (row) => {
    if (id !== undefined && !row.id.startsWith(id)) return false;
    if (row.kind === 'old') return fits(row) && (session === undefined || toRecordedCall(row).session_id === session);
    if (session !== undefined && row.sessionId !== session) return false;
    const key = `${row.policy}\n${row.caller}`;
    const answer = known.get(key) ?? fits(row);
    known.set(key, answer);
    return answer;
  };
}

function outcomeTest({ status, secret }: CallFilters): ((row: CallRow) => boolean) | undefined {
  if (status === undefined && secret === undefined) return undefined;
  const wanted = secret === undefined ? undefined : carried(secret);
  // Most calls have ended in one of a few ways, which are the same text.
  const known = new Map<string, boolean>();
  const fits = (row: CallRow): boolean => {
    const call = toCallRecord(row);
    if (status !== undefined && call.status !== status) return false;
    if (wanted === undefined) return true;
    const { name, version } = wanted;
    return call.secret_versions.some((text) =>
      version === null ? text.startsWith(`${name}@`) : text === `${name}@${version}`,
    );
  };
  return (row) => {
    if (row.outcome?.kind !== 'outcome') return fits(row);
    const answer = known.get(row.outcome.ended) ?? fits(row);
    known.set(row.outcome.ended, answer);
    return answer;
  };
}

/** `*` stands for any characters; large and small letters are the same. Takes no longer than the texts are long. */
export function like(pattern: string): (text: string) => boolean {
  const [first = '', ...others] = pattern.toLowerCase().split('*');
  const last = others.pop();
  return (whole) => {
    const text = whole.toLowerCase();
    if (last === undefined) return text === first;
    if (!text.startsWith(first)) return false;
    let at = first.length;
    for (const part of others) {
      const found = text.indexOf(part, at);
      if (found === -1) return false;
      at = found + part.length;
    }
    return text.length - last.length >= at && text.endsWith(last);
  };
}
