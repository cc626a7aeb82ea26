import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import type { CredentialStore } from '../credentials/credential-store.ts';
import { createTokenFile } from '../credentials/token-file.ts';
import { createSettingsStore } from '../laptop/settings.ts';
import { GRANT, startFakeBroker, type FakeBroker } from './fixtures/fake-broker.ts';
import { createTokenSource, type TokenSource } from './token-source.ts';

interface World {
  broker: FakeBroker;
  store: CredentialStore;
  configDir: string;
  clock: { now(): number; after(): () => void; ms: number };
  source(options?: { env?: Record<string, string>; store?: CredentialStore }): TokenSource;
  stored(): Promise<string | undefined>;
}

async function createWorld(t: TestContext): Promise<World> {
  const broker = await startFakeBroker();
  const configDir = mkdtempSync(join(tmpdir(), 'mg-tokens-'));
  t.after(async () => {
    await broker.close();
    rmSync(configDir, { recursive: true });
  });
  const address = { broker: broker.url, workspace: 'default' };
  const store = createTokenFile(configDir);
  broker.live.add('refresh-0');
  await store.write(address, { kind: 'device', token: 'refresh-0' });
  await createSettingsStore(configDir).update({
    ...address,
    user: 'ada',
    credential: 'device',
    loginId: 'l1',
    tokenStore: 'file',
  });
  const clock = { ms: Date.now(), now: () => clock.ms, after: () => () => undefined };
  return {
    broker,
    store,
    configDir,
    clock,
    source: ({ env = {}, store: other } = {}) =>
      createTokenSource({
        configDir,
        profile: 'default',
        env,
        clock,
        log: () => undefined,
        ...(other === undefined ? {} : { openStore: () => other }),
      }),
    stored: async () => (await store.read(address))?.token,
  };
}

const ask = (source: TokenSource, options: { minValidityMs?: number; force?: boolean } = {}) =>
  source.token({ minValidityMs: 10_000, signal: new AbortController().signal, ...options });

const refreshes = ({ broker }: World) => broker.requests.filter(({ path }) => path === '/oauth/token');

test('callers at the same instant share one refresh, and the rotated token is stored', async (t) => {
  const world = await createWorld(t);
  const source = world.source();
  const results = await Promise.all([ask(source), ask(source), ask(source)]);
  assert.deepEqual(
    results.map((result) => result.kind === 'token' && result.token),
    ['access-1', 'access-1', 'access-1'],
  );
  assert.equal(refreshes(world).length, 1);
  assert.equal(await world.stored(), 'refresh-1');
});

test('a token is used until it is about to end, or is refused', async (t) => {
  const world = await createWorld(t);
  const source = world.source();
  await ask(source);
  await ask(source);
  assert.equal(refreshes(world).length, 1);
  world.clock.ms += 595_000;
  assert.equal((await ask(source)).kind, 'token');
  assert.equal(refreshes(world).length, 2);
  await ask(source, { force: true });
  assert.equal(refreshes(world).length, 3);
});

for (const [name, trouble] of [
  ['a 500', { kind: 'status', status: 500 }],
  ['a 429', { kind: 'status', status: 429 }],
  ['a captive portal', { kind: 'html' }],
  ['a web page as an error', { kind: 'html', status: 400 }],
  ['a cut connection', { kind: 'cut' }],
  ['an error that is not invalid_grant', { kind: 'error', error: 'temporarily_unavailable' }],
] as const) {
  test(`${name} passes: the next try succeeds with the same token and the same proof`, async (t) => {
    const world = await createWorld(t);
    const source = world.source();
    world.broker.next('/oauth/token', trouble);
    const first = await ask(source);
    assert.equal(first.kind, 'retry', JSON.stringify(first));
    assert.equal((await ask(source)).kind, 'token');
    const [one, two] = refreshes(world).map(({ form }) => [form.get('refresh_token'), form.get('retry_proof')]);
    assert.deepEqual(one, two);
    assert.match(one?.[1] ?? '', /^[\w-]{43}$/);
    assert.equal(await world.stored(), 'refresh-1');
  });
}

test('an answer that was lost on the way logs nobody out, also after the process has died', async (t) => {
  const world = await createWorld(t);
  world.broker.next('/oauth/token', { kind: 'cut' });
  assert.equal((await ask(world.source())).kind, 'retry');
  assert.equal((await ask(world.source())).kind, 'token');
});

test('no broker is a passing reason that says so', async (t) => {
  const world = await createWorld(t);
  await createSettingsStore(world.configDir).update({ broker: 'http://127.0.0.1:1' });
  await world.store.write(
    { broker: 'http://127.0.0.1:1', workspace: 'default' },
    { kind: 'device', token: 'refresh-0' },
  );
  const result = await ask(world.source());
  assert.equal(result.kind, 'retry');
  assert.match(result.message, /cannot reach http:\/\/127\.0\.0\.1:1/);
});

test('a definite invalid_grant asks for a login, once: the broker is not asked again with that token', async (t) => {
  const world = await createWorld(t);
  const source = world.source();
  world.broker.live.clear();
  const result = await ask(source);
  assert.equal(result.kind, 'login_needed');
  assert.match(result.message, /mcpgate login/);
  await ask(source);
  assert.equal(refreshes(world).length, 1);
});

test('the new refresh token is stored before the access token is handed out', async (t) => {
  const world = await createWorld(t);
  let locked = true;
  const store: CredentialStore = {
    ...world.store,
    replace(...args) {
      if (locked) throw new GateError('keychain', 'locked');
      return world.store.replace(...args);
    },
  };
  const source = world.source({ store });
  assert.deepEqual(await ask(source), { kind: 'retry', message: 'locked' });
  assert.equal(await world.stored(), 'refresh-0');
  locked = false;
  assert.equal((await ask(source)).kind, 'token');
  assert.equal(await world.stored(), 'refresh-1');
  assert.equal(refreshes(world).length, 1);
});

test('a login made while a refresh was on its way is not overwritten', async (t) => {
  const world = await createWorld(t);
  const store: CredentialStore = {
    ...world.store,
    async replace(address, expected, next) {
      await world.store.write(address, { kind: 'device', token: 'of-the-new-login' });
      return world.store.replace(address, expected, next);
    },
  };
  assert.equal((await ask(world.source({ store }))).kind, 'retry');
  assert.equal(await world.stored(), 'of-the-new-login');
});

test('nobody logged in needs a login and asks no broker', async (t) => {
  const world = await createWorld(t);
  await createSettingsStore(world.configDir).update({ credential: undefined });
  assert.equal((await ask(world.source())).kind, 'login_needed');
  assert.equal(world.broker.requests.length, 0);
});

test('a token of an earlier login is not handed out after another login', async (t) => {
  const world = await createWorld(t);
  const source = world.source();
  await ask(source);
  await createSettingsStore(world.configDir).update({ loginId: 'l2' });
  await ask(source);
  assert.equal(refreshes(world).length, 2);
});

test('a grant beats the stored login, from the environment or stored', async (t) => {
  const world = await createWorld(t);
  const env = { MCPGATE_TOKEN: GRANT };
  const remedy = 'set MCPGATE_TOKEN to another grant';
  assert.deepEqual(await ask(world.source({ env })), { kind: 'token', token: GRANT, expiresAt: null, remedy });
  await world.store.write({ broker: world.broker.url, workspace: 'default' }, { kind: 'grant', token: GRANT });
  assert.deepEqual(await ask(world.source()), { kind: 'token', token: GRANT, expiresAt: null });
  assert.equal(refreshes(world).length, 0);
});

test('who gives up does not end the refresh of the others', async (t) => {
  const world = await createWorld(t);
  const source = world.source();
  const abort = new AbortController();
  const impatient = source.token({ minValidityMs: 0, signal: abort.signal });
  const patient = ask(source);
  abort.abort();
  assert.deepEqual(await impatient, { kind: 'retry', message: 'cancelled' });
  assert.equal((await patient).kind, 'token');
});

test('a clock that is hours wrong neither refuses the answer nor ends the token early', async (t) => {
  const world = await createWorld(t);
  world.broker.clockAheadS = 3 * 3600;
  const result = await ask(world.source());
  assert.ok(result.kind === 'token' && result.expiresAt === world.clock.ms + 600_000, JSON.stringify(result));
});
