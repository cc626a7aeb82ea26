// Fills the values of secrets into a server's record, each spelled for its spot: percent-encoded in a URL, escaped in JSON, unchanged in a
// header or an argument. In a text that a program executes only a plain word is let in. So a value can never change the meaning of the text
// around it; where it would, the secret is refused by its name.
import { GateError } from '../error.ts';
import type { Spot, Spelling } from './spot.ts';
import { type Reference, type ReferenceKind, referencesIn } from './secret-reference.ts';
import { mapTexts, type RecordTexts } from './record-texts.ts';
import { isPlainIn, type Language } from './program-text.ts';
import { partsOf, spellingOf } from './value-parts.ts';

export interface SecretValue {
  value: string;
  /** The value is still the one that an import brought: nobody has set it since. */
  imported: boolean;
}

/** The value of a secret, or of a key of an account; undefined where there is none. */
export type Values = (name: string, kind: ReferenceKind) => SecretValue | undefined;

/**
 * The transport of a record with its references replaced by values. A reference without a value stays. `guard` is applied to each value as it
 * is spelled. Throws `config`, naming a secret whose value cannot stand where it is referred to.
 */
export function fillTransport<T extends RecordTexts>(
  transport: T,
  values: Values,
  guard = (spelled: string) => spelled,
): T {
  return mapTexts(transport, (text, spot) => fillText(text, spot, values, guard));
}

/** As {@link fillTransport} for one text, which stands at `spot`. */
export function fillText(
  text: string,
  spot: Spot,
  values: Values,
  guard = (spelled: string): string => spelled,
): string {
  const references = referencesIn(text);
  if (references.length === 0) return text;
  const outer = spellingOf(spot);
  const chains = isWhole(text, references) ? [[]] : chainsOf(text, spot, 0);
  let out = '';
  let from = 0;
  for (const [index, reference] of references.entries()) {
    const found = values(reference.name, reference.kind);
    out += text.slice(from, reference.start);
    from = reference.end;
    if (found === undefined) out += text.slice(reference.start, reference.end);
    else if (reference.asImported && found.imported) out += guard(found.value);
    else {
      if (spot.program !== undefined) assertPlain(found.value, spot.program, spot, reference);
      out += guard(spell(found.value, [...(chains[index] ?? []), outer], reference));
    }
  }
  return out + text.slice(from);
}

/** Quoting is not relied on: the program may quote differently, or hand the text on to another program that parses it again. */
function assertPlain(value: string, program: Language, { kind, label }: Spot, reference: Reference): void {
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

/** For each reference in the text, in order, the spellings to apply to its value, the innermost first. */
function chainsOf(text: string, spot: Spot, depth: number): Spelling[][] {
  const references = referencesIn(text);
  const parsed = isWhole(text, references) ? undefined : partsOf(text, spot, depth);
  if (parsed === undefined) return references.map(() => []);
  const inside = new Map<number, Spelling[][]>();
  for (const [index, part] of parsed.parts.entries()) {
    const raw = text.slice(part.start, part.end);
    if (referencesIn(raw).length === 0) continue;
    const inner = part.spelling.decode(raw) ?? raw;
    inside.set(
      index,
      chainsOf(inner, part.spot, depth + 1).map((chain) => [...chain, part.spelling]),
    );
  }
  return references.map(({ start, end }) => {
    const index = parsed.parts.findIndex((part) => part.start <= start && end <= part.end);
    return inside.get(index)?.shift() ?? [parsed.between];
  });
}
