// `audit search`: calls or events, the newest first. It asks for page after page until there are as many as were asked for.
import type { Command } from 'commander';
import { auditApi, type Call, type Event } from 'mcpgate-shared/api/audit';
import { detailsOf } from 'mcpgate-shared/api/audit/change-text';
import { usersApi } from 'mcpgate-shared/api/users';
import { GateError } from 'mcpgate-shared/error';
import { localTime } from 'mcpgate-shared/local-time';
import { plainLine } from 'mcpgate-shared/plain-line';
import type { CommandContext } from '../context.ts';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from '../session/admin-session.ts';
import { columnsOf } from '../terminal/hung.ts';
import { withProgress } from '../terminal/progress.ts';
import { countFlag, pastRange } from '../values.ts';
import { formatColumns, type Column } from './columns.ts';
import {
  decisionOf,
  eventColour,
  msOf,
  painted,
  paintFor,
  resultColour,
  resultOf,
  shortRecordId,
  timeColumn,
  whoOf,
} from './record-text.ts';
import { tellArchives } from './archive.ts';

/** What only calls have: to ask for it means to ask for calls. */
const OF_CALLS = ['tool', 'status', 'decision', 'rule', 'secret', 'credential', 'client', 'session'] as const;

export interface FilterOptions {
  since?: string;
  until?: string;
  user?: string;
  tool?: string;
  server?: string;
  type?: string;
  subject?: string;
  text?: string;
  status?: Call['status'];
  decision?: Call['decision'];
  rule?: string;
  secret?: string;
  credential?: string;
  client?: string;
  session?: string;
  id?: string;
}

interface SearchOptions extends AdminOptions, FilterOptions {
  events?: boolean;
  all?: boolean;
  cursor?: string;
  limit: string;
}

/** The flags by which the log is searched and exported. */
export function filterFlags(command: Command): Command {
  return command
    .option('--since <time>', '1h, or a date or time in ISO 8601')
    .option('--until <time>', 'the same')
    .option('--user <name>', 'only of this person')
    .option('--tool <name>', 'only calls of this tool; * stands for any characters')
    .option('--server <name>', 'only calls and events of this server, under whichever name it had')
    .option('--status <status>', 'ok, tool_error, denied, failed, cancelled, timeout or unknown')
    .option('--decision <decision>', 'allow, deny or would_deny')
    .option('--rule <id>', 'only calls that this rule decided')
    .option('--secret <name>', 'only calls that carried this secret, or NAME@VERSION of it')
    .option('--credential <name>', 'only with this credential: an id, a label, or a device')
    .option('--client <name>', 'only of this AI client; * stands for any characters')
    .option('--session <id>', 'only of this session of an AI client')
    .option('--text <text>', 'a part of the name of a tool, or of the type or subject of an event')
    .option('--subject <subject>', 'only events about it, as server:github')
    .option('--type <type>', 'only events of this type, as user.disabled; * stands for any characters');
}

export function addSearch(audit: Command, context: CommandContext): void {
  filterFlags(
    adminOptions(audit.command('search').description('calls, newest first; --events for logins, rejects and changes')),
  )
    .option('--id <id>', 'only the record with this id, or a beginning of 13 characters or more')
    .option('--events', 'events instead of calls')
    .option('--limit <count>', 'at most so many', '100')
    .option('--all', 'without a limit')
    .option('--cursor <cursor>', 'go on where a search with the same flags ended, which said this')
    .action(
      async (options: SearchOptions) => await withSession(context, options, (session) => runSearch(session, options)),
    );
}

/** So many are asked for at once. */
const PAGE = 1_000;
/** So many pages without a record are asked for before the search says how far it is come. */
const EMPTY_PAGES = 50;

async function runSearch(session: AdminSession, options: SearchOptions): Promise<void> {
  const { api, context, json } = session;
  const isEvents = options.events === true || options.type !== undefined || options.subject !== undefined;
  const wrong = isEvents ? OF_CALLS.find((name) => options[name] !== undefined) : undefined;
  if (wrong !== undefined)
    throw new GateError('usage', `--${wrong}: events have none; leave out --events, --type and --subject`);
  const range = {
    ...pastRange(options, context.now()),
    ...{ user: options.user, server: options.server, text: options.text, id: options.id },
  };
  const most = options.all === true ? Number.POSITIVE_INFINITY : countFlag('--limit', options.limit);
  const { tool, status, decision, rule, secret, credential, client, session: of, type, subject } = options;
  const filter = { ...range, tool, status, decision, rule, secret, credential, client, session: of };
  const width = columnsOf(session.context.stdout);
  if (isEvents) {
    const ask = async (limit: number, cursor: string | undefined) =>
      await api.page(auditApi.events, { query: { ...range, type, subject, limit, cursor } });
    const { records, next } = await collected(session, most, options.cursor, ask);
    if (json) session.show(records, '');
    else print(context, records, eventColumns(session, records, width), width, 'no events');
    tellNext(session, next, records.length < most);
    if (records.length < most) await tellArchives(session, range);
    if (records.length === 0) await tellStranger(session, options.user);
    return;
  }
  const ask = async (limit: number, cursor: string | undefined) =>
    await api.page(auditApi.calls, { query: { ...filter, limit, cursor } });
  const { records, next } = await collected(session, most, options.cursor, ask);
  if (json) session.show(records, '');
  else print(context, records, callColumns(session, records, width), width, 'no calls');
  tellNext(session, next, records.length < most);
  if (records.length < most) await tellArchives(session, range);
  if (records.length === 0) await tellStranger(session, options.user);
}

/** A name that is nobody's is most often a slip. Who was removed has records under it. */
async function tellStranger({ api, context }: AdminSession, user: string | undefined): Promise<void> {
  if (user === undefined || user.startsWith('grant:')) return;
  try {
    await api.call(usersApi.show, { params: { name: user } });
  } catch (error) {
    if (!(error instanceof GateError) || !['not_found', 'usage'].includes(error.code)) throw error;
    const text = `nobody in this workspace is called ${plainLine(user)}: mcpgate-broker user list has the names`;
    context.stderr.write(`${text}\n`);
  }
}

/** `next`: the cursor behind the last of them, unless the log was searched to its end. With fewer than `most`, nothing more was found for long. */
async function collected<T>(
  { context }: AdminSession,
  most: number,
  start: string | undefined,
  ask: (limit: number, cursor: string | undefined) => Promise<{ items: T[]; next: string | undefined }>,
): Promise<{ records: T[]; next: string | undefined }> {
  return await withProgress(context, 'searching the log', async (tell) => {
    const records: T[] = [];
    let cursor = start;
    for (let empty = 0; ;) {
      const { items, next } = await ask(Math.min(PAGE, most - records.length), cursor);
      records.push(...items);
      if (next === undefined || records.length >= most) return { records, next };
      cursor = next;
      empty = items.length === 0 ? empty + 1 : 0;
      if (empty === EMPTY_PAGES && most !== Number.POSITIVE_INFINITY) return { records, next };
      tell(`searching the log: ${records.length} found`);
    }
  });
}

function tellNext({ context }: AdminSession, next: string | undefined, isGivenUp: boolean): void {
  if (next === undefined) return;
  const why = isGivenUp
    ? 'the log is long, and nothing more was found among the last records: narrow the search with --since and --until, look through all of it with --all, or go on'
    : 'there may be more: go on';
  context.stderr.write(`${why} with the same flags and --cursor ${plainLine(next)}\n`);
}

/** Below this, ids are shown by their beginnings, and only what says most has a column. */
const WIDE = 120;

function print<Row>(
  { stdout }: CommandContext,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  width: number | undefined,
  empty: string,
): void {
  stdout.write(rows.length === 0 ? `${empty}\n` : formatColumns(columns, rows, width));
}

function timeOf(records: readonly { ts: string }[], { context }: AdminSession, width: number | undefined) {
  if (width === undefined) return { head: 'TIME', text: localTime };
  const times = records.map(({ ts }) => ts);
  return timeColumn(times, context.now(), width < WIDE);
}

export function callColumns(
  session: AdminSession,
  records: readonly Call[],
  width: number | undefined,
): Column<Call>[] {
  const paint = paintFor(session.context);
  const time = timeOf(records, session, width);
  const isNarrow = width !== undefined && width < WIDE;
  return [
    { head: time.head, cell: ({ ts }) => time.text(ts) },
    { head: 'WHO', cell: whoOf, least: 8 },
    { head: 'CLIENT', cell: (call) => call.client_name ?? call.credential_label, least: 8, spare: 3 },
    { head: 'SERVER', cell: ({ server }) => server, least: 8, spare: isNarrow ? 1 : 0 },
    { head: 'TOOL', cell: (call) => call.tool_name ?? call.method, least: 14 },
    { head: 'DECISION', cell: decisionOf, least: 10, spare: 2 },
    {
      head: 'STATUS',
      cell: resultOf,
      paint: (text, call) => painted(paint, resultColour(resultOf(call)), text),
    },
    { head: 'MS', cell: msOf },
    { head: 'ID', cell: ({ id }) => (isNarrow ? shortRecordId(id) : id) },
  ];
}

export function eventColumns(
  session: AdminSession,
  records: readonly Event[],
  width: number | undefined,
): Column<Event>[] {
  const paint = paintFor(session.context);
  const time = timeOf(records, session, width);
  const isNarrow = width !== undefined && width < WIDE;
  return [
    { head: time.head, cell: ({ ts }) => time.text(ts) },
    {
      head: 'EVENT',
      cell: ({ type }) => type,
      least: 16,
      paint: (text, { type }) => painted(paint, eventColour(type), text),
    },
    { head: 'BY', cell: ({ actor }) => actor, least: 8 },
    { head: 'ON', cell: ({ subject }) => subject ?? '-', least: 10 },
    { head: 'ADDRESS', cell: ({ address }) => address ?? '-', spare: 2 },
    { head: 'DETAILS', cell: detailsOf, least: 12, spare: 1 },
    { head: 'ID', cell: ({ id }) => (isNarrow ? shortRecordId(id) : id) },
  ];
}
