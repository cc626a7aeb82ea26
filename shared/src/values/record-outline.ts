// What a server's record (or what becomes one: an entry of the catalogue, a proposal) says in short: what it starts or connects to, and what goes
// along by name.
import type { RecordTexts } from './record-texts.ts';

type Kind = RecordTexts['kind'];

interface Outline<K extends Kind> {
  runs(record: RecordTexts<K>, spell: (word: string) => string): string;
  named(record: RecordTexts<K>): Readonly<Record<string, string>>;
}

const OUTLINES: { readonly [K in Kind]: Outline<K> } = {
  stdio: {
    runs: ({ command, args }, spell) => [command, ...args].map((word) => spell(word)).join(' '),
    named: ({ env }) => env,
  },
  http: { runs: ({ url }) => url, named: ({ headers }) => headers },
};

/** What it starts or connects to, on one line. `spell`: how a word of a command is written. */
export function runsOf<K extends Kind>(record: RecordTexts<K>, spell = (word: string): string => word): string {
  return OUTLINES[record.kind].runs(record, spell);
}

/** Its variables or headers, by name. */
export function namedValuesOf<K extends Kind>(record: RecordTexts<K>): Readonly<Record<string, string>> {
  return OUTLINES[record.kind].named(record);
}
