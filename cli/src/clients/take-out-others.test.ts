import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { suite, test } from 'node:test';
import { createClientsHome } from '../commands/fixtures/clients-home.ts';
import { putBack, takeOutOthers } from './change-client.ts';
import type { Client } from './client.ts';
import { findClient } from './client-table.ts';
import { unifiedDiff } from './files/unified-diff.ts';
import { createLedger } from './ledger.ts';

const home = createClientsHome();
const { at, put, text } = home;

const TOKEN = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789';
const GITHUB = { command: 'npx', args: ['-y', 'gh'], env: { GITHUB_TOKEN: TOKEN } };

const clientOf = (name: string): Client => findClient(name) ?? assert.fail(name);
const contextOf = () => ({
  ledger: createLedger(home.deps.configDir, home.deps.now),
  isDryRun: false,
  mayAskClient: true,
  deps: home.deps,
});
const entriesOf = (client: Client, path: string) => client.format.entries(text(path), path);

suite('entries of other servers that are taken out', () => {
  test('leave everything else as it was, and stand in a private backup that says what it holds', async () => {
    const before = put(
      '.cursor/mcp.json',
      `{\n  "mcpServers": {\n    // a\n    "a": ${JSON.stringify(GITHUB)},\n    "b": {"command": "x"} // stays\n  }\n}\n`,
    );
    const cursor = clientOf('cursor');
    const [a, b] = entriesOf(cursor, '.cursor/mcp.json');
    assert.ok(a !== undefined && b !== undefined);
    const context = contextOf();
    const done = await takeOutOthers(cursor, at('.cursor/mcp.json'), [a], ['a: env GITHUB_TOKEN'], context);
    assert.deepEqual([done.action, done.changed], ['cleaned', true]);
    assert.deepEqual(entriesOf(cursor, '.cursor/mcp.json'), [b]);
    assert.match(text('.cursor/mcp.json'), /"b": \{"command": "x"\} \/\/ stays/);
    assert.ok(done.backup !== null);
    assert.equal(readFileSync(done.backup, 'utf8'), before);
    assert.equal(statSync(done.backup).mode & 0o777, 0o600);
    const { backups } = await context.ledger.read();
    assert.deepEqual(backups.at(-1)?.holds, ['a: env GITHUB_TOKEN']);
    const again = await takeOutOthers(cursor, at('.cursor/mcp.json'), [a], [], context);
    assert.deepEqual([again.action, again.changed, again.backup], ['unchanged', false, null]);
    await putBack(cursor, at('.cursor/mcp.json'), context);
    assert.equal(text('.cursor/mcp.json'), before);
  });

  test('are those that were shown: one that was changed meanwhile stays', async () => {
    put('.cursor/mcp.json', JSON.stringify({ mcpServers: { a: GITHUB } }));
    const cursor = clientOf('cursor');
    const [shown] = entriesOf(cursor, '.cursor/mcp.json');
    assert.ok(shown !== undefined);
    const changed = put('.cursor/mcp.json', JSON.stringify({ mcpServers: { a: { ...GITHUB, args: ['other'] } } }));
    const done = await takeOutOthers(cursor, at('.cursor/mcp.json'), [shown], [], contextOf());
    assert.equal(done.action, 'unchanged');
    assert.equal(text('.cursor/mcp.json'), changed);
  });

  test('of Claude Code are taken out by its own command, in the scope where they stand, and by mcpgate where it does not', async () => {
    put('work/.keep', '');
    const project = at('work');
    const before = put(
      '.claude.json',
      JSON.stringify({ mcpServers: { a: GITHUB }, projects: { [project]: { mcpServers: { b: GITHUB } } }, theme: 'x' }),
    );
    home.installClaude(
      `pwd >> ${at('asked')}\ncase "$*" in *"-- a") printf '{"projects":{"${project}":{"mcpServers":{"b":%s}}},"theme":"x"}' '${JSON.stringify(GITHUB)}' > $file ;; esac`,
    );
    const claude = clientOf('claude-code');
    const entries = entriesOf(claude, '.claude.json');
    assert.equal(entries.length, 2);
    const done = await takeOutOthers(claude, at('.claude.json'), entries, ['a: env GITHUB_TOKEN'], contextOf());
    assert.deepEqual([done.action, done.changed], ['cleaned', true]);
    assert.deepEqual(text('asked').trim().split('\n'), [
      'mcp remove --scope user -- a',
      at(),
      'mcp remove --scope local -- b',
      project,
    ]);
    assert.deepEqual(JSON.parse(text('.claude.json')), { projects: { [project]: { mcpServers: {} } }, theme: 'x' });
    await putBack(claude, at('.claude.json'), contextOf());
    assert.equal(text('.claude.json'), before, 'the file as it was before either of them');
  });

  test('of a TOML file go with their tables, and a form that no edit is safe in is refused and stays', async () => {
    const codex = clientOf('codex');
    const tables = `[mcp_servers.gh-1]\ncommand = "npx"\n\n[mcp_servers.gh-1.env]\nGITHUB_TOKEN = "${TOKEN}"\n\n# mine\n[mcp_servers."b"]\ncommand = "x"\n`;
    put('.codex/config.toml', tables);
    const [first] = entriesOf(codex, '.codex/config.toml');
    assert.ok(first !== undefined);
    await takeOutOthers(codex, at('.codex/config.toml'), [first], [], contextOf());
    assert.equal(text('.codex/config.toml'), '\n# mine\n[mcp_servers."b"]\ncommand = "x"\n');
    const inline = put(
      '.codex/config.toml',
      `mcp_servers = { gh = { command = "npx", env = { GITHUB_TOKEN = "${TOKEN}" } } }\n`,
    );
    const [only] = entriesOf(codex, '.codex/config.toml');
    assert.ok(only !== undefined);
    await assert.rejects(takeOutOthers(codex, at('.codex/config.toml'), [only], [], contextOf()), {
      code: 'client_file',
      message: /take it out by hand/,
    });
    assert.equal(text('.codex/config.toml'), inline);
  });

  test('are shown without their secrets, however these look', () => {
    const before = '{"args": ["--pin", "tulip", "--url", "a\\"b-secret"], "env": {"x": "tulip2"}}\n';
    const diff = unifiedDiff('f', before, '{}\n', ['tulip', 'a"b-secret', 'tulip2']);
    assert.ok(!/tulip|b-secret/.test(diff), diff);
    assert.match(diff, /^-\{"args": \["--pin", "\*\*\*"/m);
  });
});
