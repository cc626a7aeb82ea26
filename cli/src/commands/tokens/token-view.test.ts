import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shownToken } from './token-view.ts';

test('a token is shown by no letter of its own', () => {
  assert.equal(shownToken('ghp_16C7e42F292c6912E7710c838347Ae178B4a'), 'ghp_***');
  assert.equal(shownToken('github_pat_abcdefghijklmnopqrstuvwxyz'), 'github_pat_***');
  assert.equal(shownToken('xoxb-123456789012-abcdef'), 'xoxb-***');
  assert.equal(shownToken('my_password'), '***');
});
