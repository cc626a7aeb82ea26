// Reads `--limit 10/minute`, `--sum 'args.amount<=500/day'` and `--per` of rules.
import { LimitPerSchema, type Limit } from 'mcpgate-shared/api/rules';
import { GateError } from 'mcpgate-shared/error';
import { parseDurationMs } from '../config/duration.ts';

export interface LimitFlags {
  limit?: string[];
  sum?: string[];
  per?: string;
}

const SPANS: Readonly<Record<string, string>> = { second: '1s', minute: '1m', hour: '1h', day: '1d', week: '1w' };

/** Throws `usage`, naming the flag. */
export function limitsFrom({ limit = [], sum = [], per: given }: LimitFlags): Limit[] {
  const per = LimitPerSchema.safeParse(given ?? 'person');
  if (!per.success) throw new GateError('usage', `--per: "${given}" is none of person, group, rule`);
  if (given !== undefined && limit.length + sum.length === 0)
    throw new GateError('usage', '--per says who shares a limit: give --limit or --sum');
  const counted = limit.map((text) => {
    const [, most = '', span = ''] = /^\s*(\d{1,15})\s*\/\s*(\S+)\s*$/.exec(text) ?? [];
    const withinMs = spanMs(span);
    if (Number(most) < 1 || withinMs === undefined)
      throw new GateError('usage', `--limit: "${text}" is no limit; write 10/minute, 100/day or 5/15m`);
    return { most: Number(most), within_ms: withinMs, per: per.data, sum: null };
  });
  const added = sum.map((text) => {
    // What is added up may have spaces and comparisons in it.
    const [, what = '', most = '', span = ''] =
      /^\s*(\S.{0,300}?)\s*<=\s*(\d{1,15}(?:\.\d{1,6})?)\s*\/\s*([\da-z]+)\s*$/s.exec(text) ?? [];
    const withinMs = spanMs(span);
    if (!(Number(most) > 0) || withinMs === undefined)
      throw new GateError('usage', `--sum: "${text}" is no limit; write 'args.amount<=500/day'`);
    return { most: Number(most), within_ms: withinMs, per: per.data, sum: what };
  });
  return [...counted, ...added];
}

function spanMs(text: string): number | undefined {
  const ms = parseDurationMs(Object.hasOwn(SPANS, text) ? (SPANS[text] ?? '') : text);
  return ms === 0 ? undefined : ms;
}
