// Hooks. A change of the one that is asked about calls raises the policy's version, and is announced with it, because it decides what is allowed.
import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import { type ApprovalsHook, type AuthorizeHook, type Hook, logDestination, type LogHook } from '../../domain/hook.ts';
import type { Announce } from '../bus/announce.ts';
import { readJson } from '../json-text.ts';
import type { Database } from '../schema.ts';
import { beginLogFeed, endLogFeed, tryLogFeedNow } from './log-feeds.ts';
import { raisePolicyVersion } from './policy-version.ts';

type Stored = 'createdAt' | 'updatedAt';
/** What a hook is made of. */
export type NewHook = Omit<AuthorizeHook, Stored> | Omit<ApprovalsHook, Stored> | Omit<LogHook, Stored>;

export interface HooksRepository {
  /** By their names. */
  list(workspaceId: string): Promise<Hook[]>;
  find(workspaceId: string, name: string): Promise<Hook | undefined>;
  /** Throws `conflict` where there is one of that name. */
  create(workspaceId: string, hook: NewHook): Promise<Hook>;
  /** `changed` says what becomes of the present state, and may not change name and kind. Throws `not_found`. */
  update(workspaceId: string, name: string, changed: (now: Hook) => NewHook): Promise<{ before: Hook; after: Hook }>;
  /** Undefined where there was none. */
  remove(workspaceId: string, name: string): Promise<Hook | undefined>;
}

const common = { secret: z.string().nullable(), bearer: z.string().nullable() };
const storedOptions = {
  authorize: z.object({
    ...common,
    what: z.array(z.string()),
    approvers: z.array(z.string()),
    sends_arguments: z.boolean(),
  }),
  approvals: z.object({
    ...common,
    format: z.enum(['slack', 'standard']),
    signing_secret: z.string().nullable(),
    people: z.record(z.string(), z.string()),
    by_email: z.boolean(),
  }),
  log: z.object({
    ...common,
    what: z.array(z.string()),
    // What hooks of before have nothing of.
    format: z.enum(['standard', 'otlp']).default('standard'),
    headers: z.record(z.string(), z.string()).default({}),
    ca: z.string().nullable().default(null),
    certificate: z.string().nullable().default(null),
    max_bytes: z.number().nullable().default(null),
  }),
};

export function createHooks(db: Kysely<Database>, clock: Clock, announce: Announce): HooksRepository {
  const change = <T>(
    workspaceId: string,
    work: (trx: Transaction<Database>) => Promise<{ kind: Hook['kind'] | undefined; result: T }>,
  ): Promise<T> =>
    db.transaction().execute(async (trx) => {
      const { kind, result } = await work(trx);
      if (kind === 'authorize') await raisePolicyVersion(trx, workspaceId, announce);
      return result;
    });

  const one = (of: Pick<Kysely<Database>, 'selectFrom'>, workspaceId: string, name: string) =>
    of.selectFrom('hooks').selectAll().where('workspace_id', '=', workspaceId).where('name', '=', name);

  return {
    async list(workspaceId) {
      const rows = await db
        .selectFrom('hooks')
        .selectAll()
        .where('workspace_id', '=', workspaceId)
        .orderBy('name')
        .execute();
      return rows.map(toHook);
    },
    async find(workspaceId, name) {
      const row = await one(db, workspaceId, name).executeTakeFirst();
      return row && toHook(row);
    },
    create: (workspaceId, hook) =>
      change(workspaceId, async (trx) => {
        const at = clock.now();
        const row = { ...toRow(workspaceId, hook), created_at: at, updated_at: at };
        const made = await trx
          .insertInto('hooks')
          .values(row)
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst();
        if (made.numInsertedOrUpdatedRows !== 1n)
          throw new GateError('conflict', `a hook named ${hook.name} exists already`);
        if (hook.kind === 'log')
          await beginLogFeed(trx, { workspaceId, destination: logDestination(workspaceId, hook.name) });
        return { kind: hook.kind, result: toHook(row) };
      }),
    update: (workspaceId, name, changed) =>
      change(workspaceId, async (trx) => {
        // Written first, so that two who change it wait for each other.
        await trx
          .updateTable('hooks')
          .set({ updated_at: clock.now() })
          .where('workspace_id', '=', workspaceId)
          .where('name', '=', name)
          .execute();
        const found = await one(trx, workspaceId, name).executeTakeFirst();
        if (found === undefined) throw new GateError('not_found', `there is no hook ${name}`);
        const before = toHook(found);
        const { kind, url, enabled, timeout_ms, options_json, managed_by } = toRow(workspaceId, changed(before));
        const next = { kind, url, enabled, timeout_ms, options_json, managed_by };
        await trx
          .updateTable('hooks')
          .set(next)
          .where('workspace_id', '=', workspaceId)
          .where('name', '=', name)
          .execute();
        // What was mended is tried now.
        if (before.kind === 'log') await tryLogFeedNow(trx, logDestination(workspaceId, name));
        return { kind: before.kind, result: { before, after: toHook({ ...found, ...next }) } };
      }),
    remove: (workspaceId, name) =>
      change(workspaceId, async (trx) => {
        const row = await trx
          .deleteFrom('hooks')
          .where('workspace_id', '=', workspaceId)
          .where('name', '=', name)
          .returningAll()
          .executeTakeFirst();
        if (row?.kind === 'log') await endLogFeed(trx, logDestination(workspaceId, name));
        return { kind: row?.kind, result: row && toHook(row) };
      }),
  };
}

/** The hook that is asked about calls, where there is one that is enabled. */
export async function readAuthorizeHook(
  trx: Transaction<Database>,
  workspaceId: string,
): Promise<AuthorizeHook | undefined> {
  const row = await trx
    .selectFrom('hooks')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('kind', '=', 'authorize')
    .where('enabled', '=', 1)
    .executeTakeFirst();
  const hook = row && toHook(row);
  return hook?.kind === 'authorize' ? hook : undefined;
}

/** What hooks are asked about names a server by its other name. The caller raises the policy's version. */
export async function renameInHooks(
  trx: Transaction<Database>,
  workspaceId: string,
  rewrite: (what: string) => string,
): Promise<void> {
  await rewriteHooks(trx, workspaceId, (hook) =>
    hook.kind === 'authorize' ? { ...hook, what: hook.what.map(rewrite) } : hook,
  );
}

/**
 * Takes a removed person out of hooks: whoever gets the same name later is another person. Where only they were to decide, administrators are.
 * True where that concerns the hook that is asked about calls.
 */
export async function dropPersonOfHooks(
  trx: Transaction<Database>,
  { workspaceId, name }: { workspaceId: string; name: string },
): Promise<boolean> {
  const named = `user:${name}`;
  return await rewriteHooks(trx, workspaceId, (hook) => {
    if (hook.kind === 'authorize') return { ...hook, approvers: hook.approvers.filter((each) => each !== named) };
    if (hook.kind === 'log') return hook;
    return { ...hook, people: Object.fromEntries(Object.entries(hook.people).filter(([, who]) => who !== named)) };
  });
}

async function rewriteHooks(
  trx: Transaction<Database>,
  workspaceId: string,
  rewrite: (hook: Hook) => Hook,
): Promise<boolean> {
  const rows = await trx.selectFrom('hooks').selectAll().where('workspace_id', '=', workspaceId).execute();
  let isPolicy = false;
  for (const row of rows) {
    const { options_json } = toRow(workspaceId, rewrite(toHook(row)));
    if (options_json === row.options_json) continue;
    isPolicy ||= row.kind === 'authorize';
    await trx
      .updateTable('hooks')
      .set({ options_json })
      .where('workspace_id', '=', workspaceId)
      .where('name', '=', row.name)
      .execute();
  }
  return isPolicy;
}

function toRow(workspaceId: string, hook: NewHook): Omit<Database['hooks'], 'created_at' | 'updated_at'> {
  const { name, kind, url, enabled, timeoutMs, secret, bearer, managedBy, createdBy } = hook;
  const own =
    hook.kind === 'authorize'
      ? { what: hook.what, approvers: hook.approvers, sends_arguments: hook.sendsArguments }
      : hook.kind === 'log'
        ? {
            ...{ what: hook.what, format: hook.format, headers: hook.headers, ca: hook.ca },
            ...{ certificate: hook.certificate, max_bytes: hook.maxBytes },
          }
        : {
            format: hook.format,
            signing_secret: hook.signingSecret,
            people: hook.people,
            by_email: hook.byEmail,
          };
  return {
    ...{ workspace_id: workspaceId, name, kind, url, enabled: enabled ? 1 : 0, timeout_ms: timeoutMs },
    options_json: JSON.stringify({ secret, bearer, ...own }),
    ...{ managed_by: managedBy, created_by: createdBy },
  };
}

function toHook(row: Selectable<Database['hooks']>): Hook {
  const base = {
    name: row.name,
    url: row.url,
    enabled: row.enabled === 1,
    timeoutMs: row.timeout_ms,
    managedBy: row.managed_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    createdBy: row.created_by,
  };
  const what = `the options of hook ${row.name}`;
  if (row.kind === 'authorize') {
    const { sends_arguments: sendsArguments, ...options } = readJson(storedOptions.authorize, row.options_json, what);
    return { ...base, ...options, sendsArguments, kind: 'authorize' };
  }
  if (row.kind === 'log') {
    const { max_bytes: maxBytes, ...options } = readJson(storedOptions.log, row.options_json, what);
    return { ...base, ...options, maxBytes, kind: 'log' };
  }
  const {
    signing_secret: signingSecret,
    by_email: byEmail,
    ...options
  } = readJson(storedOptions.approvals, row.options_json, what);
  return { ...base, ...options, signingSecret, byEmail, kind: 'approvals' };
}
