// Records of the log in words of people, and in tones.
import type { Call, Event, TailLine } from 'mcpgate-shared/api/audit';
import type { Tone } from '../../parts/status-badge.tsx';

export const STATUS_WORDS: Readonly<Record<Call['status'], string>> = {
  ok: 'OK',
  tool_error: 'Tool error',
  denied: 'Denied',
  failed: 'Failed',
  cancelled: 'Cancelled',
  timeout: 'Timed out',
  unknown: 'No end known',
};
export const DECISION_WORDS: Readonly<Record<Call['decision'], string>> = {
  allow: 'Allowed',
  deny: 'Denied',
  would_deny: 'Would be denied',
};

const TONES: Readonly<Record<Call['status'], Tone>> = {
  ok: 'ok',
  tool_error: 'warn',
  denied: 'danger',
  failed: 'danger',
  cancelled: 'quiet',
  timeout: 'danger',
  unknown: 'quiet',
};

/** Events that somebody was refused by, or by which somebody lost something. */
const REFUSED = /(?:rejected|refused|denied|unwritable|failed)$/;
const ENDED = /(?:disabled|revoked|removed|ended)$/;

export interface Result {
  tone: Tone;
  word: string;
}

/** What became of a call: a rule that only watches would have denied it. */
export function callResult({ status, decision }: Pick<Call, 'status' | 'decision'>): Result {
  if (decision === 'would_deny' && status !== 'denied') return { tone: 'warn', word: DECISION_WORDS.would_deny };
  return { tone: TONES[status], word: STATUS_WORDS[status] };
}

export function eventResult({ type }: Pick<Event, 'type'>): Result {
  if (REFUSED.test(type)) return { tone: 'danger', word: 'Refusal' };
  return { tone: ENDED.test(type) ? 'warn' : 'quiet', word: 'Event' };
}

export const resultOf = (line: TailLine): Result =>
  line.kind === 'call' ? callResult(line.record) : eventResult(line.record);

/** The person, or the grant that nobody has; by this name the log finds their calls. */
export const whoOf = ({ member, credential_kind: kind, credential_label: label }: Call): string =>
  member ?? `${kind}:${label}`;

export const clientOf = ({ client_name: name, client_version: version }: Call): string | undefined =>
  name === null ? undefined : version === null ? name : `${name} ${version}`;

export const whatOf = ({ tool_name: tool, method }: Call): string => tool ?? method;

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const dayAndYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
const zone = new Intl.DateTimeFormat(undefined, { timeZoneName: 'short', hour: 'numeric' });

export const timeOfDay = (iso: string): string => clock.format(Date.parse(iso));

/** "today", "30 Nov", "30 Nov 2025". */
export function dayText(iso: string, now: number): string {
  const [at, today] = [new Date(iso), new Date(now)];
  if (at.toDateString() === today.toDateString()) return 'today';
  return (at.getFullYear() === today.getFullYear() ? day : dayAndYear).format(at);
}

/** The zone in which times are shown: "CET", "GMT+2". */
export const zoneText = (): string =>
  zone.formatToParts(Date.now()).find(({ type }) => type === 'timeZoneName')?.value ?? '';

/** Without what is empty. */
export const saidOf = (data: Event['data']): Event['data'] =>
  Object.fromEntries(
    Object.entries(data).filter(
      ([name, value]) =>
        // A side of a change may be empty, and says so.
        name === 'before' ||
        name === 'after' ||
        (value !== null && value !== '' && !(Array.isArray(value) && value.length === 0)),
    ),
  );
