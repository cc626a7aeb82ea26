// The flags that say a rule, for `rule add` and `rule edit`.
import type { Command } from 'commander';
import type { NewRuleSchema, RuleEffect } from 'mcpgate-shared/api/rules';
import { GateError } from 'mcpgate-shared/error';
import type { z } from 'zod';
import { limitsFrom, type LimitFlags } from '../limit-flags.ts';
import type { AskedOptions } from '../terminal/confirm.ts';
import { futureTime } from '../values.ts';

export type WrittenRule = z.input<typeof NewRuleSchema>;

export interface TriedOptions extends AskedOptions {
  dryRun?: boolean;
  since?: string;
}

export interface AddOptions extends TriedOptions, LimitFlags {
  allow?: boolean;
  deny?: boolean;
  ask?: boolean;
  approver?: string[];
  who?: string[];
  except?: string[];
  what?: string[];
  when?: string;
  until?: string;
  observe?: boolean;
  note?: string;
}

export function ruleFlags(command: Command): Command {
  return command
    .option('--allow', 'what matches is allowed')
    .option('--deny', 'what matches is denied, whatever other rules allow')
    .option('--ask', 'what matches is allowed once somebody has approved the call')
    .option(
      '--approver <who...>',
      'who decides: user:NAME, group:NAME, on-call:GROUP, role:R, or self: whoever calls; left out: administrators',
    )
    .option(
      '--who <who...>',
      '*, user:NAME, group:NAME, role:R, grant:LABEL, device:NAME, client:NAME, net:CIDR; any of them',
    )
    .option('--except <who...>', 'but none of these; written like --who')
    .option(
      '--what <what...>',
      'globs over SERVER__TOOL, resource:URI, prompt:SERVER__NAME, event:SERVER__NAME; or read:, write:SERVER, bundle:NAME',
    )
    .option('--when <cel>', 'only where this CEL condition over args, user, tool, time and client is true')
    .option('--limit <n/time...>', '10/minute, 100/day, 5/15m: at most so many calls within any such time')
    .option('--sum <cel<=n/time...>', "'args.amount<=500/day': the calls together at most so much within any such time")
    .option('--per <whose>', 'person (default), group or rule: who shares the allowance of --limit and --sum')
    .option('--until <time>', '2h, 3d, 2026-12-24 or 2026-12-24T18:00:00Z: from then on the rule does nothing')
    .option('--observe', 'decide nothing: the log says would_deny where the rule would have denied')
    .option('--note <text>', 'why; shown in lists');
}

/** Undefined: none of the three is said. Throws `usage` where several are. */
export function effectFrom({ allow, deny, ask }: AddOptions): RuleEffect | undefined {
  const said = (
    [
      ['allow', allow],
      ['deny', deny],
      ['ask', ask],
    ] as const
  ).filter(([, is]) => is === true);
  if (said.length > 1) throw new GateError('usage', 'give one of --allow, --deny and --ask');
  return said[0]?.[0];
}

/** What the flags say of a rule beside its effect, WHO and WHAT. */
export function conditionsFrom(options: AddOptions, now: number): Partial<WrittenRule> {
  const { approver, except, when, observe, note } = options;
  const limits = limitsFrom(options);
  const until = futureTime('--until', options.until, now);
  return {
    ...(approver && { approvers: approver }),
    ...(except && { except }),
    ...(when !== undefined && { when }),
    ...(limits.length > 0 && { limits }),
    ...(until !== undefined && { until }),
    ...(observe && { observe }),
    ...(note === undefined ? {} : { note }),
  };
}
