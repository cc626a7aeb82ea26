import assert from 'node:assert/strict';
import { it } from 'node:test';
import { onBothEngines } from '../../store/fixtures/both-engines.ts';
import { createChanges } from './changes.ts';

onBothEngines((open) => {
  it('tells last what was last, also where the reading of the change before it takes longer', async (t) => {
    const { store } = await open(t);
    const user = { workspaceId: 'default', name: 'ada', email: null, role: 'member', groups: [] } as const;
    const { id } = await store.users.create(user);
    let goOn = (): void => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    let reads = 0;
    const byId = async (asked: string) => {
      reads += 1;
      const isFirst = reads === 1;
      const found = await store.users.byId(asked);
      if (isFirst) await held;
      return found;
    };
    const changes = createChanges({ users: { byId } });
    const told: string[] = [];
    changes.listen(({ role }) => void told.push(role));

    await store.users.setRole(id, 'admin');
    const first = changes.tell([id]);
    await store.users.setRole(id, 'member');
    const second = changes.tell([id]);
    const turns = async () => {
      for (let turn = 0; turn < 10; turn++) await store.probe();
    };
    await Promise.race([second, turns()]);
    goOn();
    await Promise.all([first, second]);
    assert.equal(told.at(-1), 'member');
  });
});
