// Rules and enforcement of a workspace. Every change raises the version and is told in the same transaction.
import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { Rule } from '../../domain/rule.ts';
import type { Announce } from '../bus/announce.ts';
import { readStringList } from '../json-text.ts';
import type { Database } from '../schema.ts';
import { shortId } from '../short-id.ts';
import type { Store } from '../store.ts';
import { raisePolicyVersion } from './policy-version.ts';

const ID_ATTEMPTS = 4;

export function createPolicy(db: Kysely<Database>, clock: Clock, announce: Announce): Store['policy'] {
  const raiseVersion = (trx: Transaction<Database>, workspaceId: string): Promise<number> =>
    raisePolicyVersion(trx, workspaceId, announce);

  async function insertRule(workspaceId: string, rule: Omit<Rule, 'id' | 'createdAt'>): Promise<Rule> {
    return db.transaction().execute(async (trx) => {
      const row: Database['rules'] = {
        workspace_id: workspaceId,
        id: shortId('r_', 6),
        added_in: await raiseVersion(trx, workspaceId),
        effect: rule.effect,
        who_json: JSON.stringify(rule.who),
        what_json: JSON.stringify(rule.what),
        note: rule.note ?? null,
        created_at: clock.now(),
        created_by: rule.createdBy,
      };
      await trx.insertInto('rules').values(row).execute();
      return toRule(row);
    });
  }

  return {
    async snapshot(workspaceId) {
      // One snapshot for both reads, so that the version is that of these rules.
      return db
        .transaction()
        .setIsolationLevel('repeatable read')
        .execute(async (trx) => {
          const policy = await trx
            .selectFrom('policies')
            .select(['version', 'enforcement'])
            .where('workspace_id', '=', workspaceId)
            .executeTakeFirst();
          if (policy === undefined) throw new GateError('not_found', `there is no workspace ${workspaceId}`);
          const rows = await trx
            .selectFrom('rules')
            .selectAll()
            .where('workspace_id', '=', workspaceId)
            .orderBy('added_in')
            .execute();
          return { version: policy.version, enforcement: policy.enforcement, rules: rows.map(toRule) };
        });
    },
    async addRule(workspaceId, rule) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await insertRule(workspaceId, rule);
        } catch (error) {
          // Six characters meet one in a billion pairs: another draw, in a transaction of its own.
          if (!(error instanceof GateError) || error.code !== 'conflict' || attempt === ID_ATTEMPTS) throw error;
        }
      }
    },
    removeRule(workspaceId, id) {
      return db.transaction().execute(async (trx) => {
        const result = await trx
          .deleteFrom('rules')
          .where('workspace_id', '=', workspaceId)
          .where('id', '=', id)
          .executeTakeFirst();
        if (result.numDeletedRows === 0n) return false;
        await raiseVersion(trx, workspaceId);
        return true;
      });
    },
    async setEnforcement(workspaceId, enforcement) {
      await db.transaction().execute(async (trx) => {
        await raiseVersion(trx, workspaceId);
        await trx.updateTable('policies').set({ enforcement }).where('workspace_id', '=', workspaceId).execute();
      });
    },
  };
}

function toRule(row: Selectable<Database['rules']>): Rule {
  return {
    id: row.id,
    effect: row.effect,
    who: readStringList(row.who_json, `the people of rule ${row.id}`),
    what: readStringList(row.what_json, `the tools of rule ${row.id}`),
    ...(row.note !== null && { note: row.note }),
    createdAt: row.created_at,
    createdBy: row.created_by,
  };
}
