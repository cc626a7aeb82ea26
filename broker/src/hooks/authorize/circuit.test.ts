import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCircuit } from './circuit.ts';

function circuitAt() {
  const at = { now: 1_000_000 };
  return { at, circuit: createCircuit({ now: () => at.now }) };
}
const fail = (circuit: ReturnType<typeof createCircuit>, who: string, failure: 'unreached' | 'silent', times = 3) => {
  for (let time = 0; time < times; time++) circuit.failed(who, failure);
};

test('a hook that is not reached three times is not asked by anybody until a second is over, and then by one', () => {
  const { at, circuit } = circuitAt();
  fail(circuit, 'ada', 'unreached', 2);
  assert.deepEqual([circuit.enter('ada'), circuit.isOpen], ['ask', false]);
  fail(circuit, 'ada', 'unreached', 1);
  assert.deepEqual([circuit.isOpen, circuit.enter('bob')], [true, at.now + 1_000]);
  at.now += 1_000;
  assert.equal(circuit.enter('bob'), 'ask');
  assert.equal(circuit.enter('carl'), at.now + 1_000);
  circuit.answered('bob');
  assert.deepEqual([circuit.isOpen, circuit.enter('carl')], [false, 'ask']);
});

test('the pause doubles with each try that fails, up to half a minute, and questions that were under way do not make it longer', () => {
  const { at, circuit } = circuitAt();
  fail(circuit, 'ada', 'unreached', 20);
  assert.equal(circuit.enter('bob'), at.now + 1_000);
  for (const pause of [2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    at.now += 30_000;
    const who = `probe ${pause} ${at.now}`;
    assert.equal(circuit.enter(who), 'ask');
    circuit.failed(who, 'unreached');
    assert.equal(circuit.enter('bob'), at.now + pause);
  }
});

test('one person whose questions alone are not answered in time shuts it for nobody else; two do', () => {
  const { at, circuit } = circuitAt();
  fail(circuit, 'mallory', 'silent', 50);
  assert.deepEqual([circuit.enter('mallory'), circuit.enter('ada'), circuit.isOpen], [at.now + 1_000, 'ask', false]);
  circuit.answered('ada');
  assert.equal(circuit.enter('mallory'), at.now + 1_000, 'an answer to another person is none to this one');
  fail(circuit, 'mallory', 'silent', 1);
  fail(circuit, 'ada', 'silent', 3);
  assert.equal(circuit.isOpen, true);
  assert.equal(circuit.enter('carl'), at.now + 1_000);
});

test('an answer, whatever it says, begins the count anew', () => {
  const { circuit } = circuitAt();
  for (let round = 0; round < 5; round++) {
    fail(circuit, 'ada', 'unreached', 2);
    circuit.answered('ada');
  }
  assert.deepEqual([circuit.isOpen, circuit.enter('ada')], [false, 'ask']);
});
