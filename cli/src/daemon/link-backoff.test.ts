import assert from 'node:assert/strict';
import { test } from 'node:test';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import { createLinkBackoff } from './link-backoff.ts';

test('laptops that a full broker asks to come again in eight seconds come spread over eight, around that time', () => {
  const waits = [0, 0.25, 0.5, 0.75, 1].map((random) =>
    createLinkBackoff({ clock: steppedClock(), random: () => random, isHurried: false }).nextMs(8_000),
  );
  assert.deepEqual(waits, [4_000, 6_000, 8_000, 10_000, 12_000]);
});

test('without a word of the broker the first try comes within a quarter of a second, and what it says shortens no longer wait', () => {
  const backoff = createLinkBackoff({ clock: steppedClock(), random: () => 1, isHurried: false });
  assert.equal(backoff.nextMs(), 250);
  for (let attempt = 0; attempt < 8; attempt += 1) backoff.nextMs();
  assert.equal(backoff.nextMs(2_000), 5_000);
});
