import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { createPrompter } from './prompter.ts';

function world() {
  const stdin = Object.assign(new PassThrough(), {
    modes: [] as boolean[],
    setRawMode: (raw: boolean) => stdin.modes.push(raw),
  });
  let shown = '';
  const prompter = createPrompter(stdin, { write: (text) => (shown += text) });
  return { stdin, prompter, shown: () => shown };
}

test('a hidden answer is never shown, an open one is, and lines that were pasted together answer one question each', async () => {
  const { stdin, prompter, shown } = world();
  stdin.write('hunter2\rada@exb\u007fample.com\r');
  assert.equal(await prompter.ask('Token: ', { hidden: true }), 'hunter2');
  assert.equal(await prompter.ask('E-mail: '), 'ada@example.com');
  assert.doesNotMatch(shown(), /hunter2/);
  assert.match(shown(), /^Token: \nE-mail: ada@exb\u0008 \u0008ample\.com\n$/);
  prompter.close();
  assert.deepEqual(stdin.modes, [true, false], 'the terminal is left as it was');
});

test('Ctrl-C and the end of the input give it up', async () => {
  const { stdin, prompter } = world();
  stdin.write('abc\u0003');
  await assert.rejects(prompter.ask('Token: ', { hidden: true }), { code: 'cancelled' });
  stdin.end();
  await assert.rejects(prompter.ask('Token: ', { hidden: true }), { code: 'cancelled' });
});
