// Data keys under master keys. What a rotation changes for everybody is one transaction, so that it is either not begun or done.
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { Announce } from '../bus/announce.ts';
import type { Keyring, MasterKeyRow, WrappedKey } from '../keyring.ts';
import type { Database } from '../schema.ts';

export function createKeyring(db: Kysely<Database>, clock: Clock, announce: Announce): Keyring {
  async function addDataKey(
    trx: Transaction<Database>,
    masterKeyId: string,
    { dataKeyId, wrapped }: WrappedKey,
  ): Promise<void> {
    const { last } = await trx
      .selectFrom('data_keys')
      .select((eb) => eb.fn.coalesce(eb.fn.max('number'), sql.lit(0)).as('last'))
      .executeTakeFirstOrThrow();
    await trx
      .insertInto('data_keys')
      .values({ id: dataKeyId, number: last + 1, created_at: clock.now() })
      .execute();
    await trx
      .insertInto('wrapped_keys')
      .values({ data_key_id: dataKeyId, master_key_id: masterKeyId, wrapped })
      .execute();
  }

  return {
    async read() {
      // One statement, so that it sees all of a rotation's end or nothing of it.
      const rows = await db
        .selectFrom('master_keys')
        .leftJoin('wrapped_keys', 'wrapped_keys.master_key_id', 'master_keys.id')
        .leftJoin('data_keys', 'data_keys.id', 'wrapped_keys.data_key_id')
        .selectAll('master_keys')
        .select(['wrapped_keys.data_key_id', 'wrapped_keys.wrapped'])
        .orderBy('data_keys.number')
        .execute();
      const dataKeys = new Map<string, Map<string, Uint8Array>>();
      for (const { id, data_key_id: dataKeyId, wrapped } of rows) {
        if (dataKeyId === null || wrapped === null) continue;
        const known = dataKeys.get(dataKeyId) ?? new Map<string, Uint8Array>();
        dataKeys.set(dataKeyId, known.set(id, wrapped));
      }
      const masterKeys = new Map(rows.map((row) => [row.id, toMasterKey(row)]));
      return {
        masterKeys: [...masterKeys.values()],
        dataKeys: [...dataKeys].map(([id, wrapped]) => ({ id, wrapped })),
      };
    },
    async begin(masterKeyId, first) {
      await db.transaction().execute(async (trx) => {
        // Of a database that is older than its data keys, the signing keys are as old as the master key.
        const { since } = await trx
          .selectFrom('signing_keys')
          .select((eb) => eb.fn.min('created_at').as('since'))
          .executeTakeFirstOrThrow();
        const added = await trx
          .insertInto('master_keys')
          .values({
            ...{ id: masterKeyId, state: 'current', created_at: since ?? clock.now(), retired_at: null },
            ...{ key_file: null, begun_by: null, is_told: 1 },
          })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst();
        if (added.numInsertedOrUpdatedRows === 1n) await addDataKey(trx, masterKeyId, first);
      });
    },
    async stage({ id, keyFile, begunBy }) {
      await db.transaction().execute(async (trx) => {
        const added = await trx
          .insertInto('master_keys')
          .values({
            ...{ id, state: 'next', created_at: clock.now(), retired_at: null },
            ...{ key_file: keyFile, begun_by: begunBy, is_told: 0 },
          })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst();
        if (added.numInsertedOrUpdatedRows !== 1n)
          throw new GateError('conflict', 'the master key is being rotated already, or had this very key before');
        await announce(trx, { kind: 'keys' });
      });
    },
    async abandon(id) {
      await db.transaction().execute(async (trx) => {
        const removable = trx.selectFrom('master_keys').select('id').where('id', '=', id).where('state', '=', 'next');
        await trx.deleteFrom('wrapped_keys').where('master_key_id', 'in', removable).execute();
        await trx.deleteFrom('master_keys').where('id', '=', id).where('state', '=', 'next').execute();
        await announce(trx, { kind: 'keys' });
      });
    },
    async wrap(masterKeyId, keys) {
      const rows = keys.map(({ dataKeyId, wrapped }) => ({
        ...{ data_key_id: dataKeyId, master_key_id: masterKeyId, wrapped },
      }));
      if (rows.length === 0) return;
      await db
        .insertInto('wrapped_keys')
        .values(rows)
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
    finish: ({ from, to, fresh }) =>
      db.transaction().execute(async (trx) => {
        // The update holds the row, so that whoever else finishes waits, and then finds it changed.
        const retired = await trx
          .updateTable('master_keys')
          .set({ state: 'retired', retired_at: clock.now() })
          .where('id', '=', from)
          .where('state', '=', 'current')
          .executeTakeFirst();
        if (retired.numUpdatedRows !== 1n) return false;
        const { unwrapped } = await trx
          .selectFrom('data_keys')
          .select((eb) => eb.fn.countAll().as('unwrapped'))
          .where((eb) =>
            eb.not(
              eb.exists(
                eb
                  .selectFrom('wrapped_keys')
                  .select('data_key_id')
                  .whereRef('data_key_id', '=', 'data_keys.id')
                  .where('master_key_id', '=', to),
              ),
            ),
          )
          .executeTakeFirstOrThrow();
        const raised = await trx
          .updateTable('master_keys')
          .set({ state: 'current' })
          .where('id', '=', to)
          .where('state', '=', 'next')
          .executeTakeFirst();
        if (Number(unwrapped) > 0 || raised.numUpdatedRows !== 1n)
          throw new GateError('conflict', 'the rotation of the master key was changed meanwhile: it is tried again');
        await trx.deleteFrom('wrapped_keys').where('master_key_id', '=', from).execute();
        await addDataKey(trx, to, fresh);
        await announce(trx, { kind: 'keys' });
        return true;
      }),
    async told(id) {
      await db.updateTable('master_keys').set({ is_told: 1 }).where('id', '=', id).execute();
    },
  };
}

function toMasterKey(row: Database['master_keys']): MasterKeyRow {
  return {
    id: row.id,
    state: row.state,
    createdAt: row.created_at,
    retiredAt: row.retired_at,
    keyFile: row.key_file,
    begunBy: row.begun_by,
    isTold: row.is_told === 1,
  };
}
