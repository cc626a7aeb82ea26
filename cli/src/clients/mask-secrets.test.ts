import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { maskSecrets } from './mask-secrets.ts';

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
  ]) {
    it(`does not tell the secret of ${line.trim()}`, () => {
      assert.ok(!maskSecrets(line).includes('HIDDEN'), maskSecrets(line));
      assert.ok(maskSecrets(line).includes('***'));
    });
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
