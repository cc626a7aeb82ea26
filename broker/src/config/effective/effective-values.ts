// The configuration as it holds, key by key, with where each value came from: for people who ask why a broker does what it does. What may be secret
// in a value is masked here, whoever asks.
import { senseOfValue } from 'mcpgate-shared/entries/value-sense';
import { hasReference } from 'mcpgate-shared/values/secret-reference';
import { flagName } from '../key.ts';
import { CONFIG_KEYS } from '../key-list.ts';
import { writtenValues, type Config } from '../load-config.ts';
import { asWritten } from '../written-value.ts';

export interface EffectiveValue {
  key: string;
  /** As one writes it in the file; null: it is not set, and has no default. */
  value: string | null;
  from: 'flag' | 'environment' | 'file' | 'default';
  /** The flag or the variable that has set it. */
  origin: string | null;
  masked: boolean;
  reloads: boolean;
  description: string;
}

const MASK = '•••';
/** Lists of addresses where whatever stands behind the host may be what lets somebody in. */
const HOST_ALONE: ReadonlySet<string> = new Set(['audit.checkpoints']);

export function effectiveValues(config: Config): EffectiveValue[] {
  const { valueOf, originOf } = writtenValues(config);
  return CONFIG_KEYS.map((key) => {
    const name = key.path.join('.');
    const written = valueOf(key.path);
    const origin = originOf(name) ?? null;
    const shown = written ?? key.default;
    const masked = maskedValue(shown, HOST_ALONE.has(name));
    return {
      key: name,
      value: shown === undefined ? null : asWritten(masked),
      from: written === undefined ? 'default' : fromOf(origin, key.flag && flagName(key.flag)),
      origin,
      masked: JSON.stringify(masked) !== JSON.stringify(shown),
      reloads: key.reloads === true,
      description: key.description,
    };
  });
}

const fromOf = (origin: string | null, flag: string | undefined): EffectiveValue['from'] =>
  origin === null ? 'file' : origin === flag ? 'flag' : 'environment';

function maskedValue(value: unknown, isHostAlone: boolean): unknown {
  if (typeof value === 'string') return maskedText(value, isHostAlone);
  if (Array.isArray(value)) return value.map((each) => maskedValue(each, isHostAlone));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, maskedValue(each, isHostAlone)]));
}

function maskedText(text: string, isHostAlone: boolean): string {
  const address = /^([a-z][a-z0-9+.-]*:\/\/)(.*)$/is.exec(text);
  if (address !== null) {
    const [, scheme = '', rest = ''] = address;
    const [place, query] = splitAt(rest, '?');
    const named = place.replace(/^([^:@/]*):.*@/s, `$1:${MASK}@`);
    const path = isHostAlone && /^https?:/i.test(scheme) ? named.replace(/\/.+$/s, '/…') : named;
    return scheme + path + (query === undefined ? '' : `?${query.replaceAll(/=[^&]*/g, `=${MASK}`)}`);
  }
  // No key takes a secret as such. One that was written all the same is not spread by this page.
  return !hasReference(text) && senseOfValue(text) === 'token' ? MASK : text;
}

function splitAt(text: string, mark: string): [before: string, after: string | undefined] {
  const at = text.indexOf(mark);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
