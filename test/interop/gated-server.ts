// One server of others in a world: used by a person through `mcpgate serve`, and directly beside it for comparison.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { createWorld, type World, type WorldOptions } from '../world.ts';
import { startAiClient, type AiClient } from '../world/clients/ai-client.ts';
import { callRecord } from '../world/call-rows.ts';
import { GATE, type Person } from '../world/people/person.ts';
import { processesOf } from '../world/process-table.ts';
import { filesHolding } from '../world/search.ts';
import { until } from '../world/until.ts';
import type { ServerEntry } from './third-party.ts';

export interface GatedServer {
  readonly world: World;
  readonly person: Person;
  /** `mcpgate serve`: every server, tools prefixed. */
  readonly client: AiClient;
  /** The official v2 client, which speaks 2026-07-28, on the same laptop. */
  modernClient(): Promise<Client>;
  /** Which generation of MCP the broker speaks with the server. */
  generation(): Promise<string>;
  /** The server's own lists, asked directly, are what `mcpgate serve --server NAME` gives. */
  assertSameLists(): Promise<void>;
  /** The value is in no file of the world in clear, and in no environment or command line of the laptop's processes. */
  assertNotOnLaptop(value: string): void;
  /** Gives the server's one secret a new value, as the platform team does. */
  rotate(value: string): Promise<void>;
  /** How the last call of this tool is recorded: status and versions of secrets. */
  recorded(tool: string): Promise<[status: string, secretVersions: readonly string[]]>;
}

/** Imports `entry` as `name` into a world of its own; `prepare` gives the entry where it needs a folder of the world. */
export async function openGatedServer(
  t: TestContext,
  name: string,
  prepare: (folder: string) => Promise<ServerEntry> | ServerEntry,
  options: WorldOptions = {},
): Promise<GatedServer> {
  const world = await createWorld(t, options);
  const entry = await prepare(world.root);
  await world.importServers({ [name]: entry });
  const person = await world.member('ada');
  const client = await person.aiClient();
  // A server that takes long to start is not waited for by lists; the comparison is with one that has started.
  await until(`${name} is listed`, async () => (await client.toolNames()).length > 0, 60_000);
  return {
    world,
    person,
    client,
    async modernClient() {
      const modern = new Client({ name: 'modern', version: '2' }, { versionNegotiation: { mode: 'auto' } });
      t.after(() => modern.close());
      await modern.connect(
        new StdioClientTransport({ command: process.execPath, args: [GATE, 'serve'], env: person.env }),
      );
      assert.equal(modern.getProtocolEra(), 'modern');
      return modern;
    },
    async generation() {
      const steps = (await world.broker.run(['server', 'test', name, '--json'])).trim();
      return /protocol \S+ \((\w+)\)/.exec(steps)?.[1] ?? steps;
    },
    async assertSameLists() {
      const own = await person.aiClient({ args: ['--server', name] });
      const direct = await startAiClient({
        command: [entry.command, ...entry.args],
        env: { PATH: process.env['PATH'] ?? '', HOME: world.root, ...entry.env },
      });
      try {
        assert.deepEqual(await listsOf(own), await listsOf(direct));
      } finally {
        await direct.close();
      }
    },
    assertNotOnLaptop(value) {
      assert.deepEqual(filesHolding(world.root, [value]), []);
      assert.ok(processesOf(person.home).every(({ commandLine }) => !commandLine.includes(value)));
    },
    async rotate(value) {
      await world.broker.cli(['secret', 'set', await world.secretOf(name)], { stdin: value });
    },
    async recorded(tool) {
      const { status, secret_versions } = await callRecord(world.broker, ({ tool_name }) => tool_name === tool);
      return [status, secret_versions];
    },
  };
}

/** Everything that a server lists, as its capabilities say. */
/** Each list by name, because mcpgate sorts what servers list in any order. */
async function listsOf({ sdk }: AiClient): Promise<Record<string, unknown>> {
  const { tools, resources, prompts } = sdk.getServerCapabilities() ?? {};
  return {
    ...(tools && { tools: byKey((await sdk.listTools()).tools, ({ name }) => name) }),
    ...(prompts && { prompts: byKey((await sdk.listPrompts()).prompts, ({ name }) => name) }),
    ...(resources && {
      resources: byKey((await sdk.listResources()).resources, ({ uri }) => uri),
      templates: byKey(
        (await sdk.listResourceTemplates().catch(() => ({ resourceTemplates: [] }))).resourceTemplates,
        ({ uriTemplate }) => uriTemplate,
      ),
    }),
  };
}

function byKey<T>(entries: readonly T[], keyOf: (entry: T) => string): T[] {
  return entries.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0));
}
