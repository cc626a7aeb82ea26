// Takes the secrets out of a server's configuration: each becomes a `${secret:SERVER-key}` reference, and what surrounds it (a scheme
// such as `Bearer`, a flag, the rest of a URL, of a JSON text or of a shell's line) stays readable in the record. What is put back later
// is to the letter what stood there; but for a password that would end the host of a URL which mcpgate reads itself.
import { fillText, type SecretValue } from '../values/fill-values.ts';
import type { Part, Place } from '../values/place.ts';
import { isPlainIn } from '../values/program-text.ts';
import { mapTexts, type RecordTexts, textsOf } from '../values/record-texts.ts';
import { mapAround, referencesIn, secretReference } from '../values/secret-reference.ts';
import { variablesSetIn } from '../values/shell-variables.ts';
import { type Parsed, partsOf } from '../values/value-parts.ts';
import { classifyValue, type Surroundings } from './classify-value.ts';
import { senseOfName, wordsOf } from './secret-names.ts';
import { isToken, knownTokensIn } from './token-formats.ts';

export interface FoundSecret {
  /** Name in the vault. */
  name: string;
  /** Where it stood: `env GITHUB_TOKEN`, `header Authorization`, `argument --api-key`, `URL parameter token`. */
  from: string;
  kind: 'secret' | 'doubtful' | 'placeholder';
  /** Undefined: only a placeholder stood there. */
  value: string | undefined;
}

export interface Extraction<T extends RecordTexts> {
  transport: T;
  found: readonly FoundSecret[];
}

interface ExtractionOptions {
  /** Names in the vault that belong to something else. */
  isTaken: (name: string) => boolean;
  /** Names of doubtful values of which a person has said that they are no secrets. */
  plain?: ReadonlySet<string>;
  /** Inputs of the client that are asked as passwords. */
  passwordInputs?: ReadonlySet<string>;
}

export function extractSecrets<T extends RecordTexts>(
  server: string,
  transport: T,
  options: ExtractionOptions,
): Extraction<T> {
  const { isTaken, plain = new Set<string>(), passwordInputs = new Set<string>() } = options;
  let found: FoundSecret[] = [];
  /** What stood where a placeholder was found. */
  const originals = new Map<string, string>();
  const surroundings: Surroundings = {
    own: new Set(ownVariables(transport)),
    passwordInputs,
    carriers: new Set(),
  };

  function take(text: string, place: Place, kind: FoundSecret['kind'], asItStands: boolean): string {
    const value = kind === 'placeholder' ? undefined : text;
    const same = found.find((secret) => value !== undefined && secret.value === value);
    if (same !== undefined) {
      if (kind === 'secret') same.kind = 'secret';
      return plain.has(same.name) && same.kind === 'doubtful' ? text : secretReference(same.name, asItStands);
    }
    const name = freeName(server, place.name, (each) => isTaken(each) || found.some((secret) => secret.name === each));
    found.push({ name, from: place.label, kind, value });
    originals.set(name, text);
    if (kind === 'doubtful' && plain.has(name)) return text;
    return secretReference(name, asItStands);
  }

  /** `asItStands`: the text is not as it would be spelled here, so what is taken of it must be put back to the letter. */
  function rewrite(text: string, place: Place, depth: number, asItStands: boolean): string {
    const parsed = partsOf(text, place, depth);
    const isNamed = senseOfName(place.name) === 'secret';
    if (parsed === undefined || (isNamed && isValueOf(parsed, place)) || isToken(text))
      return rewriteWhole(text, place, asItStands);
    const isProse = parsed.form === 'inline';
    if (isProse && classifyValue(text, place, surroundings) !== 'plain') return rewriteWhole(text, place, asItStands);
    const rewriteBetween = (some: string): string =>
      isProse || parsed.form === 'code' ? takeTokens(some, place, asItStands) : some;
    const before = found.length;
    let out = '';
    let from = 0;
    for (const part of parsed.parts) {
      out += rewriteBetween(text.slice(from, part.start));
      out += rewritePart(text.slice(part.start, part.end), part, depth, asItStands);
      from = part.end;
    }
    out += rewriteBetween(text.slice(from));
    const isEmpty = out === text && found.length === before;
    return isEmpty && isNamed && holdsSecretAsWhole(parsed, place) ? take(text, place, 'doubtful', asItStands) : out;
  }

  function rewritePart(raw: string, { place, spelling }: Part, depth: number, asItStands: boolean): string {
    const inner = spelling.decode(raw);
    if (inner === undefined || asItStands) return rewrite(raw, place, depth + 1, true);
    const before = [...found];
    const rewritten = rewrite(inner, place, depth + 1, false);
    if (rewritten === inner) return raw;
    if (spelling.encode(inner) === raw) return mapAround(rewritten, spelling.encode) ?? rewritten;
    const kind = found.at(-1)?.kind ?? 'secret';
    const count = found.length;
    found = [...before];
    const asWritten = rewrite(raw, place, depth + 1, true);
    if (found.length === count) return asWritten;
    found = before;
    return take(raw, place, kind, true);
  }

  function rewriteWhole(text: string, place: Place, asItStands: boolean): string {
    const kind = classifyValue(text, place, surroundings);
    if (kind === 'secret' || kind === 'doubtful' || kind === 'placeholder') return take(text, place, kind, asItStands);
    return kind === 'reference' ? text : takeTokens(text, place, asItStands);
  }

  /** What is known by how it begins. */
  function takeTokens(text: string, place: Place, asItStands: boolean): string {
    let out = '';
    let from = 0;
    for (const { start, end } of knownTokensIn(text)) {
      out += text.slice(from, start) + take(text.slice(start, end), place, 'secret', asItStands);
      from = end;
    }
    return out + text.slice(from);
  }

  function replace(text: string, place: Place): string {
    const before = [...found];
    let replaced = rewrite(text, place, 0, false);
    if (!isAllPlain(replaced, place)) {
      found = before.map((each) => ({ ...each }));
      replaced = rewrite(text, place, 0, true);
    }
    if (replaced === text || restored(replaced, place) === text) return replaced;
    const kind = found.slice(before.length).some((secret) => secret.kind === 'secret') ? 'secret' : 'doubtful';
    found = before;
    return take(text, place, kind, true);
  }

  /** Where something is carried out, what is not plain stands to the letter or not at all. */
  function isAllPlain(text: string, { program }: Place): boolean {
    return (
      program === undefined ||
      referencesIn(text).every(({ name, asImported }) => asImported || isPlainIn(program, originals.get(name) ?? ''))
    );
  }

  function restored(text: string, place: Place): string {
    // A placeholder stands for itself here.
    const marked = found
      .filter((secret) => secret.value === undefined)
      .reduce((each, { name }) => each.replaceAll(secretReference(name), secretReference(name, true)), text);
    return fillText(marked, place, (name): SecretValue | undefined => {
      const value = originals.get(name);
      return value === undefined ? undefined : { value, imported: true };
    });
  }

  /** mcpgate reads this one itself: a `/` or `#` of the password must not end the host that the record shows. */
  function withHost(url: string, place: Place): string {
    const references = referencesIn(url).toReversed();
    const withEach = (instead: (name: string) => string) =>
      references.reduce((text, { name, start, end }) => text.slice(0, start) + instead(name) + text.slice(end), url);
    const shown = hostOf(withEach(() => 'x'));
    const isSame = shown === undefined || hostOf(restored(url, place)) === shown;
    return isSame ? url : withEach((name) => secretReference(name));
  }

  if (surroundings.own.size > 0) {
    // A variable may be put into an argument or into another variable.
    mapTexts(transport, replace);
    found = [];
  }
  // A secret that stands in two places is named after the variable or header that it is in.
  const named = mapTexts(transport, (text, place) => (isNamedValue(place) ? replace(text, place) : text));
  const rewritten = mapTexts(named, (text, place) => {
    if (isNamedValue(place)) return text;
    return place.kind === 'url' ? withHost(replace(text, place), place) : replace(text, place);
  });
  return { transport: rewritten, found };
}

const isNamedValue = ({ kind }: Place): boolean => kind === 'env' || kind === 'header';

const hostOf = (url: string): string | undefined => (URL.canParse(url) ? new URL(url).host : undefined);

/** Variables of the entry, and those that a shell's line in it sets. */
function ownVariables(transport: RecordTexts): string[] {
  return textsOf(transport).flatMap(({ text, place: { kind, name, shell } }) => [
    ...(kind === 'env' ? [name] : []),
    ...(shell === undefined ? [] : variablesSetIn(text, shell)),
  ]);
}

/** Whether a text under a secret's name is one value, whatever it happens to hold: a password may have `=` or `;` in it. */
function isValueOf({ form }: Parsed, { name }: Place): boolean {
  if (form === 'list')
    return !wordsOf(name).some((word) =>
      /^(?:connections?|conn|connstr|string|strings|dsn|uri|headers?|cookies?|config|env|data)$/.test(word),
    );
  return form === 'pair' || form === 'inline' || form === 'argument' || form === 'login';
}

/** Whether a text under a secret's name is one although nothing in it looks like one: not an address without credentials. */
function holdsSecretAsWhole({ form }: Parsed, { name }: Place): boolean {
  if (form === 'url')
    return !wordsOf(name).some((word) => /^(?:url|uri|dsn|endpoint|host|connection|webhook|string)$/.test(word));
  return form === 'json' || form === 'list';
}

/** `SERVER-key` in lower case; the server's name is not said twice; a number where the name is taken. */
function freeName(server: string, key: string, isTaken: (name: string) => boolean): string {
  const plain = wordsOf(key).join('-');
  const base = (plain === server || plain.startsWith(`${server}-`) ? plain : `${server}-${plain || 'secret'}`).slice(
    0,
    120,
  );
  if (!isTaken(base)) return base;
  for (let number = 2; ; number++) {
    if (!isTaken(`${base}-${number}`)) return `${base}-${number}`;
  }
}
