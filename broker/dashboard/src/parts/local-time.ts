// Times where the reader is: as a field of the browser has them (`datetime-local`: to the minute, as `2026-12-01T14:03`), and in what is said of rules.
import { ruleSentence } from 'mcpgate-shared/api/rules/rule-sentence';
import { momentText } from './time.tsx';

/** Empty: no time. */
export function toLocalText(iso: string | null | undefined): string {
  if (iso === undefined || iso === null) return '';
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export const isoOfLocalText = (local: string): string | undefined =>
  local === '' ? undefined : new Date(local).toISOString();

/** A rule as a sentence; its end is a moment in the reader's zone. */
export const localRuleSentence = (rule: Parameters<typeof ruleSentence>[0]): string =>
  ruleSentence(rule, (iso) => momentText(Date.parse(iso)));

const UNIVERSAL = /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z/g;

/** What the broker or the log says, with each time in universal time (`2026-12-01 18:00Z`) as a moment in the reader's zone. */
export const withLocalTimes = (text: string): string =>
  text.replaceAll(UNIVERSAL, (time) => momentText(Date.parse(time.replace(' ', 'T'))));
