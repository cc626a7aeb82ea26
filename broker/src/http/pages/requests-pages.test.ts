// The pages on which people decide about calls: who sees them, and that nothing but their form decides.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { HOST, WORKSPACE } from '../../identity/fixtures/identity-world.ts';
import { createConsentWorld } from './fixtures/consent-world.ts';
import { pageText } from './fixtures/idp-world.ts';

suite('requests in the browser', () => {
  let world: Awaited<ReturnType<typeof createConsentWorld>>;
  before(async () => {
    world = await createConsentWorld();
    await world.identity.groups.add(WORKSPACE, 'leads', [], HOST);
  });
  after(() => world.close());

  let count = 0;
  const asked = async (text = '<b>his</b>') => {
    const { name, browser } = await world.personAtBrowser();
    const { id, role, groups } = await world.identity.users.show(WORKSPACE, name);
    const user = { id, name, role, groups };
    const approval = await world.approvals.ask({
      principal: { workspaceId: WORKSPACE, user, credential: { kind: 'device', id: 'd', label: 'laptop' } },
      ...{ ownerKey: `user:${id}`, who: `user:${name}`, clientName: 'cursor', address: '10.1.2.3' },
      ...{ server: { id: 's', name: 'web' }, what: 'web__echo', rule: 'r_1', policyVersion: 1 },
      ...{ approvers: ['group:leads'], digest: `${++count}`, args: () => ({ text }) },
    });
    return { id: approval.id, browser, state: async () => (await world.approvals.find(WORKSPACE, approval.id))?.state };
  };
  const lead = async () => {
    const { name, browser } = await world.personAtBrowser();
    await world.identity.groups.add(WORKSPACE, 'leads', [name], HOST);
    return browser;
  };

  test('show approvers who, what and the arguments as text, and are approved or denied by a form, the second being told', async () => {
    const { id, state } = await asked();
    const [browser, other] = [await lead(), await lead()];
    assert.match(pageText(await browser.open('/requests')), /web__echo/);
    const page = await browser.open(`/requests/${id}`);
    const late = await other.open(`/requests/${id}`);
    assert.match(pageText(page), /user:person\d+ asks for web__echo .*cursor, 10\.1\.2\.3/);
    assert.doesNotMatch(page.html, /<b>his/);
    assert.equal(await state(), 'open', 'to look at it decides nothing');
    assert.match(pageText(await browser.submit(page, { decision: 'approve' })), /It is approved/);
    assert.equal(await state(), 'approved');
    const told = await other.submit(late, { decision: 'deny' });
    assert.equal(told.status, 409);
    assert.match(pageText(told), /person\d+ has approved q_\w+ already/);
  });

  test('let whoever was denied ask by the link in the denial, and let operators allow it for a time', async () => {
    const { name, browser } = await world.personAtBrowser();
    const { id: userId, role } = await world.identity.users.show(WORKSPACE, name);
    const user = { id: userId, name, role, groups: [] };
    const id = await world.approvals.offer({
      principal: { workspaceId: WORKSPACE, user, credential: { kind: 'oauth', id: 'o', label: 'claude.ai' } },
      ...{ clientName: 'claude.ai', address: '10.1.2.3', server: 'web', what: 'web__echo', policyVersion: 1 },
    });
    const stands = async () => {
      const { state, reason } = (await world.approvals.find(WORKSPACE, id ?? '')) ?? {};
      return [state, reason];
    };
    const stranger = await world.personAtBrowser();
    assert.equal((await stranger.browser.open(`/requests/${id}`)).status, 404);
    const page = await browser.open(`/requests/${id}`);
    assert.match(pageText(page), /You may not use web__echo/);
    assert.deepEqual(await stands(), ['offered', null], 'to look at it asks for nothing');
    const forged = await browser.post(`/requests/${id}`, { decision: 'ask', reason: 'forged' });
    assert.equal(forged.status, 403, 'a form without its token');
    assert.match(pageText(await browser.submit(page, { decision: 'ask', reason: ' on call ' })), /It is asked for/);
    assert.deepEqual(await stands(), ['open', 'on call']);
    assert.match(pageText(await browser.open(`/requests/${id}`)), /request of your own/);
    const operator = await world.personAtBrowser();
    await world.identity.users.setRole(WORKSPACE, operator.name, 'operator', HOST);
    const shown = await operator.browser.open(`/requests/${id}`);
    assert.match(pageText(shown), /Reason: on call .*Allow it for 8 hours .*Allow it for an hour/);
    assert.match(pageText(await operator.browser.submit(shown, { decision: 'hour' })), /It is approved/);
    assert.deepEqual(await stands(), ['approved', 'on call']);
  });

  test('are shown to who asked without a form, to nobody else, and lead there by the sign-in', async () => {
    const { id, browser, state } = await asked();
    const own = await browser.open(`/requests/${id}`);
    assert.match(pageText(own), /request of your own/);
    assert.doesNotMatch(own.html, /name="decision"/);
    const stranger = await world.personAtBrowser();
    assert.equal((await stranger.browser.open(`/requests/${id}`)).status, 404);
    const without = await stranger.browser.post(`/requests/${id}`, { decision: 'approve' });
    assert.equal(without.status, 403, 'a form without its token');
    assert.equal(await state(), 'open');
    const nobody = await fetch(`${world.origin}/requests/${id}`, { redirect: 'manual' });
    assert.equal(nobody.headers.get('location'), `/login?to=requests%2F${id}`);
  });
});
