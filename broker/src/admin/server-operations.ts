// The registered upstream servers.
import { serversApi, type Server } from 'mcpgate-shared/api/servers';
import { GateError } from 'mcpgate-shared/error';
import { shownLimits } from '../domain/resource-limits.ts';
import { isolationOf, type ServerRecord } from '../domain/server-record.ts';
import { changedTransport, readTransport, shownTransport, type Transport } from '../domain/transports/transports.ts';
import { inWorkspace } from '../domain/workspace.ts';
import type { UpstreamStatus } from '../upstreams/upstream.ts';
import { secretNamesIn, secretNamesOfRecord } from '../domain/transports/transport-texts.ts';
import { assertAccountFits, fromAccountForm, toAccountForm } from './account-forms.ts';
import type { AdminDependencies } from './dependencies.ts';
import { isoTime } from './iso-time.ts';
import { operation, type Caller, type Operation } from './operation.ts';
import { extractSecrets } from 'mcpgate-shared/entries/secret-extraction';
import { assertMaySend } from './import/secret-references.ts';
import { importServers } from './import/server-import.ts';
import { ownLimitNotes } from './own-limit-notes.ts';
import { assertMayRun } from './stdio-permission.ts';
import { senseOfValue } from 'mcpgate-shared/entries/value-sense';

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
  needs: Pick<AdminDependencies, 'store' | 'vault' | 'audit' | 'upstreams' | 'allowedCommands'>,
): Operation[] {
  const { store, vault, audit, upstreams, allowedCommands } = needs;

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
  const changed = async ({ workspaceId, actor }: Caller, type: string, record: ServerRecord): Promise<void> => {
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
      const { name, isolation, credential, trust_annotations: trustAnnotations } = body;
      const transport = readTransport(body.transport);
      const account = body.account && toAccountForm(body.account);
      assertAccountFits({ name, transport, credential, account });
      assertMayRun(caller, name, transport, allowedCommands);
      const known = new Set((await vault.list(caller.workspaceId)).map((secret) => secret.name));
      refusePlainSecrets(name, transport, caller.workspaceId, known);
      const wanted = secretNamesOfRecord({ transport, account });
      assertMaySend(caller, wanted, new Set());
      const missing = wanted.filter((secret) => !known.has(secret));
      if (missing.length > 0) {
        throw new GateError(
          'not_found',
          `no secret named ${missing.join(', ')}; set it first: \`secret set ${missing[0] ?? 'NAME'}${inWorkspace(caller.workspaceId)}\``,
        );
      }
      if ((await store.servers.byName(caller.workspaceId, name)) !== undefined) {
        throw new GateError(
          'conflict',
          `a server named ${name} exists already; \`server remove ${name}${inWorkspace(caller.workspaceId)}\` first, or choose another name`,
        );
      }
      const record = await store.servers.create({
        workspaceId: caller.workspaceId,
        name,
        enabled: true,
        transport,
        isolation,
        trustAnnotations,
        credential,
        account,
      });
      await changed(caller, 'server.added', record);
      return show(record);
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

/** A record never holds a secret, and a command line is seen by every process of the host. */
function refusePlainSecrets(
  server: string,
  transport: Transport,
  workspaceId: string,
  known: ReadonlySet<string>,
): void {
  // A name that is there already is another secret's: it would be overwritten by who does as the message says.
  const { found } = extractSecrets(server, transport, { isTaken: (name) => known.has(name) });
  // What may be anything is only refused where it looks like chance.
  const first = found.find(({ kind, value }) => kind !== 'doubtful' || senseOfValue(value ?? '') === 'random');
  if (first === undefined) return;
  throw new GateError(
    'usage',
    `${first.from}: this looks like a secret, and a command line can be read by other people and ends in the shell's history. ` +
      `Put it in the vault with \`secret set ${first.name}${inWorkspace(workspaceId)}\`, and write \${secret:${first.name}} in its place.`,
  );
}
