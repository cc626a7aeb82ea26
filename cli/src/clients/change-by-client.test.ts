// A change that the client's own command is asked to make: what it is asked, what is kept of before, and what happens where it does not do it.
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { ChangeContext } from './change.ts';
import { setUp, takeOut } from './change-client.ts';
import { findClient } from './client-table.ts';
import { createLedger } from './ledger.ts';

const ENTRY = { command: '/bin/mcpgate', args: ['serve'] };
const fileWith = (entry?: object) => JSON.stringify({ mcpServers: entry === undefined ? {} : { mcpgate: entry } });
const INSTALLED = fileWith({ type: 'stdio', ...ENTRY });
const OLD = fileWith({ command: '/old/mcpgate', args: ['serve'] });
const OWN = fileWith({ type: 'http', url: 'https://a.example' });
const claude = () => findClient('claude-code') ?? assert.fail();

let folder: string;
let path: string;
let context: ChangeContext;

/** Claude Code's command; `add` and `remove` are shell, `$file` the file it keeps. */
function install(add: string, remove = `echo '${fileWith()}' > $file`): void {
  const script = `#!/bin/sh\nfile=${path}\necho "$@" >> ${folder}/asked\ncase "$2" in add) ${add};; remove) ${remove};; esac\n`;
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/claude'), script);
  chmodSync(join(folder, 'bin/claude'), 0o755);
}
const ADDS = `echo '${INSTALLED}' > $file`;
const asked = () =>
  existsSync(join(folder, 'asked')) ? readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n') : [];
const ADD = 'mcp add --scope user mcpgate -- /bin/mcpgate serve';
const REMOVE = 'mcp remove --scope user mcpgate';
const now = () => (existsSync(path) ? readFileSync(path, 'utf8').trim() : null);
const reasons = async () => (await context.ledger.read()).backups.map(({ reason, file }) => [reason, file !== null]);
const keptFiles = () => {
  const backups = join(folder, 'config/backups');
  return existsSync(backups) ? readdirSync(backups).filter((name) => name.endsWith('.bak')).length : 0;
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcpgate-claude-'));
  path = join(folder, '.claude.json');
  context = {
    ledger: createLedger(join(folder, 'config'), () => 0),
    isDryRun: false,
    mayAskClient: true,
    deps: {
      env: { PATH: [join(folder, 'bin'), '/usr/bin', '/bin'].join(delimiter) },
      platform: 'linux',
      homedir: folder,
    },
  };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('is told with the texts of before and after, and can be undone', async () => {
  install(ADDS);
  writeFileSync(path, '{"a":1}');
  const added = await setUp(claude(), path, ENTRY, context);
  assert.deepEqual(
    { ...added, backup: readFileSync(added.backup ?? '', 'utf8'), after: added.after?.trim() },
    { action: 'added', changed: true, backup: '{"a":1}', before: '{"a":1}', after: INSTALLED },
  );
  assert.deepEqual([asked(), await reasons()], [[ADD], [['install', true]]]);
  assert.deepEqual((await context.ledger.read()).undo, {});
  const removed = await takeOut(claude(), path, context);
  assert.deepEqual([removed.action, removed.changed, removed.own], ['removed', true, undefined]);
  assert.equal(readFileSync(removed.backup ?? '', 'utf8').trim(), INSTALLED);
  assert.deepEqual([asked().slice(1), (await reasons()).slice(1)], [[REMOVE], [['uninstall', true]]]);
});

test('of a file that was not there keeps nothing', async () => {
  install(ADDS);
  const { action, changed, backup, before } = await setUp(claude(), path, ENTRY, context);
  assert.deepEqual([action, changed, backup, before, now()], ['added', true, null, null, INSTALLED]);
  assert.deepEqual(await reasons(), [['install', false]]);
});

test('of an entry of an earlier version is one to take it out and one to add it', async () => {
  install(ADDS);
  writeFileSync(path, OLD);
  const { action, own } = await setUp(claude(), path, ENTRY, context);
  assert.deepEqual([action, own, asked()], ['updated', undefined, [REMOVE, ADD]]);
  assert.deepEqual((await context.ledger.read()).undo, {}, 'nothing of it comes back');
});

test('of the person’s own entry says so, and keeps it', async () => {
  install(ADDS);
  writeFileSync(path, OWN);
  assert.equal((await setUp(claude(), path, ENTRY, context)).own, 'replaced');
  assert.deepEqual(asked(), [REMOVE, ADD]);
  const { own, action } = await takeOut(claude(), path, context);
  assert.deepEqual([own, action, JSON.parse(now() ?? '')], ['given-back', 'removed', JSON.parse(OWN)]);
  assert.deepEqual(asked().length, 2, 'which its command could not give back');
});

test('is not asked for where nothing is to be done, on a dry run, or of a file that is not the client’s own', async () => {
  install(ADDS);
  writeFileSync(path, INSTALLED);
  assert.equal((await setUp(claude(), path, ENTRY, context)).action, 'unchanged');
  writeFileSync(path, OLD);
  const dry = { ...context, isDryRun: true };
  assert.deepEqual([(await setUp(claude(), path, ENTRY, dry)).changed, now()], [false, OLD]);
  assert.deepEqual([(await takeOut(claude(), path, dry)).changed, now()], [false, OLD]);
  const elsewhere = { ...context, mayAskClient: false };
  assert.equal((await setUp(claude(), path, ENTRY, elsewhere)).action, 'updated');
  assert.equal((await takeOut(claude(), path, elsewhere)).action, 'removed');
  writeFileSync(path, OWN);
  const left = await takeOut(claude(), path, context);
  assert.deepEqual([left.action, left.own, now()], ['absent', 'left', OWN]);
  writeFileSync(path, fileWith());
  assert.equal((await takeOut(claude(), path, context)).action, 'absent');
  assert.deepEqual(asked(), []);
});

test('is asked of no client without a command of its own', async () => {
  install(ADDS);
  const { ownCommand: _none, ...other } = claude();
  assert.equal((await setUp(other, path, ENTRY, context)).action, 'added');
  writeFileSync(path, INSTALLED);
  assert.equal((await takeOut(other, path, context)).action, 'removed');
  assert.deepEqual(asked(), []);
});

test('what a command line cannot say is written into the file', async () => {
  install(ADDS);
  for (const entry of [{ command: ['/bin/mcpgate', 'serve'] }, { command: '/bin/mcpgate' }]) {
    rmSync(path, { force: true });
    assert.equal((await setUp(claude(), path, entry, context)).action, 'added');
  }
  assert.deepEqual(asked(), []);
});

test('that fails goes no further: the file is changed as any other, and kept once', async () => {
  install(ADDS, 'exit 1');
  writeFileSync(path, OLD);
  const { action } = await setUp(claude(), path, ENTRY, context);
  assert.deepEqual([action, asked(), now()], ['updated', [REMOVE], fileWith(ENTRY)]);
  assert.deepEqual([await reasons(), keptFiles()], [[['install', true]], 1]);
  writeFileSync(path, INSTALLED);
  assert.deepEqual([(await takeOut(claude(), path, context)).action, now()], ['removed', fileWith()]);
  assert.deepEqual([asked().length, keptFiles()], [2, 2]);
});

test('that comes to something else is kept as what it is, and made good in the file', async () => {
  install(`echo '{"theirs":1}' > $file`);
  writeFileSync(path, '{"a":1}');
  const { action, backup } = await setUp(claude(), path, ENTRY, context);
  assert.equal(action, 'added');
  assert.equal(readFileSync(backup ?? '', 'utf8').trim(), '{"theirs":1}');
  assert.deepEqual(JSON.parse(now() ?? ''), { theirs: 1, mcpServers: { mcpgate: ENTRY } });
  assert.deepEqual(await reasons(), [
    ['install', true],
    ['install', true],
  ]);
});

test('is not asked for where the index of backups is damaged', async () => {
  install(ADDS);
  mkdirSync(join(folder, 'config/backups'), { recursive: true });
  writeFileSync(join(folder, 'config/backups/index.json'), '{');
  writeFileSync(path, '{}');
  await assert.rejects(setUp(claude(), path, ENTRY, context), /index\.json is damaged; nothing was changed/);
  assert.deepEqual([asked(), now(), keptFiles()], [[], '{}', 0]);
});
