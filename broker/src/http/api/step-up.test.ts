// What a page in a browser may do only after its person has shown anew who they are: asked of sessions, and of no token.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, suite, test } from 'node:test';
import { ErrorSchema } from 'mcpgate-shared/api/fields';
import { STEP_UP_NAMES } from 'mcpgate-shared/api/sign-in/step-up';
import { PASSWORD, startApiWorld, type Answer, type ApiBrowser, type ApiWorld } from './fixtures/api-world.ts';

const RULE = { effect: 'allow', who: ['*'], what: ['x__*'] };

suite('a browser whose person has long not shown who they are', () => {
  let world: ApiWorld;
  let mia: ApiBrowser;
  before(async () => {
    world = await startApiWorld();
    mia = await world.newPerson('mia', 'operator');
    const database = new DatabaseSync(join(world.dataDir, 'mcpgate.db'));
    database.exec(
      `update web_sessions set authenticated_at = authenticated_at - 3600000, created_at = created_at - 3600000`,
    );
    database.close();
  });
  after(() => world.close());
  const codeOf = ({ status, body }: Answer) => [status, ErrorSchema.safeParse(body).data?.error.code];
  const change = (method: string, path: string, body?: unknown, cookie?: string) =>
    mia.ask(method, path, {
      ...(body !== undefined && { body }),
      headers: { ...mia.csrf, ...(cookie !== undefined && { cookie }) },
    });

  test('is refused operations that there are', async () => {
    const text = JSON.stringify((await mia.ask('GET', '/openapi.json')).body);
    for (const name of STEP_UP_NAMES) assert.ok(text.includes(`"operationId":"${name}"`), name);
  });

  test('is refused before its rule is looked at, and not what it may read; its role is asked first', async () => {
    assert.deepEqual(codeOf(await change('POST', '/rules', RULE)), [403, 'reauthenticate']);
    assert.deepEqual(codeOf(await change('POST', '/me/passkeys/options')), [403, 'reauthenticate']);
    assert.deepEqual(codeOf(await change('POST', '/users', { name: 'eve' })), [403, 'forbidden']);
    assert.deepEqual(codeOf(await change('POST', '/servers/x/enable')), [403, 'reauthenticate']);
    assert.equal((await mia.ask('GET', '/rules')).status, 200);
    const told = await mia.session();
    assert.deepEqual([told.can_reauthenticate_by, told.method, told.second_factor], [['password'], 'link', null]);
    assert.ok(Date.parse(told.fresh_until ?? '') < Date.now());
  });

  test('shows it by its password, which is no other person’s; a copy of its first cookie is no fresher by that', async () => {
    const again = (password: string) => change('POST', '/session/reauthenticate', { password });
    assert.deepEqual(codeOf(await again('not it at all')), [403, 'forbidden']);
    assert.deepEqual(codeOf(await change('POST', '/rules', RULE)), [403, 'reauthenticate']);
    const shown = await again(PASSWORD);
    assert.equal(shown.status, 200, JSON.stringify(shown.body));
    const [proof = ''] = (shown.headers.get('set-cookie') ?? '').split(';');
    assert.match(shown.headers.get('set-cookie') ?? '', /^mcpgate-proof=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
    assert.deepEqual(codeOf(await change('POST', '/rules', RULE)), [403, 'reauthenticate'], 'the first cookie alone');
    const forged = `${mia.cookie()}; mcpgate-proof=${'x'.repeat(43)}`;
    assert.deepEqual(codeOf(await change('POST', '/rules', RULE, forged)), [403, 'reauthenticate']);
    assert.equal((await change('POST', '/rules', RULE, `${mia.cookie()}; ${proof}`)).status, 200);
  });

  test('changes its password by that of before, ends its other browsers, and a weak one is refused', async () => {
    const form = (current: string, next: string) => ({ current_password: current, new_password: next });
    const put = (body: unknown) => change('PUT', '/me/password', body);
    assert.deepEqual(codeOf(await put(form('not it at all', 'eleven silent herons'))), [403, 'forbidden']);
    assert.deepEqual(codeOf(await put(form(PASSWORD, 'mia.mia.mia.mia.1'))), [400, 'usage']);
    const changed = await put(form(PASSWORD, 'eleven silent herons'));
    assert.equal(changed.status, 200, JSON.stringify(changed.body));
    assert.deepEqual(codeOf(await put(form(PASSWORD, 'twelve silent herons'))), [403, 'forbidden']);
  });

  test('a reset by an administrator ends password, passkeys and sessions, and is in the log', async () => {
    const reset = await world.admin.ask('POST', '/users/mia/reset', { headers: world.admin.csrf });
    assert.deepEqual(codeOf(reset), [403, 'reauthenticate']);
    const shown = await world.admin.ask('POST', '/session/reauthenticate', {
      ...{ body: { password: PASSWORD }, headers: world.admin.csrf },
    });
    const [proof = ''] = (shown.headers.get('set-cookie') ?? '').split(';');
    const cookie = `${world.admin.cookie()}; ${proof}`;
    const done = await world.admin.ask('POST', '/users/mia/reset', { headers: { ...world.admin.csrf, cookie } });
    assert.equal(done.status, 200, JSON.stringify(done.body));
    assert.deepEqual(Object(done.body)['sessions_ended'], 1);
    assert.equal((await mia.ask('GET', '/session')).status, 401);
    const { body } = await world.admin.ask('GET', '/audit/events?type=user.reset');
    assert.match(JSON.stringify(body), /"subject":"user:mia"/);
  });
});
