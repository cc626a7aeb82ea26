import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createClientsHome, NOTHING } from './fixtures/clients-home.ts';

const home = createClientsHome();
const { at, backups, put, run, runJson, text } = home;

describe('a file that cannot be changed safely stays as it is, and the other clients are set up', () => {
  const cases: Record<string, { prepare: () => void; message: RegExp }> = {
    'invalid JSON': {
      prepare: () => void put('.cursor/mcp.json', '{"mcpServers": {'),
      message: /mcp\.json is not valid JSON at line 1, column 17 .*nothing was changed/,
    },
    'an mcpServers that is a list': {
      prepare: () => void put('.cursor/mcp.json', '{"mcpServers": []}'),
      message: /has an array as "mcpServers"/,
    },
    'bytes that are not UTF-8': {
      prepare: () => {
        put('.cursor/mcp.json', '');
        writeFileSync(at('.cursor/mcp.json'), Buffer.from('{"ä": 1}', 'latin1'));
      },
      message: /is not UTF-8 text/,
    },
    'a folder in its place': {
      prepare: () => mkdirSync(at('.cursor/mcp.json'), { recursive: true }),
      message: /cannot read .*mcp\.json: it is a folder/,
    },
    'a file in the place of its folder': {
      prepare: () => void put('.cursor', 'x'),
      message: /a part of its path is a file/,
    },
    'a symbolic link in a circle': {
      prepare: () => {
        mkdirSync(at('.cursor'));
        symlinkSync('mcp.json', at('.cursor/mcp.json'));
      },
      message: /symbolic link that leads in a circle/,
    },
  };
  for (const [name, { prepare, message }] of Object.entries(cases)) {
    it(name, async () => {
      prepare();
      const before = snapshotOf(at('.cursor'));
      const { code, of } = await runJson({ names: ['cursor', 'windsurf'] });
      assert.equal(code, 1);
      assert.equal(of('cursor').action, 'failed');
      assert.match(of('cursor').error ?? '', message);
      assert.equal(of('windsurf').action, 'added');
      assert.deepEqual(snapshotOf(at('.cursor')), before);
      assert.deepEqual(backups(), []);
      await run({ names: ['cursor'] });
      assert.match(home.stdout, /^✗ Cursor /);
    });
  }

  it('a folder or a file that this person may not write', () => {
    put('.cursor/mcp.json', '{}');
    put('.codeium/windsurf/mcp_config.json', '{}');
    mkdirSync(at('.config'));
    chmodSync(at('.cursor'), 0o555);
    chmodSync(at('.codeium/windsurf/mcp_config.json'), 0o444);
    chmodSync(at(), 0o755);
    const isRoot = process.getuid?.() === 0;
    const script = `
      import { runInstallClients } from ${JSON.stringify(join(import.meta.dirname, 'clients', 'install-clients.ts'))};
      import { seteuid } from 'node:process';
      ${isRoot ? 'seteuid(65534);' : ''}
      const deps = { ...${JSON.stringify(home.deps)}, configDir: ${JSON.stringify(at('conf'))}, stdout: process.stdout, stderr: process.stderr, now: Date.now };
      process.exitCode = await runInstallClients({ ...${JSON.stringify(NOTHING)}, names: ['cursor', 'windsurf'] }, deps);`;
    mkdirSync(at('conf'), { mode: 0o777 });
    chmodSync(at('conf'), 0o777);
    const result = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    assert.match(result.stdout, /✗ Cursor +cannot write .*\.cursor\/mcp\.json: you may not/);
    assert.match(result.stdout, /✗ Windsurf +cannot write .*mcp_config\.json: you may not/);
    assert.equal(result.status, 1, result.stderr);
    assert.equal(text('.cursor/mcp.json'), '{}');
    assert.equal(text('.codeium/windsurf/mcp_config.json'), '{}');
    assert.deepEqual(readdirSync(at('.cursor')), ['mcp.json']);
  });

  it('a damaged index of backups', async () => {
    put('.cursor/mcp.json', '{}');
    put('.config/mcpgate/backups/index.json', 'x');
    assert.equal(await run(), 1);
    assert.match(home.stdout, /index\.json is damaged; nothing was changed/);
    assert.equal(text('.cursor/mcp.json'), '{}');
  });
});

describe('a client’s file', () => {
  it('stays a symbolic link, and what it leads to keeps its mode', async () => {
    put('dotfiles/cursor.json', '{}');
    chmodSync(at('dotfiles/cursor.json'), 0o640);
    mkdirSync(at('.cursor'));
    symlinkSync('../dotfiles/cursor.json', at('.cursor/mcp.json'));
    assert.equal(await run(), 0);
    assert.ok(lstatSync(at('.cursor/mcp.json')).isSymbolicLink());
    assert.equal(statSync(at('dotfiles/cursor.json')).mode & 0o777, 0o640);
    assert.match(text('dotfiles/cursor.json'), /mcpgate/);
  });

  it('is made where a link leads to nothing yet', async () => {
    mkdirSync(at('dotfiles'));
    mkdirSync(at('.cursor'));
    symlinkSync(at('dotfiles/new.json'), at('.cursor/mcp.json'));
    assert.equal(await run(), 0);
    assert.match(text('dotfiles/new.json'), /mcpgate/);
  });

  it('with comments that its client may not read gets a note', async () => {
    put('.config/Claude/claude_desktop_config.json', '{} // x');
    await run();
    assert.match(home.stdout, /! its file has comments or trailing commas, which Claude Desktop may not read/);
  });
});

/** Names and contents of everything below a path. */
function snapshotOf(path: string): unknown {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return null;
  if (stats.isSymbolicLink()) return 'link';
  if (stats.isFile()) return readFileSync(path, 'base64');
  return Object.fromEntries(readdirSync(path).map((name) => [name, snapshotOf(join(path, name))]));
}
