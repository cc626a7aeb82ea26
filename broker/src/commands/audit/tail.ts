// `audit tail`: the last records, then each new one. A line a record, whose columns stand below each other whatever comes.
import type { Command } from 'commander';
import { auditApi, type FollowedLine, type TailLine } from 'mcpgate-shared/api/audit';
import { detailsOf } from 'mcpgate-shared/api/audit/change-text';
import { plainLine } from 'mcpgate-shared/plain-line';
import { padded, shortened, textWidth } from 'mcpgate-shared/text-width';
import { clockOf, dayOf, localTime, zoneOf } from 'mcpgate-shared/local-time';
import type { CommandContext } from '../context.ts';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from '../session/admin-session.ts';
import { columnsOf } from '../terminal/hung.ts';
import { countFlag } from '../values.ts';
import { followed, SILENT_MS } from './followed.ts';
import {
  decisionOf,
  eventColour,
  msOf,
  painted,
  paintFor,
  resultColour,
  resultOf,
  shortRecordId,
  whoOf,
  type Paint,
} from './record-text.ts';

interface TailOptions extends AdminOptions {
  lines: string;
  follow: boolean;
}

export function addTail(audit: Command, context: CommandContext): void {
  adminOptions(audit.command('tail').description('the last records, then each new one; with --json one object a line'))
    .option('-n, --lines <count>', 'how many of the past', '20')
    .option('--no-follow', 'end after the past ones; with --json one array')
    .action(async (options: TailOptions) => await withSession(context, options, (session) => tail(session, options)));
}

async function tail(session: AdminSession, options: TailOptions): Promise<void> {
  const { api, json, context } = session;
  const lines = options.lines === '0' ? 0 : countFlag('--lines', options.lines);
  const write = lineWriter(columnsOf(context.stdout), paintFor(context));
  const print = (line: TailLine): void =>
    void context.stdout.write(`${json ? JSON.stringify({ kind: line.kind, record: line.record }) : write(line)}\n`);
  if (!options.follow) {
    const all: TailLine[] = [];
    for await (const line of api.stream(auditApi.tail, { query: { lines, follow: 'false' } }))
      if (line.kind !== 'place') all.push(line);
    if (json) context.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
    else for (const line of all) print(line);
    return;
  }
  context.onStopSignal((signal) => context.exit(signal === 'SIGINT' ? 130 : 143));
  const open = (after: string | undefined): AsyncIterable<FollowedLine> => {
    const from = after === undefined ? { lines } : { after };
    return api.stream(auditApi.tail, { query: { ...from, follow: 'true', places: 'true' } }, { silentMs: SILENT_MS });
  };
  for await (const line of followed(open, { stderr: context.stderr })) print(line);
}

const WHO = 10;
const RESULT = 10;
const MS = 6;
const ID = 13;
/** From this width on details have a column of their own. */
const WIDE = 120;
const WHAT_WHEN_WIDE = 36;

/** What stands in the columns of a line. */
interface Cells {
  who: string;
  what: string;
  result: string;
  ms: string;
  more: string;
}

function cellsOf(line: TailLine): Cells {
  if (line.kind === 'event') {
    const { type, actor, subject } = line.record;
    return {
      who: actor,
      what: subject === null ? type : `${type} ${subject}`,
      result: '',
      ms: '',
      more: detailsOf(line.record),
    };
  }
  const { record } = line;
  const { server, tool_name: tool, method } = record;
  const what = tool === null ? `${server} ${method}` : tool.startsWith(`${server}__`) ? tool : `${server}__${tool}`;
  const more = [decisionOf(record), record.client_name ?? record.credential_label].join('  ');
  return { who: whoOf(record), what, result: resultOf(record), ms: msOf(record), more };
}

/** `width` undefined: no terminal; each line says all. At a terminal a line of its own says the day and the zone whenever these are others. */
export function lineWriter(width: number | undefined, paint: Paint): (line: TailLine) => string {
  let day = '';
  return (line) => {
    const { ts, id } = line.record;
    const { who, what, result, ms, more } = cellsOf(line);
    const colour = line.kind === 'event' ? eventColour(line.record.type) : resultColour(result);
    if (width === undefined) {
      const texts = [localTime(ts), who, what, result, ms === '' ? '' : `${ms} ms`, more, id].filter(
        (text) => text !== '',
      );
      return plainLine(texts.join('  '));
    }
    const isWide = width >= WIDE;
    const rest = width - [clockOf(ts).length, WHO, RESULT, MS, ID].reduce((total, each) => total + each + 2, 0);
    const whatWidth = isWide ? Math.min(WHAT_WHEN_WIDE, rest) : rest;
    const fitted = (text: string, room: number): string => padded(shortened(plainLine(text), room), room);
    const isCall = line.kind === 'call';
    // An event has no result. What a line leaves empty is for a name that is longer than its column.
    const room = WHO + whatWidth + (isCall ? 0 : RESULT + MS + 4);
    const whoWidth = Math.max(WHO, Math.min(textWidth(plainLine(who)), room - textWidth(plainLine(what))));
    const [whoText, whatText] = [fitted(who, whoWidth), fitted(what, room - whoWidth)];
    const cells = [
      clockOf(ts),
      whoText,
      ...(isCall
        ? [whatText, painted(paint, colour, fitted(result, RESULT)), ' '.repeat(Math.max(0, MS - textWidth(ms))) + ms]
        : [painted(paint, colour, whatText)]),
      shortRecordId(id),
      ...(isWide ? [shortened(plainLine(more), Math.max(1, rest - whatWidth - 2))] : []),
    ];
    const said = `${dayOf(ts)} ${zoneOf(ts)}`;
    const begins = said === day ? '' : `${paint('dim', said)}\n`;
    day = said;
    return begins + cells.join('  ').trimEnd();
  };
}
