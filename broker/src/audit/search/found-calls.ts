// Finds calls by what was asked for, part by part: an index leads to the rows of each filter, and where two of them have many each, rows of one are looked
// through for the other, the newest first, for so long; the answer says where the search goes on.
import type { CallRecord } from '../../domain/call-record.ts';
import { momentOf, timeOf } from '../../domain/record-id.ts';
import type { RowReads } from '../../store/audit/row-reads.ts';
import type { CallRow, Cursor } from '../../store/audit/row.ts';
import type { AuditSearch, CallFilters, CallSearch, Found } from '../audit.ts';
import { toCallRecord, toRecordedCall } from '../log-rows.ts';
import { idSpan } from '../record-times.ts';
import { asksForOpen, callerTest, callWords, carried, endedTest, policyTest } from './call-words.ts';

type Log = Pick<RowReads, 'someIntents' | 'withOutcomes' | 'endedCalls' | 'wordsHaving'>;

const AT_ONCE = 500;
/** So long an answer looks through rows. */
export const SEARCH_BUDGET_MS = 120;
/** A call that begins before a time is found by an end that is so much later at most. */
const LONGEST_MS = 86_400_000;

export async function findCalls(log: Log, asked: CallSearch): Promise<Found<CallRecord>> {
  const { limit, before } = asked;
  const search = rowsOf(asked);
  const fits = callTest(asked);
  const isByEnd = before?.byEnd ?? isByEndAlone(asked);
  const next = isByEnd
    ? byEnd(log, search, asked)
    : byBeginning(log, search, { ...asked, ...(await callWords(log, asked.workspaceId, asked)) });
  const answer = (cursor: Cursor | undefined): Found<CallRecord> => ({
    records: found.map((call) => toCallRecord(call)),
    next: cursor && { at: cursor.at, position: cursor.position, byEnd: isByEnd },
  });

  const found: CallRow[] = [];
  const began = performance.now();
  let cursor: Cursor | undefined = before;
  do {
    const left = SEARCH_BUDGET_MS - (performance.now() - began);
    const part = await next(cursor, limit - found.length, left);
    for (const [index, row] of part.calls.entries()) {
      if (!fits(row)) continue;
      found.push(row);
      const at = part.cursors[index];
      if (found.length === limit && at !== undefined) return answer(at);
    }
    cursor = part.next;
  } while (cursor !== undefined && performance.now() - began < SEARCH_BUDGET_MS);
  return answer(cursor);
}

/** What rows are asked for, whatever else the call says. */
function rowsOf({ workspaceId, since, until, user, tool, server, text, id }: CallSearch): Omit<AuditSearch, 'limit'> {
  const rows = {
    workspaceId,
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(user === undefined ? {} : { user }),
    ...(tool === undefined ? {} : { tool }),
    ...(server === undefined ? {} : { server }),
    ...(text === undefined ? {} : { text }),
  };
  return id === undefined ? rows : { ...rows, ...idSpan(id, rows) };
}

/** A part of what there is to look through. `next`: behind all of it. */
interface Part {
  calls: readonly CallRow[];
  /** Of each call. */
  cursors: readonly Cursor[];
  next: Cursor | undefined;
}
type NextPart = (before: Cursor | undefined, wanted: number, budgetMs: number) => Promise<Part>;
type Words = Awaited<ReturnType<typeof callWords>>;

function byBeginning(
  log: Log,
  search: Omit<AuditSearch, 'limit'>,
  { callers, policies, ended, session, id }: CallFilters & Words & { id?: string | undefined },
): NextPart {
  // Rows of format 1 come with the others, and are sorted out here: more are asked for than are wanted once none of them did.
  let isSifted = id !== undefined;
  return async (before, wanted, budgetMs) => {
    const limit = isSifted ? Math.max(wanted, AT_ONCE) : wanted;
    isSifted = true;
    const query = { ...search, callers, policies, ended, session, before, limit };
    const { rows, next } = await log.someIntents(query, budgetMs);
    return { calls: await log.withOutcomes(rows), cursors: rows, next };
  };
}

function byEnd(log: Log, search: Omit<AuditSearch, 'limit'>, { status, secret }: CallFilters): NextPart {
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
    return { calls: inTime, cursors: inTime.map(({ intent, outcome }) => outcome ?? intent), next };
  };
}

/** Whether nothing but how calls have ended is asked for: they come in that order then. A call that has no end is found by its beginning alone. */
function isByEndAlone(asked: CallSearch): boolean {
  const { user, tool, server, text, id, decision, rule, credential, client, session, status, secret } = asked;
  if (status === undefined && secret === undefined) return false;
  const others = [user, tool, server, text, id, decision, rule, credential, client, session];
  return !asksForOpen(asked) && status !== 'unknown' && others.every((filter) => filter === undefined);
}

/** Whether a call is what was asked for, whatever led to it. */
function callTest(asked: CallSearch): (row: CallRow) => boolean {
  const { id, session, status } = asked;
  const [caller, policy, ended] = [callerTest(asked), policyTest(asked), endedTest(asked)];
  const isSaid = session === undefined && caller === undefined && policy === undefined;
  // Calls of one caller under one policy have the same texts, and so the same answer.
  const known = new Map<string, boolean>();
  const says = (row: CallRow['intent']): boolean => {
    const call = toRecordedCall(row);
    return caller?.(call) !== false && policy?.(call) !== false;
  };
  const isOf = (row: CallRow['intent']): boolean => {
    if (row.kind === 'old') return says(row) && (session === undefined || toRecordedCall(row).session_id === session);
    if (session !== undefined && row.sessionId !== session) return false;
    const key = `${row.policy}\n${row.caller}`;
    const answer = known.get(key) ?? says(row);
    known.set(key, answer);
    return answer;
  };
  const endedSo = (row: CallRow): boolean => {
    if (ended === undefined) return true;
    return row.outcome === null ? status === 'unknown' && asksForOpen(asked) : ended(toCallRecord(row));
  };
  return (row) => (id === undefined || row.intent.id.startsWith(id)) && (isSaid || isOf(row.intent)) && endedSo(row);
}
