import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceRecord, UserRecord } from '../domain/people.ts';
import type { Live } from '../domain/revocation.ts';
import { createLiving } from './living.ts';

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
  const living = createLiving({
    store: {
      users: { byIds: (ids: readonly string[]) => asked(ids, (id) => ({ id }) as UserRecord) },
      devices: { byIds: (ids: readonly string[]) => asked(ids, (id) => ({ id, revokedAt: null }) as DeviceRecord) },
      grants: { byIds: nobody },
      adminTokens: { list: nobody },
    },
    logins: { amongst: async (ids: readonly string[]) => new Set(await asked(ids, (id) => id)) },
    clientLogins: { amongst: nobody },
  });
  const all = Array.from({ length: 3_000 }, (_, number) => laptop(number));
  const timer = setInterval(() => (turns += 1), 0);
  const people = await living.people(all.flatMap(({ user }) => user?.id ?? []));
  const alive = await living.credentials(all);
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
