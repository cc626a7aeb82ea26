// Takes the secrets out of a server's configuration. Each becomes a `${secret:SERVER-key}` reference; the text around it (a scheme such as
// `Bearer`, a flag, the rest of a URL, of a JSON text or of a shell's line) stays readable in the record. Filling the values in again gives
// the original text to the letter, with one exception: a password in a URL that would end the URL's host is encoded.
import { fillText, type SecretValue } from '../values/fill-values.ts';
import type { Part, Spot } from '../values/spot.ts';
import { isPlainIn } from '../values/program-text.ts';
import { mapTexts, type RecordTexts, textsOf } from '../values/record-texts.ts';
import { mapAround, referencesIn, replaceReferences, secretReference } from '../values/secret-reference.ts';
import { variablesSetIn } from '../values/shell-words.ts';
import { type Parsed, partsOf } from '../values/value-parts.ts';
import { classifyValue, type Surroundings } from './classify-value.ts';
import { senseOfName, wordsOf } from './secret-names.ts';
import { isToken, knownTokensIn } from './token-formats.ts';

export interface FoundSecret {
  /** Its name in the vault. */
  name: string;
  /** Where it stood: `env GITHUB_TOKEN`, `header Authorization`, `argument --api-key`, `URL parameter token`. */
  from: string;
  kind: 'secret' | 'doubtful' | 'placeholder';
  /** Undefined for a placeholder. */
  value: string | undefined;
}

export interface Extraction<T extends RecordTexts> {
  transport: T;
  found: readonly FoundSecret[];
}

interface ExtractionOptions {
  /** Names in the vault that belong to something else. */
  isTaken: (name: string) => boolean;
  /** Names of doubtful values that a person has said are no secrets. */
  plain?: ReadonlySet<string>;
  /** Inputs (`${input:NAME}`) that the AI client asks for as passwords. */
  passwordInputs?: ReadonlySet<string>;
}

export function extractSecrets<T extends RecordTexts>(
  server: string,
  transport: T,
  options: ExtractionOptions,
): Extraction<T> {
  const { isTaken, plain = new Set<string>(), passwordInputs = new Set<string>() } = options;
  let found: FoundSecret[] = [];
  /** The original text of each secret and placeholder, by its name in the vault. */
  const originals = new Map<string, string>();
  const surroundings: Surroundings = {
    own: new Set(ownVariables(transport)),
    passwordInputs,
    carriers: new Set(),
  };

  /**
   * Registers a value as a secret, and returns the reference to write instead of it (the text itself where a person has said that it is
   * none).
   */
  function take(text: string, spot: Spot, kind: FoundSecret['kind'], asItStands: boolean): string {
    const value = kind === 'placeholder' ? undefined : text;
    const same = found.find((secret) => value !== undefined && secret.value === value);
    if (same !== undefined) {
      if (kind === 'secret') same.kind = 'secret';
      return plain.has(same.name) && same.kind === 'doubtful' ? text : secretReference(same.name, asItStands);
    }
    const name = freeSecretName(
      server,
      spot.name,
      (each) => isTaken(each) || found.some((secret) => secret.name === each),
    );
    found.push({ name, from: spot.label, kind, value });
    originals.set(name, text);
    if (kind === 'doubtful' && plain.has(name)) return text;
    return secretReference(name, asItStands);
  }

  /** `asItStands`: mcpgate would spell the text differently, so secrets in it must later be filled in to the letter (`|as-imported`). */
  function rewrite(text: string, spot: Spot, depth: number, asItStands: boolean): string {
    const parsed = partsOf(text, spot, depth);
    const isNamed = senseOfName(spot.name) === 'secret';
    if (parsed === undefined || (isNamed && isValueOf(parsed, spot)) || isToken(text))
      return rewriteWhole(text, spot, asItStands);
    const isProse = parsed.form === 'inline';
    if (isProse && classifyValue(text, spot, surroundings) !== 'plain') return rewriteWhole(text, spot, asItStands);
    const rewriteBetween = (some: string): string =>
      isProse || parsed.form === 'code' ? takeTokens(some, spot, asItStands) : some;
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
    return isEmpty && isNamed && holdsSecretAsWhole(parsed, spot) ? take(text, spot, 'doubtful', asItStands) : out;
  }

  function rewritePart(raw: string, { spot, spelling }: Part, depth: number, asItStands: boolean): string {
    const inner = spelling.decode(raw);
    if (inner === undefined || asItStands) return rewrite(raw, spot, depth + 1, true);
    const before = [...found];
    const rewritten = rewrite(inner, spot, depth + 1, false);
    if (rewritten === inner) return raw;
    if (spelling.encode(inner) === raw) return mapAround(rewritten, spelling.encode) ?? rewritten;
    const kind = found.at(-1)?.kind ?? 'secret';
    const count = found.length;
    found = [...before];
    const asWritten = rewrite(raw, spot, depth + 1, true);
    if (found.length === count) return asWritten;
    found = before;
    return take(raw, spot, kind, true);
  }

  function rewriteWhole(text: string, spot: Spot, asItStands: boolean): string {
    const kind = classifyValue(text, spot, surroundings);
    if (kind === 'secret' || kind === 'doubtful' || kind === 'placeholder') return take(text, spot, kind, asItStands);
    return kind === 'reference' ? text : takeTokens(text, spot, asItStands);
  }

  /** Takes out tokens of known issuers, which are recognized by how they begin. */
  function takeTokens(text: string, spot: Spot, asItStands: boolean): string {
    let out = '';
    let from = 0;
    for (const { start, end } of knownTokensIn(text)) {
      out += text.slice(from, start) + take(text.slice(start, end), spot, 'secret', asItStands);
      from = end;
    }
    return out + text.slice(from);
  }

  function replace(text: string, spot: Spot): string {
    const before = [...found];
    let replaced = rewrite(text, spot, 0, false);
    if (!isAllPlain(replaced, spot)) {
      found = before.map((each) => ({ ...each }));
      replaced = rewrite(text, spot, 0, true);
    }
    if (replaced === text || restored(replaced, spot) === text) return replaced;
    const kind = found.slice(before.length).some((secret) => secret.kind === 'secret') ? 'secret' : 'doubtful';
    found = before;
    return take(text, spot, kind, true);
  }

  /**
   * In a text that a program executes, a value that is no plain word may only be filled in to the letter: whether all references in `text`
   * keep to that.
   */
  function isAllPlain(text: string, { program }: Spot): boolean {
    return (
      program === undefined ||
      referencesIn(text).every(({ name, asImported }) => asImported || isPlainIn(program, originals.get(name) ?? ''))
    );
  }

  /** The text with the original values filled in again. */
  function restored(text: string, spot: Spot): string {
    // A placeholder is filled in as itself.
    const marked = found
      .filter((secret) => secret.value === undefined)
      .reduce((each, { name }) => each.replaceAll(secretReference(name), secretReference(name, true)), text);
    return fillText(marked, spot, (name): SecretValue | undefined => {
      const value = originals.get(name);
      return value === undefined ? undefined : { value, imported: true };
    });
  }

  /**
   * The URL whose host is the same with and without its secrets: mcpgate parses the URL, and a `/` or `#` of the password must not end the
   * host that the record shows.
   */
  function withHost(url: string, spot: Spot): string {
    const shown = hostOf(replaceReferences(url, () => 'x'));
    const isSame = shown === undefined || hostOf(restored(url, spot)) === shown;
    return isSame ? url : replaceReferences(url, ({ name }) => secretReference(name));
  }

  if (surroundings.own.size > 0) {
    // The first pass only finds variables that are used where a secret belongs (`carriers`): an argument or another variable may use one.
    mapTexts(transport, replace);
    found = [];
  }
  // A secret that stands in two spots is named after the variable or header that it is in.
  const named = mapTexts(transport, (text, spot) => (isNamedValue(spot) ? replace(text, spot) : text));
  const rewritten = mapTexts(named, (text, spot) => {
    if (isNamedValue(spot)) return text;
    return spot.kind === 'url' ? withHost(replace(text, spot), spot) : replace(text, spot);
  });
  return { transport: rewritten, found };
}

const isNamedValue = ({ kind }: Spot): boolean => kind === 'env' || kind === 'header';

const hostOf = (url: string): string | undefined => (URL.canParse(url) ? new URL(url).host : undefined);

/** Variables that the entry sets, or a shell's line in it. */
function ownVariables(transport: RecordTexts): string[] {
  return textsOf(transport).flatMap(({ text, spot: { kind, name, shell } }) => [
    ...(kind === 'env' ? [name] : []),
    ...(shell === undefined ? [] : variablesSetIn(text, shell)),
  ]);
}

/** Whether a text under a secret's name is one value although it could be taken apart: a password may have `=` or `;` in it. */
function isValueOf({ form }: Parsed, { name }: Spot): boolean {
  if (form === 'list')
    return !wordsOf(name).some((word) =>
      /^(?:connections?|conn|connstr|string|strings|dsn|uri|headers?|cookies?|config|env|data)$/.test(word),
    );
  return form === 'pair' || form === 'inline' || form === 'argument' || form === 'login';
}

/** Whether a text under a secret's name counts as a secret although none of its parts does. An address without credentials does not. */
function holdsSecretAsWhole({ form }: Parsed, { name }: Spot): boolean {
  if (form === 'url')
    return !wordsOf(name).some((word) => /^(?:url|uri|dsn|endpoint|host|connection|webhook|string)$/.test(word));
  return form === 'json' || form === 'list';
}

/** A name for the vault: `SERVER-key` in lower case, without the server's name twice. */
export function secretNameFor(server: string, key: string): string {
  const plain = wordsOf(key).join('-');
  const isSaid = plain === server || plain.startsWith(`${server}-`);
  return (isSaid ? plain : `${server}-${plain || 'secret'}`).slice(0, 120);
}

/** With a number where the name is taken. */
export function freeSecretName(server: string, key: string, isTaken: (name: string) => boolean): string {
  return freeName(secretNameFor(server, key), isTaken);
}

/** The name itself, or with the first number from 2 that makes it free. */
export function freeName(name: string, isTaken: (name: string) => boolean): string {
  if (!isTaken(name)) return name;
  for (let number = 2; ; number++) if (!isTaken(`${name}-${number}`)) return `${name}-${number}`;
}
