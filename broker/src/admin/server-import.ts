// `server import`: every entry of a client's configuration becomes a server, its secrets go into the vault. Everything is checked before
// anything is stored, and a failure while storing undoes what was.
import type { ImportResult } from 'mcpgate-shared/api/servers';
import { limitNotes } from '../domain/resource-limits.ts';
import { secretNamesIn } from '../values/transport-places.ts';
import type { AdminDependencies } from './dependencies.ts';
import { type ImportRequest, planImport, type PlannedServer } from './import-plan.ts';
import type { Caller } from './operation.ts';
import { assertMaySend } from './secret-references.ts';
import { assertMayRun } from './stdio-permission.ts';

type Needs = Pick<AdminDependencies, 'store' | 'vault' | 'audit' | 'upstreams' | 'allowedCommands'>;

export async function importServers(
  needs: Needs,
  request: ImportRequest & { dry_run: boolean },
  caller: Caller,
): Promise<ImportResult> {
  const plan = planImport(
    request,
    await needs.store.servers.list(caller.workspaceId),
    await needs.upstreams.processIsolation(),
    new Set((await needs.vault.list(caller.workspaceId)).map((secret) => secret.name)),
  );
  for (const { draft } of plan.servers) assertMayRun(caller, draft.name, draft.transport, needs.allowedCommands);
  const found = plan.servers.flatMap((server) => server.found).filter(({ kind }) => kind !== 'placeholder');
  const brought = new Set(found.map(({ name }) => name));
  for (const { draft } of plan.servers) assertMaySend(caller, secretNamesIn(draft.transport), brought);
  if (!request.dry_run) {
    await carryOut(needs, plan.servers, caller);
    await needs.upstreams.reload();
  }
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

async function carryOut(
  { store, vault, audit }: Needs,
  servers: readonly PlannedServer[],
  { workspaceId, actor }: Caller,
): Promise<void> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    for (const { draft, isolation, trustAnnotations, found } of servers) {
      const used = new Set(secretNamesIn(draft.transport));
      for (const { name, value } of found) {
        if (value === undefined || !used.has(name)) continue;
        undo.push(() => vault.remove(workspaceId, name));
        await vault.set(workspaceId, name, value, 'import');
      }
      const { name, enabled, transport } = draft;
      const record = { workspaceId, name, enabled, transport, isolation, trustAnnotations };
      const created = await store.servers.create(record);
      undo.push(() => store.servers.remove(created.id));
    }
  } catch (error) {
    for (const step of undo.toReversed()) await step();
    throw error;
  }
  for (const { draft, isolation, trustAnnotations } of servers) {
    await audit.event({
      workspace_id: workspaceId,
      type: 'server.imported',
      actor: actor.name,
      subject: `server:${draft.name}`,
      address: actor.address,
      data: {
        transport: draft.transport.kind,
        isolation,
        trust_annotations: trustAnnotations,
        ...(draft.transport.kind === 'stdio' &&
          draft.transport.limits !== undefined && { limits: limitNotes(draft.transport.limits) }),
        secrets: secretNamesIn(draft.transport),
      },
    });
  }
}
