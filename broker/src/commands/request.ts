// `request …`: calls that wait for a person's yes, and requests for access.
import { Command } from 'commander';
import { type Request, requestsApi } from 'mcpgate-shared/api/rules/requests';
import { GateError } from 'mcpgate-shared/error';
import { localTime } from 'mcpgate-shared/local-time';
import { plainLine } from 'mcpgate-shared/plain-line';
import { parseDurationMs } from 'mcpgate-shared/duration';
import type { CommandContext } from './context.ts';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from './session/admin-session.ts';
import { ago } from './terminal/table.ts';

interface DecideOptions extends AdminOptions {
  for?: string;
  note?: string;
}

export function requestCommand(context: CommandContext): Command {
  const command = new Command('request').description('calls that wait for a person, and requests for access');
  adminOptions(command.command('list').description('what waits to be decided'))
    .option('--all', 'what was decided, or whose time is over, too')
    .action(
      async (options: AdminOptions & { all?: boolean }) =>
        await withSession(context, options, (session) => listRequests(session, options.all === true)),
    );
  adminOptions(command.command('show <id>').description('who asks, for what, and with which arguments')).action(
    async (id: string, options: AdminOptions) =>
      await withSession(context, options, (session) => showRequest(session, id)),
  );
  adminOptions(command.command('approve <id>').description('let the call go on: once, with exactly these arguments'))
    .option('--for <time>', '1h: any call of that tool by that person for so long, whatever its arguments')
    .option('--note <text>', 'why; kept, and in the log')
    .action(
      async (id: string, options: DecideOptions) =>
        await withSession(context, options, async ({ api, show }) => {
          const ms = options.for === undefined ? undefined : parseDurationMs(options.for);
          if (options.for !== undefined && ms === undefined)
            throw new GateError('usage', `--for: "${options.for}" is no time; write 30m or 1h`);
          const request = await api.call(requestsApi.approve, {
            params: { id },
            body: { ...(ms !== undefined && { for_s: Math.round(ms / 1000) }), ...noteOf(options) },
          });
          const how = request.for === 'once' ? 'once' : `until ${localTime(request.expires_at)}`;
          show(request, `approved ${request.id}: ${request.who} may use ${plainLine(request.tool)} ${how}`);
        }),
    );
  adminOptions(command.command('deny <id>').description('deny it'))
    .option('--note <text>', 'why; the one who asks reads it')
    .action(
      async (id: string, options: DecideOptions) =>
        await withSession(context, options, async ({ api, show }) => {
          const request = await api.call(requestsApi.deny, { params: { id }, body: noteOf(options) });
          show(request, `denied ${request.id}: ${request.who} may not use ${plainLine(request.tool)}`);
        }),
    );
  return command;
}

const noteOf = ({ note }: DecideOptions): { note?: string } => (note === undefined ? {} : { note });

async function listRequests({ api, list, context }: AdminSession, all: boolean): Promise<void> {
  const requests = await api.call(requestsApi.list, { query: { all: all ? 'true' : 'false' } });
  const row = (index: number): string[] => {
    const request = requests[index];
    if (request === undefined) return [];
    const { id, who, tool, device, state } = request;
    const asked = ago(request.created_at, context.now());
    return [id, who, plainLine(tool), plainLine(device ?? '-'), deciders(request), state === 'open' ? asked : state];
  };
  list(
    requests,
    ['ID', 'WHO', 'TOOL', 'DEVICE', 'DECIDED BY', 'SINCE'],
    row,
    'nothing waits for anybody',
    [],
    ['DEVICE', 'DECIDED BY'],
  );
}

const deciders = ({ approvers, decided_by: by }: Request): string =>
  by ?? (approvers.length === 0 ? 'administrators' : approvers.join(', '));

async function showRequest({ api, show, inside }: AdminSession, id: string): Promise<void> {
  const request = await api.call(requestsApi.show, { params: { id } });
  const { state, rule, reason, note } = request;
  const from = [request.device, request.client_name, request.address].filter((each) => each !== null);
  const lines = [
    `${request.id}  ${state}`,
    `  who        ${request.who}`,
    `  tool       ${plainLine(request.tool)}`,
    ...(from.length === 0 ? [] : [`  from       ${plainLine(from.join(', '))}`]),
    ...(rule === null ? [] : [`  rule       ${rule}`]),
    ...(reason === null ? [] : [`  reason     ${plainLine(reason)}`]),
    `  decides    ${deciders(request)}`,
    ...(note === null ? [] : [`  note       ${plainLine(note)}`]),
    `  until      ${localTime(request.expires_at)}`,
    `  arguments  ${request.arguments === null ? 'none' : ''}`.trimEnd(),
    ...(request.arguments ?? '').split('\n').flatMap((line) => (line === '' ? [] : [`    ${line}`])),
    ...(state === 'open'
      ? [
          `next: mcpgate-broker request approve ${request.id}${inside}, or mcpgate-broker request deny ${request.id}${inside}`,
        ]
      : []),
  ];
  show(request, lines.join('\n'));
}
