import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createSecretMask } from '../../secrets/secret-mask.ts';
import { createStderrRing } from './stderr-ring.ts';

const SECRET = 'gehe1m-é✓-0123456789';

function open() {
  const logged: string[] = [];
  const ring = createStderrRing(createSecretMask([SECRET]).text, (line) => logged.push(line));
  return { ring, logged };
}

it('hides a secret wherever what is written is cut into chunks, within its letters too', () => {
  const bytes = Buffer.from(`the token is ${SECRET}\r\nnext\n`);
  for (let at = 1; at < bytes.length; at++) {
    const { ring, logged } = open();
    ring.push(bytes.subarray(0, at));
    ring.push(bytes.subarray(at));
    assert.deepEqual(ring.lines(), ['the token is ***', 'next'], `cut at ${at}`);
    assert.deepEqual(logged, ring.lines());
  }
});

it('keeps the beginning of a line that does not end, and nothing of a secret in it, wherever that stands', () => {
  for (let before = 15_900; before < 16_100; before += 1) {
    const { ring } = open();
    const line = Buffer.from(`${'x'.repeat(before)}${SECRET}${'y'.repeat(20_000)} the end\nnext\n`);
    for (let at = 0; at < line.length; at += 4_096) ring.push(line.subarray(at, at + 4_096));
    assert.deepEqual(ring.lines(), ['x'.repeat(1_000), 'next'], `${before}`);
  }
});

it('keeps a hundred lines without blank ones, and forgets them for the next process', () => {
  const { ring } = open();
  for (let line = 0; line < 150; line++) ring.push(Buffer.from(`\n  \nline ${line}\n`));
  assert.deepEqual([ring.lines().length, ring.lines()[0], ring.lines().at(-1)], [100, 'line 50', 'line 149']);
  ring.push(Buffer.from('without an end'));
  assert.equal(ring.lines().at(-1), 'without an end');
  ring.clear();
  assert.deepEqual(ring.lines(), []);
});
