import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, createServeWorld, initialize, textOf } from './fixtures/serve-world.ts';

const PENDING = {
  url: 'https://gate.example/device?user_code=BCDF-GHJK',
  userCode: 'BCDF-GHJK',
  browserOpened: true,
  expiresAt: 1_600_000, // ten minutes after the clock’s beginning
};
const expired = 'the login has ended: run `mcpgate login`';

test('a call with a progress token waits for the login and hears every five seconds what to do; a list does neither', () => {
  const w = createServeWorld();
  w.session.linkState('login_needed', expired);
  w.say(initialize);
  w.say({ id: 2, method: 'tools/list' });
  assert.deepEqual([w.out.length, w.begun], [2, []], 'a list asks nobody to log in');
  w.say({ ...call(3), params: { name: 'a__b', _meta: { progressToken: 'p' } } });
  w.say({ ...call(4), params: { name: 'a__b', _meta: { progressToken: 5 } } });
  assert.deepEqual(w.begun, [{ browser: true }]);
  w.session.loginState(PENDING, '');
  w.clock.advance(5_000);
  w.say({ method: 'notifications/cancelled', params: { requestId: 4 } });
  w.clock.advance(5_000);
  const progress = w.out
    .slice(2)
    .map(({ params }) => params as { progressToken: unknown; progress: number; message: string });
  assert.deepEqual(
    progress.map(({ progressToken }) => progressToken),
    ['p', 5, 'p', 5, 'p'],
  );
  assert.ok(progress.every(({ message }) => message.includes(PENDING.url)));
  const steps = progress.filter(({ progressToken }) => progressToken === 'p').map((each) => each.progress);
  assert.deepEqual(
    steps,
    steps.toSorted((a, b) => a - b),
  );
  w.out.length = 0;
  w.session.linkState('connecting', null);
  w.clock.advance(5_000);
  w.back();
  w.clock.advance(60_000);
  assert.deepEqual(
    w.asked.map(({ id }) => id),
    ['mcpgate-initialize-again', 3],
  );
  assert.deepEqual(
    w.out.filter(({ method }) => method === 'notifications/progress').length,
    1,
    'none after the link was back',
  );
});

test('a call that waited for a login that came to nothing hears why', () => {
  const w = createServeWorld();
  w.session.linkState('login_needed', expired);
  w.say({ ...call(3), params: { name: 'a__b', _meta: { progressToken: 'p' } } });
  w.session.loginState(PENDING, '');
  w.session.loginState(undefined, 'the login was denied; run `mcpgate login`');
  assert.equal(textOf(w.out.at(-1)), '[mcpgate] the login was denied; run `mcpgate login`');
  w.clock.advance(1);
  w.say(call(4));
  assert.equal(w.begun.length, 2, 'whether there may be another one is the daemon’s to know');
});

test('a call that cannot wait returns with the page, a daemon that does not answer is not waited for', () => {
  const w = createServeWorld();
  w.session.linkState('login_needed', expired);
  w.say(call(3));
  w.clock.advance(8_001);
  assert.equal(textOf(w.out[0]), `[mcpgate] ${expired}`);
  w.session.loginState(PENDING, '');
  w.say(call(4));
  assert.match(textOf(w.out[1]), /^\[mcpgate\] a login is needed: .*browser.*BCDF-GHJK.*try again$/);
  assert.equal(w.begun.length, 1);
});

test('a person who declines the elicitation is not asked again for this login', () => {
  const w = createServeWorld();
  w.session.linkState('login_needed', expired);
  w.say({ ...initialize, params: { capabilities: { elicitation: { url: {} } } } });
  w.say(call(2));
  assert.deepEqual(w.begun, [{ browser: false }]);
  w.session.loginState(PENDING, '');
  const question = w.out.at(-1);
  assert.equal(question?.['method'], 'elicitation/create');
  w.say({ id: question['id'], result: { action: 'decline' } });
  assert.match(textOf(w.out.at(-1)), /declined.*mcpgate login/);
  w.say(call(3));
  assert.match(textOf(w.out.at(-1)), /declined/);
  assert.equal(w.out.filter(({ method }) => method === 'elicitation/create').length, 1);
  w.back();
  assert.deepEqual(
    w.asked.map(({ id }) => id),
    ['mcpgate-initialize-again'],
    'the answer was ours: the broker never sees it',
  );
});

test('a call under way when the login ends asks for one too, and returns its result', () => {
  const w = createServeWorld();
  w.back();
  w.say(call(5));
  w.session.linkState('login_needed', expired);
  assert.equal(w.begun.length, 1);
  w.session.loginState(PENDING, '');
  w.answer(5, { content: [{ type: 'text', text: 'done' }] });
  w.back();
  assert.equal(textOf(w.out.at(-1)), 'done');
});
