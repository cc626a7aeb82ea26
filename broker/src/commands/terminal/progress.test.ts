import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { withProgress } from './progress.ts';

/** What is written to it; a terminal has what Node's terminals have to be redrawn. */
function createOutput(kind: 'terminal' | 'file') {
  let text = '';
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString('utf8');
      done();
    },
  });
  const redraw = { cursorTo: () => true, moveCursor: () => true, clearLine: () => true };
  const stderr = kind === 'file' ? output : Object.assign(output, { isTTY: true, columns: 80, ...redraw });
  return { stderr, env: {}, written: () => text };
}

test('on a terminal it is shown while the work runs, and the result is that of the work', async () => {
  const terminal = createOutput('terminal');
  const result = await withProgress(terminal, 'Testing github', async () => {
    while (!terminal.written().includes('Testing github')) await new Promise((resolve) => setImmediate(resolve));
    return 'tested';
  });
  assert.equal(result, 'tested');
  const after = terminal.written().length;
  await assert.rejects(
    withProgress(terminal, 'Testing sentry', () => Promise.reject(new Error('away'))),
    { message: 'away' },
  );
  assert.ok(terminal.written().length > after);
});

test('anywhere else nothing is written', async () => {
  const file = createOutput('file');
  assert.equal(await withProgress(file, 'Testing github', () => Promise.resolve(1)), 1);
  assert.equal(file.written(), '');
});
