// The newest checkpoint stamped by an authority, with the commands that docs/audit.md prints, to the letter but for names of files and addresses.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { it } from 'node:test';
import { startTimeStamps } from 'mcpgate-test/world/time-stamps';
import { onSqlite } from '../../store/fixtures/both-engines.ts';
import { EVENT, proofWorld } from '../fixtures/proof-world.ts';

const REPOSITORY = join(import.meta.dirname, '../../../..');
const VERIFIER = join(REPOSITORY, 'broker/bin/mcpgate-audit-verify.cjs');
const PAGE = readFileSync(join(REPOSITORY, 'docs/audit.md'), 'utf8');

async function bash(script: string, cwd: string): Promise<{ code: number; said: string }> {
  const running = spawn('bash', ['-ec', script], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const [[code], out, err] = await Promise.all([
    once(running, 'close') as Promise<[number]>,
    text(running.stdout),
    text(running.stderr),
  ]);
  return { code, said: out + err };
}

onSqlite((openStore) => {
  it('an authority stamps the newest checkpoint, which covers the log, and whoever has the stamp sees what is not what it was', async (t) => {
    const under = await openStore(t);
    const world = proofWorld(under);
    const broker = world.run('run-1');
    await broker.event(EVENT);
    await broker.close();
    const { url, authority } = await startTimeStamps(t, join(under.dataDir, 'authority'));
    const cwd = under.dataDir;
    copyFileSync(authority, join(cwd, 'tsa-ca.pem'));
    writeFileSync(join(cwd, 'log.jsonl'), await world.take({}));
    writeFileSync(join(cwd, 'key.pem'), JSON.stringify({ keys: await world.proofs.keys() }));
    const [, block = ''] = /### Stamped by an authority\n[^]*?```\n([^]*?)```/.exec(PAGE) ?? [];
    const commands = block
      .replace('/var/lib/mcpgate-checkpoints/log.jsonl', world.file)
      .replace('https://tsa.example.com', url)
      .replace('mcpgate-audit-verify', `'${process.execPath}' '${VERIFIER}'`);
    const { code, said } = await bash(commands, cwd);
    assert.equal(code, 0, said);
    assert.match(said, /Verification: OK[^]*whole: \d+ rows, \d+ checkpoints/);
    const verify = commands.split('\n').find((line) => line.includes('ts -verify')) ?? '';
    const stamped = join(cwd, 'stamped.jsonl');
    writeFileSync(stamped, readFileSync(stamped, 'utf8').replace('run-1', 'run-2'));
    const altered = await bash(verify, cwd);
    assert.notEqual(altered.code, 0);
    assert.match(altered.said, /message imprint mismatch/);
  });
});
