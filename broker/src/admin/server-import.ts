// `server import`: every entry of a client's configuration becomes a server, its secrets go into the vault. All or nothing: everything
// is checked before anything is stored, and a failure while storing undoes what was.
import type { ImportResult } from 'mcpgate-shared/api/servers';
import { ServerNameSchema } from 'mcpgate-shared/api/fields';
import { GateError } from 'mcpgate-shared/error';
import { limitNotes } from '../domain/resource-limits.ts';
import type { Isolation, ServerRecord } from '../domain/server-record.ts';
import { legalServerName, readClientEntry, type ServerDraft } from './client-config.ts';
import type { AdminDependencies } from './dependencies.ts';
import type { Caller } from './operation.ts';
import { extractSecrets, type FoundSecret } from './secret-extraction.ts';
import { assertMaySend, secretsOf } from './secret-references.ts';
import { assertMayRun } from './stdio-permission.ts';

type Needs = Pick<AdminDependencies, 'store' | 'vault' | 'audit' | 'upstreams' | 'allowedCommands'>;

interface ImportRequest {
  mcpServers: Readonly<Record<string, unknown>>;
  isolation: Readonly<Record<string, Isolation>>;
  trust_annotations: readonly string[];
}

interface Plan {
  draft: ServerDraft;
  isolation: Isolation;
  trustAnnotations: boolean;
  found: readonly FoundSecret[];
}

export async function importServers(needs: Needs, request: ImportRequest, caller: Caller): Promise<ImportResult> {
  const existing = await needs.store.servers.list(caller.workspaceId);
  const { plans, skipped } = plan(request, existing);
  for (const { draft } of plans) assertMayRun(caller, draft.name, draft.transport, needs.allowedCommands);
  await carryOut(needs, plans, caller);
  await needs.upstreams.reload();
  const all = plans.flatMap(({ draft, found }) => found.map((secret) => ({ ...secret, server: draft.name })));
  const shown = (secret: FoundSecret & { server: string }) => ({
    name: secret.name,
    server: secret.server,
    from: secret.from,
  });
  return {
    servers: plans.map(({ draft }) => draft.name),
    secrets: all.filter((secret) => secret.value !== undefined).map(shown),
    unset: all.filter((secret) => secret.value === undefined).map(shown),
    warnings: [...skipped, ...plans.flatMap(({ draft }) => draft.warnings)],
  };
}

function plan(request: ImportRequest, existing: readonly ServerRecord[]): { plans: Plan[]; skipped: string[] } {
  const mistakes: string[] = [];
  const skipped: string[] = [];
  const plans: Plan[] = [];
  const usedSecrets = new Set(existing.flatMap((server) => secretsOf(server.transport)));
  for (const [name, value] of Object.entries(request.mcpServers)) {
    try {
      const read = readClientEntry(name, value);
      if ('skipped' in read) {
        skipped.push(read.skipped);
        continue;
      }
      if (!ServerNameSchema.safeParse(name).success) {
        throw new GateError(
          'usage',
          `"${name}" is no name for a server ([a-z0-9-]{1,24}); rename it, for example to "${legalServerName(name)}"`,
        );
      }
      if (existing.some((server) => server.name === name)) {
        throw new GateError(
          'conflict',
          `${name}: a server of this name exists already; remove it first (\`server remove ${name}\`) or rename this one`,
        );
      }
      const { transport, found } = extractSecrets(name, read.transport, (secret) => usedSecrets.has(secret));
      for (const secret of found) usedSecrets.add(secret.name);
      plans.push({
        draft: { ...read, transport },
        isolation: request.isolation[name] ?? 'shared',
        trustAnnotations: request.trust_annotations.includes(name),
        found,
      });
    } catch (error) {
      if (!(error instanceof GateError)) throw error;
      mistakes.push(error.message);
    }
  }
  const named = (flag: string, names: readonly string[]) => {
    for (const name of names) {
      if (!Object.hasOwn(request.mcpServers, name))
        mistakes.push(`${flag} ${name}: the file has no server of this name`);
    }
  };
  named('--isolation', Object.keys(request.isolation));
  named('--trust-annotations', request.trust_annotations);
  if (plans.length === 0 && mistakes.length === 0) mistakes.push('the file holds no server to import');
  if (mistakes.length > 0)
    throw new GateError('usage', `nothing was imported:\n${mistakes.map((line) => `  ${line}`).join('\n')}`);
  return { plans, skipped };
}

async function carryOut({ store, vault, audit }: Needs, plans: readonly Plan[], caller: Caller): Promise<void> {
  const { workspaceId, actor } = caller;
  const before = new Set((await vault.list(workspaceId)).map((secret) => secret.name));
  for (const { draft } of plans) assertMaySend(caller, secretsOf(draft.transport), before);
  const undo: (() => Promise<unknown>)[] = [];
  try {
    for (const { draft, isolation, trustAnnotations, found } of plans) {
      for (const { name, value } of found) {
        if (value === undefined) continue;
        if (!before.has(name)) undo.push(() => vault.remove(workspaceId, name));
        await vault.set(workspaceId, name, value, 'import');
      }
      const { name, enabled, transport } = draft;
      const created = await store.servers.create({
        workspaceId,
        name,
        enabled,
        transport,
        isolation,
        trustAnnotations,
      });
      undo.push(() => store.servers.remove(created.id));
    }
  } catch (error) {
    for (const step of undo.toReversed()) await step();
    throw error;
  }
  for (const { draft, isolation, trustAnnotations, found } of plans) {
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
        secrets: found.map((secret) => secret.name),
      },
    });
  }
}
