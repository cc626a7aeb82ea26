// `rule edit ID …`: changes what the flags name of a rule, which keeps its id, and nothing that somebody else has changed meanwhile.
import type { Command } from 'commander';
import { rulesApi, type Limit, type ListedRule } from 'mcpgate-shared/api/rules';
import { ruleSentence } from 'mcpgate-shared/api/rules/rule-sentence';
import { localTime } from 'mcpgate-shared/local-time';
import type { RuleChange } from 'mcpgate-shared/api/rules/previews';
import { GateError } from 'mcpgate-shared/error';
import type { CommandContext } from '../context.ts';
import { adminOptions, withSession, type AdminSession } from '../session/admin-session.ts';
import { effectFrom, conditionsFrom, ruleFlags, type AddOptions, type WrittenRule } from './rule-flags.ts';
import { assertOpening, LONG_AGO, showTried } from './try-change.ts';

/** What can be taken away of a rule, by `--no-…`. */
const PARTS = ['approver', 'except', 'when', 'limit', 'sum', 'until', 'observe', 'note'] as const;
type Part = (typeof PARTS)[number];
type EditOptions = Omit<AddOptions, Part> & { [Name in Part]?: AddOptions[Name] | false };

export function addEdit(rule: Command, context: CommandContext): void {
  const command = rule.command('edit <id>').description('change what a rule says; it keeps its id');
  ruleFlags(adminOptions(command));
  for (const part of PARTS) command.option(`--no-${part}`, `take away what it says by --${part}`);
  command
    .option(
      '--dry-run',
      'change nothing: who would gain and lose what, and which recorded calls would be decided otherwise',
    )
    .option('--since <time>', 'with --dry-run: recorded calls from then on', LONG_AGO)
    .option('-y, --yes', 'do not ask where that opens something')
    .action(
      async (id: string, options: EditOptions) =>
        await withSession(context, options, (session) => editRule(session, id, options)),
    );
}

async function editRule(session: AdminSession, id: string, options: EditOptions): Promise<void> {
  const { api, show, context } = session;
  const { answer: now, tag } = await api.tagged(rulesApi.get, { params: { id } });
  const body = edited(now, options, context.now());
  if (body === undefined) throw new GateError('usage', 'say what to change, as in --who group:eng or --no-until');
  const change: RuleChange = { kind: 'edit', id, rule: body };
  if (options.dryRun === true)
    return await showTried(session, change, `rule ${id} is not changed; that would change this:`, options.since);
  await assertOpening(session, options, change, `Change rule ${id}?`);
  const rule = await api.call(rulesApi.replace, { params: { id }, body, ...(tag !== undefined && { ifMatch: tag }) });
  const doubts = rule.warnings.map((each) => `  ! ${each}`);
  show(rule, [`changed ${rule.id}: ${ruleSentence(rule, localTime)}`, ...doubts].join('\n'));
}

/** All of what the rule is to say; undefined: nothing is asked to be changed. */
function edited(now: ListedRule, options: EditOptions, at: number): WrittenRule | undefined {
  const taken = new Set(PARTS.filter((part) => options[part] === false));
  const said: AddOptions = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== false));
  const effect = effectFrom(said);
  const { limits = [], ...given } = conditionsFrom(said, at);
  const isNamed = [effect, said.who, said.what, ...Object.values(given)].some((each) => each !== undefined);
  if (!isNamed && limits.length === 0 && taken.size === 0) return undefined;
  const isKept = ({ sum }: Limit): boolean =>
    sum === null ? !taken.has('limit') && said.limit === undefined : !taken.has('sum') && said.sum === undefined;
  const asks = (effect ?? now.effect) === 'ask';
  return {
    ...{ effect: now.effect, who: now.who, what: now.what },
    ...(!taken.has('except') && { except: now.except }),
    ...(!taken.has('when') && now.when !== null && { when: now.when }),
    ...(!taken.has('until') && now.until !== null && { until: now.until }),
    ...(!taken.has('observe') && { observe: now.observe }),
    // Only a rule that asks has some.
    ...(!taken.has('approver') && asks && { approvers: now.approvers }),
    ...(!taken.has('note') && now.note !== null && { note: now.note }),
    ...(effect !== undefined && { effect }),
    ...(said.who && { who: said.who }),
    ...(said.what && { what: said.what }),
    ...given,
    limits: [...now.limits.filter(isKept), ...limits],
  };
}
