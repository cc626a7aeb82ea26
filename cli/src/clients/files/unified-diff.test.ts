import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { maskSecrets } from './unified-diff.ts';

describe('a diff that is shown', () => {
  for (const line of [
    ' "env": { "SLACK_BOT_TOKEN": "HIDDEN" }',
    '-"env":{"DB":"HIDDEN"}},',
    ' DATABASE_URL = "HIDDEN"',
    ' "headers": { "Authorization": "Bearer HIDDEN" }',
    ' "X-Api-Key": "HIDDEN"',
    ' "args": ["--access-token=HIDDEN"]',
    ' "args": ["--header", "Authorization: Bearer HIDDEN"]',
    ' "url": "https://ada:HIDDEN@example.com/mcp"',
    ' "args": ["ghp_HIDDENHIDDEN"]',
    ' "args": ["--key", "HIDDEN0aVeryLongRandom1String"]',
    ' "args": ["tvly-HIDDEN"]',
    ' "args": ["SG.HIDDEN.HIDDEN"]',
    ' "args": ["pypi-HIDDENxx"]',
    ' "args": ["--as=ada", "x --with\\nlin_api_HIDDEN"]',
    " literal = 'tvly-HIDDEN'",
    "-'SG.HIDDEN.HIDDEN',",
    ' "a": "-----BEGIN PRIVATE KEY-----\\nHIDDEN"',
    ' "pwd": "HIDDEN", "passcode": "HIDDEN"',
    ' "args": ["-e", "DB_PASS=HIDDEN"]',
    ' "args": ["--header", "X-Api-Key: HIDDEN"]',
    ' "url": "https://a.example/mcp?verbose=1&api_key=HIDDEN"',
  ]) {
    it(`does not tell the secret of ${line.trim()}`, () => {
      assert.ok(!maskSecrets(line).includes('HIDDEN'), maskSecrets(line));
      assert.ok(maskSecrets(line).includes('***'));
    });
  }

  for (const [line, shown] of [
    [' "a": "x", "password": "p\\"w", "b": "y"', ' "a": "x", "password": "***", "b": "y"'],
    [' \'token\'= "t"', ' \'token\'= "***"'],
    [' "token": ""', ' "token": ""'],
    [' "args": ["--client-secret=s", "--verbose=x"]', ' "args": ["--client-secret=***", "--verbose=x"]'],
    [' "url": "https://ada:pw@a.example/"', ' "url": "https://ada:***@a.example/"'],
    [' "url": "https://a.example:8443/@scope"', ' "url": "https://a.example:8443/@scope"'],
    [' "a": "see ghp_abcdefghijkl and sk-abcdef01"', ' "a": "see *** and ***"'],
    [' "a": "ghp_abcde"', ' "a": "ghp_abcde"'],
    [' "a": "0abcdefghijklmnopqrs"', ' "a": "***"'],
    [' "a": "0abcdefghijklmnopqr"', ' "a": "0abcdefghijklmnopqr"'],
    [' "a": "abcdefghijklmnopqrst"', ' "a": "abcdefghijklmnopqrst"'],
    [' "a": "/srv/data/2026/abcdefghij"', ' "a": "/srv/data/2026/abcdefghij"'],
    [' "args": ["-token=t1", "--my-api-key=k 2"]', ' "args": ["-token=***", "--my-api-key=***"]'],
    [' "args": ["--api-key-file=/k"], "tokenUrl": "/t"', ' "args": ["--api-key-file=/k"], "tokenUrl": "/t"'],
    [' "args": ["--secret=abc def"]', ' "args": ["--secret=***"]'],
    [' "api_key": "a", "apikey": "b", "api-key": "c"', ' "api_key": "***", "apikey": "***", "api-key": "***"'],
    [' "private_key": "a", "privatekey": "b"', ' "private_key": "***", "privatekey": "***"'],
    [' "A_B": "x", "A_b": "y"', ' "A_B": "***", "A_b": "y"'],
    [' "a": "xoxb-abcdef", "b": "secret_abcdefghijkl"', ' "a": "***", "b": "***"'],
    [' "a": "01234567890123456789"', ' "a": "01234567890123456789"'],
    [' "a": "0123456789012345678a"', ' "a": "***"'],
    [' "note": "--- \\"token\\""', ' "note": "--- \\"token\\""'],
    [' "token": "x" @@', ' "token": "***" @@'],
    [' "name": "value"', ' "name": "value"'],
    [' "A_B1": "value"', ' "A_B1": "***"'],
    [' "aB": "value"', ' "aB": "value"'],
    ['--- "token": "x"', '--- "token": "x"'],
    ['+++ "token": "x"', '+++ "token": "x"'],
    ['@@ "token": "x"', '@@ "token": "x"'],
    ['+ "token": "x"', '+ "token": "***"'],
  ] as const) {
    it(`shows ${line.trim()} as ${shown.trim()}`, () => assert.equal(maskSecrets(line), shown));
  }

  it('tells the rest as it is', () => {
    const diff = [
      '--- /home/ada/.cursor/mcp.json',
      '@@ -1,3 +1,7 @@',
      ' {',
      '   "mcpServers": {',
      '+    "mcpgate": {',
      '+      "command": "/home/ada/.config/mcpgate/bin/mcpgate",',
      '+      "args": ["serve", "-y", "@modelcontextprotocol/server-everything@2025.9.12"]',
      '\\ No newline at end of file',
    ].join('\n');
    assert.equal(maskSecrets(diff), diff);
  });
});
