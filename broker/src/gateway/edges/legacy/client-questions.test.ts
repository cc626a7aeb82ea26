import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createClientQuestions } from './client-questions.ts';

it('an answer of a client that writes "error": null beside its result is a result', async () => {
  const sent: { id: string }[] = [];
  const questions = createClientQuestions({
    put: (message) => sent.push(JSON.parse(message) as { id: string }),
    tell: () => undefined,
    offers: () => true,
  });
  const { signal } = new AbortController();
  const answer = questions.ask({ server: 's', method: 'roots/list', paramsText: '{}', signal });
  const [{ id } = assert.fail()] = sent;
  assert.equal(
    questions.answered(`{"jsonrpc":"2.0","id":"${id}","error":null,"result":{"roots":[]}}`, undefined),
    true,
  );
  assert.deepEqual(await answer, { kind: 'result', text: '{"roots":[]}', isToolError: false });
});

it('an answer of a client that is too long is an error for the server, and one that answers nothing is never put together', async () => {
  const sent: { id: string }[] = [];
  const questions = createClientQuestions({
    put: (message) => sent.push(JSON.parse(message) as { id: string }),
    tell: () => undefined,
    offers: () => true,
  });
  let joined = 0;
  const pieces = (bytes: number) => ({
    join(text: string) {
      joined += 1;
      return [Buffer.from(text.replace('CUT', 'x'.repeat(bytes)))];
    },
  });
  const answer = (id: string, bytes: number) =>
    questions.answered(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"text":"CUT"}}`, pieces(bytes));
  assert.equal(answer('mcpgate-nobody', 9_000_000), false);
  assert.equal(joined, 0);
  const { signal } = new AbortController();
  const ask = () => questions.ask({ server: 's', method: 'sampling/createMessage', paramsText: '{}', signal });
  const long = ask();
  assert.equal(answer(sent.at(-1)?.id ?? '', 9_000_000), true);
  const refused = await long;
  assert.equal(refused.kind, 'error');
  assert.match(refused.text, /longer than 8 MiB/);
  const short = ask();
  assert.equal(answer(sent.at(-1)?.id ?? '', 1_000_000), true);
  assert.deepEqual(await short, {
    kind: 'result',
    text: `{"text":"${'x'.repeat(1_000_000)}"}`,
    isToolError: false,
  });
});
