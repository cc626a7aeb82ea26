// Where a text stands in a server's record, and how a value is spelled there. What reads a record (an import that looks for secrets) and
// what puts values in go by the same places, so that neither can see a structure that the other does not.

export type PlaceKind =
  | 'env'
  | 'header'
  | 'argument'
  | 'url'
  | 'url-user'
  | 'url-password'
  | 'url-path'
  | 'url-query'
  | 'json'
  | 'pair'
  /** What follows `Bearer`. */
  | 'scheme';

export type Shell = 'posix' | 'powershell' | 'cmd';

export interface Place {
  kind: PlaceKind;
  /** What it stands under: a variable, a header, a flag, a parameter. Empty where nothing says. */
  name: string;
  /** For people: `header Authorization`. */
  label: string;
  /** Of a member: what the object stands under. */
  within?: string;
  /** What carries the text out, or something in it: only a plain value may stand there. */
  program?: Shell | 'code';
  /** The text is a line for this shell. */
  shell?: Shell;
  /** The text is a program. */
  isCode?: boolean;
  /** Of a path: the host that it is on. */
  host?: string;
}

export interface Spelling {
  /** What the text says; undefined where it is spelled in no way that is known. */
  decode(raw: string): string | undefined;
  /** Undefined where the value cannot stand there without changing what stands around it. */
  encode(value: string): string | undefined;
  /** For people, after "in": `a URL's host`. */
  where: string;
}

/** Whatever it is, it is itself. */
export function asItIs(where: string, isFit: (value: string) => boolean = () => true): Spelling {
  return { decode: (raw) => raw, encode: (value) => (isFit(value) ? value : undefined), where };
}

export interface Part {
  start: number;
  end: number;
  place: Place;
  spelling: Spelling;
}

export interface Structure {
  /** Ascending, apart from each other. */
  parts: readonly Part[];
  /** For a value outside of every part. */
  between: Spelling;
}
