import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, it } from 'node:test';
import type { Probe } from '../../domain/server-record.ts';
import type { Transport } from '../../domain/transports/transports.ts';
import { startHttpUpstream, type HttpUpstream } from '../fixtures/http-upstream.ts';
import { fixtureServer, serverRecord, startPool } from '../fixtures/pool.ts';

let pool: Awaited<ReturnType<typeof startPool>>;
afterEach(() => pool.end());

async function test(transport: Transport, secrets: Record<string, string> = {}) {
  const record = serverRecord('it', transport);
  pool = await startPool([record]);
  for (const [name, value] of Object.entries(secrets)) pool.secrets.set(name, value);
  const { steps } = await pool.upstreams.test(record);
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

describe('the credential of a server', () => {
  const REFERRING = '${secret:web-token}';

  async function web(probe: Probe | null, answer: (tool: string) => string | undefined = () => undefined) {
    const upstream = await startHttpUpstream();
    upstream.authorization = 'Bearer right';
    upstream.tools = ['whoami', 'echo'];
    upstream.intercept = (_request, response, message) => {
      if (message['method'] !== 'tools/call') return false;
      const text = answer(String(Object(message['params'])['name']));
      if (text === undefined) return false;
      const result = { content: [{ type: 'text', text }], isError: true };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: message['id'], result }));
      return true;
    };
    const transport: Transport = { kind: 'http', url: upstream.url, headers: { authorization: REFERRING } };
    const record = { ...serverRecord('it', transport), probe };
    pool = await startPool([record]);
    pool.secrets.set('web-token', 'Bearer right');
    return { upstream, record };
  }
  /** Its pings have no name. */
  const called = ({ executed }: HttpUpstream) => executed.filter((name: string | undefined) => name !== undefined);
  const tried = (value: string) => ({ name: 'web-token', secret: { value, version: 2, imported: false } });

  it('is accepted where the tool that the record names answers, and that tool alone was called', async (t) => {
    const { upstream, record } = await web({ tool: 'whoami', arguments: { verbose: true } });
    t.after(() => upstream.close());
    const { verdict, steps } = await pool.upstreams.test(record);
    assert.equal(verdict, 'accepted');
    assert.equal(steps.at(-1)?.detail, 'its tool whoami answered');
    assert.deepEqual(called(upstream), ['whoami']);
    const call = upstream.received.find(({ message }) => message['method'] === 'tools/call');
    assert.deepEqual(Object(call?.message['params'])['arguments'], { verbose: true });
  });

  it('is refused where the service answers its tool with an error, which is told without the secret', async (t) => {
    const { upstream, record } = await web({ tool: 'whoami', arguments: {} }, () => 'bad credentials: Bearer right');
    t.after(() => upstream.close());
    const { verdict, steps } = await pool.upstreams.test(record);
    assert.equal(verdict, 'refused');
    assert.deepEqual(
      [steps.at(-1)?.step, steps.at(-1)?.ok, steps.at(-1)?.detail],
      ['probe', false, 'its tool whoami answered with an error: "bad credentials: ***"'],
    );
  });

  it('is unproven where no tool is named: it says so, and which tool could be named', async (t) => {
    const { upstream, record } = await web(null);
    t.after(() => upstream.close());
    const { verdict, steps } = await pool.upstreams.test(record);
    assert.equal(verdict, 'unproven');
    assert.match(steps.at(-1)?.detail ?? '', /^not verified: /);
    assert.equal(steps.at(-1)?.next, 'mcpgate-broker server set it --probe TOOL');
    assert.deepEqual(called(upstream), []);
  });

  it('that is only tried reaches this connection alone, and is hidden in what it says', async (t) => {
    const { upstream, record } = await web({ tool: 'whoami', arguments: {} });
    t.after(() => upstream.close());
    const refused = await pool.upstreams.test(record, { tried: tried('Bearer mistyped') });
    assert.equal(refused.verdict, 'refused');
    assert.match(refused.steps.at(-1)?.detail ?? '', /HTTP 401/);
    upstream.authorization = 'Bearer next';
    const accepted = await pool.upstreams.test(record, { tried: tried('Bearer next') });
    assert.deepEqual([accepted.verdict, accepted.steps[0]?.detail], ['accepted', 'web-token@2']);
    assert.equal((await pool.upstreams.test(record)).verdict, 'refused', 'the value of the vault is another one');
    assert.equal(pool.secrets.uses.length, 0);
  });

  it('is not probed with a tool that is not there, or that says of itself that it changes something', async (t) => {
    const { upstream, record } = await web({ tool: 'gone', arguments: {} });
    t.after(() => upstream.close());
    const missing = await pool.upstreams.test(record);
    assert.equal(missing.verdict, 'failed');
    assert.match(missing.steps.at(-1)?.detail ?? '', /there is no tool gone to probe it with; it has whoami, echo/);
    upstream.intercept = (_request, response, message) => {
      if (message['method'] !== 'tools/list') return false;
      const tool = (name: string, readOnlyHint: boolean) => ({
        ...{ name, inputSchema: { type: 'object' }, annotations: { readOnlyHint } },
      });
      const result = { tools: [tool('gone', false), tool('get_me', true), tool('list', true)] };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: message['id'], result }));
      return true;
    };
    const changing = await pool.upstreams.test(record);
    assert.match(changing.steps.at(-1)?.detail ?? '', /gone says of itself that it changes something/);
    assert.deepEqual(called(upstream), []);
    const unnamed = await pool.upstreams.test({ ...record, probe: null });
    assert.equal(unnamed.steps.at(-1)?.next, 'mcpgate-broker server set it --probe get_me');
  });

  it('is not found out where the server cannot be reached', async () => {
    const { upstream, record } = await web({ tool: 'whoami', arguments: {} });
    await upstream.close();
    assert.equal((await pool.upstreams.test(record)).verdict, 'failed');
  });
});
