import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { suite, test } from 'node:test';
import { confirm } from './run-tokens.ts';

async function answer(text: string, isTTY = true): Promise<boolean> {
  const [stdin, stderr] = [new PassThrough(), new PassThrough()];
  stdin.write(text);
  const { signal } = new AbortController();
  return await confirm({ stdin, stderr, stdinIsTTY: isTTY, interrupted: signal }, 'Take it out?');
}

suite('a question before something is done', () => {
  test('is answered with yes by these words alone', async () => {
    for (const text of ['y\n', 'yes\n', ' Y \n']) assert.equal(await answer(text), true, text);
    for (const text of ['\n', 'n\n', 'no\n', 'yeah\n', 'yes please\n']) assert.equal(await answer(text), false, text);
  });

  test('is not asked where nobody can answer, and says how to go on', async () => {
    await assert.rejects(answer('y\n', false), { code: 'usage', message: /add --yes, or --dry-run/ });
  });
});
