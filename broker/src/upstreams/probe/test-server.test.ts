import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, it } from 'node:test';
import type { Transport } from '../../domain/transports/transports.ts';
import { startHttpUpstream } from '../fixtures/http-upstream.ts';
import { fixtureServer, serverRecord, startPool } from '../fixtures/pool.ts';

let pool: Awaited<ReturnType<typeof startPool>>;
afterEach(() => pool.end());

async function test(transport: Transport, secrets: Record<string, string> = {}) {
  const record = serverRecord('it', transport);
  pool = await startPool([record]);
  for (const [name, value] of Object.entries(secrets)) pool.secrets.set(name, value);
  const steps = await pool.upstreams.test(record);
  assert.ok(steps.every(({ ms }) => ms >= 0));
  const last = steps.at(-1);
  assert.ok(last !== undefined);
  return { last, words: steps.map(({ step, ok, detail }) => `${ok ? '✓' : '✗'} ${step}: ${detail}`) };
}

describe('the test of a server', () => {
  it('says each step of a command, and leaves neither a process nor a home', async () => {
    const { words } = await test(fixtureServer([], { TOKEN: '${secret:token}' }), { token: 'tok-123456' });
    assert.equal(words[0], '✓ secrets: token@1');
    assert.match(words[1] ?? '', /^✓ start: .*node as (uid \d+|the broker’s own user)/);
    assert.equal(words[2], '✓ handshake: fixture 1, protocol 2025-11-25 (legacy), offers tools');
    assert.equal(words[3], '✓ tools: 12 tools');
    assert.match(words[4] ?? '', /^✓ ping: answered/);
    assert.deepEqual(await readdir(path.join(pool.dataDir, 'upstreams', 'it')), []);
    assert.equal(pool.upstreams.status('default').length, 0, 'no live connection was made');
  });

  it('says each step of a URL', async (t) => {
    const upstream = await startHttpUpstream();
    t.after(() => upstream.close());
    const { words } = await test({ kind: 'http', url: upstream.url, headers: {} });
    assert.equal(words[1], '✓ dns: 127.0.0.1 is an address');
    assert.match(words[2] ?? '', /^✓ connect: port \d+ of 127\.0\.0\.1 answers$/);
    assert.equal(words[3], '✓ handshake: http 1, protocol 2025-11-25 (legacy), offers tools');
    assert.equal(words[4], '✓ tools: 2 tools');
  });

  it('ends at the step that fails, and says what to do next', async (t) => {
    const upstream = await startHttpUpstream();
    t.after(() => upstream.close());
    upstream.authorization = 'Bearer right';
    const headers = { authorization: '${secret:web-token}' };
    const refused = await test({ kind: 'http', url: upstream.url, headers }, { 'web-token': 'Bearer wrong' });
    assert.deepEqual([refused.last.step, refused.last.ok], ['handshake', false]);
    assert.match(refused.last.detail, /HTTP 401/);
    assert.equal(refused.last.next, 'its credentials are no good: mcpgate-broker secret set web-token');
    await pool.end();

    const unset = await test({ kind: 'http', url: upstream.url, headers });
    assert.deepEqual([unset.last.step, unset.last.next], ['secrets', 'mcpgate-broker secret set web-token']);
    await pool.end();

    const away = await test({ kind: 'http', url: 'http://127.0.0.1:1/mcp', headers: {} });
    assert.deepEqual([away.last.step, away.last.ok], ['connect', false]);
    assert.match(away.last.next ?? '', /check that the server runs/);
    await pool.end();

    const unknown = await test({ kind: 'http', url: 'http://no-such-host.invalid/mcp', headers: {} });
    assert.equal(unknown.last.step, 'dns');
    await pool.end();

    const plain = createServer();
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    t.after(() => plain.close());
    const { port } = plain.address() as AddressInfo;
    const noTls = await test({ kind: 'http', url: `https://127.0.0.1:${port}/mcp`, headers: {} });
    assert.deepEqual([noTls.last.step, noTls.last.ok], ['tls', false]);
    await pool.end();

    const missing = await test({ kind: 'stdio', command: 'no-such-command-here', args: [], env: {} });
    assert.deepEqual([missing.last.step, missing.last.ok], ['start', false]);
    assert.match(missing.last.next ?? '', /install the command/);
    await pool.end();

    const dies = await test(fixtureServer(['exit'], { TOKEN: '${secret:token}' }), { token: 'tok-123456' });
    assert.match(dies.last.detail, /exit code 3.*token \*\*\* was refused/);
    assert.match(dies.last.next ?? '', /secret set token/);
  });
});
