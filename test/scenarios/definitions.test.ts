// What servers say of their tools, over brokers that come, go and are killed: what is held at one is held at the other, and a list is the same bytes for
// clients of both generations, over every entry, after a restart and at another broker.
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { startModernHttp } from '../upstreams/modern-http.ts';
import { startSloppyHttp } from '../upstreams/sloppy/http.ts';
import { REPOSITORY } from '../step.ts';
import { createWorld, type World } from '../world.ts';
import type { IssuedGrant } from '../world/people/issued-grant.ts';
import { startSecondBroker } from '../world/second-broker.ts';
import { until } from '../world/until.ts';

let postgres: TestPostgres | undefined;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

const inputSchema = { type: 'object', properties: { path: { type: 'string' } } };

/** A server whose list of tools is what the test says. `onListed`: called when the list has been asked for. */
async function startSaying(t: TestContext, ...names: string[]) {
  let descriptions = new Map(names.map((name) => [name, `${name} as it was first`]));
  let onListed: () => void = () => undefined;
  const far = await startSloppyHttp('http', {
    answer({ method }) {
      if (method !== 'tools/list') return undefined;
      onListed();
      // Never twice in the same order, nor its members.
      const tools = [...descriptions].map(([name, description]) =>
        far.received.length % 2 === 0 ? { name, description, inputSchema } : { inputSchema, description, name },
      );
      return { result: JSON.stringify({ tools: far.received.length % 3 === 0 ? tools.toReversed() : tools }) };
    },
  });
  t.after(() => far.close());
  return {
    url: far.url,
    say: (said: Record<string, string>) => void (descriptions = new Map(Object.entries(said))),
    whenListed: (then: () => void) => void (onListed = then),
  };
}

async function tokenFor(world: World, ...servers: string[]): Promise<string> {
  const flags = servers.flatMap((name) => ['--server', name]);
  return ((await world.broker.json(['grant', 'issue', '--label', 'ci', ...flags])) as IssuedGrant).token;
}

/** The result of `tools/list`, all pages, as its text came. */
async function listText(url: string, token: string, generation: '2025-11-25' | '2026-07-28'): Promise<string> {
  const isModern = generation === '2026-07-28';
  let session: string | null = null;
  const post = async (method: string, params: object) => {
    const meta = {
      'io.modelcontextprotocol/protocolVersion': generation,
      'io.modelcontextprotocol/clientInfo': { name: 'x', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(isModern && { 'mcp-protocol-version': generation, 'mcp-method': method }),
        ...(session !== null && { 'mcp-session-id': session }),
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: isModern ? { ...params, _meta: meta } : params }),
    });
    session ??= response.headers.get('mcp-session-id');
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return text.startsWith('{') ? text : (/^data: (\{.*\})$/m.exec(text)?.[1] ?? text);
  };
  if (!isModern)
    await post('initialize', {
      protocolVersion: generation,
      capabilities: {},
      clientInfo: { name: 'x', version: '1' },
    });
  const pages: string[] = [];
  for (let cursor: unknown; ;) {
    const text = await post('tools/list', cursor === undefined ? {} : { cursor });
    pages.push(/"tools":\[.*\]/.exec(text)?.[0] ?? text);
    cursor = (JSON.parse(text) as { result?: { nextCursor?: unknown } }).result?.nextCursor;
    if (cursor === undefined) return pages.join('\n');
  }
}

const held = async (world: World): Promise<string[]> =>
  ((await world.broker.json(['tool', 'list', '--held'])) as { name: string }[]).map(({ name }) => name);

test('two brokers serve a changed definition alike, from the moment in which one of them has seen it', async (t) => {
  const databaseUrl = (await postgres?.createDatabase()) ?? '';
  const far = await startSaying(t, 'read', 'write');
  const world = await createWorld(t, { databaseUrl });
  const second = await startSecondBroker(t, world, databaseUrl);
  await world.broker.run(['server', 'add', 'site', far.url, '--definitions', 'hold']);
  const token = await tokenFor(world, 'site');
  const both = async (): Promise<string> => {
    const texts = await Promise.all(
      [world.broker, second].map(({ listenUrl }) => listText(`${listenUrl}/mcp`, token, '2025-11-25')),
    );
    return texts[0] === texts[1] ? (texts[0] ?? '') : '';
  };
  /** Until both say so; how long it took. */
  const alike = async (pattern: RegExp): Promise<void> => {
    const startedAt = performance.now();
    await until(`both to serve ${String(pattern)}`, async () => pattern.test(await both()));
    t.diagnostic(`${String(pattern)} at both after ${Math.round(performance.now() - startedAt)} ms`);
  };
  await alike(/read as it was first.*write as it was first/);

  far.say({ read: 'read, changed', write: 'write as it was first' });
  await world.broker.run(['server', 'test', 'site']);
  assert.deepEqual(await held(world), ['site__read']);
  assert.match(await both(), /read as it was first/);
  await world.broker.run(['tool', 'accept', 'site__read', '--yes']);
  await alike(/read, changed/);

  far.say({ read: 'read, once more', write: 'write as it was first' });
  await world.broker.run(['server', 'test', 'site']);
  assert.match(await both(), /read, changed/);
  await world.broker.run(['server', 'set', 'site', '--definitions', 'warn']);
  await alike(/read, once more/);

  far.say({ read: 'read, and told of', write: 'write as it was first' });
  await world.broker.run(['server', 'test', 'site']);
  await alike(/read, and told of/);
  await world.broker.run(['server', 'set', 'site', '--definitions', 'hold']);
  await alike(/read, changed/);
});

test('a broker that is killed when a changed definition has just come holds it at its next start', async (t) => {
  const far = await startSaying(t, 'read');
  const world = await createWorld(t, {});
  await world.broker.run(['server', 'add', 'site', far.url, '--definitions', 'hold']);
  const token = await tokenFor(world, 'site');
  const list = () => listText(`${world.broker.listenUrl}/mcp`, token, '2025-11-25');
  assert.match(await list(), /read as it was first/);
  for (const delayMs of [0, 5, 30]) {
    far.say({ read: `changed, ${delayMs}`, [`new-${delayMs}`]: 'new' });
    const killed = Promise.withResolvers<unknown>();
    far.whenListed(() => {
      far.whenListed(() => undefined);
      setTimeout(() => killed.resolve(world.broker.stop('SIGKILL')), delayMs);
    });
    await Promise.allSettled([killed.promise, world.broker.cli(['server', 'test', 'site'])]);
    await world.broker.start();
    const text = await list();
    assert.match(text, /read as it was first/);
    assert.doesNotMatch(text, /changed|new-/);
    await until('what it lists to be known', async () => (await held(world)).includes(`site__new-${delayMs}`));
    assert.deepEqual(await held(world), [`site__new-${delayMs}`, 'site__read'].toSorted());
    assert.doesNotMatch(await list(), /changed|new-/);
  }
});

test('what is seen when a server is added, imported or tested is what changes are compared with', async (t) => {
  const [added, imported, tested] = [await startSaying(t, 'a'), await startSaying(t, 'b'), await startSaying(t, 'c')];
  const world = await createWorld(t, {});
  /** The tools whose definitions are known. */
  const known = async () =>
    ((await world.broker.json(['tool', 'list'])) as { name: string; kind: string }[]).flatMap(({ name, kind }) =>
      kind === 'tool' ? [name] : [],
    );
  await world.broker.run(['server', 'add', 'one', added.url, '--definitions', 'hold']);
  await until('the added one to be known', async () => (await known()).includes('one__a'));
  await world.importServers({ two: { url: imported.url } });
  await until('the imported one to be known', async () => (await known()).includes('two__b'));
  await world.broker.run(['server', 'add', 'three', tested.url, '--definitions', 'hold', '--isolation', 'per-session']);
  assert.deepEqual(await known(), ['one__a', 'two__b']);
  assert.doesNotMatch(await world.broker.run(['server', 'test', 'three']), /definitions/);
  assert.deepEqual(await known(), ['one__a', 'three__c', 'two__b']);

  // Nobody has listed anything yet, and all three are others now.
  for (const far of [added, imported, tested]) far.say({ a: 'changed', b: 'changed', c: 'changed' });
  const report = await world.broker.run(['server', 'test', 'three']);
  assert.match(report, /definitions .*\n.*3 definitions are new or changed and held/);
  const token = await tokenFor(world, 'one', 'three');
  const text = await listText(`${world.broker.listenUrl}/mcp`, token, '2025-11-25');
  assert.match(text, /one__a.*as it was first.*three__c.*as it was first/);
  assert.doesNotMatch(text, /changed/);
});

test('a list is the same bytes whenever, wherever and however it is asked for', async (t) => {
  const databaseUrl = (await postgres?.createDatabase()) ?? '';
  const far = await startSaying(
    t,
    ...Array.from({ length: 1_300 }, (_, index) => `tool_${index % 7}_${index}`),
    'Z',
    'a',
    'ä',
  );
  const modern = await startModernHttp({ toolsTtlMs: 1 });
  t.after(() => modern.close());
  const world = await createWorld(t, { databaseUrl });
  await world.importServers({
    site: { url: far.url },
    new: { url: modern.url },
    old: { command: process.execPath, args: [`${REPOSITORY}test/upstreams/modern-stdio.ts`, 'dual'] },
  });
  const second = await startSecondBroker(t, world, databaseUrl);
  await world.broker.run(['bundle', 'add', 'kit', '--tool', 'site__Z', '--tool', 'new__echo', '--as', 'say']);
  const token = await tokenFor(world, 'site', 'new', 'old');
  const texts = async (base: string) => {
    const found: string[] = [];
    for (const entry of ['/mcp', '/mcp/site', '/mcp/new', '/mcp/old', '/mcp/kit'])
      for (const generation of ['2025-11-25', '2026-07-28'] as const)
        found.push(await listText(`${base}${entry}`, token, generation));
    return found;
  };
  // A server that has only just started is missing in a first list.
  await until('all servers', async () => /old__echo/.test((await texts(second.listenUrl))[0] ?? ''));
  const first = await texts(world.broker.listenUrl);
  assert.equal(first[0], first[1], 'both generations');
  const names = [...(first[0] ?? '').matchAll(/"name":"(site__[^"]*)"/g)].map(([, name]) => name ?? '');
  assert.deepEqual(names.length, 1_303);
  assert.match(first[0] ?? '', /\n/, 'it has pages');
  assert.equal(first[8], first[9]);
  for (let turn = 0; turn < 2; turn++) {
    assert.deepEqual(await texts(world.broker.listenUrl), first);
    await world.broker.run(['server', 'test', 'site']);
    assert.deepEqual(await texts(second.listenUrl), first);
  }
  await world.broker.stop();
  await world.broker.start();
  await until('all servers again', async () => /old__echo/.test((await texts(world.broker.listenUrl))[0] ?? ''));
  assert.deepEqual(await texts(world.broker.listenUrl), first);
});
