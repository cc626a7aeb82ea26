import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import type { ClientDeps } from '../clients/client-deps.ts';
import { listClients } from '../clients/list-clients.ts';
import { type InstallClientsOptions, runInstallClients } from './install-clients.ts';

const NOTHING: InstallClientsOptions = {
  names: [],
  dryRun: false,
  all: false,
  project: false,
  uninstall: false,
  restore: false,
  json: false,
};

let home: string;
let deps: ClientDeps;
let stdout: string;
let stderr: string;

const at = (...parts: string[]): string => join(home, ...parts);
const launcher = (): string => at('.config/mcpgate/bin/mcpgate');
const text = (path: string): string => readFileSync(at(path), 'utf8');
const json = (path: string): unknown => JSON.parse(text(path));
const backups = (): string[] =>
  existsSync(at('.config/mcpgate/backups'))
    ? readdirSync(at('.config/mcpgate/backups')).filter((name) => name.endsWith('.bak'))
    : [];

function put(path: string, content: string): string {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), content);
  return content;
}

async function run(options: Partial<InstallClientsOptions> = {}): Promise<number> {
  stdout = '';
  stderr = '';
  return await runInstallClients({ ...NOTHING, ...options }, deps);
}

interface Reported {
  client: string;
  path: string;
  action: string;
  changed: boolean;
  backup: string | null;
  error: string | null;
  diff?: string;
}

async function runJson(
  options: Partial<InstallClientsOptions> = {},
): Promise<{ code: number; of: (client: string) => Reported }> {
  const code = await run({ ...options, json: true });
  const list: Reported[] = JSON.parse(stdout);
  return {
    code,
    of: (client) => {
      const found = list.find((each) => each.client === client);
      assert.ok(found !== undefined, `${client} is not in ${stdout}`);
      return found;
    },
  };
}

/** A stand-in for Claude Code's command: `body` is shell, `$file` the file it keeps. Notes what it was asked. */
function installClaude(body: string): void {
  put('bin/claude', `#!/bin/sh\nfile=${at('.claude.json')}\necho "$@" >> ${at('asked')}\n${body}\n`);
  chmodSync(at('bin/claude'), 0o755);
  deps = { ...deps, env: { PATH: [at('bin'), '/usr/bin', '/bin'].join(delimiter) } };
}

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'mcpgate-clients-'));
  put('prefix/mcpgate.cjs', 'console.log(process.argv.slice(2).join(" "))');
  deps = {
    env: {},
    platform: 'linux',
    homedir: home,
    cwd: at('project'),
    stdout: { write: (chunk) => (stdout += chunk) },
    stderr: { write: (chunk) => (stderr += chunk) },
    configDir: at('.config/mcpgate'),
    runtimeDir: at('.config/mcpgate/run'),
    configDirIsDefault: true,
    runtimeDirIsDefault: true,
    nodePath: process.execPath,
    scriptPath: at('prefix/mcpgate.cjs'),
    isTTY: false,
    now: () => Date.UTC(2026, 10, 21, 8),
  };
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('install-clients', () => {
  it('sets up the clients that are found, with an entry that starts mcpgate, and says so', async () => {
    put('.config/Claude/claude_desktop_config.json', '{}');
    mkdirSync(at('.cursor'));
    assert.equal(await run(), 0);
    const entry = { command: launcher(), args: ['serve'] };
    assert.deepEqual(json('.config/Claude/claude_desktop_config.json'), { mcpServers: { mcpgate: entry } });
    assert.deepEqual(json('.cursor/mcp.json'), { mcpServers: { mcpgate: entry } });
    assert.equal(statSync(at('.cursor/mcp.json')).mode & 0o777, 0o600);
    assert.ok(!existsSync(at('.codeium')));
    assert.match(stdout, /^✓ Claude Desktop set up .*\n.*backup.*\n.*quit Claude Desktop and start it again$/m);
    assert.match(stdout, /^– Windsurf +not found$/m);
    const started = spawnSync(entry.command, entry.args, { env: {}, encoding: 'utf8' });
    assert.equal(started.stdout, 'serve\n');
  });

  it('keeps the bytes of before in a private backup, and does nothing the second time', async () => {
    const before = put('.cursor/mcp.json', '{\n  // mine\n  "mcpServers": { "a": { "command": "x" } },\n}\n');
    const first = (await runJson()).of('cursor');
    assert.equal(first.action, 'added');
    assert.equal(first.changed, true);
    assert.ok(first.backup !== null && first.backup.startsWith(at('.config/mcpgate/backups/cursor-')));
    assert.equal(readFileSync(first.backup, 'utf8'), before);
    assert.equal(statSync(first.backup).mode & 0o777, 0o600);
    const { mtimeNs, ino } = statSync(at('.cursor/mcp.json'), { bigint: true });
    const second = (await runJson()).of('cursor');
    assert.deepEqual(
      { action: second.action, changed: second.changed, backup: second.backup, error: second.error },
      { action: 'unchanged', changed: false, backup: null, error: null },
    );
    const after = statSync(at('.cursor/mcp.json'), { bigint: true });
    assert.deepEqual([after.mtimeNs, after.ino], [mtimeNs, ino]);
    assert.equal(backups().length, 1);
    await run();
    assert.match(stdout, /^= Cursor +already set up/m);
  });

  for (const [name, content] of Object.entries({
    'a file with comments, trailing commas and tabs': '{\n\t// mine\n\t"mcpServers": {\n\t\t"a": {}, // x\n\t},\n}\n',
    'a file with a byte order mark and Windows line ends': '\uFEFF{\r\n  "mcpServers": {}\r\n}',
    'an empty object': '{}',
    'an empty file': '',
    'a file on one line': '{"mcpServers":{"a":{"command":"x"}}}\n',
  })) {
    it(`and --uninstall restores ${name} byte for byte`, async () => {
      put('.cursor/mcp.json', content);
      await run();
      assert.notEqual(text('.cursor/mcp.json'), content);
      assert.equal(await run({ uninstall: true }), 0);
      assert.equal(text('.cursor/mcp.json'), content);
    });
  }

  it('and --uninstall removes a file that it made', async () => {
    await run({ names: ['windsurf'] });
    assert.ok(existsSync(at('.codeium/windsurf/mcp_config.json')));
    const { of } = await runJson({ names: ['windsurf'], uninstall: true });
    assert.equal(of('windsurf').action, 'removed');
    assert.ok(!existsSync(at('.codeium/windsurf/mcp_config.json')));
    assert.equal((await runJson({ names: ['windsurf'], uninstall: true })).of('windsurf').action, 'absent');
  });

  it('brings an entry of an earlier installation up to date in place', async () => {
    put(
      '.cursor/mcp.json',
      '{"mcpServers": {"mcpgate": {"command": "/old", "args": ["serve"], "env": {"A": "1"}}, "z": {}}}',
    );
    assert.equal((await runJson()).of('cursor').action, 'updated');
    assert.equal(
      text('.cursor/mcp.json'),
      `{"mcpServers": {"mcpgate": {"command": "${launcher()}", "args": ["serve"], "env": {"A": "1"}}, "z": {}}}`,
    );
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
    assert.match(stdout, /✗ Zed .*no backup/);
  });

  it('--restore removes a file that was not there', async () => {
    await run({ names: ['cursor'] });
    await run({ names: ['cursor'], restore: true });
    assert.ok(!existsSync(at('.cursor/mcp.json')));
  });

  it('--dry-run shows a diff without the secrets of others, and changes nothing', async () => {
    const secret = 'ghp_0123456789abcdefghij';
    const before = put(
      '.cursor/mcp.json',
      `{\n  "mcpServers": {\n    "gh": { "command": "x", "env": { "GITHUB_TOKEN": "${secret}" } }\n  }\n}\n`,
    );
    assert.equal(await run({ dryRun: true }), 0);
    assert.match(stdout, /^--- .*mcp\.json$/m);
    assert.match(stdout, /^\+ {4}"mcpgate": \{$/m);
    assert.match(stdout, /would be set up/);
    assert.ok(!stdout.includes(secret));
    assert.equal(text('.cursor/mcp.json'), before);
    assert.deepEqual(readdirSync(home).toSorted(), ['.cursor', 'prefix']);
    const { of } = await runJson({ dryRun: true });
    assert.equal(of('cursor').changed, false);
    assert.match(of('cursor').diff ?? '', /^\+/m);
  });

  it('--project writes the files of the project, and warns of the path in them', async () => {
    assert.equal(await run({ project: true, names: ['claude-code', 'cursor', 'vscode'] }), 0);
    const entry = { command: launcher(), args: ['serve'] };
    assert.deepEqual(json('project/.mcp.json'), { mcpServers: { mcpgate: entry } });
    assert.deepEqual(json('project/.cursor/mcp.json'), { mcpServers: { mcpgate: entry } });
    assert.deepEqual(json('project/.vscode/mcp.json'), { servers: { mcpgate: { type: 'stdio', ...entry } } });
    assert.match(stderr, /version control/);
    await assert.rejects(run({ project: true, names: ['claude-desktop'] }), /Claude Desktop has no project file/);
  });

  it('--all adds those that are found to those named', async () => {
    mkdirSync(at('.cursor'));
    const { of } = await runJson({ all: true, names: ['windsurf'] });
    assert.deepEqual([of('cursor').action, of('windsurf').action, of('zed').action], ['added', 'added', 'not_found']);
  });

  it('writes an absolute path also where the configuration folder was given as a relative one', async () => {
    mkdirSync(at('.cursor'));
    deps = { ...deps, configDir: '../.config/mcpgate', runtimeDir: '../run' };
    await run();
    assert.match(text('.cursor/mcp.json'), new RegExp(`"command": "${launcher()}"`));
  });

  it('says what to do where no client is found', async () => {
    assert.equal(await run(), 0);
    assert.match(stderr, /No AI client was found\. Name one/);
    assert.ok(!existsSync(launcher()));
  });

  it('refuses a name that it does not know, and lists those it knows', async () => {
    await assert.rejects(run({ names: ['cursor', 'emacs'] }), (error) => {
      assert.ok(error instanceof GateError);
      assert.equal(error.code, 'usage');
      assert.match(error.message, /"emacs".*claude-desktop, claude-code, cursor, windsurf/);
      return true;
    });
    assert.ok(!existsSync(at('.cursor')));
    await assert.rejects(run({ uninstall: true, restore: true }), /exclude each other/);
  });

  it('keeps the entry of every format apart from what else is in the file', async () => {
    const before = {
      codex: put('.codex/config.toml', 'model = "o3" # mine\n\n[mcp_servers.a]\ncommand = "x"\n'),
      zed: put('.config/zed/settings.json', '// Zed\n{\n  "vim_mode": true,\n}\n'),
      opencode: put('.config/opencode/opencode.jsonc', '{ "mcp": { "servers": { } } }\n'),
    };
    assert.equal(await run(), 0);
    assert.equal(
      text('.codex/config.toml'),
      `${before.codex}\n[mcp_servers.mcpgate]\ncommand = "${launcher()}"\nargs = ["serve"]\n`,
    );
    assert.match(text('.config/zed/settings.json'), /"context_servers": \{\n {4}"mcpgate": \{\n {6}"source": "custom"/);
    assert.ok(
      text('.config/opencode/opencode.jsonc').includes(
        `"servers": {"mcpgate": {"type": "local", "command": ["${launcher()}", "serve"]}}`,
      ),
    );
    assert.equal(await run({ uninstall: true }), 0);
    assert.equal(text('.codex/config.toml'), before.codex);
    assert.equal(text('.config/zed/settings.json'), before.zed);
    assert.equal(text('.config/opencode/opencode.jsonc'), before.opencode);
  });
});

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
      assert.match(stdout, /^✗ Cursor /);
    });
  }

  it('a folder or a file that this person may not write', () => {
    put('.cursor/mcp.json', '{}');
    put('.codeium/windsurf/mcp_config.json', '{}');
    mkdirSync(at('.config'));
    chmodSync(at('.cursor'), 0o555);
    chmodSync(at('.codeium/windsurf/mcp_config.json'), 0o444);
    chmodSync(home, 0o755);
    const isRoot = process.getuid?.() === 0;
    const script = `
      import { runInstallClients } from ${JSON.stringify(join(import.meta.dirname, 'install-clients.ts'))};
      import { seteuid } from 'node:process';
      ${isRoot ? 'seteuid(65534);' : ''}
      const deps = { ...${JSON.stringify(deps)}, configDir: ${JSON.stringify(at('conf'))}, stdout: process.stdout, stderr: process.stderr, now: Date.now };
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
    assert.match(stdout, /index\.json is damaged; nothing was changed/);
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
    assert.match(stdout, /! its file has comments or trailing commas, which Claude Desktop may not read/);
  });
});

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

describe('listClients', () => {
  it('tells which are here and set up, and changes nothing', async () => {
    put('.cursor/mcp.json', '{}');
    put('.codeium/windsurf/mcp_config.json', '{');
    const of = async (name: string): Promise<unknown> =>
      (await listClients(deps)).find((client) => client.name === name);
    assert.deepEqual(await of('cursor'), {
      name: 'cursor',
      title: 'Cursor',
      path: at('.cursor/mcp.json'),
      found: true,
      configured: false,
      error: null,
    });
    await run({ names: ['cursor'] });
    assert.equal((await listClients(deps)).find(({ name }) => name === 'cursor')?.configured, true);
    const windsurf = (await listClients(deps)).find(({ name }) => name === 'windsurf');
    assert.match(windsurf?.error ?? '', /not valid JSON/);
    assert.equal((await listClients(deps)).find(({ name }) => name === 'zed')?.found, false);
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
