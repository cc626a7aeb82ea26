// What was used of the limits of rules. Each count is one row, which is changed under a lock of that row, by one broker after the other.
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { readJson } from '../json-text.ts';
import type { Database } from '../schema.ts';
import type { LimitKey, Store, Use } from '../store.ts';

const usesSchema: z.ZodType<Use[]> = z.array(z.tuple([z.number(), z.number()]));

const usesIn = ({ rule }: LimitKey, text: string): Use[] => readJson(usesSchema, text, `what was used of rule ${rule}`);

export function createLimitUses(db: Kysely<Database>): Store['limits'] {
  const where = ({ workspaceId, rule, place, subject }: LimitKey) => ({
    ...{ workspace_id: workspaceId, rule_id: rule, place, subject },
  });
  return {
    async change(key, work) {
      await db.transaction().execute(async (trx) => {
        // Makes the row where there is none, and takes it for the rest of the transaction.
        const row = await trx
          .insertInto('limit_uses')
          .values({ ...where(key), uses_json: '[]', over_at: 0 })
          .onConflict((conflict) =>
            conflict
              .columns(['workspace_id', 'rule_id', 'place', 'subject'])
              .doUpdateSet((eb) => ({ over_at: eb.ref('limit_uses.over_at') })),
          )
          .returning('uses_json')
          .executeTakeFirstOrThrow();
        const { uses, overAt } = work(usesIn(key, row.uses_json));
        const changed = trx.updateTable('limit_uses').set({ uses_json: JSON.stringify(uses), over_at: overAt });
        await changed.where((eb) => eb.and(where(key))).execute();
      });
    },
    async changeKnown(key, work) {
      await db.transaction().execute(async (trx) => {
        // Takes the row for the rest of the transaction.
        const row = await trx
          .updateTable('limit_uses')
          .set((eb) => ({ over_at: eb.ref('over_at') }))
          .where((eb) => eb.and(where(key)))
          .returning('uses_json')
          .executeTakeFirst();
        if (row === undefined) return;
        const { uses, overAt } = work(usesIn(key, row.uses_json));
        if (uses.length === 0) {
          await trx
            .deleteFrom('limit_uses')
            .where((eb) => eb.and(where(key)))
            .execute();
          return;
        }
        const changed = trx.updateTable('limit_uses').set({ uses_json: JSON.stringify(uses), over_at: overAt });
        await changed.where((eb) => eb.and(where(key))).execute();
      });
    },
    async sweep(before) {
      await db.deleteFrom('limit_uses').where('over_at', '<', before).execute();
    },
  };
}
