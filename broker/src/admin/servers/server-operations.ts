// The registered upstream servers.
import { createHash } from 'node:crypto';
import { catalogueApi } from 'mcpgate-shared/api/catalogue';
import { serversApi, type Server } from 'mcpgate-shared/api/servers';
import { GateError } from 'mcpgate-shared/error';
import { isolationOf, type RecordFields, type ServerRecord } from '../../domain/server-record.ts';
import { changedTransport, readTransport } from '../../domain/transports/transports.ts';
import { secretNamesIn } from '../../domain/transports/transport-texts.ts';
import { located } from '../../domain/mistake.ts';
import { inWorkspace } from '../../domain/workspace.ts';
import { redirectUriAt } from '../../accounts/oauth/client-identity.ts';
import { toAccountForm } from '../accounts/account-forms.ts';
import { addServer, takenSecretNames } from './add-server.ts';
import { entryNamed } from './catalogue-operations.ts';
import { type Change, changeServer, keptProbe, unusedSecrets, wantedRevision } from './change-server.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { isoTime } from '../iso-time.ts';
import { listOperation } from '../lists/list-operation.ts';
import { eventBy, operation, type Caller, type Operation } from '../operation.ts';
import { importServers } from '../import/server-import.ts';
import { planFromEntry } from './plan-from-entry.ts';
import { keepTested } from './keep-tested.ts';
import { notesOf, ownLimitNotes, recordNotes } from './record-changes.ts';
import { holderOfFormerName, renameServer } from './rename-server.ts';
import { toRecordForm, toServer } from './server-view.ts';
import { assertMayRun } from './stdio-permission.ts';
import { changeNotes } from '../../domain/change-notes.ts';

/** What a call was made with, without telling it. */
const digestOf = (values: Readonly<Record<string, unknown>>): string =>
  createHash('sha256').update(JSON.stringify(values)).digest('hex');

export function serverOperations(
  needs: Pick<
    AdminDependencies,
    | 'store'
    | 'vault'
    | 'audit'
    | 'upstreams'
    | 'accounts'
    | 'allowedCommands'
    | 'policyChanged'
    | 'registry'
    | 'definitions'
    | 'facts'
  >,
): Operation[] {
  const { store, audit, upstreams, accounts, allowedCommands, registry } = needs;

  const find = async (workspaceId: string, name: string): Promise<ServerRecord> => {
    const record = await store.servers.byName(workspaceId, name);
    if (record !== undefined) return record;
    const renamed = await holderOfFormerName(store, workspaceId, name);
    throw new GateError(
      'not_found',
      renamed === null
        ? `no server named ${name}; \`server list${inWorkspace(workspaceId)}\` shows the names`
        : `${name} is called ${renamed} now`,
    );
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
    details: Readonly<Record<string, string | readonly string[]>> = {},
  ): Promise<void> => {
    await audit.event(
      eventBy(
        { workspaceId, actor },
        {
          type,
          subject: `server:${record.name}`,
          data: {
            transport: record.transport.kind,
            isolation: isolationOf(record),
            credential: record.credential,
            ...(record.account === null ? {} : { account: record.account.kind }),
            trust_annotations: record.trustAnnotations,
            definitions: record.definitions,
            ...(record.probe === null ? {} : { probe: record.probe.tool }),
            ...ownLimitNotes(record.transport),
            ...details,
          },
        },
      ),
    );
    await upstreams.reload();
    await accounts.serversChanged();
  };
  const change = async (caller: Caller, name: string, wanted: Omit<Change, 'read'>) => {
    const read = (): Promise<ServerRecord> => find(caller.workspaceId, name);
    const { record, answer } = await changeServer(needs, caller, { ...wanted, read });
    if (answer.dry_run || answer.changes.length === 0) return answer;
    await changed(caller, 'server.changed', record, notesOf(answer.changes));
    await upstreams.refresh(record);
    return { ...answer, ...show(record) };
  };
  const setEnabled = async (
    caller: Caller,
    name: string,
    enabled: boolean,
    ifMatch: string | undefined,
  ): Promise<Server> => {
    const record = await find(caller.workspaceId, name);
    const ifRevision = wantedRevision(ifMatch, record);
    // Putting a server down is open to every operator; starting one that was put down is not.
    if (enabled) assertMayRun(caller, name, record.transport, allowedCommands);
    const updated = await store.servers.update(record.id, { enabled }, ifRevision);
    const notes = changeNotes({ enabled: record.enabled }, { enabled });
    await changed(caller, enabled ? 'server.enabled' : 'server.disabled', updated, { ...notes });
    return show(updated);
  };

  return [
    listOperation(serversApi.list, async (_input, { workspaceId }) => {
      const status = new Map(upstreams.status(workspaceId).map((entry) => [entry.name, entry]));
      return (await store.servers.list(workspaceId)).map((record) => toServer(record, status.get(record.name)));
    }),
    operation(serversApi.add, async ({ body }, caller) => {
      const formerNameOf = await holderOfFormerName(store, caller.workspaceId, body.name);
      const probe = keptProbe(caller, body.probe, null);
      const record = await addServer(needs, { ...body, probe }, caller);
      await changed(caller, 'server.added', record, { before: [], after: recordNotes(record.name, record) });
      return { ...show(record), former_name_of: formerNameOf };
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
      const redirect_url =
        form.account?.kind === 'oauth'
          ? redirectUriAt(needs.facts.url, body.issuer ?? entry.oauth?.issuer ?? undefined)
          : null;
      const plan = { record: form, secrets, missing, redirect_url, dry_run: body.dry_run };
      if (body.dry_run) return { ...plan, server: null };
      const record = await addServer(needs, form, caller, brought);
      const notes = { before: [], after: recordNotes(record.name, record) };
      await changed(caller, 'server.added', record, { catalogue: entry.name, ...notes });
      return { ...plan, server: show(record) };
    }),
    operation(serversApi.import, async ({ body }, caller) => await importServers(needs, body, caller)),
    operation(serversApi.show, async ({ params }, { workspaceId }) => show(await find(workspaceId, params.name))),
    operation(serversApi.record, async ({ params }, { workspaceId }) => {
      const record = await find(workspaceId, params.name);
      const { id, name, revision, updatedAt } = record;
      return { id, name, revision, updated_at: isoTime(updatedAt), record: toRecordForm(record) };
    }),
    operation(serversApi.replace, async ({ params, query, body, ifMatch }, caller) => {
      const { isolation, credential, probe, definitions } = body;
      const { trust_annotations: trustAnnotations, tool_classes: toolClasses, audit_arguments: auditArguments } = body;
      const account = body.account && toAccountForm(body.account);
      const transport = located(['transport', 'url'], () => readTransport(body.transport));
      const said = { transport, isolation, trustAnnotations, toolClasses, credential, account, probe, definitions };
      const fields = { ...said, auditArguments };
      const dryRun = query.dry_run === 'true';
      return await change(caller, params.name, { ifMatch, fields: () => fields, dryRun });
    }),
    operation(serversApi.update, async ({ params, body, ifMatch }, caller) => {
      const { trust_annotations, tool_classes, isolation, credential, account, probe, definitions, ...others } = body;
      const { dry_run: dryRun, audit_arguments: auditArguments, ...said } = others;
      const { identity_header: identityHeader, ...rest } = said;
      const changes = { ...rest, identityHeader };
      const fields = (record: ServerRecord): RecordFields => ({
        transport: changedTransport(record.name, record.transport, changes),
        isolation: isolation ?? record.isolation,
        trustAnnotations: trust_annotations ?? record.trustAnnotations,
        toolClasses: {
          read: tool_classes?.read ?? record.toolClasses.read,
          write: tool_classes?.write ?? record.toolClasses.write,
        },
        credential: credential ?? record.credential,
        account: account === undefined ? record.account : account && toAccountForm(account),
        probe: probe === undefined ? record.probe : probe,
        definitions: definitions ?? record.definitions,
        auditArguments: auditArguments ?? record.auditArguments,
      });
      return await change(caller, params.name, { ifMatch, fields, dryRun });
    }),
    operation(serversApi.rename, async ({ params, body: { to, dry_run: dryRun }, ifMatch }, caller) =>
      renameServer(needs, caller, await find(caller.workspaceId, params.name), { to, dryRun, ifMatch }),
    ),
    operation(serversApi.test, async ({ params }, caller) => {
      const record = await find(caller.workspaceId, params.name);
      if (!record.enabled) assertMayRun(caller, record.name, record.transport, allowedCommands);
      const userKey = caller.principal?.user === undefined ? null : `user:${caller.principal.user.id}`;
      const { steps: tested, verdict, seen } = await upstreams.test(record, { userKey });
      const steps = [...tested, ...(await keepTested(needs, record, userKey, seen))];
      if (verdict === 'accepted')
        for (const name of secretNamesIn(record.transport))
          await store.secretVersions.noteVerified(caller.workspaceId, name, true);
      // Like any call of a tool, this one is in the log.
      if (record.probe !== null)
        await audit.event(
          eventBy(caller, {
            type: 'server.probed',
            subject: `server:${record.name}`,
            data: { tool: record.probe.tool, arguments_sha256: digestOf(record.probe.arguments), verdict },
          }),
        );
      return steps.map((step) => ({ ...step, warnings: [...step.warnings] }));
    }),
    operation(serversApi.enable, async ({ params, ifMatch }, caller) => setEnabled(caller, params.name, true, ifMatch)),
    operation(serversApi.disable, async ({ params, ifMatch }, caller) =>
      setEnabled(caller, params.name, false, ifMatch),
    ),
    operation(serversApi.remove, async ({ params, ifMatch }, caller) => {
      const record = await find(caller.workspaceId, params.name);
      const ifRevision = wantedRevision(ifMatch, record);
      // From here on no account is made there any more, so that none is missed where all are ended.
      if (record.enabled || ifRevision !== undefined)
        await store.servers.update(record.id, { enabled: false }, ifRevision);
      const { there } = await accounts.endOfServer(record);
      await store.servers.remove(record.id);
      const ended = await there;
      await changed(caller, 'server.removed', record, { before: recordNotes(record.name, record), after: [] });
      const left = Map.groupBy(
        ended.flatMap(({ why }) => why ?? []),
        (why) => why,
      );
      return {
        ...toServer(record, undefined),
        secrets_unused: await unusedSecrets(needs, record),
        accounts_revoked: ended.filter(({ revoked }) => revoked).length,
        accounts_left: [...left].map(([why, { length }]) => ({ accounts: length, why })),
      };
    }),
  ];
}
