// The one answer to "what is this text made of?": which parts of it have a meaning, and how a value is spelled in each.
import { argumentParts, shellParts } from './argument-parts.ts';
import { codeParts } from './code-parts.ts';
import { inlineParts } from './inline-parts.ts';
import { jsonParts } from './json-parts.ts';
import { looseParts } from './loose-parts.ts';
import { loginParts, pairParts } from './pair-parts.ts';
import { asItIs, type Place, type Spelling, type Structure } from './place.ts';
import { withoutPlaceholders } from './secret-reference.ts';
import { urlParts } from './url-parts.ts';

export type Form = 'shell' | 'code' | 'json' | 'url' | 'list' | 'inline' | 'pair' | 'argument' | 'login' | 'scheme';

export interface Parsed extends Structure {
  form: Form;
}

/** `Bearer`, `Basic`, … before the credential. */
const SCHEME =
  /^(?:bearer|basic|token|apikey|api-key|key|bot|hmac|oauth|sso-key|negotiate|digest)\s+(?:token=)?(?=\S)/i;
const MAX_DEPTH = 4;

/** Undefined where the text is one value. `depth`: how many texts it stands in. */
export function partsOf(text: string, place: Place, depth: number): Parsed | undefined {
  if (depth >= MAX_DEPTH || text.length < 3) return undefined;
  const shell = shellParts(text, place);
  if (shell !== undefined) return { form: 'shell', ...shell };
  if (place.isCode === true) return { form: 'code', ...codeParts(text) };
  const json = jsonParts(text, place);
  if (json !== undefined) return { form: 'json', ...json };
  const scheme = SCHEME.exec(text)?.[0];
  if (scheme !== undefined && place.kind !== 'url-path' && !/\s/.test(text.slice(scheme.length).trim())) {
    const inner: Place = { ...place, kind: 'scheme' };
    return {
      form: 'scheme',
      parts: [{ start: scheme.length, end: text.length, place: inner, spelling: asItIs(place.label) }],
      between: asItIs(place.label),
    };
  }
  const url = urlParts(text, place);
  if (url !== undefined) return { form: 'url', ...url };
  if (place.kind === 'scheme' || place.kind.startsWith('url')) return undefined;
  const loose = looseParts(text, place);
  if (loose !== undefined) return { form: 'list', ...loose };
  const list = pairParts(text, place, false);
  if (list !== undefined) return { form: 'list', ...list };
  const login = loginParts(text, place);
  if (login !== undefined) return { form: 'login', ...login };
  if (place.kind === 'argument') {
    const argument = argumentParts(text, place);
    if (argument !== undefined) return { form: 'argument', ...argument };
  }
  const isOne = place.kind === 'header' || !/[\s;]/.test(withoutPlaceholders(text));
  const pair = isOne ? pairParts(text, place, true) : undefined;
  if (pair !== undefined) return { form: 'pair', ...pair };
  const inline = place.kind === 'header' ? undefined : inlineParts(text, place);
  return inline === undefined ? undefined : { form: 'inline', ...inline };
}

/** How a value is spelled where nothing but its place says so. */
export function spellingOf(place: Place): Spelling {
  const where = place.label;
  if (place.kind === 'header') return asItIs(where, (value) => /^[\t\x20-\x7e\x80-\xff]*$/.test(value));
  return asItIs(where, (value) => !value.includes('\0'));
}
