// Records of the log in words: times where the reader is, and colours that mean something.
import { styleText } from 'node:util';
import type { Call } from 'mcpgate-shared/api/audit';
import { clockOf, dayOf, localTime, zoneOf } from 'mcpgate-shared/local-time';
import type { CommandContext } from '../context.ts';

type Colour = 'red' | 'yellow' | 'magenta' | 'green' | 'cyan' | 'dim';
/** Puts the text in that colour, or leaves it as it is. */
export type Paint = (colour: Colour, text: string) => string;

/** Colours for a terminal, unless NO_COLOR (no-color.org) says otherwise. */
export function paintFor({ stdout, env }: Pick<CommandContext, 'stdout' | 'env'>): Paint {
  const isPlain = stdout.isTTY !== true || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  return (colour, text) => (isPlain || text === '' ? text : styleText(colour, text, { validateStream: false }));
}

/** What became of a call in one word: a rule that only watches would have denied it. */
export const resultOf = ({ decision, status }: Pick<Call, 'decision' | 'status'>): string =>
  decision === 'would_deny' && status !== 'denied' ? 'would_deny' : status;

export function resultColour(result: string): Colour | undefined {
  if (result === 'denied') return 'red';
  if (result === 'would_deny') return 'yellow';
  if (result === 'tool_error') return 'magenta';
  if (['failed', 'timeout', 'unknown'].includes(result)) return 'red';
  return result === 'cancelled' ? 'dim' : undefined;
}

/** Events that somebody was refused by, or by which somebody lost something. */
const REFUSED = /(?:rejected|refused|denied|unwritable|failed)$/;
const ENDED = /(?:disabled|revoked|removed|ended)$/;
export const eventColour = (type: string): Colour | undefined =>
  REFUSED.test(type) ? 'red' : ENDED.test(type) ? 'yellow' : undefined;

export const painted = (paint: Paint, colour: Colour | undefined, text: string): string =>
  colour === undefined ? text : paint(colour, text);

export const whoOf = (call: Call): string => call.member ?? `${call.credential_kind}:${call.credential_label}`;
export const msOf = ({ latency_ms: ms }: Pick<Call, 'latency_ms'>): string =>
  ms === null ? '-' : String(Math.round(ms));
export const decisionOf = ({ decision, rule }: Call): string => (rule === null ? decision : `${decision} ${rule}`);

/** The beginning of an id, by which its record is found. */
export const shortRecordId = (id: string): string => id.slice(0, 13);

/** A column of times: their zone is in its head where it is the same for all, and the day is said where they are not all of today. */
export function timeColumn(
  times: readonly string[],
  nowMs: number,
  isNarrow: boolean,
): { head: string; text: (iso: string) => string } {
  const zones = new Set(times.map(zoneOf));
  const [zone] = zones;
  if (zones.size !== 1) return { head: 'TIME', text: localTime };
  const today = dayOf(new Date(nowMs).toISOString());
  const head = `TIME ${zone ?? ''}`;
  if (times.every((iso) => dayOf(iso) === today)) return { head, text: clockOf };
  if (!isNarrow) return { head, text: (iso) => `${dayOf(iso)} ${clockOf(iso)}` };
  return { head, text: (iso) => `${dayOf(iso).slice(5)} ${clockOf(iso).slice(0, 5)}` };
}
