// `migrate` on the database of an earlier release: what the plan says comes about, and nothing before; `config check` of the broker's own file.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { putRelease } from '../../broker/src/store/fixtures/releases.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { runBrokerProgram } from '../world/broker-command.ts';
import { createPrivateAuthority } from '../world/network/private-authority.ts';
import { createWorld } from '../world.ts';

let postgres: TestPostgres | undefined;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'mg-migrate-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface Plan {
  missing: string[];
  rows: Record<string, number>;
  done: string[];
}

for (const kind of ['SQLite', 'PostgreSQL'] as const)
  test(`on ${kind} the plan says what is missing and changes nothing, and \`migrate\` does it once`, async (t) => {
    const dataDir = join(folderOf(t), 'data');
    const databaseUrl = kind === 'PostgreSQL' ? await postgres?.createDatabase() : undefined;
    const facts = await putRelease('0.1', { dataDir, databaseUrl });
    const where = ['--data', dataDir, ...(databaseUrl === undefined ? [] : ['--database-url', databaseUrl])];
    const run = (...words: string[]) => runBrokerProgram([...words, ...where], { env: {}, cwd: dataDir });
    const json = async (...words: string[]) => JSON.parse((await run(...words, '--json')).stdout) as Plan;
    const plan = await json('migrate', '--plan');
    assert.ok(plan.missing.includes('0025-audit-rows'));
    assert.deepEqual(plan.rows, { '0025-audit-rows': facts.tables['audit_events'] });
    assert.deepEqual(await json('migrate', '--plan'), plan);
    assert.match((await run('migrate', '--plan')).stdout, /^0025-audit-rows {3}writes \d+ rows anew/m);
    assert.deepEqual((await json('migrate')).done.toSorted(), plan.missing.toSorted());
    assert.match((await run('migrate', '--plan')).stdout, /nothing to do/);
    const world = await createWorld(t, { direct: true, dataDir, ...(databaseUrl !== undefined && { databaseUrl }) });
    const refused = await run('migrate');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /another broker .*is running on/);
    assert.match((await run('migrate', '--plan')).stdout, /nothing to do/);
    assert.equal((await fetch(`${world.broker.listenUrl}/readyz`)).status, 200);
  });

test('`config check` of a broker’s own file finds what its start would', async (t) => {
  const folder = folderOf(t);
  const authority = await createPrivateAuthority();
  t.after(() => authority.remove());
  const [one, two] = await Promise.all([authority.issue('IP:127.0.0.1'), authority.issue('IP:127.0.0.1')]);
  const file = join(folder, 'mcpgate.yaml');
  const check = async (text: string, ...more: string[]) => {
    writeFileSync(file, text);
    return await runBrokerProgram(['config', 'check', file, ...more], { env: {}, cwd: folder });
  };
  const tls = (cert: string, key: string) => `tls:\n  cert: ${cert}\n  key: ${key}\n`;
  assert.equal((await check(`listen: 0.0.0.0:7717\n${tls(one.certFile, one.keyFile)}`)).code, 0);
  for (const [text, why] of [
    [
      'listen: 127.0.0.1:7717\nlog:\n  levle: debug\n',
      /mcpgate\.yaml:3: log\.levle: unknown key; did you mean "log\.level"/,
    ],
    ['listen: 0.0.0.0:7717\n', /without TLS anyone between could read tokens/],
    [tls(one.certFile, two.keyFile), /is not that of the certificate/],
    [tls(one.certFile, one.certFile), /holds no whole private key/],
    [
      'oidc:\n  issuer: https://login.example.com\n  client_id: x\n  client_secret_file: nothing\n',
      /nothing cannot be read: there is no such file/,
    ],
  ] as const) {
    const { code, stderr } = await check(text);
    assert.equal(code, 1, text);
    assert.match(stderr, why);
  }
  const away = await check('database_url: postgres://nobody:x@127.0.0.1:1/none\n', '--connect', '--json');
  assert.equal(away.code, 1);
  assert.match(
    (JSON.parse(away.stdout) as { mistakes: { message: string }[] }).mistakes[0]?.message ?? '',
    /database_url: /,
  );
  // A file of configuration as code is checked as such.
  assert.equal((await check('version: 1\nrules: {}\n')).code, 0);
});
