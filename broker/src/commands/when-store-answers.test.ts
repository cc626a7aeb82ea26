import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import { whenStoreAnswers } from './when-store-answers.ts';

const NEVER = new Promise<never>(() => undefined);
const away = (why: string) => new GateError('unavailable', why);

function world(failures: unknown[]) {
  const [lines, told, pauses]: [string[], string[], number[]] = [[], [], []];
  const line = (_fields: object, message: string) => void lines.push(message);
  const log = { debug: line, info: line, warn: line, error: line };
  const start = () => {
    const failure = failures.shift();
    return failure === undefined ? Promise.resolve({ started: true }) : Promise.reject(failure);
  };
  const pause = (ms: number) => {
    pauses.push(ms);
    return Promise.resolve();
  };
  const parts = { log, waitsFor: (why: string) => void told.push(why), pause, random: () => 1 };
  return { lines, told, pauses, start, parts };
}

test('a start whose database is away is tried again, ever later up to two seconds, and says what it waits for once', async () => {
  const { lines, told, pauses, start, parts } = world([...Array.from({ length: 6 }, () => away('a')), away('b')]);
  assert.deepEqual(await whenStoreAnswers(start, { ...parts, stopped: NEVER }), { started: true });
  assert.deepEqual(pauses, [250, 500, 1_000, 2_000, 2_000, 2_000, 2_000]);
  assert.deepEqual(lines, ['waiting for the database', 'waiting for the database', 'the database answers']);
  assert.equal(told.at(-1), 'b');
});

test('an error that waiting does not help with ends the start', async () => {
  const wrong = new GateError('config', 'wrong password');
  const { start, parts } = world([away('a'), wrong]);
  await assert.rejects(whenStoreAnswers(start, { ...parts, stopped: NEVER }), wrong);
});

test('a signal ends the wait, between two tries and while one hangs', async () => {
  const between = world([away('a')]);
  const stopped = Promise.resolve('SIGTERM');
  const pause = () => NEVER;
  assert.equal(await whenStoreAnswers(between.start, { ...between.parts, pause, stopped }), undefined);
  assert.equal(await whenStoreAnswers(() => NEVER, { ...between.parts, stopped }), undefined);
});
