// References in the texts of a server's record: `${secret:NAME}` for a secret, `${account:FIELD}` for a key of the account that the server is
// used with. An import writes `${secret:NAME|as-imported}` where the client's file spells a value differently than mcpgate would: while the
// secret still has the imported value, that is filled in to the letter; a value that is set later is spelled for its spot, like any other.

const REFERENCE = /\$\{(secret|account):([^}|]*)(\|as-imported)?\}/g;

/** A reference to a secret with a legal name, as the source of a pattern: `schema.regex` shows it to whoever reads the API's description. */
export const SECRET_REFERENCE = /\$\{secret:[A-Za-z0-9][A-Za-z0-9._-]{0,127}\}/.source;

/** `secret`: of the vault; `account`: a key of the account that the server is used with. */
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

/** The text with each of its references, of either kind, replaced by what `instead` returns for it. */
export function replaceReferences(text: string, instead: (reference: Reference) => string): string {
  let out = '';
  let from = 0;
  for (const reference of referencesIn(text)) {
    out += text.slice(from, reference.start) + instead(reference);
    from = reference.end;
  }
  return out + text.slice(from);
}

/** Whether the text is one reference to a secret and nothing else. */
export function isSecretReference(text: string): boolean {
  const [first] = referencesIn(text);
  return first?.kind === 'secret' && first.start === 0 && first.end === text.length;
}

/** The text with its references to secrets replaced by `valueOf`; a reference without a value stays. */
export function fillReferences(text: string, valueOf: (name: string) => string | undefined): string {
  return text.replaceAll(REFERENCE, (reference, kind: string, name: string) =>
    kind === 'secret' ? (valueOf(name) ?? reference) : reference,
  );
}

/** Whether the text holds a reference of either kind. */
export function hasReference(text: string): boolean {
  return text.search(REFERENCE) !== -1;
}

/** The text with a line break instead of each reference, so that the texts on both sides of it are not joined. */
export function withoutReferences(text: string): string {
  return text.replaceAll(REFERENCE, '\n');
}

/**
 * A text of the same length with letters instead of references and of clients' placeholders, whose characters must not be parsed as
 * structure.
 */
export function withoutPlaceholders(text: string): string {
  return text.replaceAll(/\$\{[^{}]*\}|\{\{[^{}]*\}\}|<[\w .-]+>/g, (whole) => 'x'.repeat(whole.length));
}

/** The text with `spellSome` applied to what stands between its references; undefined where `spellSome` returns undefined. */
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
