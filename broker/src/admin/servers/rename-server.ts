// Gives a server another name. What names it goes along in one transaction (rules, grants); its accounts, its folder and the log know it by its
// id. What rules with wildcards mean may differ afterwards, and is said.
import type { RenamedServer } from 'mcpgate-shared/api/servers';
import { GateError } from 'mcpgate-shared/error';
import { accessBinding } from '../../approvals/access-requests.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { inWorkspace } from '../../domain/workspace.ts';
import { renamedWhat, shiftOf } from '../../policy/renamed-server.ts';
import { wantedRevision } from './change-server.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { eventBy, type Caller } from '../operation.ts';
import { toServer } from './server-view.ts';

type Needs = Pick<AdminDependencies, 'store' | 'audit' | 'upstreams' | 'policyChanged'>;

/** The present name of the server that AI clients mean by this name, which no server has now; null where none had it. */
export async function holderOfFormerName(
  store: Needs['store'],
  workspaceId: string,
  name: string,
): Promise<string | null> {
  const servers = await store.servers.list(workspaceId);
  return servers.find(({ formerNames }) => formerNames.includes(name))?.name ?? null;
}

export async function renameServer(
  { store, audit, upstreams, policyChanged }: Needs,
  { workspaceId, actor }: Caller,
  record: ServerRecord,
  { to, dryRun, ifMatch }: { to: string; dryRun: boolean; ifMatch: string | undefined },
): Promise<RenamedServer> {
  const { name: from } = record;
  if (to === from) throw new GateError('usage', `${from} is called that already`);
  const ifRevision = wantedRevision(ifMatch, record);
  if ((await store.servers.byName(workspaceId, to)) !== undefined)
    throw new GateError(
      'conflict',
      `a server named ${to} exists already; \`server remove ${to}${inWorkspace(workspaceId)}\` first, or choose another name`,
    );
  const { rules } = await store.policy.snapshot(workspaceId);
  const grants = (await store.grants.list(workspaceId)).filter(({ revokedAt }) => revokedAt === null);
  const rewrite = (what: string): string => renamedWhat(what, from, to);
  const shifted = rules.flatMap(({ id, effect, what }) =>
    what.flatMap((each) => {
      const shift = shiftOf(each, from, to);
      return shift === undefined ? [] : [{ rule: id, effect, what: each, shift }];
    }),
  );
  const labels = (name: string): string[] =>
    grants.filter(({ servers }) => servers.includes(name)).map(({ label }) => label);
  const holder = await holderOfFormerName(store, workspaceId, to);
  const formerNameOf = holder === from ? null : holder;
  const common = { from, to, shifted, grants_gained: labels(to), former_name_of: formerNameOf };
  const statusOf = (name: string) => upstreams.status(workspaceId).find((status) => status.name === name);
  if (dryRun)
    return {
      ...common,
      server: toServer({ ...record, name: to, formerNames: [...record.formerNames, from] }, statusOf(from)),
      rules: rules
        .map(({ id, what }) => ({ id, before: [...what], after: what.map(rewrite) }))
        .filter(({ before, after }) => after.some((what, index) => what !== before[index])),
      grants: labels(from),
      dry_run: true,
    };
  const renamed = await store.servers.rename(record.id, to, {
    from,
    rewrite,
    bindingOf: (ownerKey, what) => accessBinding(workspaceId, ownerKey, what),
    ...(ifRevision === undefined ? {} : { ifRevision }),
  });
  await upstreams.reload();
  policyChanged(workspaceId);
  const labelsNow = renamed.grants.map(({ label }) => label);
  await audit.event(
    eventBy(
      { workspaceId, actor },
      {
        type: 'server.renamed',
        subject: `server:${to}`,
        data: {
          ...{ from, to, rules: renamed.rules.map(({ id }) => id), grants: labelsNow },
          before: [
            `name=${from}`,
            ...renamed.rules.flatMap(({ id, before }) => before.map((what) => `${id}: ${what}`)),
          ],
          after: [`name=${to}`, ...renamed.rules.flatMap(({ id, after }) => after.map((what) => `${id}: ${what}`))],
          shifted: shifted.map(({ rule, what, shift }) => `${rule}: ${what} (${shift})`),
        },
      },
    ),
  );
  return {
    ...common,
    server: toServer(renamed.server, statusOf(to)),
    rules: renamed.rules.map(({ id, before, after }) => ({ id, before: [...before], after: [...after] })),
    grants: labelsNow,
    dry_run: false,
  };
}
