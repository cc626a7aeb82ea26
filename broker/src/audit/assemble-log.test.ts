// What places of checkpoints do with the secrets of the vault.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { systemClock } from 'mcpgate-shared/clock';
import { createIdentityWorld } from '../identity/fixtures/identity-world.ts';
import { assembleLog } from './assemble-log.ts';

test('a place that has taken a checkpoint has verified the secret that it was brought with; one that refuses it has not', async (t) => {
  const { store, vault, close } = await createIdentityWorld();
  t.after(close);
  await vault.set('default', 'place-key', 'k3y', 'set');
  await vault.set('default', 'other-key', 'k3y2', 'set');
  const { audit } = assembleLog({
    ...{ store, vault, clock: systemClock, log: pino({ level: 'silent' }), writerId: 'w', isAlone: true },
    settings: {
      durability: 'commit',
      checkpoints: [
        { kind: 'url', url: 'https://takes.example/', secret: '${secret:place-key}' },
        { kind: 'url', url: 'https://refuses.example/', secret: '${secret:other-key}' },
      ],
    },
    guardedFetch: (url) => {
      const status = url.startsWith('https://takes.') ? 204 : 401;
      return Promise.resolve({ url, status, headers: new Headers(), body: Buffer.alloc(0) });
    },
    sign: () => ({}),
  });
  await audit.event({ workspace_id: 'default', type: 'x.y', actor: 'a', subject: null, address: null, data: {} });
  await audit.close();
  const seen = (await vault.list('default')).map(({ name, verified, isUsed }) => [name, verified ?? isUsed]);
  assert.deepEqual(seen, [
    ['other-key', false],
    ['place-key', true],
  ]);
});
