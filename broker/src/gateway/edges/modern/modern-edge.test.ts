// A client of 2026-07-28 before real servers of 2025-11-25.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Isolation } from 'mcpgate-shared/api/servers';
import { toldServer } from '../../../upstreams/fixtures/pool.ts';
import { ada, bob, startWorld, textOf, type Message } from '../../fixtures/gateway-world.ts';
import { askedIn, EVERYTHING_CLIENT, modernClient, modernMeta } from '../../fixtures/modern-client.ts';

const require = createRequire(import.meta.url);
const script = path.join(
  path.dirname(require.resolve('@modelcontextprotocol/server-everything/package.json')),
  'dist/index.js',
);
const ROOTS = { roots: [{ uri: 'file:///home/ada', name: 'home' }] };
const SAMPLED = { role: 'assistant', model: 'm', content: { type: 'text', text: 'sampled!' } };
const PROMPT = { name: 'every__trigger-sampling-request', arguments: { prompt: 'hello', maxTokens: 10 } };

async function startEverything(t: TestContext, isolation: Isolation = 'per-session') {
  const transport = { kind: 'stdio' as const, command: 'node', args: [script], env: {} };
  const world = await startWorld({ every: { transport, isolation } }, { gateway: { listDeadlineMs: 60_000 } });
  t.after(() => world.end());
  await world.rule('allow', '*', '*');
  return world;
}

type World = Awaited<ReturnType<typeof startEverything>>;

/** The server asks for the roots as soon as it is connected: the first call carries that too. */
async function askSampling(world: World, of = world.connect()) {
  const client = modernClient(of, EVERYTHING_CLIENT);
  let answer = await client.request('tools/call', PROMPT);
  const methodsIn = () => askedIn(answer).map(([, { method }]) => method);
  const rounds = [methodsIn()];
  const [first] = askedIn(answer);
  if (first?.[1].method === 'roots/list' && askedIn(answer).length === 1) {
    answer = await client.retry('tools/call', PROMPT, answer, { [first[0]]: ROOTS });
    rounds.push(methodsIn());
  }
  const sampling = askedIn(answer).find(([, { method }]) => method === 'sampling/createMessage');
  assert.ok(sampling, JSON.stringify(answer));
  return { client, answer, sampling, responses: responsesTo(answer), rounds, wire: of };
}

const responsesTo = (answer: Message) =>
  Object.fromEntries(askedIn(answer).map(([key, { method }]) => [key, method === 'roots/list' ? ROOTS : SAMPLED]));

const stateOf = ({ result }: Message) => String(result?.['requestState']);

describe('the edge of 2026-07-28', () => {
  it('answers discovery, lists and calls without a handshake, as that version has them', async (t) => {
    const world = await startEverything(t, 'shared');
    const client = modernClient(world.connect());
    const { result } = await client.request('server/discover');
    assert.deepEqual(result?.['supportedVersions'], ['2026-07-28']);
    assert.deepEqual(Object.keys(result?.['capabilities'] ?? {}).toSorted(), [
      'completions',
      'logging',
      'prompts',
      'resources',
      'tools',
    ]);
    assert.deepEqual([result?.['resultType'], result?.['ttlMs'], result?.['cacheScope']], ['complete', 0, 'private']);
    const serverInfo = { 'io.modelcontextprotocol/serverInfo': { name: 'mcpgate', version: '9.9.9' } };
    assert.deepEqual(result?.['_meta'], serverInfo);
    const tools = await client.request('tools/list');
    assert.ok(JSON.stringify(tools.result?.['tools']).includes('"every__echo"'));
    assert.deepEqual([tools.result?.['resultType'], tools.result?.['cacheScope']], ['complete', 'private']);
    const echoed = await client.request('tools/call', { name: 'every__echo', arguments: { message: 'hi' } });
    assert.match(textOf(echoed), /hi/);
    assert.deepEqual([echoed.result?.['resultType'], echoed.result?.['_meta']], ['complete', serverInfo]);
    const read = await client.request('resources/read', { uri: 'every+demo://resource/dynamic/text/7' });
    assert.deepEqual([read.result?.['ttlMs'], read.result?.['cacheScope']], [0, 'private']);
    const [call] = await world.calls();
    assert.deepEqual([call?.client_name, call?.client_version, call?.status], ['modern', '2', 'ok']);
  });

  it('refuses what is no request of this version, with its own codes', async (t) => {
    const world = await startEverything(t, 'shared');
    const wire = world.connect();
    const client = modernClient(wire);
    for (const method of ['ping', 'logging/setLevel', 'resources/subscribe'])
      assert.equal((await client.request(method)).error?.code, -32601, method);
    const version = { 'io.modelcontextprotocol/protocolVersion': '2099-01-01' };
    const unsupported = await client.request('tools/list', {}, version);
    assert.equal(unsupported.error?.code, -32022);
    assert.deepEqual(unsupported.error?.data, { supported: ['2026-07-28'], requested: '2099-01-01' });
    const bare = { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } };
    assert.equal((await wire.request('tools/list', bare)).error?.code, -32602);
    assert.equal((await wire.request('server/discover')).error?.code, -32602);
    assert.equal((await client.request('resources/read', { uri: 'nobody+x://y' })).error?.code, -32602);
    const loud = { 'io.modelcontextprotocol/logLevel': 'loud' };
    assert.equal((await client.request('tools/list', {}, loud)).error?.code, -32602);
  });

  it('parks a call whose server asks, and goes on with it on the retry: one call for the server and the log', async (t) => {
    const world = await startEverything(t);
    const { client, answer, sampling, responses, rounds } = await askSampling(world);
    assert.equal(answer.result?.['resultType'], 'input_required');
    assert.match(JSON.stringify(sampling[1].params), /hello/);
    assert.deepEqual(
      (await world.calls()).map(({ status }) => status),
      ['unknown'],
    );
    const done = await client.retry('tools/call', PROMPT, answer, responses);
    assert.match(textOf(done), /sampled!/);
    assert.equal(done.result?.['resultType'], 'complete');
    const kinds = rounds.flat().includes('roots/list') ? ['roots', 'sampling'] : ['sampling'];
    assert.deepEqual(
      (await world.calls()).map((call) => [call.status, call.input_rounds, call.input_asked]),
      [['ok', rounds.length, kinds]],
    );
  });

  it('asks without the progress token of the server’s connection', async (t) => {
    const world = await startWorld({ told: { transport: toldServer(), isolation: 'per-session' } });
    t.after(() => world.end());
    await world.rule('allow', '*', '*');
    const params = { _meta: { progressToken: 7, keep: 1 }, messages: [], maxTokens: 1 };
    const line = JSON.stringify({ jsonrpc: '2.0', id: 's', method: 'sampling/createMessage', params });
    const client = modernClient(world.connect(), EVERYTHING_CLIENT);
    const answer = await client.request('tools/call', {
      name: 'told__say',
      arguments: { lines: [line], silent: true },
    });
    assert.deepEqual(askedIn(answer)[0]?.[1].params, { ...params, _meta: { keep: 1 } });
  });

  it('asks again for what a retry did not answer', async (t) => {
    const world = await startEverything(t);
    const { client, answer, responses } = await askSampling(world);
    const again = await client.retry('tools/call', PROMPT, answer, {});
    assert.equal(again.result?.['resultType'], 'input_required');
    // The server may have asked for more meanwhile.
    for (const key of Object.keys(responses))
      assert.ok(
        askedIn(again).some(([asked]) => asked === key),
        key,
      );
    assert.notEqual(stateOf(again), stateOf(answer));
    assert.match(textOf(await client.retry('tools/call', PROMPT, again, responsesTo(again))), /sampled!/);
  });

  it('refuses a state that is forged, used, of somebody else or for something else; its call is as it was', async (t) => {
    const world = await startEverything(t);
    const { client, answer, responses } = await askSampling(world);
    const state = stateOf(answer);
    const asBob = modernClient(world.connect(bob), EVERYTHING_CLIENT);
    const other = { ...PROMPT, arguments: { ...PROMPT.arguments, prompt: 'something else' } };
    const forged = { ...answer, result: { requestState: state.slice(0, -4) + 'AAAA' } };
    const foreign = { ...answer, result: { requestState: 'of-another-server' } };
    for (const [why, refused] of [
      ['somebody else', await asBob.retry('tools/call', PROMPT, answer, responses)],
      ['another session', await modernClient(world.connect(ada)).retry('tools/call', PROMPT, answer, responses)],
      ['other arguments', await client.retry('tools/call', other, answer, responses)],
      ['forged', await client.retry('tools/call', PROMPT, forged, responses)],
      ['not ours', await client.retry('tools/call', PROMPT, foreign, responses)],
    ] as const)
      assert.equal(refused.error?.code, -32602, `${why}: ${JSON.stringify(refused)}`);
    assert.match(textOf(await client.retry('tools/call', PROMPT, answer, responses)), /sampled!/);
    const replayed = await client.retry('tools/call', PROMPT, answer, responses);
    assert.equal(replayed.error?.code, -32602);
  });

  it('does not ask a client for what it cannot do', async (t) => {
    const world = await startEverything(t);
    const client = modernClient(world.connect(), { sampling: {} });
    const answer = await client.request('tools/call', PROMPT);
    assert.deepEqual(
      askedIn(answer).map(([, { method }]) => method),
      ['sampling/createMessage'],
    );
    const cannot = modernClient(world.connect(), {});
    const refused = await cannot.request('tools/call', PROMPT);
    assert.equal(refused.result?.['inputRequests'], undefined);
  });

  it('cancels what is parked when its session ends', async (t) => {
    const world = await startEverything(t);
    const { wire } = await askSampling(world);
    await wire.close();
    assert.deepEqual(
      (await world.calls()).map(({ status }) => status),
      ['cancelled'],
    );
  });

  it('tells progress under the token of each request', async (t) => {
    const world = await startEverything(t, 'shared');
    const wire = world.connect();
    const params = { name: 'every__trigger-long-running-operation', arguments: { duration: 0.2, steps: 2 } };
    const answer = modernClient(wire).request('tools/call', params, { progressToken: 'p' });
    const progress = await wire.next(({ method }) => method === 'notifications/progress');
    assert.equal(progress.params?.['progressToken'], 'p');
    assert.equal((await answer).result?.['resultType'], 'complete');
  });

  it('gives a request the log of its client’s own connection where it asked for messages, and no other', async (t) => {
    const world = await startEverything(t);
    const wire = world.connect();
    const client = modernClient(wire);
    const params = { name: 'every__trigger-long-running-operation', arguments: { duration: 20, steps: 2 } };
    await client.request('tools/call', { name: 'every__toggle-simulated-logging', arguments: {} });
    assert.ok(!wire.texts.some((text) => text.includes('notifications/message')));
    const running = { ...params, _meta: modernMeta({}, { 'io.modelcontextprotocol/logLevel': 'debug' }) };
    wire.raw(JSON.stringify({ jsonrpc: '2.0', id: 77, method: 'tools/call', params: running }));
    const logged = await wire.next(({ method }) => method === 'notifications/message');
    assert.ok(logged.params?.['level']);
    wire.raw(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 77 } }));
  });
});
