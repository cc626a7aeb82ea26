// An export as Parquet holds a group of lines in memory, which is a bounded part of it, whatever they say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createParquetFile } from './parquet-file.ts';
import { RECORD_COLUMNS, type RecordLine } from './record-columns.ts';

test('lines that say much are handed over before there are as many as make a group', () => {
  const file = createParquetFile({});
  const [chain, type, id, ts, workspace, hash] = ['run-1', 'rules.changed', 'x', '2026-01-01T00:00:00.000Z', 'w', 'h'];
  const named: Readonly<Record<string, string | number>> = {
    ...{ chain, seq: 1, type, id, ts, workspace_id: workspace, prev_hash: hash, hash },
    data: JSON.stringify('x'.repeat(1024 * 1024)),
  };
  const line: RecordLine = [{ cells: RECORD_COLUMNS.map(([name]) => named[name] ?? null), texts: undefined }];
  let waiting = 0;
  let most = 0;
  for (let lines = 0; lines < 40; lines += 1) {
    waiting = file.add([line]) === undefined ? waiting + 1 : 0;
    most = Math.max(most, waiting);
  }
  assert.ok(most <= 16, `${most} MB were in memory`);
  assert.ok(file.end().length > 0);
});
