// A server that becomes known, with the secrets that come along with it: everything is checked before anything is stored, and a failure while
// storing undoes what was.
import type { NewServer } from 'mcpgate-shared/api/servers';
import { GateError } from 'mcpgate-shared/error';
import type { Probe, ServerRecord } from '../../domain/server-record.ts';
import { readTransport } from '../../domain/transports/transports.ts';
import { secretNamesOfRecord } from '../../domain/transports/transport-texts.ts';
import { inWorkspace } from '../../domain/workspace.ts';
import { toAccountForm } from '../accounts/account-forms.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { eventBy, type Caller } from '../operation.ts';
import { assertRecordFits } from './record-refusals.ts';

type Needs = Pick<AdminDependencies, 'store' | 'vault' | 'audit' | 'allowedCommands'>;

/** A secret that the record refers to, and that nobody has yet. */
export interface BroughtSecret {
  name: string;
  value: string;
}

/** The names of secrets that there are in a workspace, or that a server waits for. */
export async function takenSecretNames(
  { store, vault }: Pick<Needs, 'store' | 'vault'>,
  workspaceId: string,
): Promise<ReadonlySet<string>> {
  const secrets = await vault.list(workspaceId);
  const servers = await store.servers.list(workspaceId);
  return new Set([...secrets.map(({ name }) => name), ...servers.flatMap(secretNamesOfRecord)]);
}

/**
 * Throws `usage` for a record that cannot be, `forbidden` where the caller may not have it, `not_found` for a secret that is not there,
 * `conflict` for a name that is taken.
 */
export async function addServer(
  { store, vault, audit, allowedCommands }: Needs,
  form: Omit<NewServer, 'probe'> & { probe: Probe | null },
  caller: Caller,
  brought: readonly BroughtSecret[] = [],
): Promise<ServerRecord> {
  const { workspaceId, actor } = caller;
  const { name, isolation, credential, probe, definitions } = form;
  const { trust_annotations: trustAnnotations, tool_classes: toolClasses, audit_arguments: auditArguments } = form;
  const transport = readTransport(form.transport);
  const account = form.account && toAccountForm(form.account);
  const said = { transport, isolation, trustAnnotations, toolClasses, credential, account, probe, definitions };
  const fields = { ...said, auditArguments };
  await assertRecordFits(
    { vault, allowedCommands },
    caller,
    { name, ...fields },
    { brought: brought.map((secret) => secret.name) },
  );
  if ((await store.servers.byName(workspaceId, name)) !== undefined) {
    throw new GateError(
      'conflict',
      `a server named ${name} exists already; \`server remove ${name}${inWorkspace(workspaceId)}\` first, or choose another name`,
    );
  }
  const record = await store.servers.create({
    workspaceId,
    name,
    enabled: true,
    ...fields,
  });
  const undo: (() => Promise<unknown>)[] = [() => store.servers.remove(record.id)];
  try {
    for (const secret of brought) {
      const version = await vault.add(workspaceId, secret.name, secret.value, 'set', { setBy: actor.name });
      if (version === undefined)
        throw new GateError('conflict', `somebody has set ${secret.name} meanwhile; nothing was added, try again`);
      undo.push(() => vault.remove(workspaceId, secret.name));
    }
  } catch (error) {
    for (const step of undo.toReversed()) await step();
    throw error;
  }
  for (const secret of brought) {
    await audit.event(
      eventBy(
        { workspaceId, actor },
        {
          type: 'secret.set',
          subject: `secret:${secret.name}`,
          data: { version: 1, before: [], after: ['version=1'] },
        },
      ),
    );
  }
  return record;
}
