// Access that somebody asked for and was granted: to what was denied, at the server where it was denied, and to that person.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Principal } from '../../domain/people/principal.ts';
import { foldingServer } from '../../upstreams/fixtures/pool.ts';
import { startWorld } from '../fixtures/gateway-world.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
let ada: Awaited<ReturnType<typeof world.person>>;

beforeEach(async () => {
  world = await startWorld({ svc: foldingServer(), other: foldingServer() });
  ada = await world.person('ada');
  for (const what of ['svc__allowed', 'other__allowed']) await world.rule('allow', '*', what);
});
afterEach(() => world.end());

const read = (uri: string, as: Principal = ada) => world.connect(as).request('resources/read', { uri });
const isRead = async (uri: string, as?: Principal) => (await read(uri, as)).error === undefined;
async function asked(uri: string): Promise<string> {
  const said = (await read(uri)).error?.message ?? assert.fail(uri);
  const id = /q_[a-z2-7]{8}/.exec(said)?.[0] ?? assert.fail(said);
  await world.approvals.request('default', `user:${ada.user.id}`, { id, reason: null }, { name: 'ada', address: null });
  return id;
}
const root = { actor: { name: 'root', address: null }, principal: undefined, isAdministrator: true };
async function grant(id: string): Promise<void> {
  await world.approvals.decide('default', id, { verdict: 'approve', by: 'api' }, root);
  world.gateway.policyChanged('default');
}

describe('access that is granted', () => {
  it('to a resource is to that of the server where it was denied, and to none of another server', async () => {
    await grant(await asked('svc+file:///pub/a'));
    assert.ok(await isRead('svc+file:///pub/a'));
    assert.equal(await isRead('other+file:///pub/a'), false);
  });

  it('to an address that looks like that of another server opens nothing there', async () => {
    const id = await asked('svc+other+file:///pub/a');
    assert.equal((await world.approvals.find('default', id))?.what, 'resource:svc+other+file:///pub/a');
    await grant(id);
    assert.equal(await isRead('other+file:///pub/a'), false);
  });

  it('is asked for by a person: a grant of theirs, and one that is nobody’s, are told who can do what', async () => {
    const nightly = { kind: 'grant', id: 'g1', label: 'nightly' } as const;
    const asks = async (as: Principal) =>
      (await world.connect(as).request('mcpgate/requests/make', { id: 'q_abcd2345' })).error?.message;
    const adas = { ...ada, credential: nightly };
    assert.match(
      (await read('svc+file:///pub/a', adas)).error?.message ?? '',
      /whose grant nightly is can run `mcpgate request q_/,
    );
    assert.equal(
      await asks(adas),
      'grant nightly cannot ask for access: ada can, with the same command where MCPGATE_TOKEN is not set, after `mcpgate login`',
    );
    const { user: _none, ...nobodys } = adas;
    assert.match(
      (await asks(nobodys)) ?? '',
      /nobody’s, .*`mcpgate-broker rule add --allow --who grant:nightly --what TOOL`$/,
    );
    assert.doesNotMatch((await read('svc+file:///pub/a', nobodys)).error?.message ?? '', /mcpgate request/);
  });

  it('is not for who gets the name of somebody who was removed', async () => {
    const id = await asked('svc+file:///pub/a');
    await world.store.users.remove(ada.user.id);
    await assert.rejects(grant(id), { code: 'conflict' });
    assert.equal(await isRead('svc+file:///pub/a', await world.person('ada')), false);
  });
});
