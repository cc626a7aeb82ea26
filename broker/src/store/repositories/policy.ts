// The rules and the enforcement of each workspace, which are read together with its bundles. Every change raises the policy's version, and is
// announced to the other brokers, in the same transaction.
import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { LimitPerSchema } from 'mcpgate-shared/api/rules';
import { z } from 'zod';
import {
  PLAIN_RULE,
  type NewRule,
  type Rule,
  type RuleLimit,
  type Enforcement,
  type PolicySnapshot,
} from '../../domain/rule.ts';
import type { Announce } from '../bus/announce.ts';
import { readJson, readStringList } from '../json-text.ts';
import type { Database } from '../schema.ts';
import { shortId } from '../short-id.ts';
import { readBundles } from './bundles.ts';
import { dropPersonOfHooks, readAuthorizeHook } from './hooks.ts';
import { managersIn } from './managed.ts';
import { raisePolicyVersion } from './policy-version.ts';

/** What became of the rules that named a removed person, by their ids. */
export interface FallenRules {
  /** Rules that named nobody else, and were removed. */
  removed: string[];
  /** Rules that go on for the others whom they name. */
  narrowed: string[];
}

export interface PolicyRepository {
  snapshot(workspaceId: string): Promise<PolicySnapshot>;
  /** Of all workspaces. */
  enforcements(): Promise<{ workspaceId: string; enforcement: Enforcement }[]>;
  /** `id`: the name of a rule of a configuration; a random one unless said. Throws `conflict` where a rule has it. */
  addRule(workspaceId: string, rule: NewRule, id?: string): Promise<Rule>;
  /** Says something else from now on, under its id. Throws `not_found`. */
  changeRule(workspaceId: string, id: string, rule: NewRule): Promise<{ before: Rule; after: Rule }>;
  /** `missed`: what it said, where somebody may miss it. */
  removeRule(workspaceId: string, id: string, missed?: { sentence: string; by: string }): Promise<boolean>;
  /** Rules that were removed and may be missed, the latest first. One that is there again is none. */
  removedRules(workspaceId: string): Promise<RemovedRule[]>;
  /** It was meant. What it said; undefined: none of that id is missed. */
  forgetRemoved(workspaceId: string, id: string): Promise<string | undefined>;
  setEnforcement(workspaceId: string, enforcement: Enforcement): Promise<void>;
}

export interface RemovedRule {
  id: string;
  sentence: string;
  /** Who removed it. */
  by: string;
}

/** Of a workspace. */
const MOST_REMOVED = 1_000;
const ID_ATTEMPTS = 4;

export function createPolicy(db: Kysely<Database>, clock: Clock, announce: Announce): PolicyRepository {
  const raiseVersion = (trx: Transaction<Database>, workspaceId: string): Promise<number> =>
    raisePolicyVersion(trx, workspaceId, announce);

  return {
    async snapshot(workspaceId) {
      // Both reads see the same state of the database, so that the version belongs to these rules.
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
          const hook = await readAuthorizeHook(trx, workspaceId);
          const managers = await managersIn(trx, workspaceId, 'rule');
          return {
            version: policy.version,
            enforcement: policy.enforcement,
            rules: rows.map((row) => toRule(row, managers.get(row.id))),
            bundles: await readBundles(trx, workspaceId),
            ...(hook && { hook }),
          };
        });
    },
    enforcements: async () =>
      await db
        .selectFrom('policies')
        .select(['workspace_id as workspaceId', 'enforcement'])
        .orderBy('workspace_id')
        .execute(),
    async addRule(workspaceId, rule, id) {
      const insert = (): Promise<Rule> =>
        db.transaction().execute((trx) => insertRule(trx, { workspaceId, rule, id, clock, announce }));
      return id === undefined ? await withFreshId(insert) : await insert();
    },
    changeRule(workspaceId, id, rule) {
      return db.transaction().execute(async (trx) => {
        await raiseVersion(trx, workspaceId);
        const query = trx.selectFrom('rules').selectAll().where('workspace_id', '=', workspaceId);
        const before = await query.where('id', '=', id).executeTakeFirst();
        if (before === undefined) throw new GateError('not_found', `there is no rule ${id}`);
        const said = saidOf(rule);
        await trx.updateTable('rules').set(said).where('workspace_id', '=', workspaceId).where('id', '=', id).execute();
        return { before: toRule(before), after: toRule({ ...before, ...said }) };
      });
    },
    removeRule(workspaceId, id, missed) {
      return db.transaction().execute(async (trx) => {
        const result = await trx
          .deleteFrom('rules')
          .where('workspace_id', '=', workspaceId)
          .where('id', '=', id)
          .executeTakeFirst();
        if (result.numDeletedRows === 0n) return false;
        await raiseVersion(trx, workspaceId);
        await noteRemoved(trx, workspaceId, id, missed, clock.now());
        return true;
      });
    },
    removedRules: async (workspaceId) =>
      await db
        .selectFrom('removed_rules')
        .select(['id', 'sentence', 'removed_by as by'])
        .where('workspace_id', '=', workspaceId)
        .orderBy('removed_at', 'desc')
        .orderBy('id')
        .execute(),
    async forgetRemoved(workspaceId, id) {
      const row = await db
        .deleteFrom('removed_rules')
        .where('workspace_id', '=', workspaceId)
        .where('id', '=', id)
        .returning('sentence')
        .executeTakeFirst();
      return row?.sentence;
    },
    async setEnforcement(workspaceId, enforcement) {
      await db.transaction().execute(async (trx) => {
        await raiseVersion(trx, workspaceId);
        await trx.updateTable('policies').set({ enforcement }).where('workspace_id', '=', workspaceId).execute();
      });
    },
  };
}

/** Keeps what it said where it may be missed, of the latest rules alone; a rule of a configuration may have been removed before. */
async function noteRemoved(
  trx: Transaction<Database>,
  workspaceId: string,
  id: string,
  missed: { sentence: string; by: string } | undefined,
  now: number,
): Promise<void> {
  const removed = trx.deleteFrom('removed_rules').where('workspace_id', '=', workspaceId);
  await removed.where('id', '=', id).execute();
  if (missed === undefined) return;
  const { sentence, by } = missed;
  const row = { workspace_id: workspaceId, id, sentence, removed_by: by, removed_at: now };
  await trx.insertInto('removed_rules').values(row).execute();
  const latest = trx
    .selectFrom('removed_rules')
    .select('id')
    .where('workspace_id', '=', workspaceId)
    .orderBy('removed_at', 'desc')
    .limit(MOST_REMOVED);
  await removed.where('id', 'not in', latest).execute();
}

/** `insert`: draws a new id each time. Two random ids of six characters are the same once in a billion pairs: then another one is drawn. */
export async function withFreshId<Result>(insert: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await insert();
    } catch (error) {
      if (!(error instanceof GateError) || error.code !== 'conflict' || attempt === ID_ATTEMPTS) throw error;
    }
  }
}

/** `id`: left out: one is drawn. Throws `conflict` where it is taken. */
export async function insertRule(
  trx: Transaction<Database>,
  {
    workspaceId,
    rule,
    id = shortId('r_', 6),
    clock,
    announce,
  }: { workspaceId: string; rule: NewRule; id?: string | undefined; clock: Clock; announce: Announce },
): Promise<Rule> {
  const row: Database['rules'] = {
    workspace_id: workspaceId,
    id,
    added_in: await raisePolicyVersion(trx, workspaceId, announce),
    created_at: clock.now(),
    created_by: rule.createdBy,
    ...saidOf(rule),
  };
  await trx.insertInto('rules').values(row).execute();
  await trx.deleteFrom('removed_rules').where('workspace_id', '=', workspaceId).where('id', '=', id).execute();
  return toRule(row);
}

/**
 * Takes `user:NAME` of a removed person out of every rule of the workspace, because somebody who gets the same name later is another person. A rule
 * that names nobody else is removed. Globs stay as they are: they are about names, and not about persons.
 */
export async function dropRulesOfPerson(
  trx: Transaction<Database>,
  person: { workspaceId: string; name: string },
  announce: Announce,
): Promise<FallenRules> {
  const named = `user:${person.name}`;
  const rows = await trx
    .selectFrom('rules')
    .select(['id', 'who_json', 'except_json', 'approvers_json'])
    .where('workspace_id', '=', person.workspaceId)
    .orderBy('added_in')
    .execute();
  const fallen: FallenRules = { removed: [], narrowed: [] };
  for (const { id, who_json, except_json, approvers_json } of rows) {
    const lists = [who_json, except_json, approvers_json].map((json) =>
      readStringList(json, `the people of rule ${id}`),
    );
    if (!lists.some((list) => list.includes(named))) continue;
    const [who = [], except = [], approvers = []] = lists.map((list) => list.filter((each) => each !== named));
    if (who.length === 0) {
      await trx.deleteFrom('rules').where('workspace_id', '=', person.workspaceId).where('id', '=', id).execute();
      fallen.removed.push(id);
    } else {
      await trx
        .updateTable('rules')
        .set({
          who_json: JSON.stringify(who),
          except_json: JSON.stringify(except),
          approvers_json: JSON.stringify(approvers),
        })
        .where('workspace_id', '=', person.workspaceId)
        .where('id', '=', id)
        .execute();
      fallen.narrowed.push(id);
    }
  }
  const isInHook = await dropPersonOfHooks(trx, person);
  if (isInHook || fallen.removed.length + fallen.narrowed.length > 0)
    await raisePolicyVersion(trx, person.workspaceId, announce);
  return fallen;
}

/** All of a rule but its id and where it comes from, as columns. */
function saidOf(rule: NewRule) {
  const { except, limits, observe, approvers } = { ...PLAIN_RULE, ...rule };
  return {
    effect: rule.effect,
    who_json: JSON.stringify(rule.who),
    what_json: JSON.stringify(rule.what),
    note: rule.note ?? null,
    except_json: JSON.stringify(except),
    condition: rule.when ?? null,
    limits_json: JSON.stringify(limits),
    ends_at: rule.until ?? null,
    observe: observe ? 1 : 0,
    approvers_json: JSON.stringify(approvers),
  };
}

const limitList: z.ZodType<RuleLimit[]> = z.array(
  z.object({
    most: z.number(),
    withinMs: z.number(),
    per: LimitPerSchema,
    sum: z.string().exactOptional(),
  }),
);

function toRule(row: Selectable<Database['rules']>, managedBy?: string): Rule {
  const { id } = row;
  return {
    id,
    effect: row.effect,
    who: readStringList(row.who_json, `the people of rule ${id}`),
    except: readStringList(row.except_json, `the exceptions of rule ${id}`),
    what: readStringList(row.what_json, `the tools of rule ${id}`),
    ...(row.condition !== null && { when: row.condition }),
    limits: readJson(limitList, row.limits_json, `the limits of rule ${id}`),
    ...(row.ends_at !== null && { until: row.ends_at }),
    observe: row.observe !== 0,
    approvers: readStringList(row.approvers_json, `the approvers of rule ${id}`),
    ...(row.note !== null && { note: row.note }),
    ...(managedBy !== undefined && { managedBy }),
    createdAt: row.created_at,
    createdBy: row.created_by,
  };
}
