import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { createProcessRegister } from './process-register.ts';

describe('the process register', () => {
  it('ends what a killed broker left behind, and nobody else who has got the id since', async (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'mcpgate-register-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'upstreams', '.processes');
    const start = () =>
      spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
    const [left, other] = [start(), start()];
    t.after(() => other.kill('SIGKILL'));
    assert.ok(left.pid !== undefined && other.pid !== undefined);
    createProcessRegister(file, () => assert.fail('nothing was left behind yet')).add(left.pid, '/home');
    appendFileSync(file, `${other.pid} 1\nnonsense\n-1 5\n0 0\n`);

    const gone = once(left, 'exit');
    const killed: number[] = [];
    createProcessRegister(file, (pid) => killed.push(pid));
    await gone;
    assert.deepEqual(killed, [left.pid]);
    assert.equal(other.exitCode ?? other.signalCode, null);
    assert.equal(readFileSync(file, 'utf8'), '');
  });
});
