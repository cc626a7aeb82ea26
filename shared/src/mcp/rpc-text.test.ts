import assert from 'node:assert/strict';
import { it } from 'node:test';
import { answerHead, answerText, noticeText, requestHead, requestText } from './rpc-text.ts';

const IDS = ['0', '-7', '12345678901234567890', '1e3', '"a"', '"q\\"u\\\\ote,\\"result\\":"', '"\\u0022"', '"für"'];

it('what is written as an answer is read as one by its beginning alone, whatever the id is', () => {
  for (const idText of IDS) {
    for (const member of ['result', 'error'] as const) {
      const text = answerText(idText, member, `{"text":"${'x'.repeat(100_000)}","id":1,"method":"m"}`);
      JSON.parse(text);
      const head = answerHead(text.slice(0, 200));
      assert.deepEqual([head?.idText, head?.member], [idText, member]);
      assert.equal(text.slice(head?.from).startsWith('{"text"'), true);
      assert.equal(requestHead(text), undefined);
    }
  }
});

it('what is written as a request is read as one, and as no answer; a notification is neither', () => {
  for (const idText of IDS) {
    const text = requestText(idText, 'elicitation/create', '{"result":1,"id":2}');
    assert.equal(JSON.parse(text).method, 'elicitation/create');
    assert.equal(requestHead(text), idText);
    assert.equal(answerHead(text), undefined);
  }
  for (const notice of [noticeText('notifications/message', '{"result":{},"id":1}'), noticeText('notifications/x')]) {
    JSON.parse(notice);
    assert.deepEqual([answerHead(notice), requestHead(notice)], [undefined, undefined]);
  }
});
