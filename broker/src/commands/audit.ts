// `audit …`: searches, exports and verifies the audit log.
import { Command } from 'commander';
import { auditApi, type Call, type Event, type TailLine } from 'mcpgate-shared/api/audit';
import { plainLine } from 'mcpgate-shared/plain-line';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from './session/admin-session.ts';
import type { CommandContext } from './context.ts';
import { countFlag, pastTime } from './values.ts';

interface SearchOptions extends AdminOptions {
  since?: string;
  until?: string;
  user?: string;
  tool?: string;
  server?: string;
  type?: string;
  events?: boolean;
  limit: string;
}

interface TailOptions extends AdminOptions {
  lines: string;
  follow: boolean;
}

export function auditCommand(context: CommandContext): Command {
  const command = new Command('audit').description('every call and every change');
  adminOptions(command.command('search').description('calls, newest first; --events for logins, rejects and changes'))
    .option('--since <time>', '1h, or a date or time in ISO 8601')
    .option('--until <time>', 'the same')
    .option('--user <name>', 'only of this person')
    .option('--tool <name>', 'only calls of this tool')
    .option('--server <name>', 'only calls and events of this server, under whichever name it had')
    .option('--events', 'events instead of calls')
    .option('--type <type>', 'only events of this type, as user.disabled')
    .option('--limit <count>', 'at most so many', '100')
    .action(
      async (options: SearchOptions) => await withSession(context, options, (session) => search(session, options)),
    );
  adminOptions(
    command.command('tail').description('the last records, then each new one; with --json one object a line'),
  )
    .option('-n, --lines <count>', 'how many of the past', '20')
    .option('--no-follow', 'end after the past ones; with --json one array')
    .action(async (options: TailOptions) => await withSession(context, options, (session) => tail(session, options)));
  return command;
}

async function search({ api, list, context }: AdminSession, options: SearchOptions): Promise<void> {
  const range = {
    since: pastTime('--since', options.since, context.now()),
    until: pastTime('--until', options.until, context.now()),
    user: options.user,
    limit: countFlag('--limit', options.limit),
  };
  if (options.events === true || options.type !== undefined) {
    const events = await api.call(auditApi.events, { query: { ...range, type: options.type, server: options.server } });
    const row = (index: number): string[] => (events[index] === undefined ? [] : eventCells(events[index]));
    return list(events, ['TIME', 'EVENT', 'BY', 'ON', 'DETAILS'], row, 'no events');
  }
  const calls = await api.call(auditApi.calls, { query: { ...range, tool: options.tool, server: options.server } });
  const row = (index: number): string[] => (calls[index] === undefined ? [] : callCells(calls[index]));
  list(calls, ['TIME', 'WHO', 'WITH', 'SERVER', 'TOOL', 'DECISION', 'STATUS', 'MS'], row, 'no calls');
}

async function tail({ api, json, context }: AdminSession, options: TailOptions): Promise<void> {
  const lines = options.lines === '0' ? 0 : countFlag('--lines', options.lines);
  const records = api.stream(auditApi.tail, { query: { lines, follow: options.follow ? 'true' : 'false' } });
  if (json && !options.follow) {
    const all: TailLine[] = [];
    for await (const line of records) all.push(line);
    context.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
    return;
  }
  for await (const line of records) context.stdout.write(`${json ? JSON.stringify(line) : tailText(line)}\n`);
}

function tailText(line: TailLine): string {
  return plainLine((line.kind === 'call' ? callCells(line.record) : eventCells(line.record)).join('  ')).trimEnd();
}

const localTime = (iso: string): string => iso.slice(0, 19).replace('T', ' ');

export function callCells(call: Call): string[] {
  const who = call.member ?? `${call.credential_kind}:${call.credential_label}`;
  const decision = call.rule === null ? call.decision : `${call.decision} ${call.rule}`;
  const client = call.client_name ?? call.credential_label;
  const ms = call.latency_ms === null ? '-' : String(Math.round(call.latency_ms));
  return [localTime(call.ts), who, client, call.server, call.tool_name ?? call.method, decision, call.status, ms];
}

/** Details that are null are not shown. */
export function eventCells(event: Event): string[] {
  const details = Object.entries(event.data).flatMap(([key, value]) => {
    if (value === null) return [];
    return [`${key}=${Array.isArray(value) ? value.join(',') : String(value)}`];
  });
  return [localTime(event.ts), event.type, event.actor, event.subject ?? '-', details.join(' ')];
}
