// Finds the numbers of words that a search is about.
import { type Kysely, sql } from 'kysely';
import type { Database } from '../schema.ts';
import { digestOfWord, WORD, type WordKind } from './words.ts';

export interface WordFinder {
  /** Undefined: no row has that word. */
  find(kind: WordKind, workspaceId: string, text: string): Promise<number | undefined>;
  /** Those that equal `pattern`; a `*` in it stands for any characters. */
  matching(kind: WordKind, workspaceId: string, pattern: string): Promise<number[]>;
  /** Those of `ended` that name the secret, or one version of it. */
  withSecret(workspaceId: string, name: string, version: number | null): Promise<number[]>;
}

export function createWordFinder(db: Kysely<Database>): WordFinder {
  const ofKind = (kind: WordKind, workspaceId: string) =>
    db.selectFrom('audit_words').select('id').where('workspace_id', '=', workspaceId).where('kind', '=', kind);

  async function like(kind: WordKind, workspaceId: string, pattern: string): Promise<number[]> {
    const rows = await ofKind(kind, workspaceId)
      .where(sql<boolean>`text like ${pattern} escape '\\'`)
      .execute();
    return rows.map(({ id }) => id);
  }

  const finder: WordFinder = {
    async find(kind, workspaceId, text) {
      const digest = digestOfWord(text);
      const row = await ofKind(kind, workspaceId)
        .where('digest', '=', digest)
        .where('text', '=', text)
        .executeTakeFirst();
      return row?.id;
    },
    async matching(kind, workspaceId, pattern) {
      if (pattern.includes('*')) return await like(kind, workspaceId, escaped(pattern).replaceAll('*', '%'));
      const id = await finder.find(kind, workspaceId, pattern);
      return id === undefined ? [] : [id];
    },
    // As `"NAME@VERSION"` stands in the JSON text.
    withSecret: (workspaceId, name, version) =>
      like(WORD.ended, workspaceId, `%${escaped(`"${name}@${version === null ? '' : `${version}"`}`)}%`),
  };
  return finder;
}

const escaped = (text: string): string => text.replaceAll(/[\\%_]/g, '\\$&');
