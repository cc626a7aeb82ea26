// What came of the mutants of an area: how many were noticed, and which were not.
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const reportSchema = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.string(),
      mutants: z.array(
        z.object({
          mutatorName: z.string(),
          replacement: z.string().optional(),
          status: z.string(),
          location: z.object({ start: z.object({ line: z.int(), column: z.int() }) }),
        }),
      ),
    }),
  ),
});

export interface Mutant {
  file: string;
  line: number;
  /** The first line of what was replaced, without blanks around it. */
  source: string;
  /** What stood there instead. */
  becomes: string;
}

/** One that nobody can notice, and why. Known by its source and not by its number, which moves. */
export interface Equivalent extends Omit<Mutant, 'line'> {
  why: string;
}

export const equivalentsOf = (
  file: string,
  each: readonly [source: string, becomes: string, why: string][],
): Equivalent[] => each.map(([source, becomes, why]) => ({ file, source, becomes, why }));

export interface Outcome {
  mutants: number;
  noticed: number;
  /** Noticed, of a hundred. */
  score: number;
  unnoticed: readonly Mutant[];
  /** Of `unnoticed`: those that are not on the list. */
  unexplained: readonly Mutant[];
  /** What the list says of these sources and is not so any more. */
  outdated: readonly Equivalent[];
}

const NOTICED = new Set(['Killed', 'Timeout']);
const UNNOTICED = new Set(['Survived', 'NoCoverage']);

const isSame = (one: Omit<Mutant, 'line'>, other: Omit<Mutant, 'line'>): boolean =>
  one.file === other.file && one.source === other.source && one.becomes === other.becomes;

/** `reportFile`: in the form of the mutation testing report schema, as Stryker writes it. */
export function readOutcome(reportFile: string, equivalents: readonly Equivalent[]): Outcome {
  const { files } = reportSchema.parse(JSON.parse(readFileSync(reportFile, 'utf8')));
  let noticed = 0;
  const unnoticed: Mutant[] = [];
  for (const [file, { source, mutants }] of Object.entries(files)) {
    const lines = source.split('\n');
    for (const { status, replacement, mutatorName, location } of mutants) {
      if (NOTICED.has(status)) noticed += 1;
      if (!UNNOTICED.has(status)) continue;
      const { line, column } = location.start;
      const text = (lines[line - 1] ?? '').slice(column - 1).trim();
      unnoticed.push({ file, line, source: text, becomes: replacement ?? mutatorName });
    }
  }
  const mutants = noticed + unnoticed.length;
  return {
    mutants,
    noticed,
    score: mutants === 0 ? 100 : (100 * noticed) / mutants,
    unnoticed,
    unexplained: unnoticed.filter((mutant) => !equivalents.some((each) => isSame(each, mutant))),
    outdated: equivalents.filter(
      (each) => files[each.file] !== undefined && !unnoticed.some((mutant) => isSame(each, mutant)),
    ),
  };
}
