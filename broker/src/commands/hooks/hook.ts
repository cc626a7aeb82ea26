// `hook …`: an address that is asked about calls, and addresses that are told what waits for somebody's yes.
import { Command } from 'commander';
import { type HookView, hooksApi } from 'mcpgate-shared/api/hooks/hooks-api';
import type { z } from 'zod';
import { GateError } from 'mcpgate-shared/error';
import { adminOptionsOf, brokerFlags } from '../server/broker-flags.ts';
import { localTime } from 'mcpgate-shared/local-time';
import { plainLine } from 'mcpgate-shared/plain-line';
import { shortened } from 'mcpgate-shared/text-width';
import { argsOf } from '../rule.ts';
import {
  adminOptions,
  withSession,
  withVerdict,
  type AdminOptions,
  type AdminSession,
} from '../session/admin-session.ts';
import type { CommandContext } from '../context.ts';
import { askedOption, assertRemoval, isConfirmed, type AskedOptions } from '../terminal/confirm.ts';
import { ago } from '../terminal/table.ts';
import { changesFrom, hookFlags, type HookFlags } from './hook-flags.ts';

interface TestOptions extends AdminOptions {
  who?: string;
  what?: string;
  client?: string;
  device?: string;
  address?: string;
  args?: string;
}

interface SetOptions extends HookFlags {
  yes?: boolean;
}

export function hookCommand(context: CommandContext): Command {
  const command = new Command('hook').description(
    'addresses that are asked about calls, told what waits for a yes, or sent the audit log',
  );
  hookFlags(
    brokerFlags(
      command.command('add <name>').description('add a hook that is told what waits for a yes, or sent the audit log'),
    ),
  )
    .option('--kind <kind>', 'approvals (unless said) or log; one that is named log is sent the log')
    .action(
      async (name: string, options: HookFlags) =>
        await withSession(context, adminOptionsOf(options), (session) => addHook(session, name, options)),
    );
  hookFlags(
    brokerFlags(
      command
        .command('set <name>')
        .description('change a hook; `set authorize` also adds the one that is asked about calls'),
    ),
  )
    .option('-y, --yes', 'do not ask where that lets calls through which it denies')
    .action(
      async (name: string, options: SetOptions) =>
        await withSession(context, adminOptionsOf(options), (session) => setHook(session, name, options)),
    );
  adminOptions(command.command('list').description('all hooks')).action(
    async (options: AdminOptions) => await withSession(context, options, listHooks),
  );
  adminOptions(command.command('show <name>').description('one hook')).action(
    async (name: string, options: AdminOptions) =>
      await withSession(context, options, async ({ api, show }) => {
        const hook = await api.call(hooksApi.show, { params: { name } });
        show(hook, described(hook));
      }),
  );
  adminOptions(
    command
      .command('test <name>')
      .description('ask a hook about a call that nobody makes; exit code 1 where it does not allow it'),
  )
    .option('--who <who>', 'user:NAME or grant:LABEL')
    .option('--what <what>', 'SERVER__TOOL, resource:URI or prompt:SERVER__NAME')
    .option('--client <name>', 'the AI client, as it names itself')
    .option('--device <name>', 'the name of the laptop')
    .option('--address <ip>', 'where the call comes from')
    .option('--args <json>', 'what the tool would be called with; left out: nothing')
    .action(
      async (name: string, options: TestOptions) =>
        await withVerdict(command, context, options, (session) => testHook(session, name, options)),
    );
  askedOption(adminOptions(command.command('remove <name>').description('remove a hook'))).action(
    async (name: string, options: AskedOptions) =>
      await withSession(context, options, (session) => removeHook(session, name, options)),
  );
  return command;
}

async function addHook({ api, show }: AdminSession, name: string, options: HookFlags): Promise<void> {
  const { url, ...changes } = await changesFrom(options);
  if (url === undefined) throw new GateError('usage', 'give the address: --url URL');
  const hook = await api.call(hooksApi.add, {
    // The broker says what does not belong to its kind.
    body: { kind: kindOf(name, options), name, url, ...changes } as z.input<typeof hooksApi.add.body>,
  });
  show(hook, `added ${described(hook)}`);
}

/** A hook that is named `log` is sent the log. Throws `usage`. */
function kindOf(
  name: string,
  { kind = name === 'log' ? 'log' : 'approvals' }: HookFlags,
): 'authorize' | 'approvals' | 'log' {
  if (name === 'authorize') return name;
  if (kind === 'approvals' || kind === 'log') return kind;
  throw new GateError('usage', '--kind is approvals or log; the hook that is asked about calls is named authorize');
}

async function setHook(session: AdminSession, name: string, options: SetOptions): Promise<void> {
  const { api, show } = session;
  const changes = await changesFrom(options);
  if (Object.keys(changes).length === 0) throw new GateError('usage', 'say what changes, for instance --url URL');
  const known = (await api.call(hooksApi.list, {})).find((each) => each.name === name);
  if (known === undefined && name === 'authorize') return await addHook(session, name, options);
  if (known?.kind === 'authorize' && known.enabled) await assertNarrower(session, known, changes, options);
  const hook = await api.call(hooksApi.set, { params: { name }, body: changes });
  show(hook, described(hook));
}

/** What is not asked about any more is allowed as the rules say. Throws `cancelled`. */
async function assertNarrower(
  { context, json }: AdminSession,
  known: HookView & { kind: 'authorize' },
  changes: Awaited<ReturnType<typeof changesFrom>>,
  { yes }: SetOptions,
): Promise<void> {
  const isOff = changes.enabled === false;
  const isLess = changes.what !== undefined && JSON.stringify(changes.what) !== JSON.stringify(known.what);
  if (!isOff && !(isLess && changes.what?.length !== 0)) return;
  const what = isOff ? 'nothing' : `only ${changes.what?.join(', ')}`;
  if (!json) context.stderr.write(`this opens: ${what} is asked at ${known.name}; all else is as the rules say\n`);
  if (context.stdin.isTTY !== true || yes === true || json) return;
  if (!(await isConfirmed(context, 'Change the hook? [y/N] '))) throw new GateError('cancelled', 'nothing was changed');
}

async function testHook({ api, show }: AdminSession, name: string, options: TestOptions): Promise<boolean> {
  const { who, what, client, device, address, args } = options;
  const tested = await api.call(hooksApi.test, {
    params: { name },
    body: {
      ...(who !== undefined && { who: who.includes(':') ? who : `user:${who}` }),
      ...(what !== undefined && { what }),
      ...(client !== undefined && { client }),
      ...(device !== undefined && { device }),
      ...(address !== undefined && { address }),
      ...(args !== undefined && { args: argsOf(args) }),
    },
  });
  const { decision, reason, question, answered, ms } = tested;
  const lines = [
    `sent       ${question === '' ? 'nothing' : inLines(question)}`,
    `answered   ${answered === null ? 'nothing' : answered.trim() === '' ? 'no body' : inLines(answered)}`,
    `that means ${decision}${reason === null ? '' : `: ${plainLine(reason)}`}`,
    `within     ${ms} ms`,
  ];
  show(tested, lines.join('\n'));
  return decision !== 'allow' && decision !== 'told';
}

/** JSON as people read it, each line cut where it is long; anything else is one line of it. */
function inLines(text: string): string {
  const cut = (line: string): string => shortened(plainLine(line), 160);
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
      .split('\n')
      .map((line, at) => (at === 0 ? cut(line) : `           ${/^ */.exec(line)?.[0] ?? ''}${cut(line.trimStart())}`))
      .join('\n');
  } catch {
    return cut(text);
  }
}

async function removeHook({ api, show, context }: AdminSession, name: string, options: AskedOptions): Promise<void> {
  const { kind } = await api.call(hooksApi.show, { params: { name } });
  if (kind === 'authorize' && options.json !== true)
    context.stderr.write('this opens: what the rules allow is allowed, and nobody else is asked\n');
  await assertRemoval(context, options, `the hook ${name}`);
  const hook = await api.call(hooksApi.remove, { params: { name } });
  show(hook, `removed ${hook.name}`);
}

function described(hook: HookView): string {
  const { name, url, enabled, timeout_ms: timeoutMs, secret, bearer, warnings, queue } = hook;
  const own =
    hook.kind === 'authorize'
      ? [
          `  asked about ${hook.what.length === 0 ? 'every call that the rules let through' : hook.what.join(', ')}`,
          hook.sends_arguments ? '  gets the arguments' : '  gets the digest of the arguments alone',
          `  where it asks, ${hook.approvers.length === 0 ? 'administrators' : hook.approvers.join(', ')} decide`,
        ]
      : hook.kind === 'log'
        ? [
            `  sent the audit log: ${hook.what.length === 0 ? 'all of it' : hook.what.join(', ')}`,
            ...(hook.format === 'otlp' ? ['  as OTLP logs'] : []),
            ...Object.entries(hook.headers).map(
              ([header, value]) => `  with the header ${header}: ${plainLine(value)}`,
            ),
            ...(hook.ca === null ? [] : ['  trusts certificates of its own instead of the system']),
            ...(hook.certificate === null ? [] : [`  shows the certificate of the secret ${hook.certificate}`]),
            ...(hook.max_bytes === null ? [] : [`  in messages of ${hook.max_bytes} bytes at the most`]),
          ]
        : [
            `  told what waits for a yes, as ${hook.format === 'slack' ? 'Slack takes it' : 'a Standard Webhook'}`,
            hook.signing_secret === null
              ? '  takes no decisions'
              : `  takes decisions that are signed with the secret ${hook.signing_secret}`,
            ...Object.entries(hook.people).map(([id, who]) => `  ${id} is ${who}`),
            ...(hook.by_email ? ['  a signed e-mail address names a person, too'] : []),
          ];
  return [
    `${name}: ${url}${enabled ? '' : ' (disabled)'}`,
    ...own,
    `  waits ${timeoutMs} ms for an answer`,
    ...(secret === null ? [] : [`  signs with the secret ${secret}`]),
    ...(bearer === null ? [] : [`  sends the secret ${bearer} as Authorization: Bearer`]),
    ...(hook.managed_by === null ? [] : [`  managed by ${hook.managed_by}`]),
    ...(queue === undefined ? [] : queueLines(queue)),
    ...warnings.map((each) => `  ! ${each}`),
  ].join('\n');
}

function queueLines(queue: NonNullable<HookView['queue']>): string[] {
  const { queued, last_error: error, next_at: next, delivered_at: delivered, tried_by: by } = queue;
  return [
    ...(delivered === null ? [] : [`  last arrived ${localTime(delivered)}`]),
    ...(queued === 0
      ? []
      : [`  ${queued} ${queued === 1 ? 'waits' : 'wait'} to be delivered${error === null ? '' : `: ${error}`}`]),
    ...(queued === 0 || next === null ? [] : [`  tried again ${localTime(next)}`]),
    ...(by === null ? [] : [`  last tried by ${by}`]),
  ];
}

async function listHooks({ api, list, context }: AdminSession): Promise<void> {
  const hooks = await api.call(hooksApi.list, {});
  const row = (index: number): string[] => {
    const hook = hooks[index];
    if (hook === undefined) return [];
    const { name, kind, enabled, url, updated_at: at, queue } = hook;
    return [name, kind, enabled ? 'yes' : 'no', String(queue?.queued ?? 0), url, ago(at, context.now())];
  };
  // Which hook it is about not every warning says by itself.
  const below = hooks.flatMap(({ name, warnings }) =>
    warnings.map((each) => (each.startsWith(`the hook ${name} `) ? `!  ${each}` : `!  ${name}: ${each}`)),
  );
  list(hooks, ['HOOK', 'KIND', 'ENABLED', 'QUEUED', 'URL', 'CHANGED'], row, 'no hooks yet', below, ['CHANGED']);
}
