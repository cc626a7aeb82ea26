import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { GateError } from 'mcpgate-shared/error';
import { listClients } from '../../clients/list-clients.ts';
import { createClientsHome } from '../fixtures/clients-home.ts';

const home = createClientsHome();
const { at, backups, json, launcher, put, run, runJson, text } = home;

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
    assert.match(home.stdout, /^✓ Claude Desktop set up .*\n.*backup.*\n.*quit Claude Desktop and start it again$/m);
    assert.match(home.stdout, /^– Windsurf +not found$/m);
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
    assert.match(home.stdout, /^= Cursor +already set up/m);
  });

  it('has them serve a bundle, which stays until another one is said, and is taken out without a trace', async () => {
    const before = put('.cursor/mcp.json', '{"mcpServers": {"z": {}}}');
    put('.codex/config.toml', 'model = "x"\n');
    const argsNow = () => Object(json('.cursor/mcp.json')).mcpServers.mcpgate.args as unknown;
    const say = async (more: { bundle?: string | false }) => (await runJson(more)).of('cursor').action;
    assert.equal(await say({ bundle: 'reports' }), 'added');
    assert.deepEqual(argsNow(), ['serve', '--bundle', 'reports']);
    assert.match(text('.codex/config.toml'), /args = \[ ?"serve", "--bundle", "reports" ?\]/);
    assert.equal(await say({}), 'unchanged');
    assert.deepEqual(argsNow(), ['serve', '--bundle', 'reports']);
    assert.ok((await listClients(home.deps)).find(({ name }) => name === 'cursor')?.configured);
    assert.equal(await say({ bundle: 'other' }), 'updated');
    assert.deepEqual(argsNow(), ['serve', '--bundle', 'other']);
    assert.equal(await say({ bundle: false }), 'updated');
    assert.deepEqual(argsNow(), ['serve']);
    assert.equal(await say({ bundle: 'reports' }), 'updated');
    await runJson({ uninstall: true });
    assert.equal(text('.cursor/mcp.json'), before);
    await runJson({ restore: true });
    assert.deepEqual(argsNow(), ['serve', '--bundle', 'reports']);
  });

  it('has a named profile served by an entry of its own beside the other, and takes each out without a trace', async () => {
    const before = put('.cursor/mcp.json', '{"mcpServers": {"z": {}}}');
    const toml = put('.codex/config.toml', 'model = "x"\n');
    const plain = home.deps;
    const pinned = { ...home.deps, profile: 'work', pinnedProfile: 'work' };
    await runJson();
    const withOne = [text('.cursor/mcp.json'), text('.codex/config.toml')];
    home.deps = pinned;
    assert.equal((await runJson({ bundle: 'reports' })).of('cursor').action, 'added');
    assert.equal((await runJson()).of('codex').action, 'unchanged');
    const servers = (): Record<string, { args: string[] }> => Object(json('.cursor/mcp.json')).mcpServers;
    assert.deepEqual(servers()['mcpgate']?.args, ['serve']);
    assert.deepEqual(servers()['mcpgate-work']?.args, ['serve', '--profile', 'work', '--bundle', 'reports']);
    assert.match(text('.codex/config.toml'), /\[mcp_servers\.mcpgate-work\]\ncommand/);
    const isSetUp = async (deps: typeof pinned | typeof plain) =>
      (await listClients(deps)).find(({ name }) => name === 'cursor')?.configured;
    assert.deepEqual([await isSetUp(pinned), await isSetUp({ ...plain, profile: 'other' })], [true, false]);
    await runJson({ uninstall: true });
    assert.deepEqual([text('.cursor/mcp.json'), text('.codex/config.toml')], withOne);
    home.deps = plain;
    await runJson({ uninstall: true });
    assert.deepEqual([text('.cursor/mcp.json'), text('.codex/config.toml')], [before, toml]);
  });

  it('keeps the profile that somebody wrote into the entry by hand', async () => {
    put(
      '.cursor/mcp.json',
      '{"mcpServers": {"mcpgate": {"command": "/old/mcpgate", "args": ["serve", "--profile", "work"]}}}',
    );
    assert.equal((await runJson()).of('cursor').action, 'updated');
    assert.match(text('.cursor/mcp.json'), /"args": \["serve", "--profile", "work"\]/);
    const isSetUp = async (profile: string) =>
      (await listClients({ ...home.deps, profile })).find(({ name }) => name === 'cursor')?.configured;
    assert.deepEqual([await isSetUp('default'), await isSetUp('work')], [false, true]);
  });

  it('brings an entry of an earlier installation up to date in place', async () => {
    put(
      '.cursor/mcp.json',
      '{"mcpServers": {"mcpgate": {"command": "/old/mcpgate", "args": ["serve"], "env": {"A": "1"}}, "z": {}}}',
    );
    assert.equal((await runJson()).of('cursor').action, 'updated');
    assert.equal(
      text('.cursor/mcp.json'),
      `{"mcpServers": {"mcpgate": {"command": "${launcher()}", "args": ["serve"], "env": {"A": "1"}}, "z": {}}}`,
    );
  });

  it('--dry-run shows a diff without the secrets of others, and changes nothing', async () => {
    const secret = 'ghp_0123456789abcdefghij';
    const before = put(
      '.cursor/mcp.json',
      `{\n  "mcpServers": {\n    "gh": { "command": "x", "env": { "GITHUB_TOKEN": "${secret}" } }\n  }\n}\n`,
    );
    assert.equal(await run({ dryRun: true }), 0);
    assert.match(home.stdout, /^--- .*mcp\.json$/m);
    assert.match(home.stdout, /^\+ {4}"mcpgate": \{$/m);
    assert.match(home.stdout, /would be set up/);
    assert.ok(!home.stdout.includes(secret));
    assert.equal(text('.cursor/mcp.json'), before);
    assert.deepEqual(readdirSync(at()).toSorted(), ['.cursor', 'prefix']);
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
    assert.match(home.stderr, /version control/);
    await assert.rejects(run({ project: true, names: ['claude-desktop'] }), /Claude Desktop has no project file/);
  });

  it('--all adds those that are found to those named', async () => {
    mkdirSync(at('.cursor'));
    const { of } = await runJson({ all: true, names: ['windsurf'] });
    assert.deepEqual([of('cursor').action, of('windsurf').action, of('zed').action], ['added', 'added', 'not_found']);
  });

  it('writes an absolute path also where the configuration folder was given as a relative one', async () => {
    mkdirSync(at('.cursor'));
    home.deps = { ...home.deps, configDir: '../.config/mcpgate', runtimeDir: '../run' };
    await run();
    assert.match(text('.cursor/mcp.json'), new RegExp(`"command": "${launcher()}"`));
  });

  it('says what to do where no client is found', async () => {
    assert.equal(await run(), 0);
    assert.match(home.stderr, /No AI client was found\. Name one/);
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

describe('listClients', () => {
  it('tells which are here and set up, and changes nothing', async () => {
    put('.cursor/mcp.json', '{}');
    put('.codeium/windsurf/mcp_config.json', '{');
    const of = async (name: string): Promise<unknown> =>
      (await listClients(home.deps)).find((client) => client.name === name);
    assert.deepEqual(await of('cursor'), {
      name: 'cursor',
      title: 'Cursor',
      path: at('.cursor/mcp.json'),
      found: true,
      configured: false,
      error: null,
    });
    await run({ names: ['cursor'] });
    assert.equal((await listClients(home.deps)).find(({ name }) => name === 'cursor')?.configured, true);
    const windsurf = (await listClients(home.deps)).find(({ name }) => name === 'windsurf');
    assert.equal(
      windsurf?.error,
      `${at('.codeium/windsurf/mcp_config.json')} is not valid JSON at line 1, column 2 (a closing brace } is missing): ` +
        'correct it, then run `mcpgate install-clients windsurf`',
    );
    assert.equal((await listClients(home.deps)).find(({ name }) => name === 'zed')?.found, false);
  });
});
