import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createClientsHome } from './fixtures/clients-home.ts';

const home = createClientsHome();
const { backups, installClaude, json, launcher, put, runJson, text } = home;

describe('Claude Code', () => {
  const added = (): string =>
    JSON.stringify({ mcpServers: { mcpgate: { type: 'stdio', command: launcher(), args: ['serve'], env: {} } } });

  it('is asked itself where its command is there', async () => {
    installClaude(`case "$2" in add) echo '${added()}' > $file;; remove) echo '{"mcpServers":{}}' > $file;; esac`);
    const before = put('.claude.json', '{"numStartups": 3}');
    const first = (await runJson()).of('claude-code');
    assert.equal(first.action, 'added');
    assert.equal(readFileSync(first.backup ?? '', 'utf8'), before);
    assert.equal(text('.claude.json').trim(), added());
    assert.equal((await runJson()).of('claude-code').action, 'unchanged');
    assert.equal((await runJson({ uninstall: true })).of('claude-code').action, 'removed');
    assert.equal(
      text('asked'),
      `mcp add --scope user mcpgate -- ${launcher()} serve\nmcp remove --scope user mcpgate\n`,
    );
  });

  for (const [name, body] of [
    ['fails', 'exit 1'],
    ['says it did and did not', 'exit 0'],
  ] as const) {
    it(`is set up in its file where its command ${name}`, async () => {
      installClaude(body);
      put('.claude.json', '{"numStartups": 3}');
      assert.equal((await runJson()).of('claude-code').action, 'added');
      assert.deepEqual(json('.claude.json'), {
        numStartups: 3,
        mcpServers: { mcpgate: { command: launcher(), args: ['serve'] } },
      });
      assert.equal(backups().length, 1);
      assert.equal((await runJson({ uninstall: true })).of('claude-code').action, 'removed');
      assert.equal(text('.claude.json'), '{"numStartups": 3}');
    });
  }
});
