// The baseline that `npm run conformance` compares with: the conformance server does all that the suites require, when asked directly.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommand } from '../world/command.ts';
import { REQUIREMENT_SETS } from './suites.ts';
import { startHttpUpstream } from './upstream/http-upstream.ts';

for (const { name, program, version } of REQUIREMENT_SETS.filter(
  ({ select, list }) => select.length > 0 && list('server').length > 0,
)) {
  test(`the conformance server does what ${name} requires, and what the suite runs without scoring it`, async (t) => {
    const upstream = await startHttpUpstream();
    const folder = mkdtempSync(join(tmpdir(), 'mg-conformance-'));
    t.after(async () => {
      await upstream.close();
      rmSync(folder, { recursive: true });
    });
    const url = upstream.url.replace('127.0.0.1', 'localhost');
    const { code, stdout } = await runCommand(
      [process.execPath, program, 'server', '--url', url, '--requirements', version, '--output-dir', folder],
      { env: { PATH: process.env['PATH'], NO_COLOR: '1' }, deadlineMs: 60_000 },
    );
    assert.equal(code, 0, stdout);
    assert.doesNotMatch(stdout, /✗/);
    assert.match(stdout, /Total: \d{2,} passed, 0 failed/);
  });
}
