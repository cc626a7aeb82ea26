import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { LoginEnd } from '../auth/background-login.ts';
import { createLoginAgain } from './login-again.ts';

const MINUTE_MS = 60_000;

/** A broker that gives codes, and a person who answers when told to. */
function world(options: { hasBrowser?: boolean } = {}) {
  let now = 0;
  const clock: Clock = { now: () => now, after: () => () => false };
  const opened: string[] = [];
  const failures: string[] = [];
  const answers: { resolve(end: LoginEnd): void; reject(error: unknown): void; interrupted: AbortSignal }[] = [];
  let loggedIn = 0;
  let unreachable = false;
  const line = () => undefined;
  const again = createLoginAgain({
    clock,
    log: { debug: line, info: line, warn: line, error: line },
    begin(interrupted) {
      if (unreachable) return Promise.reject(new GateError('unreachable', 'cannot reach the broker'));
      const decided = Promise.withResolvers<LoginEnd>();
      answers.push({ resolve: decided.resolve, reject: decided.reject, interrupted });
      const verificationUri = `https://gate.example/device?user_code=${answers.length}`;
      return Promise.resolve({
        code: {
          deviceCode: 'secret',
          userCode: `CODE-${answers.length}`,
          verificationUri,
          verificationUriComplete: verificationUri,
          expiresInS: 600,
          intervalS: 2,
        },
        finish: () => decided.promise,
      });
    },
    browser: () =>
      Promise.resolve({
        available: options.hasBrowser ?? true,
        open: (url) => Promise.resolve(opened.push(url) > 0),
      }),
    onLoggedIn: () => (loggedIn += 1),
    onFailed: (message) => failures.push(message),
  });
  return {
    again,
    opened,
    failures,
    answers,
    ask: (browser = true) => again.ask({ browser }),
    loggedIn: () => loggedIn,
    later: (minutes: number) => (now += minutes * MINUTE_MS),
    setUnreachable: (value: boolean) => (unreachable = value),
    async fail(index: number) {
      answers[index]?.reject(new GateError('not_logged_in', 'the code has expired'));
      await new Promise(setImmediate);
    },
    async deny(index: number) {
      answers[index]?.resolve({ kind: 'denied', message: 'the login was denied at the broker' });
      await new Promise(setImmediate);
    },
  };
}

test('calls that come together begin one login and open one page', async () => {
  const w = world();
  const asked = await Promise.all([w.ask(), w.ask(), w.ask()]);
  assert.deepEqual(new Set(asked.map(({ kind }) => kind)), new Set(['pending']));
  await w.ask();
  assert.deepEqual([w.answers.length, w.opened.length], [1, 1]);
  assert.equal(w.again.pending?.browserOpened, true);
});

test('a client that shows the page itself opens none here; the next one, which cannot, opens it', async () => {
  const w = world();
  await w.ask(false);
  assert.deepEqual(w.opened, []);
  await w.ask(true);
  assert.deepEqual([w.answers.length, w.opened.length], [1, 1]);
});

test('without a browser nothing is begun, unless the client shows the page', async () => {
  const w = world({ hasBrowser: false });
  const refused = await w.ask();
  assert.ok(refused.kind === 'refused' && refused.message.includes('mcpgate login'));
  assert.equal(w.answers.length, 0);
  assert.equal((await w.ask(false)).kind, 'pending');
});

test('a login that nobody confirms is begun again ten minutes after it began, then after twenty, and so on', async () => {
  const w = world();
  const beganAt: number[] = [];
  for (let minute = 0; minute < 24 * 60; minute++) {
    const before = w.answers.length;
    await w.ask();
    if (w.answers.length > before) {
      beganAt.push(minute);
      await w.fail(before);
    }
    w.later(1);
  }
  assert.deepEqual(beganAt, [0, 10, 30, 70, 150, 310, 630, 1270]);
  assert.equal(w.failures.length, beganAt.length);
});

test('a denied login is not begun again until a person acts', async () => {
  const w = world();
  await w.ask();
  await w.deny(0);
  w.later(60 * 24 * 30);
  const refused = await w.ask();
  assert.ok(refused.kind === 'refused' && /denied.*mcpgate login/.test(refused.message));
  w.again.reset();
  assert.equal((await w.ask()).kind, 'pending');
});

test('a broker that cannot be reached costs no turn', async () => {
  const w = world();
  w.setUnreachable(true);
  const refused = await w.ask();
  assert.ok(refused.kind === 'refused' && refused.message === 'cannot reach the broker');
  w.setUnreachable(false);
  assert.equal((await w.ask()).kind, 'pending');
});

test('a login or logout by hand gives up the one that waits, and nothing of it comes later', async () => {
  const w = world();
  await w.ask();
  w.again.reset();
  assert.equal(w.again.pending, undefined);
  assert.equal(w.answers[0]?.interrupted.aborted, true);
  await w.fail(0);
  assert.deepEqual([w.failures, w.loggedIn()], [[], 0]);
});
