// The ways from a suite to the conformance server: directly, through the broker's `/mcp/NAME`, through `mcpgate serve --server NAME`.
// Each has a recorder at the suite's end.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { openWorld, type World } from '../world.ts';
import type { IssuedGrant } from '../world/people/issued-grant.ts';
import { GATE, type Person } from '../world/people/person.ts';
import { until } from '../world/until.ts';
import { REPOSITORY } from '../step.ts';
import { SCENARIO_HEADER, startBridge } from './bridge.ts';
import type { ServeCommand } from './serve-process.ts';
import { startRecorder, type Recorder } from './recorder.ts';
import { startHttpUpstream } from './upstream/http-upstream.ts';

export const LEG_NAMES = ['direct', 'mcp', 'serve'] as const;
export type LegName = (typeof LEG_NAMES)[number];

export const UPSTREAM_KINDS = ['http', 'http-old', 'http-new', 'stdio'] as const;
/** How mcpgate reaches the conformance server; the direct way is always both generations over HTTP. */
export type UpstreamKind = (typeof UPSTREAM_KINDS)[number];

/** Where mcpgate speaks 2026-07-28 with the server, which asks in its answers: one connection for all. */
const ASKS_IN_ANSWERS: ReadonlySet<UpstreamKind> = new Set(['http', 'http-new', 'stdio']);

/** Where a client connects: over HTTP, or by launching a command. */
export type ClientTarget =
  { url: string; headers: Record<string, string> } | { command: string; args: string[]; env: Record<string, string> };

export interface Legs extends AsyncDisposable {
  readonly recorders: ReadonlyMap<LegName, Recorder>;
  readonly upstream: UpstreamKind;
  /** Makes the server at `url` an upstream (but for the direct way) until it is released, and says where a client finds it. */
  clientTarget(leg: LegName, url: string): Promise<{ target: ClientTarget; release(): Promise<void> }>;
  /** What the processes of mcpgate said. */
  logs(): string;
}

const NAME = 'conformance';

export async function openLegs(names: readonly LegName[], upstreamKind: UpstreamKind): Promise<Legs> {
  await using stack = new AsyncDisposableStack();
  const recorders = new Map<LegName, Recorder>();
  const open = async (name: LegName, ...args: Parameters<typeof startRecorder>) => {
    recorders.set(
      name,
      stack.adopt(await startRecorder(...args), (recorder) => recorder.close()),
    );
  };
  const closing = { close: (one: { close(): Promise<void> }) => one.close() };
  const upstream = stack.adopt(await startHttpUpstream(), closing.close);
  await open('direct', new URL(upstream.url));
  const world = names.some((name) => name !== 'direct')
    ? stack.adopt(await openWorld({ direct: true }), closing.close)
    : undefined;
  let laptop: Person | undefined;
  if (world !== undefined) {
    const args = ASKS_IN_ANSWERS.has(upstreamKind) ? [] : alone(NAME);
    await world.importServers({ [NAME]: await upstreamEntry(upstreamKind, stack) }, { args });
    const mcp = await mcpTarget(world, NAME);
    if (names.includes('mcp')) await open('mcp', new URL(mcp.url), { headers: mcp.headers });
    if (names.includes('serve')) {
      laptop = await world.member('ada');
      await beLinked(laptop);
      const bridge = stack.adopt(await startBridge(serveCommand(laptop, NAME)), closing.close);
      await open('serve', new URL(bridge.url), { scenarioHeader: SCENARIO_HEADER });
    }
  }
  const owned = stack.move();
  let scenarios = 0;
  return {
    recorders,
    upstream: upstreamKind,
    async clientTarget(leg, url) {
      if (leg === 'direct' || world === undefined)
        return { target: { url, headers: {} }, release: () => Promise.resolve() };
      scenarios += 1;
      const name = `scenario-${scenarios}`;
      await world.importServers({ [name]: { url } }, { args: alone(name) });
      return {
        target: laptop === undefined || leg === 'mcp' ? await mcpTarget(world, name) : serveTarget(laptop, name),
        release: async () => void (await world.broker.run(['server', 'remove', name])),
      };
    },
    logs: () => world?.logs() ?? '',
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Servers of before 2026-07-28 may only ask over a connection of the session's own. */
const alone = (server: string) => ['--isolation', `${server}=per-session`];

async function mcpTarget(world: World, server: string) {
  const headers = { authorization: `Bearer ${await grantFor(world, server)}` };
  return { url: `${world.broker.listenUrl}/mcp/${server}`, headers };
}

const serveCommand = ({ env }: Person, server: string): ServeCommand => ({
  command: [process.execPath, GATE, 'serve', '--server', server],
  env,
});

function serveTarget(laptop: Person, server: string): ClientTarget {
  const { command, env } = serveCommand(laptop, server);
  const [program, ...args] = command;
  return { command: program, args, env };
}

/** Until the laptop's link is there `serve` answers by itself, and says afterwards that lists have changed. */
async function beLinked(person: Person) {
  const client = await person.aiClient({ args: ['--server', NAME] });
  await until(`the link of ${person.name}`, async () => (await client.toolNames()).length > 0);
  await client.close();
}

async function grantFor(world: World, server: string): Promise<string> {
  const words = ['grant', 'issue', '--label', `${server}-${randomUUID()}`, '--server', server];
  return ((await world.broker.json(words)) as IssuedGrant).token;
}

/** The `mcpServers` entry of the conformance server as mcpgate is to reach it. */
async function upstreamEntry(kind: UpstreamKind, stack: AsyncDisposableStack): Promise<object> {
  if (kind === 'stdio')
    return { command: process.execPath, args: [join(REPOSITORY, 'test/conformance/upstream/stdio.ts')] };
  const generations = { http: ['old', 'new'], 'http-old': ['old'], 'http-new': ['new'] } as const;
  const upstream = stack.adopt(await startHttpUpstream(generations[kind]), (one) => one.close());
  return { url: upstream.url };
}
