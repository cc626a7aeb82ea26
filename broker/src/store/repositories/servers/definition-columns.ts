// Rows of the table of definitions, as columns and as definitions.
import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { Definition, Flag } from '../../../domain/definition.ts';
import type { DefinitionNote } from '../../definition-rows.ts';
import { readJson } from '../../json-text.ts';
import type { Database } from '../../schema.ts';

const flagsSchema: z.ZodType<Flag[]> = z.array(
  z.object({
    kind: z.enum([
      'hidden-characters',
      'instructions-to-model',
      'look-alike',
      'shadows',
      'sensitive-files',
      'encoded',
      'repeated-members',
      'oversized',
    ]),
    isAlarm: z.boolean(),
    at: z.string(),
    what: z.string(),
  }),
);

/** All but the texts. */
export const NOTE_COLUMNS = [
  'server_id',
  'kind',
  'name',
  'digest',
  'owner',
  'flags_json',
  'seen_at',
  'withdrawn_at',
  'accepted_at',
  'accepted_by',
] as const;

type Row = Selectable<Database['definitions']>;

export function toNote(row: Pick<Row, (typeof NOTE_COLUMNS)[number]>): DefinitionNote {
  return {
    serverId: row.server_id,
    kind: row.kind,
    name: row.name,
    digest: row.digest,
    owner: row.owner,
    // Most have none, and lists are long.
    flags:
      row.flags_json === '[]' ? [] : readJson(flagsSchema, row.flags_json, `the flags of definition ${row.digest}`),
    seenAt: row.seen_at,
    withdrawnAt: row.withdrawn_at,
    acceptedAt: row.accepted_at,
    acceptedBy: row.accepted_by,
  };
}

export function toDefinition(row: Row): Definition {
  const { serverId: _server, ...note } = toNote(row);
  return { ...note, text: row.text, legacyText: row.legacy_text };
}

export function toRow(definition: Definition, server: { workspaceId: string; serverId: string }): Row {
  const { kind, name, digest, text, legacyText, owner, flags, seenAt, withdrawnAt, acceptedAt, acceptedBy } =
    definition;
  return {
    ...{ workspace_id: server.workspaceId, server_id: server.serverId, kind, name, digest, text, owner },
    ...{ legacy_text: legacyText, flags_json: JSON.stringify(flags), seen_at: seenAt, withdrawn_at: withdrawnAt },
    ...{ accepted_at: acceptedAt, accepted_by: acceptedBy },
  };
}
