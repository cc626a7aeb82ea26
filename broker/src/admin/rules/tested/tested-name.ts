// What a name means in a call that nobody makes, found as the gateway finds it: the name of a bundle's tool, a server's former name, a shortened name,
// and the own name of a thing that one server alone has. No server is asked: what they have is known by the definitions that are kept of them.
import { GateError } from 'mcpgate-shared/error';
import { didYouMean, nearest } from 'mcpgate-shared/nearest';
import { exposedName, isCutName } from '../../../mcp/exposed-name.ts';
import type { BundleTool } from '../../../domain/bundle.ts';
import { serverCalled, type ServerRecord } from '../../../domain/server-record.ts';
import { inWorkspace } from '../../../domain/workspace.ts';
import { CONNECT } from '../../../policy/connecting.ts';
import { ownNames, RESOURCE, splitName, splitUri, subjectsOf, type Subject } from '../../../policy/naming.ts';
import { ofSeveral, serversToAsk } from '../../../policy/own-name.ts';
import {
  cannotBeGiven,
  givenThoughFixed,
  shownBundle,
  throughBundle,
  type ShownBundle,
} from '../../../policy/shown-bundle.ts';
import type { CompiledPolicy, Question } from '../../../policy/verdict.ts';
import type { KnownThing, KnownWorld } from '../known-world.ts';

type Kind = 'tools' | 'prompts' | 'events' | 'resources';
type Caller = Pick<Question, 'principal' | 'facts'>;

export interface TestedName {
  /** As rules name it. */
  name: string;
  subjects: readonly Subject[];
  /** The bundle through which it is called. */
  bundle?: string;
  /** What the tool gets besides, or in place of, what the call has. */
  fixed: Readonly<Record<string, unknown>>;
  /** It waits for a person. */
  isHeld: boolean;
}

/** `refusal`: the call is refused before any rule is asked, and why. */
export type Tested = TestedName | { refusal: string };

const HEADS = [
  ['prompts', 'prompt:'],
  ['events', 'event:'],
  ['resources', RESOURCE],
] as const;

/**
 * `what`: as rules or clients write it. `bundle`: the one that the client asks for by its name. Throws `not_found` where there is none of that name.
 */
export function testedName(
  policy: CompiledPolicy,
  caller: Caller,
  world: KnownWorld,
  {
    what,
    bundle: asked,
    args = {},
  }: { what: string; bundle?: string | undefined; args?: Record<string, unknown> | undefined },
): Tested {
  const [kind, head] = HEADS.find(([, each]) => what.startsWith(each)) ?? (['tools', ''] as const);
  const written = what.slice(head.length);
  const enabled = world.servers.filter((server) => server.enabled);
  const bundle = shownBundle(world.bundles, enabled, asked, caller.principal.user?.groups ?? []);
  if (asked !== undefined && bundle === undefined) throw noBundle(caller.principal.workspaceId, asked, world);
  if (bundle === undefined || (kind !== 'tools' && bundle.isDefault))
    return ownOrNamed(policy, caller, world, enabled, kind, written);
  const within = enabled.filter(({ id }) => bundle.tools.some(({ serverId }) => serverId === id));
  if (kind === 'resources') return ownOrNamed(policy, caller, world, within, kind, written);
  if (kind !== 'tools') return { refusal: `there is no ${what} in bundle ${bundle.name}, which has tools alone` };
  const entry = bundle.tools.find(({ name }) => name === written);
  const server = enabled.find(({ id }) => id === entry?.serverId);
  if (entry !== undefined && server !== undefined) return throughEntry(world, bundle, entry, server, args);
  const connects = within.some(({ name }) => written === exposedName(name, CONNECT));
  if (entry === undefined && (connects || bundle.isDefault))
    return ownOrNamed(policy, caller, world, enabled, kind, written);
  return { refusal: notInBundle(written, bundle) };
}

function throughEntry(
  world: KnownWorld,
  bundle: ShownBundle,
  entry: BundleTool,
  server: ServerRecord,
  args: Record<string, unknown>,
): Tested {
  const given = givenThoughFixed(
    entry,
    args,
    Object.keys(args).map((key) => ({ key })),
  );
  if (given !== undefined) return { refusal: cannotBeGiven(given, bundle, entry) };
  const meant = named(world, 'tools', server, entry.tool);
  return {
    ...meant,
    subjects: meant.subjects.map(({ server: of, names }) => ({ server: of, names: throughBundle(bundle, names) })),
    ...{ bundle: bundle.name, fixed: entry.fixed },
  };
}

function ownOrNamed(
  policy: CompiledPolicy,
  caller: Caller,
  world: KnownWorld,
  servers: readonly ServerRecord[],
  kind: Kind,
  written: string,
): Tested {
  const split = kind === 'resources' ? splitUri(written) : splitName(written);
  const server = split && serverCalled(servers, split.server);
  if (split !== undefined && server !== undefined)
    return named(world, kind, server, ownOf(world, kind, server, split.rest));
  const head = HEADS.find(([each]) => each === kind)?.[1] ?? '';
  const nowhere = {
    name: head + written,
    subjects: subjectsOf(
      head + written,
      servers.map(({ name }) => name),
    ),
    fixed: {},
    isHeld: false,
  };
  // Which resources a server has is not kept: a URI may be of any of them.
  if (kind === 'resources') return nowhere;
  const bound = caller.principal.servers;
  const reached = servers.filter(({ name }) => bound?.includes(name) ?? true);
  const having = serversToAsk(policy, caller, reached, kind, written).filter(({ name }) =>
    thingsOf(world, kind, name).some(({ own }) => own === written),
  );
  const isServed = ({ name }: ServerRecord) =>
    thingsOf(world, kind, name).some(({ own, isHeld }) => own === written && !isHeld);
  const found = having.some(isServed) ? having.filter(isServed) : having;
  const [first] = found;
  if (first !== undefined && found.length === 1) return named(world, kind, first, written);
  if (found.length > 1)
    return {
      refusal: ofSeveral(
        written,
        found.map(({ name }) => exposedName(name, written)),
      ),
    };
  return nowhere;
}

/** The own name that a shortened one stands for; any other stands for itself. */
function ownOf(world: KnownWorld, kind: Kind, { name }: ServerRecord, rest: string): string {
  const cut = `${name}__${rest}`;
  if (kind === 'resources' || !isCutName(cut)) return rest;
  return thingsOf(world, kind, name).find(({ own }) => exposedName(name, own) === cut)?.own ?? rest;
}

function named(world: KnownWorld, kind: Kind, server: ServerRecord, own: string): TestedName {
  const names = ownNames(kind, server.name, own);
  const name = names.at(kind === 'resources' ? 1 : 0) ?? names[0];
  const known = thingsOf(world, kind, server.name).filter((each) => each.own === own);
  const isHeld = known.length > 0 && known.every((each) => each.isHeld);
  const subjects = known.map(({ ways: [ways] }) => ({ server: server.name, names: ways }));
  return { name, subjects: subjects.length > 0 ? subjects : subjectsOf(name, [server.name]), fixed: {}, isHeld };
}

/** Those that are called by themselves, and through no bundle. */
const thingsOf = ({ things }: KnownWorld, kind: Kind, server: string): KnownThing[] =>
  things.filter(
    (each) =>
      each.server === server && each.kind === (kind === 'resources' ? 'templates' : kind) && each.bundle === undefined,
  );

function notInBundle(written: string, { name, tools }: ShownBundle): string {
  const renamed = tools.find(({ server, tool }) => server !== null && `${server}__${tool}` === written);
  const near =
    renamed?.name ??
    nearest(
      written,
      tools.map((each) => each.name),
    );
  return `there is no tool ${written} in bundle ${name}${near === undefined ? '' : `; did you mean ${near}?`}`;
}

function noBundle(workspaceId: string, asked: string, { bundles }: KnownWorld): GateError {
  const names = bundles.map(({ name }) => name);
  return new GateError(
    'not_found',
    `there is no bundle ${JSON.stringify(asked.slice(0, 40))}${didYouMean(asked, names)} \`bundle list${inWorkspace(workspaceId)}\` shows them`,
  );
}
