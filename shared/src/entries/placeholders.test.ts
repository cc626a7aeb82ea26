import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPlaceholder, variableOf } from './placeholders.ts';
import { isKnownToken, knownTokensIn } from './token-formats.ts';

test('a reference of a shell or client names its variable, and what stands there without it', () => {
  for (const [text, name, kind, fallback] of [
    ['${TOKEN}', 'TOKEN', 'env', ''],
    ['$TOKEN', 'TOKEN', 'env', ''],
    ['$GITHUB_X', 'GITHUB_X', 'env', ''],
    ['$env:TOKEN', 'TOKEN', 'env', ''],
    ['$env:token', 'token', 'env', undefined],
    ['%API_TOKEN%', 'API_TOKEN', 'env', ''],
    ['${env:TOKEN}', 'TOKEN', 'env', ''],
    ['{env:token}', 'token', 'env', ''],
    ['{TOKEN}', 'TOKEN', 'env', ''],
    ['{api_key}', 'api_key', 'env', ''],
    ['${input:api-key}', 'api-key', 'input', ''],
    ['${file:/run/x}', '/run/x', 'other', ''],
    ['${config.key}', 'key', 'other', ''],
    ['${X:-word}', 'X', 'env', 'word'],
    ['${X:=word}', 'X', 'env', 'word'],
    ['${X-word}', 'X', 'env', 'word'],
    ['${X-}', 'X', 'env', ''],
  ] as const) {
    if (fallback === undefined) continue;
    assert.deepEqual(variableOf(text), { name, kind, fallback }, text);
  }
  for (const text of [
    '',
    'TOKEN',
    '$ECRET1',
    '%WORD%',
    '$env:word',
    '{}x',
    '{word}',
    '{Word}',
    '${secret:a}',
    '$lower_case',
  ])
    assert.equal(variableOf(text), undefined, text);
});

test('a value that only says what to fill in is a placeholder', () => {
  for (const text of [
    '${TOKEN}',
    '<your token>',
    ' <anything> ',
    '{{token}}',
    '[YOUR_KEY]',
    '(insert here)',
    '__TOKEN__',
    'xxx',
    '***',
    '...',
    '…',
    '---',
    'ghp_xxxxxxxx',
    'sk-...',
    'ntn_****',
    'YOUR_API_KEY',
    'your-token-here',
    'my_api_key',
    'insert token',
    'changeme',
    'xoxb-your-token',
    'sk-your-api-key',
    'api-key-here',
    'token goes here',
  ])
    assert.equal(isPlaceholder(text), true, text);
  for (const text of [
    '',
    ' ',
    'opaque',
    'xx',
    'mysecret',
    'my-password',
    'my',
    'secret_my_password',
    'yours truly',
    'a1xxxxx2b3',
    `your-${'api-'.repeat(20)}key`,
    'ghp_0123456789abcdefABCDEF',
  ])
    assert.equal(isPlaceholder(text), false, text);
});

test('tokens are found where they stand within a text, and one that is the beginning of a word is none', () => {
  const token = 'ghp_0123456789abcdefABCDEF';
  assert.equal(isKnownToken(token), true);
  assert.equal(isKnownToken(` ${token}`), false);
  assert.deepEqual(knownTokensIn(`a ${token} and ${token}`), [
    { start: 2, end: 28 },
    { start: 33, end: 59 },
  ]);
  assert.deepEqual(knownTokensIn(`x${token}`), []);
  const pem = '-----BEGIN RSA PRIVATE KEY-----';
  assert.deepEqual([isKnownToken(pem), knownTokensIn(`x ${pem}`)], [true, []], 'a key is taken as a whole');
});

// An import is judged on the broker's own loop. Forms that share a letter beside each other would go over this one for minutes.
test('a long text that begins like one that was to be filled in is read once', () => {
  assert.equal(isPlaceholder(`${'x'.repeat(200_000)}!!`), false);
  assert.equal(isPlaceholder('x'.repeat(200_000)), true);
});
