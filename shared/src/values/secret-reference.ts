// `${secret:NAME}` in the values of a server's record, and `${account:FIELD}` for a key of the account that it is used with. `${secret:NAME|as-imported}` is what an import writes where a file spells a value
// otherwise than it would be spelled here: as long as the secret is what the import brought, it is put back to the letter; a value that is
// set later is spelled for its place like any other.

const REFERENCE = /\$\{(secret|account):([^}|]*)(\|as-imported)?\}/g;

/** Of the vault, or of whoever's account it is. */
export type ReferenceKind = 'secret' | 'account';

export interface Reference {
  kind: ReferenceKind;
  name: string;
  asImported: boolean;
  start: number;
  end: number;
}

export function secretReference(name: string, asImported = false): string {
  return `\${secret:${name}${asImported ? '|as-imported' : ''}}`;
}

export function referencesIn(text: string): Reference[] {
  return [...text.matchAll(REFERENCE)].map((match) => ({
    kind: match[1] === 'account' ? 'account' : 'secret',
    name: match[2] ?? '',
    asImported: match[3] !== undefined,
    start: match.index,
    end: match.index + match[0].length,
  }));
}

/** The text is one reference and nothing else. */
export function isSecretReference(text: string): boolean {
  const [first] = referencesIn(text);
  return first?.kind === 'secret' && first.start === 0 && first.end === text.length;
}

/** The text with values in the place of its references to secrets; one without a value stays. */
export function fillReferences(text: string, valueOf: (name: string) => string | undefined): string {
  return text.replaceAll(REFERENCE, (reference, kind: string, name: string) =>
    kind === 'secret' ? (valueOf(name) ?? reference) : reference,
  );
}

/** Of either kind. */
export function hasReference(text: string): boolean {
  return text.search(REFERENCE) !== -1;
}

/** The text with a line break for each reference: what stood around it is not joined. */
export function withoutReferences(text: string): string {
  return text.replaceAll(REFERENCE, '\n');
}

/** A `text` of the same length in which references and the placeholders of clients are plain letters: what they hold is no structure. */
export function withoutPlaceholders(text: string): string {
  return text.replaceAll(/\$\{[^{}]*\}|\{\{[^{}]*\}\}|<[\w .-]+>/g, (whole) => 'x'.repeat(whole.length));
}

/** The text around the references, passed through `spellSome`; they stay. */
export function mapAround(text: string, spellSome: (plain: string) => string | undefined): string | undefined {
  const spell = (plain: string): string | undefined => (plain === '' ? '' : spellSome(plain));
  let out = '';
  let from = 0;
  for (const { start, end } of referencesIn(text)) {
    const plain = spell(text.slice(from, start));
    if (plain === undefined) return undefined;
    out += plain + text.slice(start, end);
    from = end;
  }
  const rest = spell(text.slice(from));
  return rest === undefined ? undefined : out + rest;
}
