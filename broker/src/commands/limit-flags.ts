// Reads `--limit 10/minute`, `--sum 'args.amount<=500/day'` and `--per` of rules.
import { LimitPerSchema, type Limit } from 'mcpgate-shared/api/rules';
import { GateError } from 'mcpgate-shared/error';
import { readLimit, readSum } from 'mcpgate-shared/api/rules/limit-texts';

export interface LimitFlags {
  limit?: string[];
  sum?: string[];
  per?: string;
}

/** Throws `usage`, naming the flag. */
export function limitsFrom({ limit = [], sum = [], per: given }: LimitFlags): Limit[] {
  const per = LimitPerSchema.safeParse(given ?? 'person');
  if (!per.success) throw new GateError('usage', `--per: "${given}" is none of person, group, rule`);
  if (given !== undefined && limit.length + sum.length === 0)
    throw new GateError('usage', '--per says who shares a limit: give --limit or --sum');
  const counted = limit.map((text) => {
    const read = readLimit(text, per.data);
    if (read === undefined)
      throw new GateError('usage', `--limit: "${text}" is no limit; write 10/minute, 100/day or 5/15m`);
    return read;
  });
  const added = sum.map((text) => {
    const read = readSum(text, per.data);
    if (read === undefined) throw new GateError('usage', `--sum: "${text}" is no limit; write 'args.amount<=500/day'`);
    return read;
  });
  return [...counted, ...added];
}
