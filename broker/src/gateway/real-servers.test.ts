import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile, chmod } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { Transport } from '../domain/transports/transports.ts';
import { ada, bob, startWorld, textOf } from './fixtures/gateway-world.ts';

const require = createRequire(import.meta.url);
const script = (name: string): string =>
  path.join(path.dirname(require.resolve(`@modelcontextprotocol/server-${name}/package.json`)), 'dist/index.js');
const stdio = (name: string, args: string[] = [], env: Record<string, string> = {}): Transport => ({
  kind: 'stdio',
  command: 'node',
  args: [script(name), ...args],
  env,
});

describe('the gateway before real servers', () => {
  it('merges everything, filesystem and memory (a process a person) and calls each', async (t) => {
    const sample = await mkdtemp(path.join(tmpdir(), 'mcpgate-sample-'));
    await chmod(sample, 0o755);
    await writeFile(path.join(sample, 'hello.txt'), 'hello from a file');
    const world = await startWorld({
      everything: stdio('everything'),
      files: stdio('filesystem', [sample]),
      memory: {
        transport: stdio('memory', [], { MEMORY_FILE_PATH: '${home}/memory.jsonl' }),
        isolation: 'per-user',
      },
    });
    t.after(async () => {
      await world.end();
      await rm(sample, { recursive: true });
    });
    await world.rule('allow', '*', '*');
    const client = world.connect(ada);
    await client.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 't', version: '1' },
    });
    const names = await client.toolNames();
    for (const name of ['everything__echo', 'files__read_text_file', 'memory__read_graph'])
      assert.ok(names.includes(name), name);
    assert.ok(names.every((name) => /^[a-zA-Z0-9_-]{1,50}$/.test(name)));

    assert.equal(textOf(await client.call('everything__echo', { message: 'hi' })), 'Echo: hi');
    assert.match(
      textOf(await client.call('files__read_text_file', { path: path.join(sample, 'hello.txt') })),
      /hello from a file/,
    );
    const entities = [{ name: 'ada-only', entityType: 'secret', observations: ['x'] }];
    await client.call('memory__create_entities', { entities });
    assert.match(textOf(await client.call('memory__read_graph')), /ada-only/);
    assert.doesNotMatch(textOf(await world.connect(bob).call('memory__read_graph')), /ada-only/);

    const progress: unknown[] = [];
    const done = client.request('tools/call', {
      name: 'everything__trigger-long-running-operation',
      arguments: { duration: 0.2, steps: 2 },
      _meta: { progressToken: 42 },
    });
    for (let step = 0; step < 2; step++)
      progress.push(await client.next(({ method }) => method === 'notifications/progress'));
    assert.match(textOf(await done), /completed/i);
    assert.deepEqual(
      progress.map((each) => (each as { params: { progressToken: unknown } }).params.progressToken),
      [42, 42],
    );

    if (process.getuid?.() === 0) {
      const status = world.upstreams.status('default');
      assert.deepEqual(
        status.map(({ name, processIsolation }) => [name, processIsolation]),
        [
          ['everything', 'sandbox'],
          ['files', 'sandbox'],
          ['memory', 'sandbox'],
        ],
      );
      const key = await readFile(path.join(world.dataDir, 'master.key'), 'utf8');
      const reached = await client.call('files__read_text_file', { path: path.join(world.dataDir, 'master.key') });
      assert.equal(JSON.stringify(reached).includes(key.trim()), false);
    }
  });

  it('speaks Streamable HTTP with the everything server, whose restart no caller notices', async (t) => {
    const port = await freePort();
    const start = async () => {
      const child = spawn(process.execPath, [script('everything'), 'streamableHttp'], {
        env: { PORT: String(port) },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      for await (const chunk of child.stderr) if (/listening|running/i.test(String(chunk))) break;
      return child;
    };
    let child = await start();
    const world = await startWorld({ everything: { kind: 'http', url: `http://127.0.0.1:${port}/mcp`, headers: {} } });
    t.after(async () => {
      child.kill('SIGKILL');
      await world.end();
    });
    await world.rule('allow', '*', '*');
    const client = world.connect();
    assert.equal(textOf(await client.call('everything__echo', { message: 'one' })), 'Echo: one');
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    child = await start();
    assert.equal(textOf(await client.call('everything__echo', { message: 'two' })), 'Echo: two');
    assert.deepEqual(
      (await world.calls()).map(({ status }) => status),
      ['ok', 'ok'],
    );
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
