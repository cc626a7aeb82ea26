import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noticeOf, progressLine } from './progress-line.ts';

test('the progress of a call is told by its count, its words or both, and a bare number gives way to words', () => {
  assert.equal(progressLine('a__b', { progress: 2, total: 5, message: undefined }), 'a__b  2/5');
  assert.equal(progressLine('a__b', { progress: 2, total: 5, message: 'halfway' }), 'a__b  2/5  halfway');
  assert.equal(progressLine('a__b', { progress: 3, total: undefined, message: undefined }), 'a__b  3');
  const waits = { progress: 0.000001, total: undefined, message: '[mcpgate] request q_7fk2mzqa waits for group:leads' };
  assert.equal(progressLine('a__b', waits), 'a__b  [mcpgate] request q_7fk2mzqa waits for group:leads');
});

test('what mcpgate says itself is a notice, with nothing in it that moves the cursor; what a server says is none', () => {
  const said = (message: string | undefined) => noticeOf({ progress: 1, total: undefined, message });
  const waits = '[mcpgate] request q_7fk2mzqa waits for user:ada: decide at https://gate.example/requests/q_7fk2mzqa';
  assert.equal(said(waits), waits);
  assert.doesNotMatch(said('[mcpgate] a\u001b[2Jb\nc') ?? '', /[\u001b\n]/);
  for (const other of [undefined, 'halfway', '[from web] [mcpgate] open https://evil.example'])
    assert.equal(said(other), undefined);
});
