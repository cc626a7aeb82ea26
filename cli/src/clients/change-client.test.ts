import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { ChangeContext } from './change.ts';
import { putBack, setUp, takeOut } from './change-client.ts';
import type { Client } from './client.ts';
import { findClient } from './client-table.ts';
import { createLedger } from './ledger.ts';

const ENTRY = { command: '/bin/mcpgate', args: ['serve'] };

let folder: string;
let path: string;
let context: ChangeContext;

/** Cursor, whose other half writes its file between our reading and our writing, `times` times. */
function busyCursor(times: number): Client {
  const cursor = findClient('cursor');
  assert.ok(cursor !== undefined);
  let writes = 0;
  return {
    ...cursor,
    format: {
      ...cursor.format,
      put(text, file, entry) {
        if (writes < times) {
          writes += 1;
          writeFileSync(path, JSON.stringify({ writes }));
        }
        return cursor.format.put(text, file, entry);
      },
    },
  };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcpgate-change-'));
  path = join(folder, 'mcp.json');
  writeFileSync(path, '{}');
  context = {
    ledger: createLedger(join(folder, 'config'), () => 0),
    isDryRun: false,
    mayAskClient: false,
    deps: { env: {}, platform: 'linux', homedir: folder },
  };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a file that its client changes while it is edited', () => {
  it('is read again, so that both changes are in it', async () => {
    const { changed, backup } = await setUp(busyCursor(2), path, ENTRY, context);
    assert.equal(changed, true);
    assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), { writes: 2, mcpServers: { mcpgate: ENTRY } });
    assert.equal(readFileSync(backup ?? '', 'utf8'), '{"writes":2}');
    assert.equal(readdirSync(join(folder, 'config/backups')).filter((name) => name.endsWith('.bak')).length, 1);
  });

  it('is left alone where it never rests', async () => {
    await assert.rejects(
      setUp(busyCursor(100), path, ENTRY, context),
      /keeps changing while it is edited; nothing was changed: close Cursor/,
    );
    assert.deepEqual(Object.keys(JSON.parse(readFileSync(path, 'utf8'))), ['writes']);
    assert.deepEqual(readdirSync(join(folder, 'config/backups')), []);
  });
});

describe('a change of an entry', () => {
  const cursor = () => findClient('cursor') ?? assert.fail();
  const now = () => (existsSync(path) ? readFileSync(path, 'utf8') : null);
  const backups = async () => (await context.ledger.read()).backups;

  it('is told with the texts of before and after, and done once', async () => {
    const first = await setUp(cursor(), path, ENTRY, context);
    assert.deepEqual(
      [first.action, first.changed, first.before, first.after, first.own],
      [...['added', true, '{}', now(), undefined]],
    );
    const again = await setUp(cursor(), path, ENTRY, context);
    assert.deepEqual([again.action, again.changed, again.backup], ['unchanged', false, null]);
    const other = await setUp(cursor(), path, { ...ENTRY, command: '/new' }, context);
    assert.deepEqual([other.action, other.changed], ['updated', true]);
    assert.deepEqual(
      (await backups()).map(({ client, path: of, reason, at, file }) => [
        client,
        of === path,
        reason,
        at,
        file !== null,
      ]),
      [0, 1].map(() => ['cursor', true, 'install', '1970-01-01T00:00:00.000Z', true]),
    );
  });

  it('is only told on a dry run', async () => {
    const dry = { ...context, isDryRun: true };
    const { action, changed, backup, after } = await setUp(cursor(), path, ENTRY, dry);
    assert.deepEqual([action, changed, backup, now()], ['added', false, null, '{}']);
    await setUp(cursor(), path, ENTRY, context);
    assert.equal(now(), after);
    const out = await takeOut(cursor(), path, dry);
    assert.deepEqual([out.action, out.changed, out.after, now()], ['removed', false, '{}', after]);
    assert.equal((await putBack(cursor(), path, dry))?.changed, false);
    assert.equal(now(), after);
  });

  it('leaves no file where there was none, and none that the person has put something in', async () => {
    for (const more of [false, true]) {
      rmSync(path, { force: true });
      const made = await setUp(cursor(), path, ENTRY, context);
      assert.deepEqual([made.action, made.before, made.backup], ['added', null, null]);
      if (more) writeFileSync(path, (now() ?? '').replace('{', '{"theirs":1,'));
      const out = await takeOut(cursor(), path, context);
      assert.deepEqual([out.action, out.changed], ['removed', true]);
      assert.equal(now() === null, !more);
      assert.equal(out.after, now());
      assert.deepEqual((await context.ledger.read()).undo, {}, 'nothing is left to be undone');
    }
  });

  it('takes out nothing where there is nothing, or what is the person’s own', async () => {
    const nothing = await takeOut(cursor(), path, context);
    assert.deepEqual([nothing.action, nothing.changed, nothing.own], ['absent', false, undefined]);
    writeFileSync(path, '{"mcpServers":{"mcpgate":{"url":"https://a.example"}}}');
    const own = await takeOut(cursor(), path, context);
    assert.deepEqual([own.action, own.changed, own.own], ['absent', false, 'left']);
    assert.deepEqual(await backups(), []);
  });

  it('says that it replaces what is the person’s own, and gives it back', async () => {
    const before = '{"mcpServers":{"mcpgate":{"url":"https://a.example"}}}';
    writeFileSync(path, before);
    assert.deepEqual((await setUp(cursor(), path, ENTRY, context)).own, 'replaced');
    assert.equal((await takeOut(cursor(), path, context)).own, 'given-back');
    assert.equal(now(), before);
  });

  it('is undone by the last backup, which is no backup of an earlier undoing, and of this client and file', async () => {
    assert.equal(await putBack(cursor(), path, context), null);
    await setUp(cursor(), path, ENTRY, context);
    const installed = now();
    const back = await putBack(cursor(), path, context);
    assert.deepEqual([back?.action, back?.changed, back?.before, now()], ['restored', true, installed, '{}']);
    assert.deepEqual(
      (await backups()).map(({ reason }) => reason),
      ['install', 'restore'],
    );
    const again = await putBack(cursor(), path, context);
    assert.deepEqual([again?.action, again?.changed, now()], ['unchanged', false, '{}']);
    assert.equal(await putBack(cursor(), join(folder, 'other.json'), context), null);
    assert.equal(await putBack({ ...cursor(), name: 'other' }, path, context), null);
  });

  it('puts back that there was no file', async () => {
    rmSync(path);
    await setUp(cursor(), path, ENTRY, context);
    const back = await putBack(cursor(), path, context);
    assert.deepEqual([back?.action, back?.after, now()], ['restored', null, null]);
    assert.equal((await putBack(cursor(), path, context))?.action, 'unchanged');
  });

  it('is not begun where the index of backups is damaged', async () => {
    await setUp(cursor(), path, ENTRY, context);
    const installed = now();
    writeFileSync(join(folder, 'config/backups/index.json'), '{');
    await assert.rejects(takeOut(cursor(), path, context), /index\.json is damaged; nothing was changed/);
    await assert.rejects(setUp(cursor(), path, { ...ENTRY, command: '/x' }, context), /nothing was changed/);
    assert.equal(now(), installed);
  });
});
