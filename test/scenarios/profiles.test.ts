// One laptop with logins at two brokers: both serve at once, each with its own tools, and what ends one leaves the other.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createCountingWorld } from '../world/counting-world.ts';
import { processesOf } from '../world/process-table.ts';
import type { Person } from '../world/people/person.ts';
import type { World } from '../world.ts';
import { until } from '../world/until.ts';

interface ListedProfile {
  name: string;
  chosen: boolean;
  broker: string | null;
  user: string | null;
  logged_in: boolean;
}

const profilesOf = async (laptop: Person) => (await laptop.gateJson(['use'])) as ListedProfile[];

async function logIn(
  laptop: Person,
  world: World,
  user: string,
  more: readonly string[],
  env: Record<string, string> = {},
) {
  const login = laptop.start(['login', world.url, '--json', '--no-browser', ...more], { env });
  const [, code = ''] = await login.line(/"user_code":\s*"([^"]+)"/);
  await world.broker.run(['login', 'approve', code, '--as', user]);
  await login.line(/"event":\s*"login"/);
  assert.equal(await login.exited, 0);
}

/** Ada, who is grace at another company's broker. */
async function twoBrokers(t: TestContext) {
  const [home, away] = [await createCountingWorld(t), await createCountingWorld(t)];
  const ada = await home.world.member('ada');
  await away.world.broker.run(['user', 'add', 'grace']);
  return { home, away, ada };
}

/** How many calls have reached the servers since. */
function callsSince({ home, away }: Pick<Awaited<ReturnType<typeof twoBrokers>>, 'home' | 'away'>) {
  const [atHome, atAway] = [home.upstream.calls.length, away.upstream.calls.length];
  return () => [home.upstream.calls.length - atHome, away.upstream.calls.length - atAway];
}

const daemonsOf = (laptop: Person) =>
  processesOf(laptop.home).flatMap(({ commandLine }) => /\bdaemon run.*/.exec(commandLine)?.[0].trim() ?? []);

const BOTH = 'two profiles serve at once, by a daemon each, and logging out of one leaves the other';

async function bothServe({ home, away, ada }: Awaited<ReturnType<typeof twoBrokers>>) {
  await logIn(ada, away.world, 'grace', ['--profile', 'work']);
  assert.deepEqual(
    (await profilesOf(ada)).map(({ name, chosen, broker, user }) => [name, chosen, broker, user]),
    [
      ['default', true, home.world.url, 'ada'],
      ['work', false, away.world.url, 'grace'],
    ],
  );

  const [own, work] = await Promise.all([ada.aiClient(), ada.aiClient({ args: ['--profile', 'work'] })]);
  const held = own.call('counting__hold');
  await home.upstream.arrived('hold');
  assert.equal((await work.call('counting__echo', { text: 'there' })).text, 'there');
  assert.deepEqual([home.upstream.calls.length, away.upstream.calls.length], [1, 1]);
  await until('a daemon for each', () => daemonsOf(ada).length === 2);
  assert.deepEqual(daemonsOf(ada).toSorted(), ['daemon run', 'daemon run --profile work']);

  const status = (await ada.gateJson(['status', '--profile', 'work'])) as Record<string, unknown>;
  assert.deepEqual([status['profile'], status['user'], status['broker']], ['work', 'grace', away.world.url]);
  assert.match((await ada.gate(['--profile=work', 'doctor'])).stdout, /token +grace at/);
  assert.match((await ada.gate(['call', 'counting__echo', 'text=x', '--profile', 'work'])).stdout, /x/);
  assert.equal(away.upstream.calls.length, 2);
  // A denial says what to run, and not where its AI client was logged in.
  const elsewhere = await ada.gate(['request', 'q_notthere']);
  assert.deepEqual([elsewhere.code, elsewhere.stdout], [1, '']);
  assert.match(elsewhere.stderr, /under another profile\? `mcpgate request q_notthere --profile work`/);

  assert.match((await ada.gate(['logout', '--profile', 'work'])).stderr, /Logged out of .* \(grace\)/);
  const refused = await work.call('counting__echo', { text: 'no' });
  assert.match(refused.text, /`mcpgate login --profile work`/);
  assert.equal(away.upstream.calls.length, 2, 'nothing travelled by another login');
  home.upstream.release();
  assert.notEqual((await held).isError, true, 'the call under way at the other broker goes on');
  assert.equal((await own.call('counting__echo', { text: 'on' })).text, 'on');
  const out = await ada.gate(['tools', '--profile', 'work']);
  assert.deepEqual([out.code, out.stdout], [3, '']);
  assert.match(out.stderr, /not logged in: run `mcpgate login --profile work http/);

  // The AI client that is still there comes back by itself with the next login.
  await logIn(ada, away.world, 'grace', [], { MCPGATE_PROFILE: 'work' });
  await until(
    'it is served again',
    async () => (await work.call('counting__echo', { text: 'again' })).text === 'again',
  );
  assert.equal((await ada.gate(['logout'])).code, 0);
  assert.equal((await work.call('counting__echo', { text: 'still' })).text, 'still');
  assert.deepEqual(
    (await profilesOf(ada)).map((each) => each.logged_in),
    [false, true],
  );
}

const CHOSEN = 'the chosen profile is that of every command without one, and of AI clients that start then';

async function oneIsChosen({ home, away }: Awaited<ReturnType<typeof twoBrokers>>) {
  const ada = home.world.laptop('another');
  await logIn(ada, home.world, 'ada', []);
  const since = callsSince({ home, away });
  const before = await ada.aiClient();
  // Two logins and two choices at once, none of which may be torn.
  await Promise.all([
    logIn(ada, away.world, 'grace', ['--profile', 'work']),
    logIn(ada, home.world, 'ada', ['--profile', 'second']),
  ]);
  const said = await Promise.all(['work', 'second', 'work', 'work'].map((name) => ada.gate(['use', name])));
  assert.deepEqual(
    said.map(({ code }) => code),
    [0, 0, 0, 0],
  );
  const chosen = await ada.gate(['use', 'work']);
  assert.match(chosen.stderr, /Commands without --profile are of work now: grace at http/);

  const after = await ada.aiClient();
  assert.equal((await before.call('counting__echo', { text: 'one' })).text, 'one');
  assert.equal((await after.call('counting__echo', { text: 'two' })).text, 'two');
  assert.deepEqual(since(), [1, 1], 'a running one stays where it is');
  assert.equal((await ada.gate(['call', 'counting__echo', 'text=three'])).code, 0);
  assert.equal((await ada.gate(['call', 'counting__echo', 'text=four', '--profile', 'default'])).code, 0);
  assert.deepEqual(since(), [2, 2]);
  const list = await ada.gate(['use']);
  assert.match(list.stdout, /^ {2}default +ada at .*\n {2}second +ada at .*\n\* work +grace at /);
  assert.equal((await ada.gate(['use', '--names'])).stdout, 'default\nsecond\nwork\n');

  // What an AI client is told is typed for its own profile.
  assert.equal((await ada.gate(['logout', '--profile', 'default'])).code, 0);
  assert.match((await before.call('counting__echo', { text: 'x' })).text, /`mcpgate login --profile default`/);

  // Entries of AI clients: the plain one follows the choice, the named one is of its profile.
  mkdirSync(join(ada.home, '.cursor'));
  const cursor = () =>
    JSON.parse(readFileSync(join(ada.home, '.cursor/mcp.json'), 'utf8')) as {
      mcpServers: Record<string, { args: string[] }>;
    };
  assert.equal((await ada.gate(['install-clients', 'cursor'])).code, 0);
  assert.equal((await ada.gate(['install-clients', 'cursor', '--profile', 'second'])).code, 0);
  const argsOf = ([name, { args }]: [string, { args: string[] }]) => [name, args.join(' ')];
  assert.deepEqual(Object.entries(cursor().mcpServers).map(argsOf), [
    ['mcpgate', 'serve'],
    ['mcpgate-second', 'serve --profile second'],
  ]);
  const isSetUp = async (profile: string) =>
    (
      (await ada.gateJson(['status', '--profile', profile])) as { clients: { name: string; configured: boolean }[] }
    ).clients.find(({ name }) => name === 'cursor')?.configured;
  assert.deepEqual([await isSetUp('work'), await isSetUp('second')], [true, true]);
  await ada.gate(['use', 'second']);
  assert.equal(await isSetUp('work'), false);

  // A profile that is gone: its entry can still be taken out, and its AI client says what to do.
  assert.match((await ada.gate(['use', '--remove', 'second'])).stderr, /somebody is logged in there/);
  assert.equal((await ada.gate(['logout'])).code, 0);
  assert.equal((await ada.gate(['use', '--remove', 'second'])).code, 0);
  assert.ok(!existsSync(join(ada.home, '.config/mcpgate/profiles/second')));
  assert.equal((await ada.gate(['use', '--names'])).stdout, 'default\nwork\n');
  const orphan = await ada.aiClient({ args: ['--profile', 'second'] });
  assert.match(
    (await orphan.call('counting__echo', { text: 'x' })).text,
    /there is no profile second: `mcpgate login https:\/\/BROKER --profile second` makes it/,
  );
  const gone = await ada.gate(['status', '--profile', 'second']);
  assert.deepEqual([gone.code, gone.stdout], [1, '']);
  assert.match(gone.stderr, /^mcpgate: there is no profile second: `mcpgate login/);
  assert.equal((await ada.gate(['install-clients', 'cursor', '--profile', 'second', '--uninstall'])).code, 0);
  assert.deepEqual(Object.keys(cursor().mcpServers), ['mcpgate']);
  for (const [name, code] of [
    ['../x', 2],
    ['', 2],
    ['x'.repeat(5000), 2],
    ['nosuch', 1],
  ] as const)
    assert.equal((await ada.gate(['status', '--profile', name])).code, code, name.slice(0, 20));
  const served = await ada.gate(['serve', '--profile', '../x']);
  assert.deepEqual([served.code, served.stdout], [2, '']);
  assert.match(served.stderr, /^mcpgate: "\.\.\/x" is no name of a profile[^\n]*\n$/);
  assert.deepEqual(readdirSync(join(ada.home, '.config/mcpgate/profiles')), ['work']);
}

test('two brokers on one laptop', async (t) => {
  const brokers = await twoBrokers(t);
  await t.test(BOTH, () => bothServe(brokers));
  await t.test(CHOSEN, () => oneIsChosen(brokers));
});
