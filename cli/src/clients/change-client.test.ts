import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type ChangeContext, setUp } from './change-client.ts';
import type { Client } from './client.ts';
import { findClient } from './client-table.ts';
import { createLedger } from './ledger.ts';

const ENTRY = { command: '/launcher', args: ['serve'] };

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
