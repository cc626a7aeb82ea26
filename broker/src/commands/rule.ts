// `rule …` and `enforcement …`: the rules that say who may use what, and whether a deny denies.
import { Command } from 'commander';
import { ruleSentence } from 'mcpgate-shared/api/rules/rule-sentence';
import { EnforcementSchema, rulesApi } from 'mcpgate-shared/api/rules';
import type { RuleChange } from 'mcpgate-shared/api/rules/previews';
import { GateError } from 'mcpgate-shared/error';
import { localTime } from 'mcpgate-shared/local-time';
import {
  adminOptions,
  withSession,
  withVerdict,
  type AdminOptions,
  type AdminSession,
} from './session/admin-session.ts';
import type { CommandContext } from './context.ts';
import { parseRecord } from '../mcp/json-rpc-guard.ts';
import { addMatrix } from './rules/matrix.ts';
import { addSimulate } from './rules/simulate.ts';
import { assertOpening, LONG_AGO, showTried } from './rules/try-change.ts';
import { askedOption, type AskedOptions } from './terminal/confirm.ts';
import { ago } from './terminal/table.ts';
import { addEdit } from './rules/edit.ts';
import { conditionsFrom, effectFrom, ruleFlags, type AddOptions, type TriedOptions } from './rules/rule-flags.ts';
import { anyTime } from './values.ts';

interface TestOptions extends AdminOptions {
  who?: string;
  what?: string;
  client?: string;
  device?: string;
  address?: string;
  at?: string;
  args?: string;
  hook?: boolean;
  bundle?: string;
}

export function ruleCommand(context: CommandContext): Command {
  const command = new Command('rule').description('who may do what: deny wins, no match denies');
  ruleFlags(adminOptions(command.command('add').description('add a rule; it holds from the next call on')))
    .option(
      '--dry-run',
      'add nothing: who would gain and lose what, and which recorded calls would be decided otherwise',
    )
    .option('--since <time>', 'with --dry-run: recorded calls from then on', LONG_AGO)
    .option('-y, --yes', 'do not ask where everybody is allowed everything')
    .action(async (options: AddOptions) => await withSession(context, options, (session) => addRule(session, options)));
  addEdit(command, context);
  adminOptions(command.command('list').description('all rules')).action(
    async (options: AdminOptions) => await withSession(context, options, listRules),
  );
  adminOptions(command.command('remove <id>').description('remove a rule'))
    .option(
      '--dry-run',
      'remove nothing: who would gain and lose what, and which recorded calls would be decided otherwise',
    )
    .option('--since <time>', 'with --dry-run: recorded calls from then on', LONG_AGO)
    .option('-y, --yes', 'do not ask where that opens something')
    .action(
      async (id: string, options: TriedOptions) =>
        await withSession(context, options, (session) => removeRule(session, id, options)),
    );
  adminOptions(
    command.command('forget <id>').description('a removed rule is gone for good: status warns of it no more'),
  ).action(
    async (id: string, options: AdminOptions) =>
      await withSession(context, options, async ({ api, show }) => {
        const forgotten = await api.call(rulesApi.forget, { params: { id } });
        show(forgotten, `${id} is missed no more: ${forgotten.sentence}`);
      }),
  );
  adminOptions(
    command
      .command('test [who] [what]')
      .description('what would be decided, and by which rule; exit code 1 for a deny'),
  )
    .option('--who <who>', 'user:NAME or grant:LABEL')
    .option('--what <what>', 'SERVER__TOOL, the own name of a tool, resource:URI or prompt:SERVER__NAME')
    .option('--bundle <name>', 'as called through this bundle, as in /mcp/NAME and serve --bundle NAME')
    .option('--client <name>', 'the AI client, as it names itself; left out: not known, which speaks against the call')
    .option('--device <name>', 'the name of the laptop')
    .option('--address <ip>', 'where the call comes from; left out: not known')
    .option('--at <time>', '2026-12-24, or 2026-12-24T18:00:00Z; left out: now')
    .option('--args <json>', 'what the tool would be called with; left out: nothing')
    .option('--hook', 'ask the hook that has to allow it, too; --args asks it as well')
    .option('--no-hook', 'do not ask it')
    .action(async (who: string | undefined, what: string | undefined, options: TestOptions) => {
      const question = { ...options, who: who ?? options.who, what: what ?? options.what };
      await withVerdict(command, context, options, (session) => testRule(session, question));
    });
  addMatrix(command, context);
  addSimulate(command, context);
  return command;
}

export function enforcementCommand(context: CommandContext): Command {
  const command = new Command('enforcement')
    .description('off: rules are not asked; observe: a deny is only recorded; enforce: a deny denies')
    .argument('[mode]', 'off, observe or enforce; left out: what it is');
  return askedOption(adminOptions(command)).action(
    async (mode: string | undefined, options: AskedOptions) =>
      await withSession(context, options, (session) => enforce(session, mode, options)),
  );
}

async function addRule(session: AdminSession, options: AddOptions): Promise<void> {
  const { api, show, context } = session;
  const { who = [], what = [] } = options;
  const effect = effectFrom(options);
  const missing = [
    ...(effect === undefined ? ['one of --allow, --deny and --ask'] : []),
    ...(who.length > 0 ? [] : ['--who, as in --who group:eng']),
    ...(what.length > 0 ? [] : ["--what, as in --what 'github__*'"]),
  ];
  if (effect === undefined || missing.length > 0) throw new GateError('usage', `give ${missing.join('; ')}`);
  const body = { effect, who, what, ...conditionsFrom(options, context.now()) };
  const change: RuleChange = { kind: 'add', rules: [body] };
  if (options.dryRun === true)
    return await showTried(session, change, 'the rule is not added; it would change this:', options.since);
  if (effect === 'allow' && who.includes('*') && what.includes('*'))
    await assertOpening(session, options, change, 'Allow everybody everything?', true);
  const rule = await api.call(rulesApi.add, { body });
  const added = `added ${rule.id}: ${ruleSentence(rule, localTime)}`;
  const doubts = rule.warnings.map((each) => `  ! ${each}`);
  show(rule, [added, ...doubts].join('\n'));
}

async function removeRule(session: AdminSession, id: string, options: TriedOptions): Promise<void> {
  const { api, show } = session;
  const change: RuleChange = { kind: 'remove', ids: [id] };
  if (options.dryRun === true)
    return await showTried(session, change, `rule ${id} is not removed; that would change this:`, options.since);
  await assertOpening(session, options, change, `Remove rule ${id}?`);
  const rule = await api.call(rulesApi.remove, { params: { id } });
  show(rule, `removed ${rule.id}: ${ruleSentence(rule, localTime)}`);
}

async function listRules({ api, list, context }: AdminSession): Promise<void> {
  const rules = await api.call(rulesApi.list, {});
  const row = (index: number): string[] => {
    const rule = rules[index];
    if (rule === undefined) return [];
    const { id, expired, note, created_by: by } = rule;
    const sentence = `${ruleSentence(rule, localTime)}${expired ? ' (expired)' : ''}`;
    return [id, sentence, note ?? '', by, ago(rule.created_at, context.now())];
  };
  list(
    rules,
    ['ID', 'RULE', 'NOTE', 'BY', 'ADDED'],
    row,
    'no rules: nobody may do anything until one is added',
    rules.flatMap(({ id, warnings }) => warnings.map((each) => `! ${id}: ${each}`)),
    ['BY', 'ADDED', 'NOTE'],
    'RULE',
  );
}

/** The text itself: read here, a number would lose digits by which a rule may decide. */
export function argsOf(text: string): string {
  if (parseRecord(text) === undefined) throw new GateError('usage', '--args: write a JSON object, as {"amount":20}');
  return text;
}

/** Prints the verdict. Returns whether it is a deny. */
async function testRule(
  { api, show }: AdminSession,
  {
    who,
    what,
    client,
    device,
    address,
    at,
    args,
    hook,
    bundle,
  }: Omit<TestOptions, 'who' | 'what'> & Record<'who' | 'what', string | undefined>,
): Promise<boolean> {
  if (who === undefined || what === undefined) {
    throw new GateError('usage', 'name who and what, as in `rule test user:ada github__list_issues`');
  }
  const subject = who.includes(':') ? who : `user:${who}`;
  const verdict = await api.call(rulesApi.test, {
    body: {
      ...{ who: subject, what },
      ...(client !== undefined && { client }),
      ...(device !== undefined && { device }),
      ...(address !== undefined && { address }),
      ...(at !== undefined && { at: anyTime('--at', at) }),
      ...(args !== undefined && { args: argsOf(args) }),
      ...(hook !== undefined && { hook }),
      ...(bundle !== undefined && { bundle }),
    },
  });
  const by = verdict.rule === null ? '' : ` (${verdict.rule})`;
  const doubts = verdict.warnings.map((each) => `  ! ${each}`);
  const through = verdict.bundle === null ? '' : `, called through bundle ${verdict.bundle}`;
  const isOther = verdict.meant !== null && (verdict.meant !== what || through !== '');
  const meant = isOther ? [`  ${what} is ${verdict.meant}${through}`] : [];
  show(verdict, [`${verdict.decision}${by}: ${verdict.reason}`, ...meant, ...doubts].join('\n'));
  return verdict.decision === 'deny';
}

async function enforce(session: AdminSession, mode: string | undefined, options: AskedOptions): Promise<void> {
  const { api, show } = session;
  if (mode === undefined) {
    const now = await api.call(rulesApi.enforcement, {});
    return show(now, now.enforcement);
  }
  const wanted = EnforcementSchema.safeParse(mode);
  if (!wanted.success) throw new GateError('usage', `"${mode}" is none of off, observe, enforce`);
  const change = { kind: 'enforcement', enforcement: wanted.data } as const;
  if (wanted.data !== 'enforce') await assertOpening(session, options, change, `Set enforcement to ${wanted.data}?`);
  const now = await api.call(rulesApi.setEnforcement, { body: { enforcement: wanted.data } });
  show(now, `enforcement is now ${now.enforcement}`);
}
