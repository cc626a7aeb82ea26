// Two workspaces with servers of the same name and people of the same name: each sees, calls, records and administers its own.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { createWorld, type World } from '../world.ts';
import { openBrowser } from '../world/browser/browser.ts';
import type { IssuedGrant } from '../world/people/issued-grant.ts';
import type { Person } from '../world/people/person.ts';

/** A workspace with a server `notes`, and ada, who has logged in there. */
async function settle(t: TestContext, world: World, workspace: string) {
  const upstream = await startCountingUpstream();
  t.after(() => upstream.close());
  const inside = ['--workspace', workspace];
  await world.broker.run(['workspace', 'add', workspace]);
  await world.broker.run(['server', 'add', 'notes', '--url', upstream.url, ...inside]);
  await world.broker.run(['user', 'add', 'ada', ...inside]);
  const ada = world.laptop(`ada-of-${workspace}`);
  await logIn(world, ada, workspace, (code) => world.broker.cli(['login', 'approve', code, '--as', 'ada', ...inside]));
  return { upstream, inside, ada };
}

async function logIn(world: World, laptop: Person, workspace: string, approve: (code: string) => Promise<unknown>) {
  const login = laptop.start(['login', world.url, '--json', '--no-browser', '--workspace', workspace]);
  const [, code = ''] = await login.line(/"user_code":\s*"([^"]+)"/);
  await approve(code);
  await login.line(/"event":\s*"login".*"user":\s*"ada"/);
  assert.equal(await login.exited, 0);
}

test('people and servers of the same name in two workspaces do not meet', async (t) => {
  const world = await createWorld(t, { direct: true });
  const a = await settle(t, world, 'team-a');
  const b = await settle(t, world, 'team-b');
  assert.equal(Object(await a.ada.gateJson(['status']))['workspace'], 'team-a');
  assert.equal(Object(await b.ada.gateJson(['status']))['workspace'], 'team-b');

  await world.broker.run(['rule', 'add', '--allow', '--who', 'user:ada', '--what', 'notes__*', ...b.inside]);
  const [ofA, ofB] = [await a.ada.aiClient(), await b.ada.aiClient()];
  assert.deepEqual(await ofA.toolNames(), [], "neither the rule of team-b nor that of default is team-a's");
  assert.match((await ofA.call('notes__echo', { text: 'no' })).text, /^\[mcpgate denied\]/);
  assert.equal((await ofB.call('notes__echo', { text: 'b' })).text, 'b');
  assert.deepEqual([a.upstream.calls.length, b.upstream.calls.length], [0, 1]);

  await world.broker.run(['rule', 'add', '--allow', '--who', '*', '--what', '*', ...a.inside]);
  assert.equal((await ofA.call('notes__echo', { text: 'a' })).text, 'a');
  assert.deepEqual([a.upstream.calls.length, b.upstream.calls.length], [1, 1]);

  const issue = ['grant', 'issue', '--label', 'ci', '--server', 'notes', ...a.inside];
  const { token } = (await world.broker.json(issue)) as IssuedGrant;
  const ofGrant = await world.laptop('runner').aiClient({ env: { MCPGATE_BROKER: world.url, MCPGATE_TOKEN: token } });
  assert.equal((await ofGrant.call('notes__echo', { text: 'grant' })).text, 'grant');
  assert.deepEqual([a.upstream.calls.length, b.upstream.calls.length], [2, 1]);

  const calls = async (inside: readonly string[]) =>
    ((await world.broker.json(['audit', 'search', ...inside])) as { workspace_id: string; decision: string }[]).map(
      ({ workspace_id, decision }) => `${workspace_id} ${decision}`,
    );
  assert.deepEqual(await calls(b.inside), ['team-b allow']);
  assert.deepEqual(await calls(a.inside), ['team-a allow', 'team-a allow', 'team-a deny']);
  assert.deepEqual(await calls([]), []);

  await world.broker.run(['user', 'disable', 'ada', ...b.inside]);
  assert.notEqual((await b.ada.gate(['tools'])).code, 0);
  assert.equal((await ofA.call('notes__echo', { text: 'still' })).text, 'still');
  const held = await world.broker.cli(['workspace', 'remove', 'team-b']);
  assert.match(held.stderr, /still has 1 user, 1 server/);
  await world.broker.run(['user', 'remove', 'ada', ...b.inside]);
  await world.broker.run(['server', 'remove', 'notes', ...b.inside]);
  await world.broker.run(['workspace', 'remove', 'team-b']);
  assert.equal((await ofA.call('notes__echo', { text: 'on' })).text, 'on');
});

test('a person of another workspace: added, sets a password by the link, signs in there and lets a laptop in', async (t) => {
  const world = await createWorld(t, { direct: true });
  const password = 'correct horse battery staple 7';
  const inside = ['--workspace', 'team-b'];
  await world.broker.run(['workspace', 'add', 'team-b']);
  const added = await world.broker.run(['user', 'add', 'grace', ...inside]);
  const [, next = ''] = /next: mcpgate-broker (.*?) {3}/.exec(added) ?? [];
  const { url } = (await world.broker.json(next.split(' '))) as { url: string };
  const { page } = await openBrowser(t);
  await page.goto(url);
  await page.getByText('For grace in the workspace team-b.').waitFor();
  for (const field of await page.locator('input[type=password]').all()) await field.fill(password);
  await page.getByRole('button', { name: 'Save and sign in' }).click();
  await page.getByRole('heading', { name: 'Hello, grace' }).waitFor();
  await page.getByRole('button', { name: /your menu/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();

  const grace = world.laptop('grace');
  const login = grace.start(['login', world.url, '--json', '--no-browser', '--workspace', 'team-b']);
  const [, complete = ''] = await login.line(/"verification_uri_complete":\s*"([^"]+)"/);
  const [, code = ''] = /user_code=([^&]+)/.exec(complete) ?? [];
  await page.goto(complete);
  assert.equal(await page.getByLabel('Workspace').inputValue(), 'team-b');
  await page.getByLabel('User name').fill('grace');
  await page.getByLabel('Password').fill(password);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Connect this device?' }).waitFor();
  await page.locator('input.code').fill(code);
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await login.line(/"event":\s*"login".*"user":\s*"grace"/);
  assert.equal(await login.exited, 0);
  assert.equal(Object(await grace.gateJson(['status']))['workspace'], 'team-b');
});
