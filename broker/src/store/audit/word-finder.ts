// Finds the numbers of words that a search is about.
import { type Kysely, sql } from 'kysely';
import type { Database } from '../schema.ts';
import type { EndedQuery } from './row.ts';
import { digestOfWord, WORD, type WordKind } from './words.ts';

export interface WordFinder {
  /** Undefined: no row has that word. */
  find(kind: WordKind, workspaceId: string, text: string): Promise<number | undefined>;
  /** Those that equal `pattern`; a `*` in it stands for any characters. */
  matching(kind: WordKind, workspaceId: string, pattern: string): Promise<number[]>;
  /** Those of `ended` that name the secret, or one version of it, and that status. */
  ended(workspaceId: string, how: Pick<EndedQuery, 'secret' | 'status'>): Promise<number[]>;
}

export function createWordFinder(db: Kysely<Database>): WordFinder {
  const ofKind = (kind: WordKind, workspaceId: string) =>
    db.selectFrom('audit_words').select('id').where('workspace_id', '=', workspaceId).where('kind', '=', kind);

  async function like(kind: WordKind, workspaceId: string, pattern: string): Promise<number[]> {
    const rows = await ofKind(kind, workspaceId)
      // Large and small letters are the same, on both engines.
      .where(sql<boolean>`lower(text) like lower(${pattern}) escape '\\'`)
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
    // As `"NAME@VERSION"` stands in the JSON text, and the status behind it.
    async ended(workspaceId, { secret, status }) {
      const version = secret?.version ?? null;
      const named =
        secret === undefined ? '' : `${escaped(`"${secret.name}@${version === null ? '' : `${version}"`}`)}%`;
      const became = status === undefined ? '' : `${escaped(`"status":"${status}"`)}%`;
      return await like(WORD.ended, workspaceId, `%${named}${became}`);
    },
  };
  return finder;
}

const escaped = (text: string): string => text.replaceAll(/[\\%_]/g, '\\$&');
