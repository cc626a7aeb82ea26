// The registered upstream servers.
import { catalogueApi } from 'mcpgate-shared/api/catalogue';
import { serversApi, type Server } from 'mcpgate-shared/api/servers';
import { GateError } from 'mcpgate-shared/error';
import { shownLimits } from '../domain/resource-limits.ts';
import { isolationOf, type ServerRecord } from '../domain/server-record.ts';
import { changedTransport, shownTransport } from '../domain/transports/transports.ts';
import { inWorkspace } from '../domain/workspace.ts';
import type { UpstreamStatus } from '../upstreams/upstream.ts';
import { secretNamesIn, secretNamesOfRecord } from '../domain/transports/transport-texts.ts';
import { assertAccountFits, fromAccountForm, toAccountForm } from './account-forms.ts';
import { addServer, takenSecretNames } from './add-server.ts';
import { entryNamed } from './catalogue-operations.ts';
import type { AdminDependencies } from './dependencies.ts';
import { isoTime } from './iso-time.ts';
import { operation, type Caller, type Operation } from './operation.ts';
import { assertMaySend } from './import/secret-references.ts';
import { importServers } from './import/server-import.ts';
import { ownLimitNotes } from './own-limit-notes.ts';
import { planFromEntry } from './plan-from-entry.ts';
import { assertMayRun } from './stdio-permission.ts';

function toServer(record: ServerRecord, status: UpstreamStatus | undefined): Server {
  const { network, ...fields } = shownTransport(record.transport);
  return {
    id: record.id,
    name: record.name,
    enabled: record.enabled,
    isolation: isolationOf(record),
    credential: record.credential,
    account: record.account && fromAccountForm(record.account),
    trust_annotations: record.trustAnnotations,
    transport: record.transport.kind,
    ...fields,
    secrets: secretNamesOfRecord(record),
    state: record.enabled ? (status?.state ?? 'idle') : 'disabled',
    circuit: status?.circuit ?? 'closed',
    retry_at: status === undefined || status.retryAt === null ? null : isoTime(status.retryAt),
    flapping: status?.flapping ?? false,
    error: status?.error ?? null,
    stderr: [...(status?.stderr ?? [])],
    warnings: [...(status?.warnings ?? [])],
    tools: status?.tools ?? null,
    processes: status?.processes ?? 0,
    unisolated: status?.processIsolation === 'none',
    process_isolation: status?.processIsolation ?? null,
    no_sandbox: status?.noSandbox ?? null,
    network,
    limits: status === undefined || status.limits === null ? null : shownLimits(status.limits),
    limits_missing: status?.limitsMissing ?? null,
    created_at: isoTime(record.createdAt),
    updated_at: isoTime(record.updatedAt),
  };
}

export function serverOperations(
  needs: Pick<AdminDependencies, 'store' | 'vault' | 'audit' | 'upstreams' | 'allowedCommands' | 'registry'>,
): Operation[] {
  const { store, audit, upstreams, allowedCommands, registry } = needs;

  const find = async (workspaceId: string, name: string): Promise<ServerRecord> => {
    const record = await store.servers.byName(workspaceId, name);
    if (record === undefined)
      throw new GateError(
        'not_found',
        `no server named ${name}; \`server list${inWorkspace(workspaceId)}\` shows the names`,
      );
    return record;
  };
  const show = (record: ServerRecord): Server =>
    toServer(
      record,
      upstreams.status(record.workspaceId).find((status) => status.name === record.name),
    );
  const changed = async (
    { workspaceId, actor }: Caller,
    type: string,
    record: ServerRecord,
    more: Readonly<Record<string, string>> = {},
  ): Promise<void> => {
    await audit.event({
      workspace_id: workspaceId,
      type,
      actor: actor.name,
      subject: `server:${record.name}`,
      address: actor.address,
      data: {
        transport: record.transport.kind,
        isolation: isolationOf(record),
        credential: record.credential,
        ...(record.account === null ? {} : { account: record.account.kind }),
        trust_annotations: record.trustAnnotations,
        ...ownLimitNotes(record.transport),
        ...more,
      },
    });
    await upstreams.reload();
  };
  const setEnabled = async (caller: Caller, name: string, enabled: boolean): Promise<Server> => {
    const record = await find(caller.workspaceId, name);
    // Putting a server down is open to every operator; starting one that was put down is not.
    if (enabled) assertMayRun(caller, name, record.transport, allowedCommands);
    const updated = await store.servers.update(record.id, { enabled });
    await changed(caller, enabled ? 'server.enabled' : 'server.disabled', updated);
    return show(updated);
  };

  return [
    operation(serversApi.list, async (_input, { workspaceId }) => {
      const status = new Map(upstreams.status(workspaceId).map((entry) => [entry.name, entry]));
      return (await store.servers.list(workspaceId)).map((record) => toServer(record, status.get(record.name)));
    }),
    operation(serversApi.add, async ({ body }, caller) => {
      const record = await addServer(needs, body, caller);
      await changed(caller, 'server.added', record);
      return show(record);
    }),
    operation(catalogueApi.add, async ({ body }, caller) => {
      const taken = await takenSecretNames(needs, caller.workspaceId);
      const entry = await entryNamed(registry, body.from);
      if (body.version !== undefined && body.version !== entry.version)
        throw new GateError(
          'conflict',
          `${entry.name} is version ${entry.version ?? '(none)'} by now; look at it again`,
        );
      const { form, brought, missing } = planFromEntry(entry, body, taken);
      const secrets = brought.map(({ field, name }) => ({ field, name }));
      const plan = { record: form, secrets, missing, dry_run: body.dry_run };
      if (body.dry_run) return { ...plan, server: null };
      const record = await addServer(needs, form, caller, brought);
      await changed(caller, 'server.added', record, { catalogue: entry.name });
      return { ...plan, server: show(record) };
    }),
    operation(serversApi.import, async ({ body }, caller) => await importServers(needs, body, caller)),
    operation(serversApi.show, async ({ params }, { workspaceId }) => show(await find(workspaceId, params.name))),
    operation(serversApi.update, async ({ params, body }, caller) => {
      const record = await find(caller.workspaceId, params.name);
      const { limits, network } = body;
      const transport = changedTransport(record.name, record.transport, { limits, network });
      assertMayRun(caller, record.name, transport, allowedCommands);
      const credential = body.credential ?? record.credential;
      const account = body.account === undefined ? record.account : body.account && toAccountForm(body.account);
      assertAccountFits({ name: record.name, transport, credential, account });
      // What is sent to an authorization server is told by the account as well.
      const known = new Set(body.account === undefined ? secretNamesOfRecord(record) : secretNamesIn(record.transport));
      assertMaySend(caller, secretNamesOfRecord({ transport, account }), known);
      const updated = await store.servers.update(record.id, {
        ...(body.credential === undefined ? {} : { credential }),
        ...(body.account === undefined ? {} : { account }),
        ...(body.trust_annotations === undefined ? {} : { trustAnnotations: body.trust_annotations }),
        ...(body.isolation === undefined ? {} : { isolation: body.isolation }),
        ...(transport === record.transport ? {} : { transport }),
      });
      await changed(caller, 'server.changed', updated);
      await upstreams.refresh(updated);
      return show(updated);
    }),
    operation(serversApi.test, async ({ params }, caller) => {
      const record = await find(caller.workspaceId, params.name);
      if (!record.enabled) assertMayRun(caller, record.name, record.transport, allowedCommands);
      const steps = await upstreams.test(
        record,
        caller.principal?.user === undefined ? null : `user:${caller.principal.user.id}`,
      );
      return steps.map((step) => ({ ...step, warnings: [...step.warnings] }));
    }),
    operation(serversApi.enable, async ({ params }, caller) => await setEnabled(caller, params.name, true)),
    operation(serversApi.disable, async ({ params }, caller) => await setEnabled(caller, params.name, false)),
    operation(serversApi.remove, async ({ params }, caller) => {
      const record = await find(caller.workspaceId, params.name);
      await store.servers.remove(record.id);
      await changed(caller, 'server.removed', record);
      return toServer(record, undefined);
    }),
  ];
}
