import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdminTokenRecord, DeviceRecord, GrantRecord, UserRecord } from '../../domain/people/people.ts';
import type { Live } from '../../domain/people/revocation.ts';
import { systemClock } from 'mcpgate-shared/clock';
import type { WebSessionRecord } from '../../store/repositories/people/web-sessions.ts';
import { createValidCredentials } from './valid-credentials.ts';

const laptop = (number: number): Live => ({
  workspaceId: 'default',
  user: { id: `u${number}`, name: `p${number}`, role: 'member', groups: [] },
  device: { id: `d${number}`, name: 'laptop' },
  credential: { kind: 'device', id: `d${number}` },
});
const nobody = () => Promise.reject(new Error('nobody has one'));

test('three thousand people and their laptops are looked up in a few questions, between which others have their turn', async () => {
  const questions: number[] = [];
  let turns = 0;
  const asked = <T>(ids: readonly string[], made: (id: string) => T): Promise<T[]> => {
    questions.push(ids.length);
    return Promise.resolve(ids.filter((id) => !id.endsWith('7')).map(made));
  };
  const valid = createValidCredentials({
    store: {
      users: { byIds: (ids: readonly string[]) => asked(ids, (id) => ({ id }) as UserRecord) },
      devices: { byIds: (ids: readonly string[]) => asked(ids, (id) => ({ id, revokedAt: null }) as DeviceRecord) },
      grants: { byIds: nobody },
      adminTokens: { list: nobody },
      webSessions: { list: nobody },
    },
    logins: { amongst: async (ids: readonly string[]) => new Set(await asked(ids, (id) => id)) },
    clientLogins: { amongst: nobody },
    clock: systemClock,
  });
  const all = Array.from({ length: 3_000 }, (_, number) => laptop(number));
  const timer = setInterval(() => (turns += 1), 0);
  const people = await valid.people(all.flatMap(({ user }) => user?.id ?? []));
  const alive = await valid.credentials(all);
  clearInterval(timer);
  assert.equal(people.size, 2_700);
  assert.deepEqual(
    [...alive],
    all.filter(({ credential: { id } }) => !id.endsWith('7')),
  );
  assert.ok(questions.length <= 60, `${questions.length} questions`);
  assert.ok(questions.every((size) => size <= 200));
  assert.ok(turns > 0, 'others have had their turn');
});

/** What the stores have; each question is written down. */
function stores() {
  const asked: string[] = [];
  const ask = <T>(about: string, answer: T): Promise<T> => {
    asked.push(about);
    return Promise.resolve(answer);
  };
  const record = (id: string) => ({ id, revokedAt: id.startsWith('revoked') ? 1 : null });
  const valid = createValidCredentials({
    store: {
      users: {
        byIds: (ids) =>
          ask(
            `people ${ids.join()}`,
            ids.map((id) => ({ id }) as UserRecord),
          ),
      },
      devices: { byIds: (ids) => ask(`devices ${ids.join()}`, ids.map(record) as DeviceRecord[]) },
      grants: { byIds: (ids) => ask(`grants ${ids.join()}`, ids.map(record) as GrantRecord[]) },
      adminTokens: {
        list: (workspaceId) =>
          ask(`tokens of ${workspaceId}`, [`live-${workspaceId}`, 'revoked'].map(record) as AdminTokenRecord[]),
      },
      webSessions: {
        list: (workspaceId) =>
          ask(`browsers of ${workspaceId}`, [{ tokenHash: `0123456789abcdef and more` } as WebSessionRecord]),
      },
    },
    logins: { amongst: (ids) => ask(`logins ${ids.join()}`, new Set(ids.filter((id) => !id.endsWith('out')))) },
    clock: systemClock,
    clientLogins: { amongst: (ids) => ask(`clients ${ids.join()}`, new Set(ids.filter((id) => id !== 'ended'))) },
  });
  return { valid, asked };
}

const one = (kind: Live['credential']['kind'], id: string, workspaceId = 'default'): Live => ({
  workspaceId,
  credential: { kind, id },
});

/** Of `all`, by id: which live. */
async function aliveOf(all: readonly Live[]) {
  const { valid, asked } = stores();
  const alive = await valid.credentials(all);
  return { ids: all.filter((each) => alive.has(each)).map(({ credential }) => credential.id), asked };
}

test('a device is valid while it is not revoked and its login has not ended', async () => {
  const { ids } = await aliveOf(['d1', 'revoked', 'd-out', 'd2'].map((id) => one('device', id)));
  assert.deepEqual(ids, ['d1', 'd2']);
});

test('a grant is valid while it is not revoked, and a client’s login until it ends', async () => {
  const all = [...['g1', 'revoked'].map((id) => one('grant', id)), ...['c1', 'ended'].map((id) => one('oauth', id))];
  assert.deepEqual(await aliveOf(all), { ids: ['g1', 'c1'], asked: ['grants g1,revoked', 'clients c1,ended'] });
});

test('an administration token is valid in its own workspace, while it exists and is not revoked', async () => {
  const all = [
    one('admin-token', 'live-default'),
    one('admin-token', 'revoked'),
    one('admin-token', 'removed'),
    one('admin-token', 'live-default', 'team-b'),
    one('admin-token', 'live-team-b', 'team-b'),
  ];
  const { ids, asked } = await aliveOf(all);
  assert.deepEqual(ids, ['live-default', 'live-team-b']);
  assert.deepEqual(asked, ['tokens of default', 'tokens of team-b']);
});

test('a browser session is valid while its workspace has it', async () => {
  const all = ['web-0123456789abcdef', 'web-ended'].map((id) => one('session', id, 'team-b'));
  assert.deepEqual(await aliveOf(all), { ids: ['web-0123456789abcdef'], asked: ['browsers of team-b'] });
});

test('whom a trusted proxy names lives as long as its person: there is nobody to ask', async () => {
  assert.deepEqual(await aliveOf([one('forwarded', 'ada')]), { ids: ['ada'], asked: [] });
});

test('all that live on one credential are asked for once, and so are people', async () => {
  const { ids, asked } = await aliveOf([one('grant', 'g1'), one('grant', 'g1'), one('grant', 'g1')]);
  assert.deepEqual([ids.length, asked], [3, ['grants g1']]);
  const { valid, asked: questions } = stores();
  assert.deepEqual([...(await valid.people(['u1', 'u2', 'u1'])).keys()], ['u1', 'u2']);
  assert.deepEqual(questions, ['people u1,u2']);
});
