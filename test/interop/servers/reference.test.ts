// The reference servers: what each offers is the same through mcpgate as directly, and each is used.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openGatedServer } from '../gated-server.ts';
import { thirdParty } from '../third-party.ts';

const reference = (name: string, ...args: string[]) => thirdParty(`@modelcontextprotocol/server-${name}`, args);

test('everything: tools with progress and structure, resources, templates, prompts, completion', async (t) => {
  const { client, assertSameLists } = await openGatedServer(t, 'everything', () => reference('everything'));
  await assertSameLists();
  assert.match((await client.call('everything__echo', { message: 'hi' })).text, /hi/);
  const steps: number[] = [];
  await client.call(
    'everything__trigger-long-running-operation',
    { duration: 0.2, steps: 2 },
    { onProgress: (step) => void steps.push(step) },
  );
  // The SDK forgets the listener with the answer: of a step that comes in the same chunk as the answer it says nothing.
  assert.ok(steps[0] === 1 && steps.length <= 2, String(steps));
  const weather = await client.sdk.callTool({
    name: 'everything__get-structured-content',
    arguments: { location: 'New York' },
  });
  assert.equal(typeof Reflect.get(Object(weather.structuredContent), 'temperature'), 'number');
  const { resources } = await client.sdk.listResources();
  const [first] = resources;
  assert.ok(first !== undefined);
  const { contents } = await client.sdk.readResource({ uri: first.uri });
  assert.equal(contents[0]?.uri, first.uri);
  const { messages } = await client.sdk.getPrompt({ name: 'everything__simple-prompt' });
  assert.equal(messages.length, 1);
  const { completion } = await client.sdk.complete({
    ref: { type: 'ref/prompt', name: 'everything__completable-prompt' },
    argument: { name: 'department', value: 'E' },
  });
  assert.deepEqual(completion.values, ['Engineering']);
});

test('filesystem: reads inside its folder, and its refusal outside arrives as it says it', async (t) => {
  let sample = '';
  const { client, assertSameLists } = await openGatedServer(t, 'files', (folder) => {
    sample = join(folder, 'sample');
    mkdirSync(sample, { mode: 0o755 });
    writeFileSync(join(sample, 'hello.txt'), 'hello from a file', { mode: 0o644 });
    return reference('filesystem', sample);
  });
  await assertSameLists();
  const read = (path: string) => client.call('files__read_text_file', { path });
  assert.equal((await read(join(sample, 'hello.txt'))).text, 'hello from a file');
  const outside = await read('/etc/hostname');
  assert.equal(outside.isError, true);
  assert.match(outside.text, /outside allowed directories/);
});

test('memory: what was written is found again', async (t) => {
  const graph = mkdtempSync(join(tmpdir(), 'mcpgate-graph-'));
  t.after(() => rmSync(graph, { recursive: true, force: true }));
  chmodSync(graph, 0o777); // the broker runs its servers as another user
  const settings = mkdtempSync(join(tmpdir(), 'mcpgate-settings-'));
  t.after(() => rmSync(settings, { recursive: true, force: true }));
  const config = join(settings, 'broker.yaml');
  writeFileSync(config, `stdio:\n  writable: [${graph}]\n`, { mode: 0o600 });
  const { client, assertSameLists } = await openGatedServer(
    t,
    'memory',
    () => {
      const env = { MEMORY_FILE_PATH: join(graph, 'memory.jsonl') };
      return thirdParty('@modelcontextprotocol/server-memory', [], env);
    },
    { brokerArgs: ['--config', config] },
  );
  await assertSameLists();
  const entity = { name: 'mcpgate', entityType: 'product', observations: ['holds tokens'] };
  await client.call('memory__create_entities', { entities: [entity] });
  const found = await client.call('memory__search_nodes', { query: 'tokens' });
  assert.match(found.text, /"mcpgate"/);
  assert.match(readFileSync(join(graph, 'memory.jsonl'), 'utf8'), /"mcpgate"/);
});

test('sequential thinking: keeps its state over the calls of a session', async (t) => {
  const { client, assertSameLists } = await openGatedServer(t, 'think', () => reference('sequential-thinking'));
  await assertSameLists();
  const think = (thoughtNumber: number) =>
    client.call('think__sequentialthinking', {
      thought: `thought ${thoughtNumber}`,
      nextThoughtNeeded: true,
      thoughtNumber,
      totalThoughts: 3,
    });
  for (const [number, length] of [1, 2].entries())
    assert.equal(Reflect.get(Object(JSON.parse((await think(number + 1)).text)), 'thoughtHistoryLength'), length);
});
