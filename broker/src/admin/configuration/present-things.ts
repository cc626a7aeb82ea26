// Reads everything that a configuration is about, as it is now.
import type { BundleForm, ConfigurationKind, GroupForm, SecretForm } from 'mcpgate-shared/api/config/configuration';
import { writtenDuration } from 'mcpgate-shared/duration';
import type { Bundle } from '../../domain/bundle.ts';
import type { SecretSource } from '../../store/secret-source.ts';
import type { Store } from '../../store/store.ts';
import { hookForm } from './hook-form.ts';
import { ruleForm } from './rule-form.ts';
import { serverForm } from './server-form.ts';
import { ENFORCEMENT, type State, type Thing } from './things.ts';

export async function presentState(store: Store, workspaceId: string): Promise<State> {
  const [secrets, sources, servers, people, groups, hooks, policy] = [
    await store.secrets.list(workspaceId),
    (await store.secretSources.all()).filter((source) => source.workspaceId === workspaceId),
    await store.servers.list(workspaceId),
    await store.users.list(workspaceId),
    await store.groups.list(workspaceId),
    await store.hooks.list(workspaceId),
    await store.policy.snapshot(workspaceId),
  ];
  const bundles = policy.bundles ?? [];
  const bundleOf = (group: string): string | undefined => bundles.find((each) => each.groups.includes(group))?.name;
  const sourceOf = (name: string): SecretSource | undefined => sources.find((source) => source.name === name);
  const things = new Map<ConfigurationKind, ReadonlyMap<string, Thing>>([
    ['secret', new Map(secrets.map(({ name }) => [name, secretForm(sourceOf(name))]))],
    ['server', new Map(servers.map((server) => [server.name, serverForm(server)]))],
    ['bundle', new Map(bundles.map((bundle) => [bundle.name, bundleForm(bundle)]))],
    ['role', new Map(people.map(({ name, role }) => [name, { role }]))],
    ['group', new Map(groups.map(({ name, members }) => [name, groupForm(members, bundleOf(name))]))],
    ['rule', new Map(policy.rules.map((rule) => [rule.id, { ...ruleForm(rule) }]))],
    ['hook', new Map(hooks.map((hook) => [hook.name, hookForm(hook)]))],
    ['enforcement', new Map([[ENFORCEMENT, { enforcement: policy.enforcement }]])],
  ]);
  return { things, managed: await store.managed.list(workspaceId) };
}

/** What is kept in the vault itself says nothing. */
export const secretForm = (
  source: Pick<SecretSource, 'reference' | 'keepForMs' | 'refreshMs'> | undefined,
): SecretForm & Thing =>
  source === undefined
    ? {}
    : {
        from: source.reference,
        ...(source.keepForMs > 0 && { keep_for: writtenDuration(source.keepForMs) }),
        ...(source.refreshMs !== null && { refresh: writtenDuration(source.refreshMs) }),
      };

export const groupForm = (members: readonly string[], bundle: string | undefined): GroupForm & Thing => ({
  members: [...new Set(members)].toSorted(),
  ...(bundle !== undefined && { bundle }),
});

/** Tools of servers that are removed are not served, and nobody could write them. */
function bundleForm({ description, tools }: Bundle): BundleForm & Thing {
  return {
    ...(description !== null && { description }),
    tools: tools.flatMap(({ server, tool, name, description: describe, fixed }) =>
      server === null
        ? []
        : [
            {
              tool: `${server}__${tool}`,
              ...(name !== tool && { as: name }),
              ...(describe !== null && { describe }),
              ...(Object.keys(fixed).length > 0 && { fix: jsonOf(fixed) }),
            },
          ],
    ),
  };
}

const jsonOf = (fixed: Readonly<Record<string, unknown>>): NonNullable<BundleForm['tools'][number]['fix']> =>
  JSON.parse(JSON.stringify(fixed));
