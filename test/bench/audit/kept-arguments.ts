// What it costs a call that the values in its arguments are kept: `node test/bench/audit/kept-arguments.ts`. In turn with calls of which none are, in one process.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from 'mcpgate-shared/clock';
import { INTENT, OUTCOME } from '../../../broker/src/audit/fixtures/proof-world.ts';
import { createAudit } from '../../../broker/src/audit/create-audit.ts';
import { keptArguments } from '../../../broker/src/gateway/kept-arguments.ts';
import { madeRequest } from '../../../broker/src/gateway/request.ts';
import { openStore } from '../../../broker/src/store/open-store.ts';
import { keys, quiet } from './audit-log.ts';

const ROUNDS = 20;
const CALLS_A_ROUND = 200;
const SIZES = { '200 bytes': 200, '10 KiB': 10_240, '1 MiB': 1_048_576 };
const WAYS = ['none', 'masked', 'full'] as const;

const dataDir = mkdtempSync(join(tmpdir(), 'mcpgate-bench-arguments-'));
const store = await openStore({ dataDir, log: quiet, clock: systemClock });
const audit = createAudit({ store, clock: systemClock, log: quiet, writerId: 'bench', keys });
const p50 = (times: number[]): number => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;

for (const [name, bytes] of Object.entries(SIZES)) {
  const args = { repo: 'octo/cat', text: 'some words here '.repeat(bytes / 16) };
  const members = [
    ['name', '"x"'],
    ['arguments', JSON.stringify(args)],
  ] as const;
  const request = madeRequest('tools/call', { name: 'x', arguments: args }, members);
  const times = { none: [] as number[], masked: [] as number[], full: [] as number[] };
  const calls = bytes > 100_000 ? CALLS_A_ROUND / 20 : CALLS_A_ROUND;
  for (let round = 0; round < ROUNDS; round += 1)
    for (const way of WAYS)
      for (let call = 0; call < calls; call += 1) {
        const startedAt = performance.now();
        const id = await audit.beginCall(INTENT, keptArguments(request, way));
        times[way].push(performance.now() - startedAt);
        await audit.endCall(id, INTENT, OUTCOME);
      }
  const told = WAYS.map((way) => `${way} ${(p50(times[way]) * 1_000).toFixed(0)} µs`);
  console.log(`${name.padEnd(10)} to commit an intent, p50: ${told.join(', ')}`);
}
await audit.close();
await store.close();
rmSync(dataDir, { recursive: true });
