// Stores approvals. Every step of one is a single statement on its state, so that of two brokers, or two people, one takes it; and it is announced
// in the same transaction.
import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import type { Approval, ApprovalScope } from '../../domain/approval.ts';
import type { InTime, Part } from '../../domain/bounds/part.ts';
import type { NewRule, Rule } from '../../domain/rule.ts';
import type { Announce } from '../bus/announce.ts';
import { readStringList } from '../json-text.ts';
import type { Database } from '../schema.ts';
import { readPart } from './in-time.ts';
import { insertRule, withFreshId } from './policy.ts';

export type NewApproval = Omit<Approval, 'scope' | 'createdAt' | 'decidedAt' | 'decidedBy' | 'note'> & {
  state: 'offered' | 'open';
};

export interface ApprovalsRepository {
  /**
   * The one that is alive for this binding, or for all of the thing; else this one is added. Where this person has `mostOpen` of the same state
   * already, one that is only offered takes the place of the oldest, and of others it is undefined. Atomic.
   */
  ask(approval: NewApproval, mostOpen: number): Promise<Approval | undefined>;
  find(workspaceId: string, id: string): Promise<Approval | undefined>;
  /** The newest first: those that can be decided, or all that are kept. `ownerKey`: of this person alone. */
  list(workspaceId: string, which: { all: boolean; ownerKey?: string }, part: Part<InTime>): Promise<Approval[]>;
  /** The ids of those that can be decided, after this one, in their order. */
  openAfter(workspaceId: string, after: string, limit: number): Promise<string[]>;
  /** What was offered is asked for. Undefined where it is not offered any more. */
  open(workspaceId: string, id: string, how: { reason: string | null; until: number }): Promise<Approval | undefined>;
  /** Puts another reason in place of the one that it had. Undefined where it is open no more, or has that reason already. */
  giveReason(workspaceId: string, id: string, reason: string): Promise<Approval | undefined>;
  /**
   * Undefined where it is open no more: another one has decided it, or its time is over. `rule`: is added with the decision, or neither is.
   */
  decide(
    workspaceId: string,
    id: string,
    decision: {
      state: 'approved' | 'denied';
      scope: ApprovalScope | null;
      by: string;
      note: string | null;
      until: number;
      rule?: NewRule;
    },
  ): Promise<{ approval: Approval; rule: Rule | undefined } | undefined>;
  /** False where it is approved no more. One that is for a single call is used up. */
  use(workspaceId: string, id: string): Promise<boolean>;
  /**
   * What was used up for a call that was not carried out is approved again. False where it is not used, its time is over, or the same is asked for
   * anew already. `mostRounds`: counts a round of that call; false where it is the last.
   */
  giveBack(workspaceId: string, id: string, mostRounds?: number): Promise<boolean>;
  /** How much can be decided now, by workspace, and since when the oldest waits; workspaces where nothing waits included. */
  waiting(): Promise<{ workspaceId: string; count: number; oldestAt: number | null }[]>;
  /** Removes what was over before then. */
  forget(before: number): Promise<void>;
}

const ALIVE = ['offered', 'open', 'approved', 'denied'] as const;

export function createApprovals(db: Kysely<Database>, clock: Clock, announce: Announce): ApprovalsRepository {
  const changed = (trx: Transaction<Database>, { workspace_id: workspaceId, id }: Row): Promise<void> =>
    announce(trx, { kind: 'approval', workspaceId, id });
  const rowOf = (of: Pick<Kysely<Database>, 'selectFrom'>, workspaceId: string) =>
    of.selectFrom('approvals').selectAll().where('workspace_id', '=', workspaceId);

  return {
    ask: (approval, mostOpen) =>
      db.transaction().execute(async (trx) => {
        const now = clock.now();
        const { workspaceId, binding, thing, ownerKey, state } = approval;
        const wide = await rowOf(trx, workspaceId)
          .where('thing', '=', thing)
          .where('state', '=', 'approved')
          .where('scope', '=', 'while')
          .where('expires_at', '>', now)
          .executeTakeFirst();
        if (wide !== undefined) return toApproval(wide);
        await trx
          .updateTable('approvals')
          .set({ state: 'over' })
          .where('workspace_id', '=', workspaceId)
          .where('binding', '=', binding)
          .where('state', 'in', ALIVE)
          .where('expires_at', '<=', now)
          .execute();
        const alive = rowOf(trx, workspaceId).where('binding', '=', binding).where('state', 'in', ALIVE);
        const known = await alive.executeTakeFirst();
        if (known !== undefined) return toApproval(known);
        const { count } = await trx
          .selectFrom('approvals')
          .select((eb) => eb.fn.countAll<number | string>().as('count'))
          .where('workspace_id', '=', workspaceId)
          .where('owner_key', '=', ownerKey)
          .where('state', '=', state)
          .where('expires_at', '>', now)
          .executeTakeFirstOrThrow();
        if (Number(count) >= mostOpen) {
          if (state !== 'offered') return undefined;
          await dropOldestOffer(trx, workspaceId, ownerKey);
        }
        const added = await trx
          .insertInto('approvals')
          .values(toRow(approval, now))
          .onConflict((conflict) => conflict.doNothing())
          .returningAll()
          .executeTakeFirst();
        // Another broker was faster with the same one.
        if (added === undefined) return toApproval(await alive.executeTakeFirstOrThrow());
        await changed(trx, added);
        return toApproval(added);
      }),
    async find(workspaceId, id) {
      const row = await rowOf(db, workspaceId).where('id', '=', id).executeTakeFirst();
      return row && toApproval(row);
    },
    async list(workspaceId, { all, ownerKey }, part) {
      let query = rowOf(db, workspaceId);
      query = all
        ? query.where('state', '<>', 'offered')
        : query.where('state', '=', 'open').where('expires_at', '>', clock.now());
      if (ownerKey !== undefined) query = query.where('owner_key', '=', ownerKey);
      const rows = await readPart(query.orderBy('created_at', 'desc').orderBy('id', 'desc'), part, 'backwards');
      return rows.map(toApproval);
    },
    async openAfter(workspaceId, after, limit) {
      const rows = await db
        .selectFrom('approvals')
        .select('id')
        .where('workspace_id', '=', workspaceId)
        .where('state', '=', 'open')
        .where('expires_at', '>', clock.now())
        .where('id', '>', after)
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map(({ id }) => id);
    },
    open: (workspaceId, id, { reason, until }) =>
      db.transaction().execute(async (trx) => {
        const row = await trx
          .updateTable('approvals')
          .set({ state: 'open', reason, expires_at: until })
          .where('workspace_id', '=', workspaceId)
          .where('id', '=', id)
          .where('state', '=', 'offered')
          .where('expires_at', '>', clock.now())
          .returningAll()
          .executeTakeFirst();
        if (row === undefined) return undefined;
        await changed(trx, row);
        return toApproval(row);
      }),
    giveReason: (workspaceId, id, reason) =>
      db.transaction().execute(async (trx) => {
        const row = await trx
          .updateTable('approvals')
          .set({ reason })
          .where('workspace_id', '=', workspaceId)
          .where('id', '=', id)
          .where('state', '=', 'open')
          .where('expires_at', '>', clock.now())
          .where((eb) => eb.or([eb('reason', 'is', null), eb('reason', '<>', reason)]))
          .returningAll()
          .executeTakeFirst();
        if (row === undefined) return undefined;
        await changed(trx, row);
        return toApproval(row);
      }),
    decide: (workspaceId, id, { state, scope, by, note, until, rule }) =>
      withFreshId(() =>
        db.transaction().execute(async (trx) => {
          const now = clock.now();
          const row = await trx
            .updateTable('approvals')
            .set({ state, scope, decided_at: now, decided_by: by, note, expires_at: until })
            .where('workspace_id', '=', workspaceId)
            .where('id', '=', id)
            .where('state', '=', 'open')
            .where('expires_at', '>', now)
            .returningAll()
            .executeTakeFirst();
          if (row === undefined) return undefined;
          const added = rule && (await insertRule(trx, { workspaceId, rule, clock, announce }));
          await changed(trx, row);
          return { approval: toApproval(row), rule: added };
        }),
      ),
    async use(workspaceId, id) {
      const row = await db
        .updateTable('approvals')
        .set((eb) => ({
          state: eb
            .case()
            .when('scope', '=', 'once')
            .then('used' as const)
            .else(eb.ref('state'))
            .end(),
        }))
        .where('workspace_id', '=', workspaceId)
        .where('id', '=', id)
        .where('state', '=', 'approved')
        .where('expires_at', '>', clock.now())
        .returning('id')
        .executeTakeFirst();
      return row !== undefined;
    },
    giveBack: (workspaceId, id, mostRounds) =>
      db.transaction().execute(async (trx) => {
        const used = rowOf(trx, workspaceId).where('id', '=', id).where('state', '=', 'used');
        const row = await used.where('expires_at', '>', clock.now()).executeTakeFirst();
        if (row === undefined) return false;
        const rounds = row.rounds + (mostRounds === undefined ? 0 : 1);
        if (mostRounds !== undefined && rounds >= mostRounds) return false;
        const alive = rowOf(trx, workspaceId).where('binding', '=', row.binding).where('state', 'in', ALIVE);
        if ((await alive.executeTakeFirst()) !== undefined) return false;
        const { numUpdatedRows } = await trx
          .updateTable('approvals')
          .set({ state: 'approved', rounds })
          .where('workspace_id', '=', workspaceId)
          .where('id', '=', id)
          .where('state', '=', 'used')
          .executeTakeFirst();
        if (numUpdatedRows === 0n) return false;
        await changed(trx, row);
        return true;
      }),
    async waiting() {
      const rows = await db
        .selectFrom('workspaces')
        .leftJoin('approvals', (join) =>
          join
            .onRef('approvals.workspace_id', '=', 'workspaces.id')
            .on('state', '=', 'open')
            .on('expires_at', '>', clock.now()),
        )
        .select((eb) => [
          'workspaces.id as workspaceId',
          eb.fn.count<number | string>('approvals.id').as('count'),
          eb.fn.min('approvals.created_at').as('oldestAt'),
        ])
        .groupBy('workspaces.id')
        .orderBy('workspaces.id')
        .execute();
      return rows.map(({ count, ...row }) => ({ ...row, count: Number(count) }));
    },
    async forget(before) {
      await db.deleteFrom('approvals').where('expires_at', '<', before).execute();
    },
  };
}

/** What a removed person asked for is over: whoever gets the same name later is another person. */
export async function endApprovalsOf(trx: Transaction<Database>, workspaceId: string, ownerKey: string): Promise<void> {
  await trx
    .updateTable('approvals')
    .set({ state: 'over' })
    .where('workspace_id', '=', workspaceId)
    .where('owner_key', '=', ownerKey)
    .where('state', 'in', ALIVE)
    .execute();
}

/** Access to something of a server that has another name now is access to the same thing; what is asked for under its new name already stays. */
export async function renameInRequests(
  trx: Transaction<Database>,
  { workspaceId, from, to }: { workspaceId: string; from: string; to: string },
  renamed: (access: Pick<Approval, 'ownerKey' | 'what' | 'binding'>) => Pick<Approval, 'what' | 'binding'>,
): Promise<void> {
  const ofServer = trx.selectFrom('approvals').selectAll().where('workspace_id', '=', workspaceId);
  const rows = await ofServer
    .where('server', '=', from)
    .where('kind', '=', 'access')
    .where('state', 'in', ALIVE)
    .execute();
  for (const { id, owner_key: ownerKey, what, binding: before } of rows) {
    const now = renamed({ ownerKey, what, binding: before });
    const other = await ofServer
      .where('binding', '=', now.binding)
      .where('state', 'in', ALIVE)
      .where('id', '<>', id)
      .executeTakeFirst();
    const change = trx.updateTable('approvals').where('workspace_id', '=', workspaceId).where('id', '=', id);
    const { what: called, binding } = now;
    if (other !== undefined) await change.set({ state: 'over' }).execute();
    else await change.set({ server: to, what: called, binding, thing: `access ${binding}` }).execute();
  }
}

async function dropOldestOffer(trx: Transaction<Database>, workspaceId: string, ownerKey: string): Promise<void> {
  const offers = trx
    .selectFrom('approvals')
    .select('id')
    .where('workspace_id', '=', workspaceId)
    .where('owner_key', '=', ownerKey)
    .where('state', '=', 'offered')
    .orderBy('expires_at')
    .limit(1);
  await trx.deleteFrom('approvals').where('workspace_id', '=', workspaceId).where('id', 'in', offers).execute();
}

type Row = Selectable<Database['approvals']>;

function toRow(approval: NewApproval, now: number): Database['approvals'] {
  return {
    workspace_id: approval.workspaceId,
    id: approval.id,
    kind: approval.kind,
    owner_key: approval.ownerKey,
    who: approval.who,
    device: approval.device,
    client_name: approval.clientName,
    address: approval.address,
    server: approval.server,
    what: approval.what,
    rule_id: approval.rule,
    policy_version: approval.policyVersion,
    approvers_json: JSON.stringify(approval.approvers),
    thing: approval.thing,
    binding: approval.binding,
    sealed: approval.sealed,
    reason: approval.reason,
    state: approval.state,
    scope: null,
    created_at: now,
    expires_at: approval.expiresAt,
    decided_at: null,
    decided_by: null,
    note: null,
    rounds: 0,
  };
}

function toApproval(row: Row): Approval {
  return {
    workspaceId: row.workspace_id,
    id: row.id,
    kind: row.kind,
    ownerKey: row.owner_key,
    who: row.who,
    device: row.device,
    clientName: row.client_name,
    address: row.address,
    server: row.server,
    what: row.what,
    rule: row.rule_id,
    policyVersion: row.policy_version,
    approvers: readStringList(row.approvers_json, `the approvers of ${row.id}`),
    thing: row.thing,
    binding: row.binding,
    sealed: row.sealed,
    reason: row.reason,
    state: row.state,
    scope: row.scope,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    decidedAt: row.decided_at,
    decidedBy: row.decided_by,
    note: row.note,
  };
}
