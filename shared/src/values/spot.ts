// A *spot* is where a text stands in a server's record: in an environment variable, a header, an argument, a part of a URL, … Its spelling
// says how a value is written there. The import, which looks for secrets in a record, and the broker, which fills their values in, both use
// the spots of value-parts.ts, so that neither sees a structure in a text that the other does not see.

export type SpotKind =
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
  /** The credential that follows a scheme such as `Bearer`. */
  | 'scheme';

export type Shell = 'posix' | 'powershell' | 'cmd';

export interface Spot {
  kind: SpotKind;
  /** The name of the variable, header, flag, parameter or member whose value stands here. Empty where it has none. */
  name: string;
  /** For people: `header Authorization`. */
  label: string;
  /** For a member of a JSON object: the name that the object itself stands under. */
  within?: string;
  /** The program that executes the text, or a part of it, so that only a plain value may stand here: a shell, or an interpreter (`code`). */
  program?: Shell | 'code';
  /** The whole text is a line for this shell. */
  shell?: Shell;
  /** The whole text is the source of a program (`node -e`). */
  isCode?: boolean;
  /** For a part of a URL: the URL's host. */
  host?: string;
}

export interface Spelling {
  /** The value that `raw` spells; undefined where it is not spelled in the way of this spot. */
  decode(raw: string): string | undefined;
  /** `value` as it is written here; undefined where it cannot be written without changing the meaning of the text around it. */
  encode(value: string): string | undefined;
  /** For people, after "in": `a URL's host`. */
  where: string;
}

/** The spelling of spots where a value is written as it is; a value that is not `isFit` cannot stand there. */
export function asItIs(where: string, isFit: (value: string) => boolean = () => true): Spelling {
  return { decode: (raw) => raw, encode: (value) => (isFit(value) ? value : undefined), where };
}

/** A part of a text that holds a value of its own: `[start, end)`. */
export interface Part {
  start: number;
  end: number;
  spot: Spot;
  spelling: Spelling;
}

/** What a text is made of. */
export interface Structure {
  /** In ascending order, without overlap. */
  parts: readonly Part[];
  /** The spelling of a value that stands outside of all parts. */
  between: Spelling;
}
