import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Principal } from '../domain/people/principal.ts';
import type { Live, Revocation } from '../domain/people/revocation.ts';
import { createIdentityWorld, HOST, WORKSPACE, type IdentityWorld } from './fixtures/identity-world.ts';

let world: IdentityWorld;
before(async () => {
  world = await createIdentityWorld();
});
after(() => world.close());

const principalOf = async (token: string): Promise<Principal> => {
  const answer = await world.identity.authenticate(token, 'tunnel');
  assert.ok(answer.kind === 'ok');
  return answer.principal;
};

/** A person with a laptop. */
const person = async (name: string) => {
  await world.identity.users.add(WORKSPACE, { name }, HOST);
  const { tokens, deviceId } = await world.logIn(name);
  const principal = await principalOf(tokens.access_token ?? '');
  return { deviceId, principal, userId: principal.user?.id ?? '' };
};

const grant = async (label: string) => {
  const { token } = await world.identity.grants.issue(WORKSPACE, { label, servers: ['github'] }, HOST);
  return principalOf(token);
};

/** What is ended of `live` when everybody is looked up again. */
const recheck = async (live: readonly Live[]) => {
  const ended: Revocation[] = [];
  const listener = async (revocation: Revocation) => {
    ended.push(revocation);
    return Promise.resolve({ linksClosed: 1, callsCancelled: 0 });
  };
  const stop = world.identity.onRevoked(listener, () => live);
  const count = await world.identity.elsewhere.recheck();
  stop();
  assert.equal(count, ended.length);
  return ended.map(({ kind, id }) => `${kind} ${id}`).toSorted();
};

test('a recheck ends each credential once that was revoked while the broker was deaf, and no other', async () => {
  const [stays, disabled, removed] = [await person('stays'), await person('disabled'), await person('removed')];
  const [lost, ended] = [await person('lost'), await person('ended')];
  const [kept, revoked] = [await grant('kept'), await grant('revoked')];
  const issued = (label: string) => world.identity.adminTokens.issue(WORKSPACE, { label, role: 'auditor' }, HOST);
  const [token, oldToken] = [(await issued('a')).record, (await issued('b')).record];
  const ofToken = ({ id }: { id: string }) =>
    ({ workspaceId: WORKSPACE, credential: { kind: 'admin-token', id } }) as const;
  const live = [stays, disabled, disabled, removed, lost, ended].map(({ principal }) => principal);
  const all = [...live, kept, revoked, ofToken(token), ofToken(oldToken)];
  assert.deepEqual(await recheck(all), [], 'nobody was revoked');

  // As another broker does it: in the store alone.
  const { store } = world;
  await store.users.setDisabled(disabled.userId, Date.now());
  await store.users.remove(removed.userId);
  await store.devices.revoke(lost.deviceId, Date.now());
  const login = await store.oauth.findByUid('Grant', ended.deviceId);
  await store.oauth.destroyByGrant(login?.grantId ?? '');
  await store.grants.revoke(revoked.credential.id, Date.now());
  await store.adminTokens.revoke(oldToken.id, Date.now());

  const wanted = [
    `admin-token ${oldToken.id}`,
    `device ${ended.deviceId}`,
    `device ${lost.deviceId}`,
    `grant ${revoked.credential.id}`,
    `user ${disabled.userId}`,
    `user ${removed.userId}`,
  ];
  assert.deepEqual(await recheck(all), wanted.toSorted());
});

test('a recheck tells of each person whose role or groups have changed meanwhile', async () => {
  const { principal, userId } = await person('moved');
  await world.store.users.setRole(userId, 'operator');
  await world.store.users.setGroups(userId, ['payments']);
  const told: string[] = [];
  const stopListening = world.identity.onChanged(({ name, role, groups }) =>
    told.push(`${name} ${role} ${groups.join()}`),
  );
  await recheck([principal]);
  stopListening();
  assert.deepEqual(told, ['moved operator payments']);
});

test('a person who is authenticated while another broker revokes them is refused, whichever comes first', async () => {
  const admitted = new Set<string>();
  const stop = world.identity.onRevoked(async ({ id }) => {
    admitted.delete(id);
    return Promise.resolve({ linksClosed: 0, callsCancelled: 0 });
  });
  for (let steps = 0; steps < 150; steps++) {
    const issue = { label: `race-${steps}`, servers: ['github'] };
    const { grant: made, token } = await world.identity.grants.issue(WORKSPACE, issue, HOST);
    const door = world.identity.authenticate(token, 'tunnel').then((answer) => {
      if (answer.kind === 'ok') admitted.add(made.id);
    });
    for (let step = 0; step < steps; step++) await Promise.resolve();
    await world.store.grants.revoke(made.id, Date.now());
    await world.identity.elsewhere.revoked([{ workspaceId: WORKSPACE, kind: 'grant', id: made.id, reason: 'race' }]);
    await door;
    assert.deepEqual([...admitted], [], `after ${steps} steps`);
  }
  stop();
});
