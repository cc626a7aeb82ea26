import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createChannel, type Channel, type ChannelOptions } from './channel.ts';
import { runSchedule, schedule } from './fixtures/channel-schedule.ts';
import { FrameKind } from './frame.ts';

test('in 4,000 random schedules every message arrives once, in order, and nobody keeps more than allowed', () => {
  fc.assert(
    fc.property(schedule, (steps) => runSchedule(steps)),
    { numRuns: 4000 },
  );
});

/** Gives out what comes again once more. */
function delivering(options: ChannelOptions): Channel {
  const channel = createChannel(options);
  return Object.create(channel, {
    receive: {
      value(...[header, payload]: Parameters<Channel['receive']>) {
        if (header.kind === FrameKind.data && header.seq < channel.nextReceive) options.onMessage(payload);
        channel.receive(header, payload);
      },
    },
  }) as Channel;
}

/** Believes of each new link that its peer has one fragment more than it has. */
function forgetful(options: ChannelOptions): Channel {
  const channel = createChannel(options);
  return Object.create(channel, {
    attach: {
      value: (...[number, next, window]: Parameters<Channel['attach']>) =>
        channel.attach(number, next + 1, window) || channel.attach(number, next, window),
    },
  }) as Channel;
}

for (const [name, make] of Object.entries({ delivering, forgetful })) {
  test(`a channel that is ${name} is found out, by a story of six steps at most`, () => {
    const found = fc.check(
      fc.property(schedule, (steps) => runSchedule(steps, make)),
      { numRuns: 2000, seed: 7 },
    );
    assert.ok(found.failed && found.counterexample !== null);
    const [steps] = found.counterexample;
    assert.ok(steps.length <= 6, steps.map(({ text }) => text).join('\n'));
    const printed = fc.defaultReportMessage(found) ?? '';
    for (const { text } of steps) assert.ok(printed.includes(text), printed);
  });
}
