import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createClientsHome } from './fixtures/clients-home.ts';

const home = createClientsHome();
const { at, put, run, runJson, text } = home;

describe('install-clients --uninstall and --restore', () => {
  for (const [name, content] of Object.entries({
    'a file with comments, trailing commas and tabs': '{\n\t// mine\n\t"mcpServers": {\n\t\t"a": {}, // x\n\t},\n}\n',
    'a file with a byte order mark and Windows line ends': '\uFEFF{\r\n  "mcpServers": {}\r\n}',
    'an empty object': '{}',
    'an empty file': '',
    'a file on one line': '{"mcpServers":{"a":{"command":"x"}}}\n',
  })) {
    it(`--uninstall restores ${name} byte for byte`, async () => {
      put('.cursor/mcp.json', content);
      await run();
      assert.notEqual(text('.cursor/mcp.json'), content);
      assert.equal(await run({ uninstall: true }), 0);
      assert.equal(text('.cursor/mcp.json'), content);
    });
  }

  it('--uninstall removes a file that it made', async () => {
    await run({ names: ['windsurf'] });
    assert.ok(existsSync(at('.codeium/windsurf/mcp_config.json')));
    const { of } = await runJson({ names: ['windsurf'], uninstall: true });
    assert.equal(of('windsurf').action, 'removed');
    assert.ok(!existsSync(at('.codeium/windsurf/mcp_config.json')));
    assert.equal((await runJson({ names: ['windsurf'], uninstall: true })).of('windsurf').action, 'absent');
  });

  it('--restore puts the last backup back, and keeps what it replaces', async () => {
    const before = put('.cursor/mcp.json', '{"mcpServers": {}}');
    await run();
    const installed = text('.cursor/mcp.json');
    const restored = (await runJson({ restore: true })).of('cursor');
    assert.equal(restored.action, 'restored');
    assert.equal(text('.cursor/mcp.json'), before);
    assert.ok(restored.backup !== null);
    assert.equal(readFileSync(restored.backup, 'utf8'), installed);
    assert.equal((await runJson({ restore: true })).of('cursor').action, 'unchanged');
    assert.equal(await run({ restore: true, names: ['zed'] }), 1);
    assert.match(home.stdout, /✗ Zed .*no backup/);
  });

  it('--restore removes a file that was not there', async () => {
    await run({ names: ['cursor'] });
    await run({ names: ['cursor'], restore: true });
    assert.ok(!existsSync(at('.cursor/mcp.json')));
  });
});
