// What is kept of denials so that people can ask for what they were denied: bounded, whatever their AI clients try.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Principal } from '../domain/people/principal.ts';
import { onBothEngines } from '../store/fixtures/both-engines.ts';
import { accessBinding, createAccessRequests } from './access-requests.ts';

const ada: Principal = {
  workspaceId: 'default',
  user: { id: 'u-ada', name: 'ada', role: 'member', groups: [] },
  credential: { kind: 'device', id: 'd', label: 'laptop' },
};
const MINUTE = 60_000;

onBothEngines((open) => {
  it('a flood of denied calls of 10,000 names makes few offers, and what is denied after it can still be asked for, with the reason that was given last', async (t) => {
    const { store, clock } = await open(t);
    let writes = 0;
    const counted = {
      ...store.approvals,
      ask: (...of: Parameters<typeof store.approvals.ask>) => (writes++, store.approvals.ask(...of)),
    };
    const access = createAccessRequests({ store: { approvals: counted }, clock });
    const denied = (what: string, principal = ada) =>
      access.offer({ principal, clientName: null, address: null, server: 'wiki', what, policyVersion: 1 });
    const ids: string[] = [];
    for (let call = 0; call < 10_000; call++) {
      const id = await denied(`wiki__guess_${call}`);
      if (id !== undefined) ids.push(id);
      if (call % 2_000 === 1_999) clock.at += MINUTE;
    }
    assert.ok(ids.length <= 360 && ids.length >= 300, `${ids.length} offers in six minutes`);
    assert.equal(writes, ids.length, 'past the bound the store is not asked');
    const kept = await Promise.all(ids.map((id) => store.approvals.find('default', id)));
    assert.equal(kept.filter((each) => each !== undefined).length, 200);
    assert.equal(kept[0], undefined, 'the oldest have made place');

    clock.at += MINUTE;
    const id = (await denied('wiki__wanted')) ?? assert.fail('nothing is offered');
    assert.equal(await denied('wiki__wanted'), id, 'the same one');
    const { approval } = await access.request('default', 'user:u-ada', id, 'for the report');
    assert.deepEqual([approval.what, approval.state], ['wiki__wanted', 'open']);
    const again = async (reason: string | null) => {
      const { approval: now, news } = await access.request('default', 'user:u-ada', id, reason);
      return [now.state, now.reason, news];
    };
    assert.deepEqual(await again(null), ['open', 'for the report', undefined]);
    assert.deepEqual(await again('for the board'), ['open', 'for the board', 'reason'], 'the last reason counts');
    assert.deepEqual(await again('for the board'), ['open', 'for the board', undefined]);
    const bob = { ...ada, user: { id: 'u-bob', name: 'bob', role: 'member', groups: [] } } as const;
    assert.notEqual(await denied('wiki__guess_1', bob), undefined, 'others have room of their own');
  });

  it('what was asked for follows its server when that gets another name, and is not asked for twice', async (t) => {
    const { store, clock } = await open(t);
    const access = createAccessRequests({ store, clock });
    const denied = (server: string, tool: string) =>
      access.offer({
        principal: ada,
        clientName: null,
        address: null,
        server,
        what: `${server}__${tool}`,
        policyVersion: 1,
      });
    const transport = { kind: 'http', url: 'https://wiki.example/', headers: {} } as const;
    const { id: serverId } = await store.servers.create({
      ...{
        workspaceId: 'default',
        name: 'wiki',
        enabled: true,
        isolation: 'shared',
        trustAnnotations: false,
        transport,
      },
    });
    const ids = await Promise.all([
      denied('wiki', 'read'),
      denied('wiki', 'both'),
      denied('docs', 'both'),
      denied('web', 'x'),
    ]);
    for (const id of ids) await access.request('default', 'user:u-ada', id ?? assert.fail(), null);
    await store.servers.rename(serverId, 'docs', {
      from: 'wiki',
      rewrite: (what) => what.replace(/^wiki__/, 'docs__'),
      bindingOf: (ownerKey, what) => accessBinding('default', ownerKey, what),
    });
    const now = await Promise.all(ids.map((id) => store.approvals.find('default', id ?? '')));
    assert.deepEqual(
      now.map((each) => [each?.server, each?.what, each?.state]),
      [
        ['docs', 'docs__read', 'open'],
        ['wiki', 'wiki__both', 'over'],
        ['docs', 'docs__both', 'open'],
        ['web', 'web__x', 'open'],
      ],
    );
    clock.at += 2 * MINUTE;
    assert.equal(await denied('docs', 'read'), ids[0], 'the same request');
  });
});
