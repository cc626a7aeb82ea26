// A broker is killed, and its laptops come to the other one all at once: nobody who was there is refused, and everybody comes in. Counts alone:
// times are `npm run bench:rush`'s, on a machine that does nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runRush } from '../bench/rush-run.ts';

test('when a broker is killed, no call at the other one fails, and all of its laptops come in there', async (t) => {
  const { laptops, lost, calls, failed, backMs } = await runRush({ laptops: 200, limitMs: 60_000 });
  assert.deepEqual([...new Set(failed)], []);
  assert.ok(lost >= laptops / 3, `${lost} were at the broker that was killed`);
  assert.ok(calls > 50, `${calls} calls`);
  t.diagnostic(`${lost} of ${laptops} laptops back after ${backMs} ms; ${calls} calls`);
});
