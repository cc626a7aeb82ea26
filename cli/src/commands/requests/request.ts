// `mcpgate request ID [REASON]`: asks for what a denial named. `mcpgate requests`: how one's own requests stand.
import type { Command } from 'commander';
import { GateError } from 'mcpgate-shared/error';
import { localTime } from 'mcpgate-shared/local-time';
import { member } from 'mcpgate-shared/member';
import { OWN_METHODS } from 'mcpgate-shared/mcp/own-methods';
import type { CliContext } from '../../context.ts';
import type { Paths } from '../../laptop/paths.ts';
import { listProfiles } from '../../laptop/profiles.ts';
import { onePlainLine } from '../one-plain-line.ts';
import { withSession } from '../tools/with-session.ts';

interface OwnRequest {
  id: string;
  tool: string;
  state: string;
  decided_by: string | null;
  expires_at: string | null;
  note: string | null;
}

export function addRequest(program: Command, context: CliContext): void {
  program
    .command('request')
    .description('ask for access that was denied, by the id in the denial')
    .argument('<ID>', 'as the denial says it')
    .argument('[REASON]', 'why; whoever decides reads it, and the last one given counts')
    .option('--json', 'print one JSON object')
    .action((id: string, reason: string | undefined, flags: { json?: true }) => runRequest(id, reason, flags, context));
  program
    .command('requests')
    .description('what you asked for, and what waits for somebody to approve it')
    .option('--json', 'print one JSON array')
    .action((flags: { json?: true }) => runRequests(flags, context));
}

async function runRequest(
  id: string,
  reason: string | undefined,
  flags: { json?: true },
  context: CliContext,
): Promise<void> {
  const { terminal, interrupted: signal } = context;
  if (reason?.trim() === '') throw new GateError('usage', 'the reason is empty: say why, or leave it out');
  await withSession(context, async (session) => {
    const params = { id, ...(reason === undefined ? {} : { reason }) };
    const asked = session.request(OWN_METHODS.requestsMake, params, { signal });
    const { result } = await asked.catch((error: unknown) => {
      throw inOtherProfiles(error, id, context.paths);
    });
    const found = member(result, 'request');
    const request = readRequest(found);
    if (request.id !== id) throw new GateError('protocol', 'the broker did not say what became of the request');
    if (flags.json === true) return terminal.print(JSON.stringify(found, null, 2));
    terminal.note(`${onePlainLine(request.tool)}: ${stateText(request)}`);
  });
}

/** A denial names the request and not the profile of the AI client that read it. */
function inOtherProfiles(error: unknown, id: string, { configDir, profile }: Paths): unknown {
  if (!(error instanceof GateError) || error.code !== 'not_found') return error;
  const others = listProfiles(configDir).filter(({ name, settings }) => name !== profile && settings.broker);
  if (others.length === 0) return error;
  const lines = others.map(({ name }) => `\`mcpgate request ${onePlainLine(id)} --profile ${name}\``);
  return new GateError('not_found', `${error.message}; or was it denied under another profile? ${lines.join(', ')}`);
}

async function runRequests(flags: { json?: true }, context: CliContext): Promise<void> {
  const { terminal, interrupted: signal } = context;
  await withSession(context, async (session) => {
    const { result } = await session.request(OWN_METHODS.requests, {}, { signal });
    const given = member(result, 'requests');
    const found: unknown[] = Array.isArray(given) ? given : [];
    if (flags.json === true) return terminal.print(JSON.stringify(found, null, 2));
    if (found.length === 0) terminal.note('You have asked for nothing.');
    for (const each of found.map(readRequest))
      terminal.print(`${onePlainLine(each.id)}  ${onePlainLine(each.tool)}  ${stateText(each)}`);
  });
}

function stateText({ state, decided_by: by, expires_at: until, note }: OwnRequest): string {
  const why = note === null ? '' : ` (${onePlainLine(note)})`;
  switch (state) {
    case 'open':
      return 'waits to be decided';
    case 'approved':
      return `approved by ${onePlainLine(by ?? 'somebody')}, until ${timeText(until)}${why}`;
    case 'denied':
      return `denied by ${onePlainLine(by ?? 'somebody')}${why}`;
    case 'used':
      return `approved by ${onePlainLine(by ?? 'somebody')}, and used`;
    default:
      return 'over';
  }
}

const timeText = (time: string | null): string =>
  time === null || Number.isNaN(Date.parse(time)) ? 'some time' : localTime(time);

function readRequest(value: unknown): OwnRequest {
  const textAt = (key: string): string | null => {
    const found = member(value, key);
    return typeof found === 'string' ? found : null;
  };
  return {
    id: textAt('id') ?? '',
    tool: textAt('tool') ?? '',
    state: textAt('state') ?? '',
    decided_by: textAt('decided_by'),
    expires_at: textAt('expires_at'),
    note: textAt('note'),
  };
}
