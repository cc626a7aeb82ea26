import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from 'mcpgate-shared/clock';
import { pino } from 'pino';
import { createBackups } from './backups.ts';

const KEY = {
  ...{ id: 'k1', bytes: Buffer.alloc(32), state: 'current' as const },
  ...{ createdAt: 0, retiredAt: null, keyFile: null, begunBy: null, isTold: true },
};

test('why a backup was broken off stands in the log of the broker, to which the command sends; of a reader who is gone nothing does', async () => {
  const logged: string[] = [];
  const backups = createBackups({
    ...{ dataDir: '/nowhere', databaseUrl: undefined, version: '1', clock: systemClock },
    store: { settings: { find: async () => undefined, put: async () => {} } },
    keyring: { now: { current: KEY, held: new Map([[KEY.id, KEY]]) } },
    log: pino({ base: null }, { write: (line) => void logged.push(line) }),
  });
  const made = async (signal: AbortSignal) => {
    for await (const chunk of backups.make(signal, async () => {})) assert.fail(`${chunk.length} bytes of nothing`);
  };
  await assert.rejects(made(new AbortController().signal), /the backup was broken off/);
  await assert.rejects(made(AbortSignal.abort()));
  assert.equal(logged.length, 1);
  const { err, msg } = JSON.parse(logged[0] ?? '') as { err: { message: string }; msg: string };
  assert.equal(msg, 'a backup was broken off');
  assert.match(err.message, /^the backup was broken off: \S/);
});
