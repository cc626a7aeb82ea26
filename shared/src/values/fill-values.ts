// Puts the values of secrets into a record, each spelled for the place that it stands in: percent-encoded in a URL, escaped in JSON, as it is
// in a header or an argument, and nothing but a plain word in what is carried out. A value can never change what stands around it; one that
// cannot stand in its place is refused by name.
import { GateError } from '../error.ts';
import type { Place, Spelling } from './place.ts';
import { type Reference, type ReferenceKind, referencesIn } from './secret-reference.ts';
import { mapTexts, type RecordTexts } from './record-texts.ts';
import { isPlainIn, type Language } from './program-text.ts';
import { partsOf, spellingOf } from './value-parts.ts';

export interface SecretValue {
  value: string;
  /** Nobody has set it since a file was imported. */
  imported: boolean;
}

/** Of secrets unless said; a key of an account is `account`. */
export type Values = (name: string, kind: ReferenceKind) => SecretValue | undefined;

/**
 * Throws `config` naming a secret that cannot stand where it is referred to. References to unknown secrets stay. `guard` is applied to each
 * value as it is put in.
 */
export function fillTransport<T extends RecordTexts>(
  transport: T,
  values: Values,
  guard = (spelled: string) => spelled,
): T {
  return mapTexts(transport, (text, place) => fillText(text, place, values, guard));
}

/** As {@link fillTransport} for one text, which stands at `place`. */
export function fillText(
  text: string,
  place: Place,
  values: Values,
  guard = (spelled: string): string => spelled,
): string {
  const references = referencesIn(text);
  if (references.length === 0) return text;
  const outer = spellingOf(place);
  const chains = isWhole(text, references) ? [[]] : chainsOf(text, place, 0);
  let out = '';
  let from = 0;
  for (const [index, reference] of references.entries()) {
    const found = values(reference.name, reference.kind);
    out += text.slice(from, reference.start);
    from = reference.end;
    if (found === undefined) out += text.slice(reference.start, reference.end);
    else if (reference.asImported && found.imported) out += guard(found.value);
    else {
      if (place.program !== undefined) assertPlain(found.value, place.program, place, reference);
      out += guard(spell(found.value, [...(chains[index] ?? []), outer], reference));
    }
  }
  return out + text.slice(from);
}

/** No quoting is relied on: what reads the text may quote otherwise, or hand it on to what reads it again. */
function assertPlain(value: string, program: Language, { kind, label }: Place, reference: Reference): void {
  if (isPlainIn(program, value)) return;
  const what = program === 'code' ? 'the text of a program' : 'a line of a shell';
  const instead =
    kind === 'env'
      ? 'set a plain one'
      : 'give it to the server as an environment variable, and have the text read that ("$NAME" in sh)';
  throw new GateError(
    'config',
    `${wordsFor(reference)} cannot stand in ${what} (${label}): its value holds more than letters, digits and _./:@=+,-%, and could be carried out there; ${instead}`,
  );
}

function spell(value: string, chain: readonly Spelling[], reference: Reference): string {
  let text = value;
  for (const spelling of chain) {
    const next = spelling.encode(text);
    if (next === undefined)
      throw new GateError(
        'config',
        `${wordsFor(reference)} cannot stand in ${spelling.where}: a character of its value would change what stands around it, or is not allowed there; set it again`,
      );
    text = next;
  }
  return text;
}

const wordsFor = ({ kind, name }: Reference): string =>
  kind === 'secret' ? `the secret ${name}` : `the key ${name} of an account`;

const isWhole = (text: string, [first]: readonly Reference[]): boolean =>
  first !== undefined && first.start === 0 && first.end === text.length;

/** For each reference in the text, in their order, how its value is spelled: the innermost first. */
function chainsOf(text: string, place: Place, depth: number): Spelling[][] {
  const references = referencesIn(text);
  const parsed = isWhole(text, references) ? undefined : partsOf(text, place, depth);
  if (parsed === undefined) return references.map(() => []);
  const inside = new Map<number, Spelling[][]>();
  for (const [index, part] of parsed.parts.entries()) {
    const raw = text.slice(part.start, part.end);
    if (referencesIn(raw).length === 0) continue;
    const inner = part.spelling.decode(raw) ?? raw;
    inside.set(
      index,
      chainsOf(inner, part.place, depth + 1).map((chain) => [...chain, part.spelling]),
    );
  }
  return references.map(({ start, end }) => {
    const index = parsed.parts.findIndex((part) => part.start <= start && end <= part.end);
    return inside.get(index)?.shift() ?? [parsed.between];
  });
}
