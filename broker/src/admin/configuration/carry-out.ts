// Carries out what is planned, by the same operations by which single things are edited, so that each of them refuses and writes into the log what it
// always does.
import { bundlesApi } from 'mcpgate-shared/api/bundles/bundles';
import type { Configuration, ConfigurationKind } from 'mcpgate-shared/api/config/configuration';
import type { CallInput, Endpoint } from 'mcpgate-shared/api/endpoint';
import { hooksApi, NewHookSchema } from 'mcpgate-shared/api/hooks/hooks-api';
import { groupsApi } from 'mcpgate-shared/api/groups';
import { secretsApi } from 'mcpgate-shared/api/secrets';
import { serversApi } from 'mcpgate-shared/api/servers';
import { may, ROLES } from 'mcpgate-shared/api/roles';
import { usersApi } from 'mcpgate-shared/api/users';
import type { z } from 'zod';
import type { PreparedSource } from '../../store/secret-source.ts';
import { bundleOperations } from '../bundle-operations.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { hookOperations } from '../hook-operations.ts';
import { groupOperations } from '../group-operations.ts';
import type { Caller } from '../operation.ts';
import { secretEvents } from '../rotation/secret-events.ts';
import { createRuleEdits } from '../rules/rule-edits.ts';
import { secretOperations } from '../secret-operations.ts';
import { serverOperations } from '../servers/server-operations.ts';
import { userOperations } from '../user-operations.ts';
import { insideOf } from './mistaken.ts';
import type { Change } from './planner.ts';
import { newRuleFrom } from './rule-form.ts';
import { labelOf, pathOf, type Thing } from './things.ts';
import { orderOf } from './wanted-things.ts';

export interface Order {
  changes: readonly Change[];
  configuration: Configuration;
  managedBy: string;
  /** What was read of the sources of secrets, by the secrets' names. */
  sources: ReadonlyMap<string, PreparedSource>;
  secretChanged: (name: string) => void;
}

type Run = <P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
  endpoint: Endpoint<P, Q, B, A>,
  input: CallInput<P, Q, B>,
) => Promise<unknown>;

/** What is removed first gives its name free; a secret goes last, when nothing refers to it any more. */
const REMOVED: readonly ConfigurationKind[] = ['rule', 'hook', 'bundle', 'group', 'server'];
const PUT: readonly ConfigurationKind[] = [
  'role',
  'secret',
  'server',
  'bundle',
  'group',
  'rule',
  'hook',
  'enforcement',
];

const ADMINISTER: readonly unknown[] = ROLES.filter((role) => may(role, 'administer'));

/** Where one person takes the place of another as the only administrator, there is one at every moment. */
const administratorsFirst = (changes: Change[]): Change[] =>
  changes.toSorted((one, other) => Number(isAdministrators(other)) - Number(isAdministrators(one)));

const isAdministrators = ({ kind, after }: Change): boolean => kind === 'role' && ADMINISTER.includes(after?.['role']);

/** Throws what single edits throw, with the place in the configuration. */
export async function carryOut(needs: AdminDependencies, caller: Caller, order: Order): Promise<void> {
  const operations = [
    ...[serverOperations, secretOperations, bundleOperations, groupOperations, userOperations, hookOperations],
  ].flatMap((of) => of(needs));
  const run: Run = async (endpoint, input) => {
    const found = operations.find((each) => each.endpoint.name === endpoint.name);
    if (found === undefined) throw new Error(`there is no operation ${endpoint.name}`);
    const raw: { params?: unknown; query?: unknown; body?: unknown } = input;
    const { params, query, body } = raw;
    return await found.run({ params, query, body, ifMatch: '*' }, caller, new AbortController().signal);
  };
  const steps = stepsOf(needs, caller, order, run);
  const isRemoved = ({ after }: Change): boolean => after === undefined;
  const all = [
    ...REMOVED.map((kind) => order.changes.filter((change) => change.kind === kind && isRemoved(change))),
    ...PUT.map((kind) => order.changes.filter((change) => change.kind === kind && !isRemoved(change))).map(
      administratorsFirst,
    ),
    order.changes.filter((change) => change.kind === 'secret' && isRemoved(change)),
  ].flat();
  for (const change of all) {
    const { kind, name } = change;
    await insideOf(labelOf(kind, name), pathOf(kind, name), () => steps[kind](change));
  }
}

type Steps = Readonly<Record<ConfigurationKind, (change: Change) => Promise<unknown>>>;

function stepsOf(needs: AdminDependencies, caller: Caller, order: Order, run: Run): Steps {
  const { store, audit, policyChanged, clock } = needs;
  const { configuration, managedBy, sources } = order;
  const rules = createRuleEdits({ store, audit, policyChanged, clock });
  const { workspaceId, actor } = caller;

  async function putSecret(name: string): Promise<void> {
    const form = configuration.secrets?.[name];
    const source = sources.get(name);
    if (form === undefined || source === undefined) throw new Error(`no source of ${name} was read`);
    const { firstVersion: version } = await source(store, { setBy: actor.name });
    const { reference, keepForMs } = orderOf(form);
    order.secretChanged(name);
    const data = { version, source: reference, keep_for_s: keepForMs / 1000 };
    await secretEvents(audit, { workspaceId, name, actor })('secret.set', data);
  }

  async function putServer(name: string, isNew: boolean): Promise<void> {
    const form = configuration.servers?.[name];
    if (form === undefined) throw new Error(`nothing is said of ${name}`);
    const { enabled, ...record } = form;
    const params = { name };
    if (isNew) await run(serversApi.add, { body: { name, ...record } });
    else await run(serversApi.replace, { params, body: record });
    const now = await store.servers.byName(workspaceId, name);
    if (now?.enabled !== enabled) await run(enabled ? serversApi.enable : serversApi.disable, { params });
  }

  async function putBundle(name: string, isNew: boolean): Promise<void> {
    const form = configuration.bundles?.[name];
    if (form === undefined) throw new Error(`nothing is said of ${name}`);
    const { description, tools } = form;
    if (isNew) {
      await run(bundlesApi.add, { body: { name, tools, ...(description !== undefined && { description }) } });
      return;
    }
    const [now] = (await store.bundles.list(workspaceId)).filter((each) => each.name === name);
    const without = (now?.tools ?? []).map((tool) => tool.name);
    await run(bundlesApi.set, { params: { name }, body: { description: description ?? null, tools, without } });
  }

  async function putGroup(name: string): Promise<void> {
    const form = configuration.groups?.[name];
    if (form === undefined) throw new Error(`nothing is said of ${name}`);
    const before = await store.groups.byName(workspaceId, name);
    const added = form.members.filter((each) => before?.members.includes(each) !== true);
    if (before === undefined || added.length > 0) await run(groupsApi.add, { body: { name, users: added } });
    const taken = (before?.members ?? []).filter((each) => !form.members.includes(each));
    if (taken.length > 0) await run(groupsApi.take, { params: { name }, body: { users: taken } });
    const bundle = (await store.bundles.list(workspaceId)).find(({ groups }) => groups.includes(name))?.name ?? null;
    const wanted = form.bundle ?? null;
    if (bundle !== wanted) await run(bundlesApi.setDefault, { params: { name }, body: { bundle: wanted } });
  }

  async function putRule(name: string, isNew: boolean): Promise<void> {
    const form = configuration.rules?.[name];
    if (form === undefined) throw new Error(`nothing is said of ${name}`);
    const rule = newRuleFrom(form, actor.name, clock.now());
    await (isNew ? rules.add(caller, rule, name) : rules.change(caller, name, rule));
  }

  async function putHook(name: string, before: Thing | undefined): Promise<void> {
    const form = configuration.hooks?.[name];
    if (form === undefined) throw new Error(`nothing is said of ${name}`);
    const { kind, ...said } = form;
    // A hook of another kind is another hook.
    if (before !== undefined && before['kind'] !== kind) await run(hooksApi.remove, { params: { name } });
    const body = NewHookSchema.parse({ kind, name, ...said, managed_by: managedBy });
    if (before === undefined || before['kind'] !== kind) await run(hooksApi.add, { body });
    else await run(hooksApi.set, { params: { name }, body: { ...said, managed_by: managedBy } });
  }

  return {
    secret: ({ name, after }) => (after === undefined ? run(secretsApi.remove, { params: { name } }) : putSecret(name)),
    server: ({ name, before, after }) =>
      after === undefined ? run(serversApi.remove, { params: { name } }) : putServer(name, before === undefined),
    bundle: ({ name, before, after }) =>
      after === undefined ? run(bundlesApi.remove, { params: { name } }) : putBundle(name, before === undefined),
    role: ({ name }) =>
      run(usersApi.setRole, { params: { name }, body: { role: configuration.people?.[name]?.role ?? 'member' } }),
    group: ({ name, after }) => (after === undefined ? run(groupsApi.remove, { params: { name } }) : putGroup(name)),
    rule: ({ name, before, after }) =>
      after === undefined ? rules.remove(caller, name) : putRule(name, before === undefined),
    hook: ({ name, before, after }) =>
      after === undefined ? run(hooksApi.remove, { params: { name } }) : putHook(name, before),
    async enforcement() {
      const { enforcement } = configuration;
      if (enforcement !== undefined) await rules.setEnforcement(caller, enforcement);
    },
  };
}
