// The devices on the page of somebody who is signed in, and the end of one.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { WORKSPACE } from '../../identity/fixtures/identity-world.ts';
import { createConsentWorld } from './fixtures/consent-world.ts';
import { pageText } from './fixtures/idp-world.ts';

suite('devices on the home page', () => {
  let world: Awaited<ReturnType<typeof createConsentWorld>>;
  before(async () => {
    world = await createConsentWorld();
  });
  after(() => world.close());

  const deviceOf = async (user: string) => (await world.identity.devices.list(WORKSPACE, { user }))[0];

  test('a lost laptop is disconnected by its person with a button: for good, in the log, and others stay', async () => {
    const [ada, bob] = [await world.personAtBrowser(), await world.personAtBrowser()];
    await world.logIn(ada.name);
    await world.logIn(bob.name);
    const device = await deviceOf(ada.name);
    const page = await ada.browser.open('/');
    assert.match(pageText(page), /seen just now Disconnect/);
    const done = await ada.browser.submit(page, {});
    assert.equal(done.status, 200);
    assert.match(pageText(done), /has no access any more/);
    assert.notEqual((await deviceOf(ada.name))?.revokedAt, null);
    assert.equal((await deviceOf(bob.name))?.revokedAt, null);
    const [event] = await world.events('device.revoked');
    assert.deepEqual(
      [event?.actor, event?.subject, event?.address],
      [ada.name, `device:${device?.id ?? ''}`, '127.0.0.1'],
    );
    assert.match(pageText(await ada.browser.open('/')), /None is connected yet/);
    assert.equal((await ada.browser.submit(page, {})).status, 410);
  });

  test('a person cannot disconnect the device of another, by its id or its beginning, nor any without the form’s token', async () => {
    const [ada, bob] = [await world.personAtBrowser(), await world.personAtBrowser()];
    await world.logIn(ada.name);
    await world.logIn(bob.name);
    const page = await ada.browser.open('/');
    const his = (await deviceOf(bob.name))?.id ?? '';
    const hers = (await deviceOf(ada.name))?.id ?? '';
    for (const id of [his, hers.slice(0, 12), '', 'x'.repeat(500)])
      assert.equal((await ada.browser.submit(page, { id })).status, 410, id);
    assert.equal((await ada.browser.submit(page, { _csrf: 'forged' })).status, 403);
    const stolen = await ada.browser.post('/devices', { id: hers }, { 'sec-fetch-site': 'cross-site' });
    assert.equal(stolen.status, 403);
    for (const name of [ada.name, bob.name]) assert.equal((await deviceOf(name))?.revokedAt, null);
    ada.browser.jar.delete('mcpgate');
    assert.match((await ada.browser.submit(page, {})).url, /^\/login/, 'signed out');
  });
});
