import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { administration } from './fixtures/administration.ts';
import { runBrokerCommand, temporaryFolder } from './fixtures/broker-process.ts';

const admin = administration(async (broker) => {
  await broker.json(['user', 'add', 'ada']);
});

describe('without a broker', () => {
  test('every command says what to do and exits 4', async () => {
    const { code, stderr } = await runBrokerCommand(['user', 'list', '--data', temporaryFolder()]);
    assert.equal(code, 4);
    assert.match(stderr, /^mcpgate-broker: no broker is running on .*mcpgate-broker start --data/);
  });

  test('--url needs a token, and names an address that does not answer', async () => {
    assert.equal((await runBrokerCommand(['status', '--url', 'http://127.0.0.1:1'])).code, 3);
    const env = { MCPGATE_ADMIN_TOKEN: 't' };
    assert.equal((await runBrokerCommand(['status', '--url', 'http://127.0.0.1:1'], { env })).code, 4);
    const refused = await runBrokerCommand(['status', '--url', admin.broker.url], { env });
    assert.equal(refused.code, 3);
    assert.doesNotMatch(refused.stderr, /\bt\b at/);
  });
});

describe('the terminal', () => {
  test('-v prints the version, as that of mcpgate does', async () => {
    for (const flag of ['-v', '--version']) {
      const { code, stdout } = await runBrokerCommand([flag]);
      assert.equal(code, 0);
      assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
    }
  });

  test('shows tables, a status, and completion scripts', async () => {
    assert.match((await admin.broker.run(['user', 'list'])).stdout, /^NAME +ROLE +STATE/);
    assert.match((await admin.broker.run(['status'])).stdout, /: ready\n/);
    const status = Object(await admin.broker.json(['status']));
    assert.deepEqual([status['state'], status['database'], status['enforcement']], ['ready', 'sqlite', 'enforce']);
    for (const shell of ['bash', 'zsh', 'fish'])
      assert.match((await admin.broker.run(['completion', shell])).stdout, /enforcement/);
    assert.equal((await admin.broker.run(['completion', 'tcsh'])).code, 2);
  });

  test('the API describes itself', async () => {
    const document = Object(await (await fetch(`${admin.broker.url}/api/v1/openapi.json`)).json());
    assert.equal(document['openapi'], '3.1.0');
    const text = JSON.stringify(document);
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      assert.ok(Object.hasOwn(document['components']['schemas'], name ?? ''), name);
    }
    assert.ok(Object.hasOwn(document['paths'], '/users/{name}/disable'));
  });
});
