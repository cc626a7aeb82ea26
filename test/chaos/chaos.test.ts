// The twelve seconds of chaos that belong to every run of the tests; `npm run chaos` takes other seeds and lengths.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runChaos } from './chaos-run.ts';
import { judge, reportText } from './report.ts';
import { LANES } from './schedule.ts';

const SEED = 5;
const FAULTS_OF_EACH_KIND = 4;

test('twelve seconds of chaos lose no call, double none, and at least 95 % of the calls succeed', async () => {
  const result = await runChaos({ seed: SEED, seconds: 12 });
  const complaint = judge(result);
  assert.equal(complaint, undefined, `${result.logs}\n\n${reportText(result)}seed ${SEED}: ${complaint}`);
  for (const kind of Object.values(LANES).flat()) {
    const count = result.faults[kind] ?? 0;
    assert.ok(count >= FAULTS_OF_EACH_KIND, `${kind}: ${count} times`);
  }
});
