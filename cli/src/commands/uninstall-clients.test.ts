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
    'null for the servers': '{"mcpServers": null, "projects": null}\n',
    'null for the whole': 'null\n',
    'null for the entry': '{"mcpServers": {"mcpgate": null}}\n',
  })) {
    it(`--uninstall restores ${name} byte for byte`, async () => {
      put('.cursor/mcp.json', content);
      await run();
      assert.notEqual(text('.cursor/mcp.json'), content);
      assert.doesNotMatch(home.stdout, /entry of your own/);
      assert.equal(await run({ uninstall: true }), 0);
      assert.match(home.stdout, /^✓ Cursor +taken out/m);
      assert.equal(text('.cursor/mcp.json'), content);
    });
  }

  it('--uninstall finds nothing where null stands for the servers or the entry', async () => {
    for (const content of ['{"mcpServers": null}', '{"mcpServers": {"mcpgate": null}}', 'null']) {
      put('.cursor/mcp.json', content);
      assert.equal(await run({ uninstall: true }), 0);
      assert.match(home.stdout, /^= Cursor +was not set up (?!.*your own)/m);
      assert.equal(text('.cursor/mcp.json'), content);
    }
  });

  it('--uninstall says to start the client again, and nothing of trust, switches or comments that are not there', async () => {
    put('.config/Claude/claude_desktop_config.json', '');
    put('.config/Code/User/mcp.json', '{}');
    await run();
    assert.match(home.stdout, /VS Code asks whether to trust mcpgate/);
    await run({ uninstall: true });
    const said = home.stdout.slice(home.stdout.lastIndexOf('Claude Desktop taken out'));
    assert.match(said, /start Claude Desktop again\n(?!.*may not read)/s);
    assert.match(said, /start VS Code again/);
    assert.doesNotMatch(said, /trust mcpgate/);
  });

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

describe('an entry named mcpgate that is the person’s own', () => {
  const cases: Record<string, { client: string; path: string; text: string; edited: (text: string) => string }> = {
    'a URL in JSON': {
      client: 'cursor',
      path: '.cursor/mcp.json',
      text: '{\n  // mine\n  "mcpServers": {\n    "mcpgate": { "url": "https://mcp.acme.example/mcp?k=s3cr3t", "headers": {} }, // own\n    "z": {}\n  }\n}\n',
      edited: (text) => text.replace('"z": {}', '"z": {}, "y": {}'),
    },
    'a program in JSON': {
      client: 'cursor',
      path: '.cursor/mcp.json',
      text: '{"mcpServers": {"mcpgate": {"command": "npx", "args": ["mcp-remote", "https://mcp.acme.example/mcp"]}}}',
      edited: (text) => text.replace('{"mcpServers"', '{"a": 1, "mcpServers"'),
    },
    'a program of their own that serves': {
      client: 'windsurf',
      path: '.codeium/windsurf/mcp_config.json',
      text: '{"mcpServers":{"mcpgate":{"command":"/opt/mine","args":["serve","https://mcp.acme.example/mcp"]}}}',
      edited: (text) => text.replace('{"mcpServers"', '{"a": 1, "mcpServers"'),
    },
    'a URL in JSON with comments': {
      client: 'opencode',
      path: '.config/opencode/opencode.jsonc',
      text: '{ "mcp": { "mcpgate": { "type": "remote", "url": "https://mcp.acme.example/mcp", }, } }\n',
      edited: (text) => text.replace('{ "mcp"', '{ "theme": "x", "mcp"'),
    },
    'a table in TOML, between others': {
      client: 'codex',
      path: '.codex/config.toml',
      text: 'model = "o3"\n\n[mcp_servers.mcpgate]\nurl = "https://mcp.acme.example/mcp" # own\n\n[mcp_servers.mcpgate.http_headers]\nX-A = "1"\n\n[mcp_servers.z]\ncommand = "x"\n',
      edited: (text) => text.replace('model = "o3"', 'model = "o4"\nverbose = true'),
    },
  };
  for (const [name, { client, path, text: before, edited }] of Object.entries(cases)) {
    it(`${name}: it is said that it is replaced, and --uninstall puts it back to the byte`, async () => {
      put(path, before);
      assert.equal(await run({ names: [client] }), 0);
      assert.match(home.stdout, /! it had an entry of your own named mcpgate: the backup keeps it/);
      assert.doesNotMatch(home.stdout, /s3cr3t/);
      const installed = text(path);
      assert.doesNotMatch(installed, /acme\.example/);
      assert.equal(await run({ names: [client] }), 0, 'a second time changes nothing');
      assert.equal(text(path), installed);
      assert.equal(await run({ names: [client], uninstall: true }), 0);
      assert.equal(text(path), before);
      assert.match(home.stdout, /! your own entry named mcpgate is back/);
      assert.equal(await run({ names: [client], uninstall: true }), 0);
      assert.equal(text(path), before, 'what is the person’s own is not taken out');
      assert.match(home.stdout, /is your own, and was left as it is/);
    });

    it(`${name}: also where the rest of the file has changed since`, async () => {
      put(path, before);
      await run({ names: [client] });
      put(path, edited(text(path)));
      assert.notEqual(text(path), before);
      await run({ names: [client], uninstall: true });
      assert.match(text(path), /mcp\.acme\.example\/mcp/);
      assert.ok(!text(path).includes(home.launcher()));
    });
  }

  it('is given back where Claude Code’s own command made the change', async () => {
    const own = '{"mcpServers":{"mcpgate":{"type":"http","url":"https://mcp.acme.example/mcp"}}}';
    const ours = JSON.stringify({
      mcpServers: { mcpgate: { type: 'stdio', command: home.launcher(), args: ['serve'] } },
    });
    home.installClaude(`case "$2" in add) echo '${ours}' > $file;; remove) echo '{"mcpServers":{}}' > $file;; esac`);
    put('.claude.json', own);
    assert.equal((await runJson({ names: ['claude-code'] })).of('claude-code').action, 'updated');
    assert.deepEqual(home.json('.claude.json'), JSON.parse(ours));
    assert.equal((await runJson({ names: ['claude-code'], uninstall: true })).of('claude-code').action, 'removed');
    assert.deepEqual(home.json('.claude.json'), JSON.parse(own));
  });
});
