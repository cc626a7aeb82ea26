import assert from 'node:assert/strict';
import { test } from 'node:test';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import { createPollPace } from './poll-pace.ts';

test('a device that keeps its pace, give or take half a second of network, is never too fast', () => {
  const clock = steppedClock();
  const pace = createPollPace(clock, 2);
  assert.equal(pace.tooFast('code'), false, 'the first one never is');
  clock.advance(1_499);
  assert.equal(pace.tooFast('code'), true);
  clock.advance(1);
  assert.equal(pace.tooFast('code'), false, 'one that was told to slow down does not count');
  assert.equal(pace.tooFast('another'), false, 'each code has its own pace');
  clock.advance(1_500);
  assert.equal(pace.tooFast('code'), false);
  assert.equal(pace.tooFast('code'), true);
});

test('without an interval nobody is too fast', () => {
  const pace = createPollPace(steppedClock(), 0);
  for (let poll = 0; poll < 3; poll++) assert.equal(pace.tooFast('code'), false);
});

test('of ten thousand codes the one that polled longest ago is forgotten for the next', () => {
  const pace = createPollPace(steppedClock(), 2);
  for (let code = 0; code < 10_000; code++) assert.equal(pace.tooFast(`${code}`), false);
  assert.equal(pace.tooFast('0'), true, 'all of them are known');
  assert.equal(pace.tooFast('one more'), false);
  assert.equal(pace.tooFast('1'), true);
  assert.equal(pace.tooFast('0'), false, 'the oldest is not');
  assert.equal(pace.tooFast('2'), true);
});

test('a code that polls again is no old one', () => {
  const clock = steppedClock();
  const pace = createPollPace(clock, 2);
  for (let code = 0; code < 10_000; code++) pace.tooFast(`${code}`);
  clock.advance(2_000);
  assert.equal(pace.tooFast('0'), false);
  assert.equal(pace.tooFast('one more'), false);
  assert.equal(pace.tooFast('0'), true);
  assert.equal(pace.tooFast('one more'), true);
});
