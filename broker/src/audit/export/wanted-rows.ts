// Which rows an export wants: the filter as numbers of words, which the database looks for, and what it cannot look for, because it stands in the
// bodies of rows.
import type { z } from 'zod';
import { momentOf, timeOf, type Moment } from '../../domain/record-id.ts';
import { BodyReader } from '../../store/audit/body-bytes.ts';
import type { RawRow } from '../../store/audit/log-connection.ts';
import type { LogReader } from '../../store/audit/log-reader.ts';
import type { CallChoice, EventChoice, RowChoice, WordSpan } from '../../store/audit/row-choice.ts';
import { KIND, oldData } from '../../store/audit/row-columns.ts';
import { WORD, type WordKind } from '../../store/audit/words.ts';
import { OldIntentSchema } from '../old-rows.ts';
import { asksForOpen, callerTest, like, policyTest, wordTests } from '../search/call-words.ts';
import { askedOfCalls, type ExportFilter, type ExportOrder } from './export-order.ts';

export interface WantedRows {
  /** What the database looks for; undefined: no row fits. */
  choice: RowChoice | undefined;
  /** The number of the workspace's word. */
  workspace: number | undefined;
  /** Whether it depends on how a call ended. */
  asksForEnd: boolean;
  /** `isOld`: of a chain of format 1. */
  call(intent: RawRow, outcome: RawRow | undefined): boolean;
  event(row: RawRow): boolean;
}

const momentIn = (ms: number): Moment => Math.min(momentOf(Math.max(ms, 0)), Number.MAX_SAFE_INTEGER);

/** `isOld`: whether a row stands in a chain of format 1, whose bodies are others. */
export async function wantedRows(
  log: Pick<LogReader, 'wordsOf'>,
  { workspaceId, filter, servers }: Pick<ExportOrder, 'workspaceId' | 'filter' | 'servers'>,
  isOld: (row: RawRow) => boolean,
): Promise<WantedRows> {
  const { user, tool, type, subject, text, what, session } = filter;
  const hasText = text === undefined ? undefined : like(`*${text}*`);
  const ids = async (kind: WordKind, fits: (text: string) => boolean, of = workspaceId): Promise<number[]> =>
    (await log.wordsOf(of, kind)).flatMap(({ id, text }) => (fits(text) ? [id] : []));
  const equals = (text: string) => (other: string) => other === text;
  const [workspace] = await ids(WORD.workspace, equals(workspaceId), '');
  const nothing = { call: () => false, event: () => false, asksForEnd: false, workspace };
  if (workspace === undefined) return { ...nothing, choice: undefined };

  async function spansOf(kind: WordKind, textOf: (name: string) => string): Promise<WordSpan[] | undefined> {
    if (servers === undefined) return undefined;
    const spans: WordSpan[] = [];
    for (const { name, from, until } of servers)
      for (const id of await ids(kind, equals(textOf(name))))
        spans.push({ id, from: momentIn(from), until: momentIn(until) });
    return spans;
  }

  async function toolsOf(): Promise<number[] | undefined> {
    if (tool === undefined) return hasText && (await ids(WORD.tool, hasText));
    const isTool = named(tool);
    return await ids(WORD.tool, (name) => isTool(name) && hasText?.(name) !== false);
  }

  const times = {
    since: filter.since === undefined ? undefined : momentIn(filter.since),
    until: filter.until === undefined ? undefined : momentIn(filter.until),
  };
  const ended = await endedBy(filter, ids);
  const calls: CallChoice | undefined =
    type !== undefined || subject !== undefined || what === 'events'
      ? undefined
      : {
          ...times,
          ...{ actors: user === undefined ? undefined : await ids(WORD.actor, equals(user)) },
          ...{ tools: await toolsOf() },
          ...{ servers: await spansOf(WORD.server, (name) => name), ended },
        };
  const events: EventChoice | undefined =
    askedOfCalls(filter) !== undefined || what === 'calls'
      ? undefined
      : {
          ...times,
          people:
            user === undefined
              ? undefined
              : {
                  actors: await ids(WORD.actor, equals(user)),
                  subjects: await ids(WORD.subject, equals(`user:${user}`)),
                },
          servers: await spansOf(WORD.subject, (name) => `server:${name}`),
          types: type === undefined ? undefined : await ids(WORD.type, named(type)),
          subjects: subject === undefined ? undefined : await ids(WORD.subject, equals(subject)),
          texts: hasText && { types: await ids(WORD.type, hasText), subjects: await ids(WORD.subject, hasText) },
        };
  const bodies = await bodiesBy(filter, ids);
  const callFits = calls === undefined ? () => false : callTest(calls);
  const eventFits = events === undefined ? () => false : eventTest(events);
  return {
    choice: { workspace, calls, events },
    workspace,
    asksForEnd: ended !== undefined,
    call: (intent, outcome) =>
      intent[4] === workspace &&
      callFits(intent, outcome) &&
      (bodies === undefined || bodies(intent, isOld(intent), session)),
    event: (row) => row[4] === workspace && eventFits(row),
  };
}

/** Undefined for a text that nobody has written so: what is wrong about it is found by a verification. */
function readAs<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** As a search takes it: without a `*` it is the name. */
const named = (pattern: string): ((text: string) => boolean) =>
  pattern.includes('*') ? like(pattern) : (text) => text === pattern;

type FindIds = (kind: WordKind, fits: (text: string) => boolean) => Promise<number[]>;

async function endedBy(filter: ExportFilter, ids: FindIds): Promise<CallChoice['ended']> {
  const { ended } = wordTests(filter);
  return ended && { facts: await ids(WORD.ended, ended), isOpen: asksForOpen(filter) };
}

/** What stands in the body of an intent. */
async function bodiesBy(
  filter: ExportFilter,
  ids: FindIds,
): Promise<((intent: RawRow, isOld: boolean, session: string | undefined) => boolean) | undefined> {
  const { caller, policy } = wordTests(filter);
  if ([caller, policy, filter.session].every((asked) => asked === undefined)) return undefined;
  const callers = caller && new Set(await ids(WORD.caller, caller));
  const policies = policy && new Set(await ids(WORD.policy, policy));
  const [isCaller, isPolicy] = [callerTest(filter), policyTest(filter)];
  return ([, , , , , , , , , , bytes], isOld, of) => {
    if (isOld) {
      const said = readAs(OldIntentSchema, oldData(bytes));
      return (
        said !== undefined &&
        isCaller?.(said) !== false &&
        isPolicy?.(said) !== false &&
        (of === undefined || said.session_id === of)
      );
    }
    const body = new BodyReader(bytes);
    const [by, under] = [body.count(), body.count()];
    if (callers?.has(by) === false || policies?.has(under) === false) return false;
    if (of === undefined) return true;
    body.count(); // what was asked for
    body.count(); // bytes
    body.text(); // the digest of the arguments
    return body.text() === of;
  };
}

const within = (at: Moment, { since, until }: { since?: Moment | undefined; until?: Moment | undefined }): boolean =>
  (since === undefined || at >= since) && (until === undefined || at < until);
const inSpans = (spans: readonly WordSpan[] | undefined, id: number | null, at: Moment): boolean =>
  spans === undefined || spans.some((span) => span.id === id && at >= span.from && at < span.until);
const setOf = (ids: readonly number[] | undefined): ReadonlySet<number | null> | undefined => ids && new Set(ids);

function callTest(choice: CallChoice): (intent: RawRow, outcome: RawRow | undefined) => boolean {
  const { servers, ended } = choice;
  const [actors, tools, facts] = [setOf(choice.actors), setOf(choice.tools), setOf(ended?.facts)];
  return ([, at, , , , actor, , server, tool], outcome) =>
    within(at, choice) &&
    actors?.has(actor) !== false &&
    tools?.has(tool) !== false &&
    inSpans(servers, server, at) &&
    (ended === undefined || (outcome === undefined ? ended.isOpen : facts?.has(outcome[9]) === true));
}

function eventTest(choice: EventChoice): (row: RawRow) => boolean {
  const { people, servers, texts } = choice;
  const [actors, subjects, types] = [setOf(people?.actors), setOf(people?.subjects), setOf(choice.types)];
  const [about, textTypes, textSubjects] = [setOf(choice.subjects), setOf(texts?.types), setOf(texts?.subjects)];
  return ([, at, , kind, , actor, subject, , , facts]) =>
    kind === KIND.event &&
    within(at, choice) &&
    (people === undefined || actors?.has(actor) === true || subjects?.has(subject) === true) &&
    inSpans(servers, subject, at) &&
    types?.has(facts) !== false &&
    about?.has(subject) !== false &&
    (texts === undefined || textTypes?.has(facts) === true || textSubjects?.has(subject) === true);
}

/** Longer than this no call takes. */
const LONGEST_MS = 86_400_000;

/** Whether no row of the chain from this one on can be wanted. */
export const isBehind = ([, at]: RawRow, { until }: ExportFilter, isByRow: boolean): boolean =>
  until !== undefined && timeOf(at) >= until + (isByRow ? 0 : LONGEST_MS);
