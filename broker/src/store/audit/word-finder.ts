// Finds the numbers of words that a search is about.
import { type Kysely, sql } from 'kysely';
import { z } from 'zod';
import type { Database } from '../schema.ts';
import type { EndedQuery } from './row.ts';
import { digestOfWord, WORD, type WordKind } from './words.ts';

export interface WordFinder {
  /** Undefined: no row has that word. */
  find(kind: WordKind, workspaceId: string, text: string): Promise<number | undefined>;
  /** Those that equal `pattern`; a `*` in it stands for any characters. */
  matching(kind: WordKind, workspaceId: string, pattern: string): Promise<number[]>;
  /** Those of a kind whose text has all of these parts; large and small letters may be the same. */
  having(kind: WordKind, workspaceId: string, parts: readonly string[]): Promise<{ id: number; text: string }[]>;
  /** The callers of calls that this person has made, or a grant; undefined where nobody can say by the name alone. */
  callersOf(workspaceId: string, actor: string): Promise<number[] | undefined>;
  /** Those of `ended` that name the secret, or one version of it, and that status. */
  ended(workspaceId: string, how: Pick<EndedQuery, 'secret' | 'status'>): Promise<number[]>;
}

/** As rows name whoever has no name of a person. */
const GRANT = 'grant:';
const LONGEST_NAME = 1_000;
const CallerSchema = z.object({ member: z.string().nullable(), credential_label: z.string().optional() });

/** Of a text that is in no such form nobody is the caller: whoever verifies the log is told. */
function callerIn(text: string): Partial<z.output<typeof CallerSchema>> {
  try {
    return CallerSchema.parse(JSON.parse(text));
  } catch {
    return {};
  }
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
    async having(kind, workspaceId, parts) {
      let query = db
        .selectFrom('audit_words')
        .select(['id', 'text'])
        .where('workspace_id', '=', workspaceId)
        .where('kind', '=', kind);
      for (const part of parts)
        query = query.where(sql<boolean>`lower(text) like lower(${`%${escaped(part)}%`}) escape '\\'`);
      return await query.execute();
    },
    async callersOf(workspaceId, actor) {
      // Such a name may have been cut, or changed so that it can be stored.
      if (actor.length >= LONGEST_NAME || actor.includes('\uFFFD')) return undefined;
      const label = actor.startsWith(GRANT) ? actor.slice(GRANT.length) : undefined;
      const found = [
        ...(await finder.having(WORD.caller, workspaceId, [`"member":${JSON.stringify(actor)}`])),
        ...(label === undefined ? [] : await finder.having(WORD.caller, workspaceId, [`:${JSON.stringify(label)}`])),
      ];
      return found.flatMap(({ id, text }) => {
        const { member, credential_label: grant } = callerIn(text);
        return member === actor || (member === null && grant === label) ? [id] : [];
      });
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
