// Servers that people propose. Who proposes what another has proposed already joins them: there is one row for the same server.
import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import { ProposedTransportSchema, type ProposedTransport } from 'mcpgate-shared/api/laptops/proposals';
import type { Clock } from 'mcpgate-shared/clock';
import { readJson } from '../../json-text.ts';
import type { InTime, Part } from '../../../domain/bounds/part.ts';
import { readPart } from '../in-time.ts';
import type { Database } from '../../schema.ts';

/** A server that people propose, with their names. */
export interface Proposal {
  id: string;
  workspaceId: string;
  name: string;
  transport: ProposedTransport;
  people: readonly string[];
  state: 'open' | 'accepted' | 'declined';
  createdAt: number;
  decidedAt: number | null;
  decidedBy: string | null;
}

/** Servers that people propose from their laptops. */
export interface ProposalsRepository {
  /** Joins the same one of another person; `isNew`: this person had not proposed it yet. */
  add(proposal: {
    workspaceId: string;
    userId: string;
    name: string;
    transport: ProposedTransport;
    digest: string;
  }): Promise<{ id: string; state: Proposal['state']; isNew: boolean }>;
  /** Ids of those of this person that nobody has decided. */
  openOf(workspaceId: string, userId: string): Promise<string[]>;
  list(workspaceId: string, which: { all: boolean }, part?: Part<InTime>): Promise<Proposal[]>;
  /** The open one of this id. */
  findOpen(workspaceId: string, id: string): Promise<Proposal | undefined>;
  /** Undefined where there is no open one of this id. */
  decide(workspaceId: string, id: string, state: 'accepted' | 'declined', by: string): Promise<Proposal | undefined>;
}

export function createProposals(db: Kysely<Database>, clock: Clock): ProposalsRepository {
  async function withPeople(rows: readonly Database['proposals'][]): Promise<Proposal[]> {
    const people = await db
      .selectFrom('proposal_people')
      .innerJoin('users', 'users.id', 'proposal_people.user_id')
      .select(['proposal_people.proposal_id', 'users.name'])
      .where(
        'proposal_people.proposal_id',
        'in',
        rows.map(({ id }) => id),
      )
      .orderBy('users.name')
      .execute();
    return rows.map((row) => ({
      id: row.id,
      workspaceId: row.workspace_id,
      name: row.name,
      transport: readJson(ProposedTransportSchema, row.transport_json, `the proposal ${row.id}`),
      people: people.filter(({ proposal_id: id }) => id === row.id).map(({ name }) => name),
      state: row.state,
      createdAt: row.created_at,
      decidedAt: row.decided_at,
      decidedBy: row.decided_by,
    }));
  }

  return {
    add: ({ workspaceId, userId, name, transport, digest }) =>
      db.transaction().execute(async (trx) => {
        const row = { workspace_id: workspaceId, name, transport_json: JSON.stringify(transport), digest };
        await trx
          .insertInto('proposals')
          .values({
            id: randomUUID(),
            ...row,
            state: 'open',
            created_at: clock.now(),
            decided_at: null,
            decided_by: null,
          })
          .onConflict((conflict) => conflict.columns(['workspace_id', 'digest']).doNothing())
          .execute();
        const { id, state } = await trx
          .selectFrom('proposals')
          .select(['id', 'state'])
          .where('workspace_id', '=', workspaceId)
          .where('digest', '=', digest)
          .executeTakeFirstOrThrow();
        const joined = await trx
          .insertInto('proposal_people')
          .values({ workspace_id: workspaceId, proposal_id: id, user_id: userId })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst();
        return { id, state, isNew: (joined.numInsertedOrUpdatedRows ?? 0n) > 0n };
      }),
    async openOf(workspaceId, userId) {
      const rows = await db
        .selectFrom('proposals')
        .innerJoin('proposal_people', 'proposal_people.proposal_id', 'proposals.id')
        .select('proposals.id')
        .where('proposals.workspace_id', '=', workspaceId)
        .where('proposals.state', '=', 'open')
        .where('proposal_people.user_id', '=', userId)
        .execute();
      return rows.map(({ id }) => id);
    },
    async list(workspaceId, { all }, part) {
      const query = db.selectFrom('proposals').selectAll().where('workspace_id', '=', workspaceId);
      const wanted = all ? query : query.where('state', '=', 'open');
      const rows = await readPart(wanted.orderBy('created_at').orderBy('id'), part);
      return rows.length === 0 ? [] : await withPeople(rows);
    },
    async findOpen(workspaceId, id) {
      const row = await db
        .selectFrom('proposals')
        .selectAll()
        .where((eb) => eb.and({ workspace_id: workspaceId, id, state: 'open' }))
        .executeTakeFirst();
      return row === undefined ? undefined : (await withPeople([row]))[0];
    },
    async decide(workspaceId, id, state, by) {
      const row = await db
        .updateTable('proposals')
        .set({ state, decided_at: clock.now(), decided_by: by })
        .where('workspace_id', '=', workspaceId)
        .where('id', '=', id)
        .where('state', '=', 'open')
        .returningAll()
        .executeTakeFirst();
      return row === undefined ? undefined : (await withPeople([row]))[0];
    },
  };
}
