// What decisions and WHO are called on these pages.
import type { PreviewedDecision } from 'mcpgate-shared/api/rules/previews';
import type { Tone } from '../../parts/status-badge.tsx';

export const DECISION: Readonly<Record<PreviewedDecision, { word: string; tone: Tone }>> = {
  allow: { word: 'allowed', tone: 'ok' },
  deny: { word: 'denied', tone: 'danger' },
  ask: { word: 'asks first', tone: 'info' },
  would_deny: { word: 'allowed, noted as a denial', tone: 'warn' },
};

/** `allowed or denied, by the call`: several where that depends on arguments, time, client, device or address. */
export function decisionsText(decisions: readonly PreviewedDecision[]): string {
  const words = decisions.map((each) => DECISION[each].word).join(' or ');
  return decisions.length > 1 ? `${words}, by the call` : words;
}

/** `a, b and 7 more`. */
export function few(all: readonly string[], most: number): string {
  if (all.length <= most + 1) return all.join(', ');
  return `${all.slice(0, most).join(', ')} and ${all.length - most} more`;
}

export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
