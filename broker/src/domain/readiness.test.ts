import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import { createReadiness } from './readiness.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function open() {
  const clock = steppedClock();
  const state = { isDraining: false, isDeaf: false, unwritable: undefined as GateError | undefined };
  const probes: { done: () => void; fail: (error: Error) => void }[] = [];
  const readiness = createReadiness({
    clock,
    isDraining: () => state.isDraining,
    isDeaf: () => state.isDeaf,
    unwritable: () => state.unwritable,
    probe: () => new Promise((done, fail) => probes.push({ done, fail })),
  });
  /** What is said where a probe that is made ends like this. */
  const ask = async (end: Error | 'fine' = 'fine') => {
    const answer = readiness();
    await turn();
    const probe = probes.shift();
    if (end === 'fine') probe?.done();
    else probe?.fail(end);
    const said = await answer;
    return said.kind === 'not_ready' ? said.why.message : said.kind;
  };
  return { clock, state, probes, readiness, ask };
}

test('a broker is ready where the database takes writes, calls can be recorded and changes are heard, and else says what is missing', async () => {
  const { clock, state, ask } = open();
  assert.equal(await ask(), 'ready');
  clock.advance(1_000);
  assert.equal(await ask(new GateError('unavailable', 'it takes no writes')), 'it takes no writes');
  state.unwritable = new GateError('unavailable', 'the disk is full');
  assert.match(await ask(), /audit log cannot be written/);
  state.isDeaf = true;
  assert.match(await ask(), /does not hear/);
  state.isDraining = true;
  assert.equal(await ask(), 'draining');
  Object.assign(state, { isDraining: false, isDeaf: false, unwritable: undefined });
  clock.advance(1_000);
  assert.equal(await ask(), 'ready');
});

test('however many ask, the database is asked once a second', async () => {
  const { clock, probes, readiness } = open();
  const answers = Array.from({ length: 100 }, readiness);
  await turn();
  assert.equal(probes.length, 1);
  probes.shift()?.done();
  for (const answer of await Promise.all(answers)) assert.equal(answer.kind, 'ready');
  clock.advance(999);
  assert.equal((await readiness()).kind, 'ready');
  assert.equal(probes.length, 0);
});

test('a database that says nothing is not waited for longer than two seconds, and is not asked again meanwhile', async () => {
  const { clock, probes, readiness } = open();
  for (let time = 0; time < 3; time += 1) {
    const answer = readiness();
    await turn();
    clock.advance(2_000);
    const said = await answer;
    assert.equal(said.kind === 'not_ready' && said.why.code, 'unavailable');
  }
  assert.equal(probes.length, 1);
  probes.shift()?.done();
  await turn();
  assert.equal((await readiness()).kind, 'ready', 'it has answered after all');
});
