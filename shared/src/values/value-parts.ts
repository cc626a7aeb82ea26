// Takes a text of a server's record apart: which form it has (a shell's line, JSON, a URL, …), which parts hold values of their own, and how a
// value is spelled in each. Everything that must know the structure of such a text asks here.
import { argumentParts, shellParts } from './argument-parts.ts';
import { codeParts } from './code-parts.ts';
import { inlineParts } from './inline-parts.ts';
import { jsonParts, looseParts } from './json-parts.ts';
import { loginParts, pairParts } from './pair-parts.ts';
import { asItIs, type Spot, type Spelling, type Structure } from './spot.ts';
import { withoutPlaceholders } from './secret-reference.ts';
import { urlParts } from './url-parts.ts';

export type Form = 'shell' | 'code' | 'json' | 'url' | 'list' | 'inline' | 'pair' | 'argument' | 'login' | 'scheme';

export interface Parsed extends Structure {
  form: Form;
}

/** The scheme before a credential: `Bearer`, `Basic`, … */
const SCHEME =
  /^(?:bearer|basic|token|apikey|api-key|key|bot|hmac|oauth|sso-key|negotiate|digest)\s+(?:token=)?(?=\S)/i;
const MAX_DEPTH = 4;

/** Undefined where the text is one value without parts. `depth`: in how many other texts it is nested. */
export function partsOf(text: string, spot: Spot, depth: number): Parsed | undefined {
  if (depth >= MAX_DEPTH || text.length < 3) return undefined;
  const shell = shellParts(text, spot);
  if (shell !== undefined) return { form: 'shell', ...shell };
  if (spot.isCode === true) return { form: 'code', ...codeParts(text) };
  const json = jsonParts(text, spot);
  if (json !== undefined) return { form: 'json', ...json };
  const scheme = SCHEME.exec(text)?.[0];
  if (scheme !== undefined && spot.kind !== 'url-path' && !/\s/.test(text.slice(scheme.length).trim())) {
    const inner: Spot = { ...spot, kind: 'scheme' };
    return {
      form: 'scheme',
      parts: [{ start: scheme.length, end: text.length, spot: inner, spelling: asItIs(spot.label) }],
      between: asItIs(spot.label),
    };
  }
  const url = urlParts(text, spot);
  if (url !== undefined) return { form: 'url', ...url };
  if (spot.kind === 'scheme' || spot.kind.startsWith('url')) return undefined;
  const loose = looseParts(text, spot);
  if (loose !== undefined) return { form: 'list', ...loose };
  const list = pairParts(text, spot, false);
  if (list !== undefined) return { form: 'list', ...list };
  const login = loginParts(text, spot);
  if (login !== undefined) return { form: 'login', ...login };
  if (spot.kind === 'argument') {
    const argument = argumentParts(text, spot);
    if (argument !== undefined) return { form: 'argument', ...argument };
  }
  const isOne = spot.kind === 'header' || !/[\s;]/.test(withoutPlaceholders(text));
  const pair = isOne ? pairParts(text, spot, true) : undefined;
  if (pair !== undefined) return { form: 'pair', ...pair };
  const inline = spot.kind === 'header' ? undefined : inlineParts(text, spot);
  return inline === undefined ? undefined : { form: 'inline', ...inline };
}

/** How a value is spelled that is the whole text of a spot. */
export function spellingOf(spot: Spot): Spelling {
  const where = spot.label;
  if (spot.kind === 'header') return asItIs(where, (value) => /^[\t\x20-\x7e\x80-\xff]*$/.test(value));
  return asItIs(where, (value) => !value.includes('\0'));
}
