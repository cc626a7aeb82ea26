// What a server's record (or what becomes one: an entry of the catalogue, a proposal) says in short: what it starts or connects to, and what goes
// along by name.
import type { RecordTexts } from './record-texts.ts';

type Kind = RecordTexts['kind'];
type NamedValues = Readonly<Record<string, string>>;

interface Outline<K extends Kind> {
  runs(record: RecordTexts<K>, spell: (word: string) => string): string;
  unnamed(record: RecordTexts<K>): readonly UnnamedText[];
  named(record: RecordTexts<K>): NamedValues;
  /** The fields in which `named` finds these values. */
  ofNamed(values: NamedValues): Partial<RecordTexts<K>>;
}

export interface UnnamedText {
  text: string;
  /** For people: `argument 2`. */
  label: string;
}

const OUTLINES: { readonly [K in Kind]: Outline<K> } = {
  stdio: {
    runs: ({ command, args }, spell) => [command, ...args].map((word) => spell(word)).join(' '),
    unnamed: ({ args }) => args.map((text, index) => ({ text, label: `argument ${index + 1}` })),
    named: ({ env }) => env,
    ofNamed: (env) => ({ env }),
  },
  http: {
    runs: ({ url }) => url,
    unnamed: ({ url }) => [{ text: url, label: 'the URL' }],
    named: ({ headers }) => headers,
    ofNamed: (headers) => ({ headers }),
  },
};

/** What it starts or connects to, on one line. `spell`: how a word of a command is written. */
export function runsOf<K extends Kind>(record: RecordTexts<K>, spell = (word: string): string => word): string {
  return OUTLINES[record.kind].runs(record, spell);
}

/** Its texts that have no name, beside its command: arguments, or the URL. */
export function unnamedTextsOf<K extends Kind>(record: RecordTexts<K>): readonly UnnamedText[] {
  return OUTLINES[record.kind].unnamed(record);
}

/** Its variables or headers, by name. */
export function namedValuesOf<K extends Kind>(record: RecordTexts<K>): NamedValues {
  return OUTLINES[record.kind].named(record);
}

/** The record with these variables or headers in place of its own. */
export function withNamedValues<T extends RecordTexts>(record: T, values: NamedValues): T {
  return { ...record, ...OUTLINES[record.kind].ofNamed(values) };
}
