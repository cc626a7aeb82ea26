import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createClientQuestions } from './client-questions.ts';

it('an answer of a client that writes "error": null beside its result is a result', async () => {
  const sent: { id: string }[] = [];
  const questions = createClientQuestions({
    send: (text) => sent.push(JSON.parse(text) as { id: string }),
    offers: () => true,
  });
  const { signal } = new AbortController();
  const answer = questions.ask({ server: 's', method: 'roots/list', paramsText: '{}', signal });
  const [{ id } = assert.fail()] = sent;
  assert.equal(questions.answered(`{"jsonrpc":"2.0","id":"${id}","error":null,"result":{"roots":[]}}`), true);
  assert.deepEqual(await answer, { kind: 'result', text: '{"roots":[]}', isToolError: false });
});
