// The log proves itself from the command line: `audit verify` with the checkpoints that were kept elsewhere, and `mcpgate-audit-verify` on an export with
// the public key alone; after a kill, a restart, a rotation of the master key, and what somebody does to the database.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test, type TestContext } from 'node:test';
import { runSql, startPostgres, type TestPostgres } from '../postgres.ts';
import { REPOSITORY } from '../step.ts';
import { startCountingUpstream } from '../upstreams/counting-upstream.ts';
import { openMcpCaller } from '../world/clients/mcp-caller.ts';
import type { IssuedGrant } from '../world/people/issued-grant.ts';
import { createWorld } from '../world.ts';

const VERIFIER = join(REPOSITORY, 'broker/bin/mcpgate-audit-verify.cjs');

let postgres: TestPostgres | undefined;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

interface Verdict {
  whole: boolean;
  rows: number;
  chains: number;
  checkpoints: number;
  wrong: { chain: string; seq: number | null; id: string | null; why: string } | null;
}

async function proves(t: TestContext, databaseUrl: string | undefined): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mcpgate-proof-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [config, kept] = [join(folder, 'mcpgate.yaml'), join(folder, 'kept.jsonl')];
  writeFileSync(config, `audit:\n  durability: disk\n  checkpoints: ["file:${kept}"]\n`);
  const upstream = await startCountingUpstream();
  t.after(() => upstream.close());
  const world = await createWorld(t, {
    ...{ direct: true, servers: { notes: { url: upstream.url } }, brokerArgs: ['--config', config] },
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
  });
  const { broker } = world;
  const issue = ['grant', 'issue', '--label', 'ci', '--server', 'notes'];
  const { token } = (await broker.json(issue)) as IssuedGrant;
  const call = async (text: string) => {
    const caller = await openMcpCaller(broker.listenUrl, token);
    assert.equal(await caller.call('notes__echo', { text }), text);
  };
  const verify = async (...words: string[]) => {
    const { code, stdout, stderr } = await broker.cli(['audit', 'verify', '--json', ...words]);
    assert.equal(stderr, '');
    return { code, ...(JSON.parse(stdout) as Verdict) };
  };

  await broker.run(['server', 'set', 'notes', '--audit-arguments', 'full']);
  await call('one');
  // Killed in the middle of a call: what it was asked with was committed before it was forwarded.
  const cut = (await openMcpCaller(broker.listenUrl, token)).call('notes__hold', { why: 'killed' });
  cut.catch(() => undefined);
  await upstream.arrived('hold');
  await broker.stop('SIGKILL');
  await assert.rejects(cut);
  await broker.start();
  await call('two');
  await broker.stop();
  await broker.start();
  await broker.run(['key', 'rotate']);
  await call('three');
  await broker.stop();
  assert.equal(statSync(kept).mode & 0o777, 0o600);
  await broker.start();

  // Over a kill and a new master key the values in arguments are there, and each reading is told.
  for (const [tool, said] of [
    ['notes__hold', '{"why":"killed"}'],
    ['notes__echo', '{"text":"three"}'],
  ] as const) {
    const [found] = (await broker.json(['audit', 'search', '--tool', tool, '--limit', '1'])) as { id: string }[];
    const shown = await broker.json(['audit', 'show', found?.id ?? '', '--arguments']);
    assert.deepEqual([Object(shown).kept, Object(shown).text], ['full', said]);
  }
  const readings = (await broker.json(['audit', 'search', '--events', '--type', 'audit.arguments_shown'])) as object[];
  assert.equal(readings.length, 2);

  const whole = await verify('--checkpoints', kept);
  // As the objects of a bucket lie in a folder: a file each.
  const objects = join(folder, 'objects');
  mkdirSync(objects);
  for (const [index, line] of readFileSync(kept, 'utf8').trimEnd().split('\n').entries())
    writeFileSync(join(objects, `${index}.json`), line);
  assert.equal((await verify('--checkpoints', objects)).whole, true);
  assert.deepEqual([whole.code, whole.whole, whole.wrong, whole.chains], [0, true, null, 4]);
  assert.ok(whole.checkpoints >= 3);
  assert.match(await broker.run(['audit', 'verify']), /^whole: \d+ rows in 4 chains, \d+ checkpoints\n$/);

  const exported = join(folder, 'log.jsonl');
  writeFileSync(exported, await broker.run(['audit', 'export']));
  const pem = join(folder, 'key.pem');
  writeFileSync(pem, await broker.run(['audit', 'key']));
  assert.match(readFileSync(pem, 'utf8'), /^-----BEGIN PUBLIC KEY-----/);
  const jwks = join(folder, 'keys.json');
  writeFileSync(jwks, await broker.run(['audit', 'key', '--json']));
  const check = (...words: string[]) => spawnSync(process.execPath, [VERIFIER, ...words], { encoding: 'utf8' });
  for (const key of [pem, jwks]) {
    const { status, stdout } = check(exported, '--key', key, '--checkpoints', kept);
    assert.match(
      stdout,
      /^whole: \d+ rows, \d+ checkpoints\n(?:\d+ rows are covered by no checkpoint\n)?(?:chain "\S+" is named by no checkpoint, archive or other chain\n)?$/,
    );
    assert.equal(status, 0);
  }
  assert.equal(check(exported).status, 2);
  const text = readFileSync(exported, 'utf8');
  assert.ok(!text.includes('"three"') && !text.includes(token), 'neither arguments nor tokens are in it');
  writeFileSync(exported, text.replace('"decision":"allow"', '"decision":"deny"'));
  const changed = check(exported, '--key', pem);
  assert.equal(changed.status, 1);
  assert.match(changed.stdout, /^NOT WHOLE {2}chain \S+, row \d+ \(\S+\)\nwhat it says is not what was written\n$/);

  // A broker that is killed while it archives, wherever that is, does it after its next start.
  const archives = join(broker.dataDir, 'archives');
  mkdirSync(archives);
  const before = new Date().toISOString();
  const watched = watch(archives);
  const killing = once(watched, 'change').then(() => broker.stop('SIGKILL'));
  await Promise.all([broker.cli(['audit', 'archive', '--before', before]), killing]);
  watched.close();
  await broker.start();
  await broker.run(['audit', 'archive', '--before', before]);
  await call('four');
  const files = (await broker.json(['audit', 'archives'])) as { name: string; rows: number; here: boolean }[];
  assert.deepEqual(
    files.map(({ name, here }) => [name, here]),
    readdirSync(archives).map((name) => [name, true]),
  );
  const all = await verify('--checkpoints', kept, '--archives', archives);
  assert.deepEqual([all.code, all.wrong], [0, null]);
  // The broker looks at the files in its own folder, where it is asked to, as the dashboard does.
  const issued = Object(await broker.json(['admin-token', 'issue', '--label', 'auditor', '--role', 'auditor']));
  const askBroker = async (): Promise<Verdict> => {
    const headers = { authorization: `Bearer ${issued.token}`, 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify({ archives: true }) };
    const lines = (await (await fetch(`${broker.listenUrl}/api/v1/audit/verify`, init)).text()).trim().split('\n');
    return JSON.parse(lines.at(-1) ?? '') as Verdict;
  };
  const asked = await askBroker();
  assert.deepEqual([asked.whole, asked.wrong], [true, null]);
  assert.ok(asked.rows >= all.rows, 'the rows of the archives are among them');
  assert.ok(all.rows > whole.rows && (files[0]?.rows ?? 0) > 5);
  writeFileSync(exported, (await broker.cli(['audit', 'export'])).stdout);
  const known = ['--key', pem, '--checkpoints', kept];
  assert.equal(check(exported, ...known, '--archives', archives).status, 0);
  assert.match(check(exported, ...known).stdout, /Where it was archived, give --archives\n$/);
  // With the rows of the archives an export goes back to the beginning, and needs them no more.
  const back = join(folder, 'all.jsonl');
  const taken = (await broker.json(['audit', 'export', '--archives', archives, '--output', back])) as { lines: number };
  const lines = readFileSync(back, 'utf8').trimEnd().split('\n');
  assert.equal(taken.lines, lines.length);
  const archivedRows = files.reduce((sum, { rows }) => sum + rows, 0);
  assert.ok(lines.length > archivedRows);
  assert.match(check(back, ...known).stdout, /^whole: \d+ rows, \d+ checkpoints\n/);
  const toStdout = await broker.cli(['audit', 'export', '--archives', archives]);
  assert.deepEqual(toStdout.stdout.split('\n').slice(0, lines.length), lines);
  writeFileSync(back, lines.toSpliced(2, 1).join('\n'));
  assert.equal(check(back, ...known).status, 1);
  const filtered = await broker.cli(['audit', 'export', '--archives', archives, '--user', 'ada']);
  assert.match(filtered.stderr, /only --since and --until/);
  const [last] = (await broker.json(['audit', 'search', '--limit', '1'])) as { id: string }[];
  assert.match(await broker.run(['audit', 'show', last?.id ?? '']), /^checkpoint +(?:none covers it yet|\S.* chain )/m);
  const found = await broker.cli(['audit', 'search', '--since', '1h']);
  assert.match(found.stderr, new RegExp(`are in .* and not in this answer: .*${files[0]?.name}`));
  const page = await broker.run(['audit', 'report', '--since', '1h']);
  assert.ok(page.includes(`<dd>what ${files[0]?.name} has: `), 'the report says what it does not count');
  const [ruled] = (await broker.json(['audit', 'search', '--limit', '1'])) as { id: string }[];
  assert.match(
    await broker.run(['audit', 'show', ruled?.id ?? '']),
    /^rule then +(?:allow |its event is in an archive)/m,
  );
  renameSync(join(archives, files[0]?.name ?? ''), join(folder, 'elsewhere.gz'));
  const gone = await verify('--checkpoints', kept, '--archives', archives);
  for (const { wrong } of [gone, await askBroker()])
    assert.match(wrong?.why ?? '', new RegExp(`the archive ${files[0]?.name}: it is missing`));
  assert.match(await broker.run(['status']), /an archive of the log, audit-000001-\S+, is not in /);
  const without = await broker.cli(['audit', 'export', '--archives', archives]);
  assert.match(without.stderr, new RegExp(`does not hold ${files[0]?.name}`));
  renameSync(join(folder, 'elsewhere.gz'), join(archives, files[0]?.name ?? ''));

  const tamper = async (statement: string) => {
    if (databaseUrl !== undefined) return runSql(databaseUrl, statement);
    const database = new DatabaseSync(join(broker.dataDir, 'mcpgate.db'), { timeout: 10_000 });
    database.exec(statement);
    return database.close();
  };
  await tamper(
    databaseUrl === undefined
      ? 'drop trigger audit_words_no_update'
      : 'drop trigger audit_words_no_change on audit_words',
  );
  await tamper(`update audit_words set text = 'notes__other' where text = 'notes__echo'`);
  const wrong = await verify('--checkpoints', kept);
  assert.deepEqual([wrong.code, wrong.whole], [1, false]);
  const said = await broker.cli(['audit', 'verify']);
  assert.equal(said.code, 1);
  assert.ok(
    said.stdout.startsWith(`NOT WHOLE  chain ${wrong.wrong?.chain}, row ${wrong.wrong?.seq} (${wrong.wrong?.id})\n`),
  );
  assert.match(wrong.wrong?.why ?? '', /^what it says, or the hash of the row before it, is not what was written$/);
  const events = (await broker.json(['audit', 'search', '--events', '--type', 'audit.verified'])) as { data: object }[];
  assert.equal(Object(events[0]?.data)['whole'], false);
}

test('the log on SQLite is proved whole from the command line, and what somebody changes is named', (t) =>
  proves(t, undefined));
test('the log on PostgreSQL is proved whole from the command line, and what somebody changes is named', async (t) =>
  proves(t, await postgres?.createDatabase()));
