// `server import`: makes a server of each entry in an AI client's file, and puts its secrets into the vault. Everything is checked before
// anything is stored; where storing fails, what was stored is undone.
import { randomInt } from 'node:crypto';
import type { ImportResult } from 'mcpgate-shared/api/servers/server-results';
import { GateError } from 'mcpgate-shared/error';
import type { ServerRecord } from '../../domain/server-record.ts';
import { secretNamesIn, secretNamesOfRecord } from '../../domain/transports/transport-texts.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { type ImportPlan, type ImportRequest, planImport, type PlannedServer } from './import-plan.ts';
import { eventBy, type Caller } from '../operation.ts';
import { ownLimitNotes, recordNotes } from '../servers/record-changes.ts';
import type { FoundSecret } from 'mcpgate-shared/entries/secret-extraction';
import { assertAccountFits } from '../accounts/account-forms.ts';
import { assertMaySend } from './secret-references.ts';
import { assertMayRun } from '../servers/stdio-permission.ts';

type Needs = Pick<AdminDependencies, 'store' | 'vault' | 'audit' | 'upstreams' | 'allowedCommands'>;

const ATTEMPTS = 5;

/** Throws `conflict` where at each of `ATTEMPTS` attempts another import takes a name first that this one has made up. */
export async function importServers(
  needs: Needs,
  request: ImportRequest & { dry_run: boolean },
  caller: Caller,
): Promise<ImportResult> {
  const collided = createCollisions();
  for (let attempt = 1; ; attempt++) {
    const plan = planImport(
      request,
      await needs.store.servers.list(caller.workspaceId),
      await needs.upstreams.processIsolation(),
      new Set((await needs.vault.list(caller.workspaceId)).map((secret) => secret.name)),
      (name) => collided.covers(name),
    );
    for (const { draft } of plan.servers) assertAccountFits({ ...draft, credential: 'shared', account: null });
    for (const { draft } of plan.servers) assertMayRun(caller, draft.name, draft.transport, needs.allowedCommands);
    const found = plan.servers.flatMap((server) => server.found).filter(({ kind }) => kind !== 'placeholder');
    const brought = new Set(found.map(({ name }) => name));
    for (const { draft } of plan.servers) assertMaySend(caller, secretNamesIn(draft.transport), brought);
    if (request.dry_run) return resultOf(plan, request);
    const taken = await carryOut(needs, plan.servers, caller);
    if (taken === undefined) {
      await needs.upstreams.reload();
      return resultOf(plan, request);
    }
    if (attempt === ATTEMPTS)
      throw new GateError('conflict', `${taken} was taken by somebody else meanwhile; nothing was imported, try again`);
    collided.add(taken);
  }
}

/**
 * Names that another import took first. Both imports may have to choose new names at the same moment; the random step keeps them from choosing
 * the same number again.
 */
function createCollisions(): { add(name: string): void; covers(name: string): boolean } {
  const upTo = new Map<string, number>();
  const parts = (name: string): [base: string, number: number] => {
    const [, base = name, digits = '1'] = /^(.*)-(\d+)$/.exec(name) ?? [];
    return [base, Number(digits)];
  };
  return {
    add(name) {
      const [base, number] = parts(name);
      upTo.set(base, Math.max(number, upTo.get(base) ?? 0) + randomInt(8));
    },
    covers(name) {
      const [base, number] = parts(name);
      return number <= (upTo.get(base) ?? 0);
    },
  };
}

function resultOf(plan: ImportPlan, request: ImportRequest & { dry_run: boolean }): ImportResult {
  const plain = new Set(request.plain);
  const all = plan.servers.flatMap(({ draft, found }) => found.map((secret) => ({ ...secret, server: draft.name })));
  return {
    servers: plan.servers.map(({ draft }) => draft.name),
    renamed: [...plan.renamed],
    secrets: all.flatMap(({ name, server, from, kind }) =>
      kind === 'placeholder' || (kind === 'doubtful' && plain.has(name)) ? [] : [{ name, server, from, kind }],
    ),
    unset: all.filter(({ kind }) => kind === 'placeholder').map(({ name, server, from }) => ({ name, server, from })),
    warnings: [...plan.warnings],
    dry_run: request.dry_run,
  };
}

/**
 * Stores the servers and their secrets. Returns undefined where all is stored; else the name that somebody else has taken since the plan was
 * made, with everything undone. Records are stored before secrets: so of two imports that make up the same secret's name, at least one sees
 * the other's record before it stores a secret under that name.
 */
async function carryOut(
  { store, vault, audit }: Needs,
  servers: readonly PlannedServer[],
  { workspaceId, actor }: Caller,
): Promise<string | undefined> {
  const undo: (() => Promise<unknown>)[] = [];
  /** What the log says of each. */
  const imported = new Map<string, string[]>();
  const undoAll = async (): Promise<void> => {
    for (const step of undo.toReversed()) await step();
  };
  try {
    const own = new Set<string>();
    for (const { draft, isolation, trustAnnotations } of servers) {
      const { name, enabled, transport } = draft;
      const record = { workspaceId, name, enabled, transport, isolation, trustAnnotations };
      const created = await createdOrTaken(store, record);
      if (created === undefined) {
        await undoAll();
        return name;
      }
      own.add(created.id);
      imported.set(name, recordNotes(name, created));
      undo.push(() => store.servers.remove(created.id));
    }
    const made = servers.flatMap(({ draft, found }) => {
      const used = new Set(secretNamesIn(draft.transport));
      return found.filter(({ name }) => used.has(name));
    });
    let taken = await takenOf({ store, vault }, workspaceId, own, made);
    for (const { name, value } of made) {
      if (taken !== undefined || value === undefined) continue;
      if ((await vault.add(workspaceId, name, value, 'import', { setBy: actor.name })) === undefined) taken = name;
      else undo.push(() => vault.remove(workspaceId, name));
    }
    if (taken !== undefined) {
      await undoAll();
      return taken;
    }
  } catch (error) {
    await undoAll();
    throw error;
  }
  for (const { draft, isolation, trustAnnotations } of servers) {
    await audit.event(
      eventBy(
        { workspaceId, actor },
        {
          type: 'server.imported',
          subject: `server:${draft.name}`,
          data: {
            transport: draft.transport.kind,
            isolation,
            trust_annotations: trustAnnotations,
            ...ownLimitNotes(draft.transport),
            secrets: secretNamesIn(draft.transport),
            ...{ before: [], after: imported.get(draft.name) ?? [] },
          },
        },
      ),
    );
  }
  return undefined;
}

async function createdOrTaken(
  store: Needs['store'],
  record: Parameters<Needs['store']['servers']['create']>[0],
): Promise<ServerRecord | undefined> {
  try {
    return await store.servers.create(record);
  } catch (error) {
    if (error instanceof GateError && error.code === 'conflict') return undefined;
    throw error;
  }
}

/** The first of the names in `made` that a secret of the vault has, or that a record which is not in `own` refers to. */
async function takenOf(
  { store, vault }: Pick<Needs, 'store' | 'vault'>,
  workspaceId: string,
  own: ReadonlySet<string>,
  made: readonly FoundSecret[],
): Promise<string | undefined> {
  const others = (await store.servers.list(workspaceId)).filter(({ id }) => !own.has(id));
  const taken = new Set([
    ...others.flatMap(secretNamesOfRecord),
    ...(await vault.list(workspaceId)).map(({ name }) => name),
  ]);
  return made.find(({ name }) => taken.has(name))?.name;
}
