// `tool list|diff|accept`: what servers say of their tools, and what of it waits for a person.
import { Command } from 'commander';
import {
  type DefinitionDiff,
  definitionsApi,
  type DefinitionView,
} from 'mcpgate-shared/api/definitions/definitions-api';
import { GateError } from 'mcpgate-shared/error';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from '../session/admin-session.ts';
import type { CommandContext } from '../context.ts';
import { isConfirmed } from '../terminal/confirm.ts';
import { ago } from '../terminal/table.ts';
import { toolNamed } from './tool-named.ts';
import { visible } from './visible.ts';

interface ListOptions extends AdminOptions {
  held?: boolean;
  flagged?: boolean;
}

interface AcceptOptions extends AdminOptions {
  yes?: boolean;
}

/** How many differences are shown before the question. */
const MOST_SHOWN = 20;
/** How many texts one request accepts. */
const MOST_AT_ONCE = 2_000;

export function toolCommand(context: CommandContext): Command {
  const command = new Command('tool').description(
    'what servers say of their tools, prompts and templates: what is new or has changed, and accepting it',
  );
  adminOptions(command.command('list [server]').description('the definitions that were seen, and what waits for you'))
    .option('--held', 'those that are not served until they are accepted')
    .option('--flagged', 'those in which something is suspicious')
    .action(
      async (server: string | undefined, options: ListOptions) =>
        await withSession(context, options, (session) => listTools(session, server, options)),
    );
  adminOptions(
    command
      .command('diff <name>')
      .description(
        'how a tool differs from what was accepted: SERVER__TOOL, its own name, prompt:…, template:…, instructions:SERVER',
      ),
  ).action(
    async (name: string, options: AdminOptions) =>
      await withSession(context, options, async (session) => {
        const { api, show } = session;
        const diff = await api.call(definitionsApi.diff, { query: { name: await toolNamed(session, name) } });
        show(diff, await textOf(context, diff));
      }),
  );
  adminOptions(
    command
      .command('accept <name>')
      .description('accept what waits of SERVER__TOOL, or of a whole SERVER; shows it first'),
  )
    .option('--yes', 'ask nothing')
    .action(
      async (name: string, options: AcceptOptions) =>
        await withSession(context, options, (session) => accept(session, name, options)),
    );
  return command;
}

/** In colours for a terminal, unless NO_COLOR (no-color.org) says otherwise. What compares texts is loaded only here. */
async function textOf({ stdout, env }: CommandContext, diff: DefinitionDiff): Promise<string> {
  const [{ diffText }, { Chalk }] = await Promise.all([import('./definition-text.ts'), import('chalk')]);
  return diffText(diff, new Chalk({ level: stdout.isTTY === true && (env['NO_COLOR'] ?? '') === '' ? 1 : 0 }));
}

async function listTools(
  { api, list, context, inside }: AdminSession,
  server: string | undefined,
  { held, flagged }: ListOptions,
): Promise<void> {
  const tools = await api.call(definitionsApi.list, {
    query: {
      ...(server === undefined ? {} : { server }),
      ...(held === true ? { state: 'held' } : {}),
      ...(flagged === true ? { flagged: 'true' } : {}),
    },
  });
  const row = (index: number): string[] => {
    const tool = tools[index];
    if (tool === undefined) return [];
    const since = tool.waiting[0]?.seen_at ?? tool.accepted_at;
    return [visible(tool.name), stateText(tool), flagText(tool), ago(since, context.now()), tool.accepted_by ?? '-'];
  };
  const waiting = tools.filter((tool) => tool.waiting.length > 0);
  const [first] = waiting;
  const below =
    first === undefined ? [] : [`${waiting.length} to be looked at: mcpgate-broker tool diff ${first.name}${inside}`];
  const none = held === true || flagged === true ? 'none' : 'no server has listed anything yet';
  list(
    tools,
    ['NAME', 'STATE', 'SUSPICIOUS', 'SINCE', 'ACCEPTED BY'],
    row,
    none,
    below,
    ['ACCEPTED BY', 'SINCE'],
    'NAME',
  );
}

function stateText({ state, accepted, waiting }: DefinitionView): string {
  if (waiting.length === 0) return state;
  const what = accepted === null ? 'new' : 'changed';
  return state === 'held' ? `held (${what})` : `unreviewed (${what})`;
}

const flagText = ({ flags }: DefinitionView): string =>
  [...new Set(flags.map(({ kind, alarm }) => (alarm ? `${kind}!` : kind)))].join(', ') || '-';

async function accept(
  { api, show, json, context, inside }: AdminSession,
  name: string,
  { yes }: AcceptOptions,
): Promise<void> {
  const isServer = /^[a-z0-9-]{1,24}$/.test(name);
  const found = isServer
    ? (await api.call(definitionsApi.list, { query: { server: name } })).filter((tool) => isOpen(tool))
    : [await api.call(definitionsApi.diff, { query: { name } })];
  const wanted = found.flatMap((tool) => digestsOf(tool).map((digest) => ({ name: tool.name, digest })));
  if (wanted.length === 0) return show({ accepted: [] }, `nothing of ${visible(name)} waits`);
  if (yes !== true) {
    const isAsked = !json && context.stdin.isTTY === true && context.stderr.isTTY === true;
    if (!isAsked) throw new GateError('usage', `look at it with \`tool diff ${name}${inside}\`, then say --yes`);
    for (const tool of found.slice(0, MOST_SHOWN)) {
      const diff = await api.call(definitionsApi.diff, { query: { name: tool.name } });
      context.stderr.write(`${await textOf(context, diff)}\n\n`);
    }
    if (found.length > MOST_SHOWN) context.stderr.write(`and ${found.length - MOST_SHOWN} more\n`);
    const count = wanted.length === 1 ? 'this' : `these ${wanted.length} texts`;
    if (!(await isConfirmed(context, `Accept ${count}? [y/N] `)))
      throw new GateError('cancelled', 'nothing was accepted');
  }
  const accepted = [];
  for (let from = 0; from < wanted.length; from += MOST_AT_ONCE) {
    const body = { definitions: wanted.slice(from, from + MOST_AT_ONCE) };
    accepted.push(...(await api.call(definitionsApi.accept, { body })).accepted);
  }
  const lines = accepted.map((each) => `accepted ${visible(each.name)} ${each.digest.slice(0, 12)}`);
  show({ accepted }, lines.join('\n'));
}

/** Whether a person has something to accept: what waits, or what nobody but the first list has accepted and is suspicious. */
const isOpen = (tool: DefinitionView): boolean => digestsOf(tool).length > 0;

function digestsOf({ waiting, accepted, accepted_by: by, flags }: DefinitionView): string[] {
  if (waiting.length > 0) return waiting.map(({ digest }) => digest).toReversed();
  return accepted !== null && (by === 'first' || by === 'policy') && flags.length > 0 ? [accepted] : [];
}
