// By what a row and a word are found, and what no hash covers: a search that looks for them in the wrong place hides what the log says.
import type { LogReader } from '../../store/audit/log-reader.ts';
import type { RawRow } from '../../store/audit/log-connection.ts';
import { KIND } from '../../store/audit/row-columns.ts';
import { digestOfWord, WORD } from '../../store/audit/words.ts';
import { LogFault } from './verdict.ts';

export interface FiledWords {
  /** Why the words of the row are not found as its own; undefined where they are. `text`: of a word. */
  wrong(row: RawRow, text: (id: number) => string | undefined): string | undefined;
  /** After all rows: throws LogFault for a word that is not found by its text, and stands in none of them. */
  end(): void;
}

/** Reads all words. */
export async function readFiledWords(log: Pick<LogReader, 'allWords'>): Promise<FiledWords> {
  const places = new Map<number, { kind: number; workspaceId: string }>();
  const misfiled = new Map<number, string>();
  // One object for all words of a kind in a workspace: there may be millions of words.
  const known = new Map<string, { kind: number; workspaceId: string }>();
  for await (const words of log.allWords())
    for (const { id, workspaceId, kind, digest, text } of words) {
      if (Buffer.compare(digestOfWord(text), digest) !== 0) {
        misfiled.set(id, text.slice(0, 100));
        continue;
      }
      const key = `${kind} ${workspaceId}`;
      const place = known.get(key) ?? { kind, workspaceId };
      known.set(key, place);
      places.set(id, place);
    }
  return {
    end() {
      for (const [id, text] of misfiled) {
        const why = `the word ${id} of the log, ${JSON.stringify(text)}, is not found by its text: its digest is another`;
        throw new LogFault({ chain: '?', seq: null, id: null, why });
      }
    },
    wrong(row, text) {
      const [, , , kind, workspace, actor, subject, server, tool, facts] = row;
      const of = workspace === null ? undefined : text(workspace);
      const isAt = (id: number | null, wanted: number, workspaceId: string | undefined): boolean => {
        if (id !== null && misfiled.has(id)) return false;
        const place = id === null ? undefined : places.get(id);
        // A word that came after all were read is looked at the next time.
        return place === undefined || (place.kind === wanted && place.workspaceId === workspaceId);
      };
      const factsAre = kind === KIND.outcome ? WORD.ended : WORD.type;
      const isFound =
        isAt(workspace, WORD.workspace, '') &&
        isAt(actor, WORD.actor, of) &&
        isAt(subject, WORD.subject, of) &&
        isAt(server, WORD.server, of) &&
        isAt(tool, WORD.tool, of) &&
        isAt(facts, factsAre, of);
      return isFound ? undefined : 'a word of it is not found by its text, in its workspace, as what it is';
    },
  };
}

/** Why a row of today is found by what it does not say; undefined where it is not. Its columns say nothing but what its kind has. */
export function foundByMore(row: RawRow): string | undefined {
  const [, , call, kind, workspace, actor, subject, server, tool, facts] = row;
  const isEmpty =
    kind === KIND.intent
      ? call === null && subject === null && facts === null
      : kind === KIND.outcome
        ? actor === null && subject === null && server === null && tool === null
        : call === null &&
          server === null &&
          tool === null &&
          (kind !== KIND.chain || (workspace ?? actor ?? subject ?? facts) === null);
  return isEmpty ? undefined : 'it is found by what it does not say';
}
