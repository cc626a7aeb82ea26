// Limits of rules as people write them: `10/minute`, `args.amount<=500/day`; and the same of a limit that is there.
import type { Limit, LimitPer } from '../rules.ts';
import { parseDurationMs, writtenDuration } from '../../duration.ts';

const SPANS: Readonly<Record<string, string>> = { second: '1s', minute: '1m', hour: '1h', day: '1d', week: '1w' };

/** `10/minute`, `5/15m`. Undefined where it is none. */
export function readLimit(text: string, per: LimitPer): Limit | undefined {
  const [, most = '', span = ''] = /^\s*(\d{1,15})\s*\/\s*(\S+)\s*$/.exec(text) ?? [];
  const withinMs = spanMs(span);
  if (Number(most) < 1 || withinMs === undefined) return undefined;
  return { most: Number(most), within_ms: withinMs, per, sum: null };
}

/** `args.amount<=500/day`: what is added up may have spaces and comparisons in it. Undefined where it is none. */
export function readSum(text: string, per: LimitPer): Limit | undefined {
  const [, what = '', most = '', span = ''] =
    /^\s*(\S.{0,300}?)\s*<=\s*(\d{1,15}(?:\.\d{1,20})?)\s*\/\s*([\d.a-z]+)\s*$/s.exec(text) ?? [];
  const withinMs = spanMs(span);
  if (!(Number(most) > 0) || withinMs === undefined) return undefined;
  return { most: Number(most), within_ms: withinMs, per, sum: what.trim() };
}

/** With whose allowance it is behind it, where that is not each person's: `10/minute per group`. */
export function writtenLimit({ most, within_ms: withinMs, per, sum }: Limit): string {
  const [named] = Object.entries(SPANS).find(([, span]) => parseDurationMs(span) === withinMs) ?? [];
  const span = named ?? writtenDuration(withinMs);
  return `${sum === null ? '' : `${sum.trim()}<=`}${plainNumber(most)}/${span}${per === 'person' ? '' : ` per ${per}`}`;
}

/** What stands behind a limit, and the limit before it. */
export function splitPer(text: string): { text: string; per: LimitPer | undefined } {
  const [, before = text, per] = /^(.*\S)\s+per\s+(person|group|rule)\s*$/s.exec(text) ?? [];
  return { text: before, per: per === 'person' || per === 'group' || per === 'rule' ? per : undefined };
}

/** Without an exponent. */
function plainNumber(value: number): string {
  if (Number.isInteger(value)) return BigInt(value).toString();
  const texts = Array.from({ length: 20 }, (_each, at) => value.toFixed(at + 1));
  return texts.find((text) => Number(text) === value) ?? String(value);
}

function spanMs(text: string): number | undefined {
  const ms = parseDurationMs(Object.hasOwn(SPANS, text) ? (SPANS[text] ?? '') : text);
  return ms === 0 ? undefined : ms;
}
