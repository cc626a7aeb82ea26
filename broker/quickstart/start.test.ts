import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { compileCache } from 'mcpgate-test/world/compile-cache';
import { runBrokerCommand, temporaryFolder } from '../src/commands/fixtures/broker-process.ts';

interface QuickStart {
  output(): string;
  stop(): Promise<number | null>;
}

async function quickStart(dataDir: string): Promise<QuickStart> {
  const args = [join(import.meta.dirname, 'start.ts'), '--data', dataDir, '--listen', '127.0.0.1:0'];
  const child = spawn(process.execPath, args, { env: { ...compileCache, PATH: process.env['PATH'] ?? '' } });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const read = (text: string): void => {
      output += text;
      if (output.includes('Ctrl-C ends the broker')) resolve();
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    void closed.then(() => reject(new Error(output)));
  });
  return {
    output: () => output,
    async stop() {
      child.kill('SIGINT');
      return await closed;
    },
  };
}

test('the quick start serves three real servers and one visible rule, and adds nothing on the second start', async () => {
  const dataDir = join(temporaryFolder(), 'data');
  const env = { MCPGATE_DATA: dataDir };
  const json = async (...args: string[]): Promise<Record<string, unknown>[]> => {
    const { stdout, stderr } = await runBrokerCommand([...args, '--json'], { env });
    assert.equal(stderr, '');
    return JSON.parse(stdout);
  };

  const first = await quickStart(dataDir);
  assert.match(first.output(), /set-up link .*\/setup\?/);
  assert.match(first.output(), /npx mcpgate login http:/);
  assert.ok(first.output().includes(`npx mcpgate-broker rule list --data ${dataDir}`), first.output());
  for (const name of ['everything', 'filesystem', 'memory']) {
    const steps = await json('server', 'test', name);
    assert.ok(
      steps.every((step) => step['ok'] === true),
      JSON.stringify(steps),
    );
  }
  const [rule] = await json('rule', 'list');
  assert.deepEqual([rule?.['effect'], rule?.['who'], rule?.['what']], ['allow', ['*'], ['*']]);
  assert.equal(rule?.['note'], 'quick start: everyone may use everything');
  await json('rule', 'remove', String(rule?.['id']));
  await json('server', 'remove', 'everything');
  assert.equal(await first.stop(), 0);

  const second = await quickStart(dataDir);
  assert.match(first.output(), /one rule lets everyone in/);
  assert.doesNotMatch(second.output(), /one rule lets everyone in/);
  assert.deepEqual(await json('rule', 'list'), [], 'what an administrator removed stays removed');
  assert.deepEqual(
    (await json('server', 'list')).map((server) => String(server['name'])).toSorted((a, b) => a.localeCompare(b)),
    ['filesystem', 'memory'],
  );
  assert.equal(await second.stop(), 0);
});
