// The operations on bundles. What is in one is checked here; that its name is no server's, where it is stored.
import { bundlesApi, type BundleView, type NewBundleTool } from 'mcpgate-shared/api/bundles/bundles';
import { senseOfName } from 'mcpgate-shared/entries/secret-names';
import { senseOfValue } from 'mcpgate-shared/entries/value-sense';
import { GateError } from 'mcpgate-shared/error';
import { didYouMean } from 'mcpgate-shared/nearest';
import { hasReference } from 'mcpgate-shared/values/secret-reference';
import { BUNDLE_TOOL_NAME, type Bundle, type BundleTool } from '../domain/bundle.ts';
import { serverCalled } from '../domain/server-record.ts';
import { inWorkspace } from '../domain/workspace.ts';
import { CONNECT } from '../policy/connecting.ts';
import { splitName } from '../policy/naming.ts';
import type { AdminDependencies } from './dependencies.ts';
import { managerOf } from './managed-by.ts';
import { isoTime } from './iso-time.ts';
import { doubtsAboutFixed } from './rules/condition-doubts.ts';
import { doubtsAboutThing } from './rules/doubts.ts';
import { knownWorld } from './rules/known-world.ts';
import { listOperation } from './lists/list-operation.ts';
import { eventBy, operation, type Caller, type Operation } from './operation.ts';
import { changeNotes } from '../domain/change-notes.ts';

type Needs = Pick<AdminDependencies, 'store' | 'people' | 'audit' | 'policyChanged'>;

const MOST_TOOLS = 100;
/** How many of a bundle's tools are named to whoever named another. */
const MOST_NAMED = 10;

type Noted = Readonly<Record<string, string | null | readonly string[]>>;

const toolName = ({ server, tool }: Pick<BundleTool, 'server' | 'tool'>): string | null =>
  server === null ? null : `${server}__${tool}`;

const toView = (bundle: Bundle): BundleView => ({
  name: bundle.name,
  description: bundle.description,
  tools: bundle.tools.map((each) => ({
    tool: toolName(each),
    name: each.name,
    description: each.description,
    fixed: { ...each.fixed },
  })),
  groups: [...bundle.groups],
  managed_by: bundle.managedBy ?? null,
  created_at: isoTime(bundle.createdAt),
  updated_at: isoTime(bundle.updatedAt),
  created_by: bundle.createdBy,
});

/** What the log says of a bundle: a line for each tool. */
const noted = ({ description, tools }: Bundle): string[] => [
  ...(description === null ? [] : [`description ${JSON.stringify(description)}`]),
  ...tools.map((each) => {
    const fixed = Object.keys(each.fixed).length === 0 ? '' : ` with ${JSON.stringify(each.fixed)}`;
    const text = each.description === null ? '' : ` described ${JSON.stringify(each.description)}`;
    return `${each.name} = ${toolName(each) ?? 'removed'}${fixed}${text}`;
  }),
];

export function bundleOperations(needs: Needs): Operation[] {
  const { store, audit, policyChanged } = needs;
  const changed = async (caller: Caller, type: string, subject: string, data: Noted) => {
    policyChanged(caller.workspaceId);
    await audit.event(eventBy(caller, { type, subject, data: { ...data } }));
  };

  const toolsOf = async (workspaceId: string, given: readonly NewBundleTool[]): Promise<BundleTool[]> => {
    const servers = await store.servers.list(workspaceId);
    return given.map(({ tool, as, describe, fix = {} }) => {
      const { server: written = '', rest = '' } = splitName(tool) ?? {};
      const server = serverCalled(servers, written);
      if (server === undefined) {
        const names = servers.map(({ name }) => name);
        throw new GateError(
          'not_found',
          `there is no server ${written}${didYouMean(written, names) || ';'} \`server list${inWorkspace(workspaceId)}\` shows them`,
        );
      }
      if (as === undefined && !BUNDLE_TOOL_NAME.test(rest))
        throw new GateError(
          'usage',
          `${tool} cannot be called ${JSON.stringify(rest)} in a bundle; give it a name with --as`,
        );
      if (as?.endsWith(`__${CONNECT}`) === true)
        throw new GateError(
          'usage',
          `${as} is what mcpgate calls the tool that connects an account; choose another name`,
        );
      assertNoSecret(tool, fix);
      return {
        serverId: server.id,
        server: server.name,
        tool: rest,
        name: as ?? rest,
        description: describe ?? null,
        fixed: fix,
      };
    });
  };

  const warningsAbout = async (workspaceId: string, tools: readonly BundleTool[]): Promise<string[]> => {
    if (tools.length === 0) return [];
    const world = await knownWorld(needs, workspaceId);
    return [
      ...new Set(
        tools.flatMap((each) => {
          const name = toolName(each) ?? '';
          return [...doubtsAboutThing(name, world), ...doubtsAboutFixed(name, Object.keys(each.fixed), world.things)];
        }),
      ),
    ];
  };

  const find = async (workspaceId: string, name: string): Promise<Bundle> => {
    const bundle = (await store.bundles.list(workspaceId)).find((each) => each.name === name);
    if (bundle !== undefined) return bundle;
    throw new GateError(
      'not_found',
      `there is no bundle ${name}; \`bundle list${inWorkspace(workspaceId)}\` shows them`,
    );
  };

  return [
    listOperation(bundlesApi.list, async (_input, { workspaceId }) =>
      (await store.bundles.list(workspaceId)).map(toView),
    ),
    operation(bundlesApi.show, async ({ params }, { workspaceId }) => {
      const bundle = await find(workspaceId, params.name);
      const standing = bundle.tools.filter(({ server }) => server !== null);
      return { ...toView(bundle), warnings: await warningsAbout(workspaceId, standing) };
    }),
    operation(bundlesApi.add, async ({ body }, caller) => {
      const tools = await toolsOf(caller.workspaceId, body.tools);
      assertDistinct(tools);
      const bundle = await store.bundles.create(caller.workspaceId, {
        name: body.name,
        description: body.description === undefined || body.description === '' ? null : body.description,
        tools,
        createdBy: caller.actor.name,
      });
      await changed(caller, 'bundle.added', `bundle:${bundle.name}`, { before: [], after: noted(bundle) });
      return { ...toView(bundle), warnings: await warningsAbout(caller.workspaceId, tools) };
    }),
    operation(bundlesApi.set, async ({ params, body }, caller) => {
      const put = await toolsOf(caller.workspaceId, body.tools);
      await find(caller.workspaceId, params.name);
      const { before, after } = await store.bundles.update(caller.workspaceId, params.name, (now) => {
        for (const name of body.without)
          if (!now.tools.some((each) => isCalled(each, name)))
            throw new GateError(
              'not_found',
              `${params.name} has no tool ${name}; it has ${now.tools
                .map((each) => each.name)
                .slice(0, MOST_NAMED)
                .join(', ')}`,
            );
        const kept = now.tools.filter((each) => !body.without.some((name) => isCalled(each, name)));
        const others = kept.filter((each) => !put.some((next) => isSame(each, next)));
        const tools = [...others, ...put];
        assertDistinct(tools);
        if (tools.length === 0)
          throw new GateError('usage', `nothing would be left of ${params.name}; \`bundle remove\` it`);
        if (tools.length > MOST_TOOLS) throw new GateError('usage', `a bundle has at most ${MOST_TOOLS} tools`);
        const description = body.description === undefined ? now.description : body.description;
        return { description: description === '' ? null : description, tools };
      });
      await changed(caller, 'bundle.changed', `bundle:${after.name}`, { before: noted(before), after: noted(after) });
      return { ...toView(after), warnings: await warningsAbout(caller.workspaceId, put) };
    }),
    operation(bundlesApi.remove, async ({ params }, caller) => {
      await find(caller.workspaceId, params.name);
      const bundle = await store.bundles.remove(caller.workspaceId, params.name);
      const { rules } = await store.policy.snapshot(caller.workspaceId);
      const naming = rules.filter(({ what }) => what.includes(`bundle:${bundle.name}`)).map(({ id }) => id);
      const data = { before: noted(bundle), after: [], groups: [...bundle.groups] };
      await changed(caller, 'bundle.removed', `bundle:${bundle.name}`, data);
      return { ...toView(bundle), rules: naming };
    }),
    operation(bundlesApi.setDefault, async ({ params, body }, caller) => {
      if (body.bundle !== null) await find(caller.workspaceId, body.bundle);
      const before = await store.bundles.setDefault(caller.workspaceId, params.name, body.bundle);
      const data = { bundle: body.bundle, ...changeNotes({ bundle: before }, { bundle: body.bundle }) };
      await changed(caller, 'group.bundle_changed', `group:${params.name}`, data);
      const managed_by = await managerOf(store, caller.workspaceId, { kind: 'group', name: params.name });
      return { group: params.name, bundle: body.bundle, managed_by };
    }),
  ];
}

const isCalled = (tool: BundleTool, name: string): boolean => tool.name === name || toolName(tool) === name;

/** Whether `next` stands for `tool`: the same tool, unless both stay apart by their names. */
const isSame = (tool: BundleTool, next: BundleTool): boolean =>
  tool.name === next.name && tool.serverId === next.serverId && tool.tool === next.tool;

/** Throws `usage`. */
export function assertDistinct(tools: readonly Pick<BundleTool, 'name' | 'tool' | 'server'>[]): void {
  const seen = new Map<string, Pick<BundleTool, 'tool' | 'server'>>();
  for (const tool of tools) {
    const other = seen.get(tool.name);
    if (other !== undefined)
      throw new GateError(
        'usage',
        `${toolName(other) ?? other.tool} and ${toolName(tool) ?? tool.tool} would both be called ${tool.name}; give one of them another name with --as`,
      );
    seen.set(tool.name, tool);
  }
}

/** Fixed arguments are in the log and in answers of the API: a secret has no place there. Throws `usage`, without the value. */
export function assertNoSecret(tool: string, fixed: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(fixed)) {
    if (holdsSecret(name, value))
      throw new GateError(
        'usage',
        `${tool}: the argument ${JSON.stringify(name.slice(0, 60))} looks like a secret, which cannot be fixed in a bundle; put it into the server's record, as \${secret:NAME}`,
      );
  }
}

/** `name`: under which the value stands, however deep. */
function holdsSecret(name: string, value: unknown): boolean {
  if (typeof value === 'string')
    return hasReference(value) || senseOfValue(value) === 'token' || (value !== '' && senseOfName(name) === 'secret');
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((each) => holdsSecret(name, each));
  return Object.entries(value).some(([own, each]) => holdsSecret(own, each));
}
