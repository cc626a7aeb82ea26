// The people that there are, and the things that servers are known to offer by the definitions that were kept of them: no server is asked.
import { whichServed } from '../../definitions/which-served.ts';
import type { Definition } from '../../domain/definition.ts';
import type { Principal } from '../../domain/people/principal.ts';
import type { Grant } from '../../domain/people/people.ts';
import type { Bundle } from '../../domain/bundle.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { parseRecord } from '../../mcp/json-rpc-guard.ts';
import { ruleNames, type RuleNames } from '../../policy/naming.ts';
import type { Person, Thing } from '../../policy/previews/access.ts';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AdminDependencies } from '../dependencies.ts';
import { classOfTool, keptText } from './tool-class.ts';

export interface KnownThing extends Thing {
  /** JSON schema of the arguments of a tool or a prompt, as its server said it; undefined: it takes none, or that is not known. */
  argumentSchema?: unknown;
  kind: Definition['kind'];
  /** The server's own name of it, or its URI template. */
  own: string;
  /** The bundle through which it is called; undefined: through none. */
  bundle?: string;
  /** It waits for a person, and nothing of that name is served. */
  isHeld: boolean;
}

export interface KnownWorld {
  /** Everybody who is not disabled, and each live grant that is nobody's. */
  people: readonly Person[];
  /** Of all people, by their ids. */
  users: ReadonlyMap<string, NonNullable<Principal['user']>>;
  groups: readonly string[];
  grants: readonly Grant[];
  servers: readonly ServerRecord[];
  bundles: readonly Bundle[];
  things: readonly KnownThing[];
  /** The names of servers whose tools were never listed. */
  neverListed: readonly string[];
}

/** Of more things than that, no policy is asked whether a rule is about each of them: they are compared by their names. */
export const MOST_JUDGED = 2_000;

export async function knownWorld(
  { store, people }: Pick<AdminDependencies, 'store' | 'people'>,
  workspaceId: string,
): Promise<KnownWorld> {
  const [persons, groups, grants, servers, bundles] = await Promise.all([
    people.users.list(workspaceId),
    people.groups.list(workspaceId),
    people.grants.list(workspaceId),
    store.servers.list(workspaceId),
    store.bundles.list(workspaceId),
  ]);
  const users = new Map(persons.map(({ id, name, role, groups: of }) => [id, { id, name, role, groups: of }]));
  const things: KnownThing[] = [];
  const neverListed: string[] = [];
  for (const server of servers) {
    if (!(await store.definitions.begunKinds(server.id)).includes('tools')) neverListed.push(server.name);
    things.push(...(await thingsOf(store, server, bundles)));
  }
  return {
    people: [
      ...persons
        .filter(({ disabledAt }) => disabledAt === null)
        .map(({ id, name }): Person => ({
          name: `user:${name}`,
          principal: {
            workspaceId,
            ...userIn(users, id),
            credential: { kind: 'device', id: 'preview', label: 'preview' },
          },
        })),
      ...grants
        .filter(({ user, state }) => user === null && state === 'active')
        .map((grant): Person => ({ name: `grant:${grant.label}`, principal: { workspaceId, ...grantOf(grant) } })),
    ],
    ...{ users, grants, servers, bundles, things, neverListed },
    groups: groups.map(({ name }) => name),
  };
}

function userIn(users: KnownWorld['users'], id: string): Pick<Principal, 'user'> {
  const user = users.get(id);
  return user === undefined ? {} : { user };
}

export function grantOf({ id, label, servers }: Grant): Pick<Principal, 'credential' | 'servers'> {
  return { credential: { kind: 'grant', id, label }, servers };
}

async function thingsOf(
  store: AdminDependencies['store'],
  server: ServerRecord,
  bundles: readonly Bundle[],
): Promise<KnownThing[]> {
  const byName = new Map<string, Definition[]>();
  for await (const part of store.definitions.ofServer(server.id)) {
    // An embedded database is read at once; calls go on between the parts.
    await nextTurn();
    for (const each of part) {
      const key = `${each.kind}\n${each.name}`;
      // Of texts that nobody looks at any more only what counts is kept.
      if (each.kind !== 'instructions') byName.set(key, [...(byName.get(key) ?? []), each]);
    }
  }
  return [...byName.values()].flatMap((variants) => {
    const served = keptText(variants);
    return served === undefined ? [] : waysOf(server, served, bundles, isHeld(server, served));
  });
}

const isHeld = ({ definitions }: ServerRecord, newest: Definition): boolean =>
  whichServed(definitions, null, newest, []).state === 'held';

function waysOf(
  server: ServerRecord,
  { kind, text }: Definition,
  bundles: readonly Bundle[],
  waits: boolean,
): KnownThing[] {
  const said = parseRecord(text);
  const own = said?.[kind === 'templates' ? 'uriTemplate' : 'name'];
  if (typeof own !== 'string' || kind === 'instructions') return [];
  const toolClass = kind === 'tools' ? classOfTool(server, own, said).is : 'read';
  const names = ruleNames(kind, server.name, own, toolClass);
  const name = kind === 'templates' ? `resource:${server.name}+${own}` : names[0];
  const within = kind === 'tools' ? bundles.filter(({ tools }) => tools.some((each) => isIn(each, server, own))) : [];
  const common = { kind, server: server.name, own, isHeld: waits, argumentSchema: schemaIn(kind, said) };
  return [
    { ...common, name, ways: [names] },
    ...within.map((bundle): KnownThing => {
      const through: RuleNames = [...names, `bundle:${bundle.name}`];
      return { ...common, bundle: bundle.name, name: `${name} in bundle:${bundle.name}`, ways: [through] };
    }),
  ];
}

/** The arguments of a prompt are texts (MCP, "Prompts"). */
function schemaIn(kind: Definition['kind'], said: ReturnType<typeof parseRecord>): unknown {
  if (kind === 'tools') return said?.['inputSchema'];
  if (kind !== 'prompts') return undefined;
  const named: unknown = said?.['arguments'] ?? [];
  const names = Array.isArray(named) ? named.map((each: unknown): unknown => Object(each)['name']) : [];
  const properties = Object.fromEntries(names.filter((name) => typeof name === 'string').map((name) => [name, TEXT]));
  return { type: 'object', properties };
}

const TEXT = { type: 'string' };

const isIn = (tool: Bundle['tools'][number], server: ServerRecord, own: string): boolean =>
  tool.serverId === server.id && tool.tool === own;
