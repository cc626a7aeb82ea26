// `audit export` as an auditor runs it, against a real broker: whole under its name or not there, and going on where it was broken off.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { BROKER_PROGRAM } from 'mcpgate-test/world/programs';
import { KIND } from '../../../store/audit/row-columns.ts';
import {
  runBrokerCommand,
  startBrokerProcess,
  temporaryFolder,
  type BrokerProcess,
} from '../../fixtures/broker-process.ts';

const folder = temporaryFolder();
let broker: BrokerProcess;
before(async () => {
  broker = await startBrokerProcess();
  for (let each = 0; each < 12; each += 1)
    await broker.json(['user', 'add', `person-${each}`, '--email', `p${each}@example.com`]);
});
after(() => broker.stop('SIGKILL'));

const linesOf = (file: string): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1);
/** Of what has a time of its own: what was written meanwhile is behind it. */
const sameBeginning = (file: string, whole: readonly string[]): void =>
  assert.deepEqual(linesOf(file).slice(0, whole.length), whole);

async function refused(args: readonly string[]): Promise<string> {
  const { code, stderr } = await broker.run(['audit', 'export', ...args]);
  assert.notEqual(code, 0);
  return stderr;
}

test('what is broken off is kept, and goes on behind its last whole line, also over another run of the broker', async () => {
  const file = join(folder, 'log.jsonl');
  const done = Object(await broker.json(['audit', 'export', '--output', file]));
  const whole = linesOf(file);
  assert.equal(done['lines'], whole.length);
  assert.ok(!existsSync(`${file}.part`) && !existsSync(`${file}.part.json`));
  assert.match(await refused(['--output', file]), /is there already/);
  assert.match(await refused(['--resume', file]), /no export into .* was broken off/);

  // A disk that takes no more than 4 KB of a file.
  const full = join(folder, 'full.jsonl');
  const command = `ulimit -f 4; exec "$0" "$@"`;
  const args = [process.execPath, BROKER_PROGRAM, 'audit', 'export', '--output', full];
  const env = { PATH: process.env['PATH'], MCPGATE_DATA: broker.dataDir };
  const { status, stderr } = spawnSync('bash', ['-c', command, ...args], { encoding: 'utf8', env });
  assert.equal(status, 1, 'what ails the disk of this computer is no broker that cannot be reached');
  assert.match(stderr, /was not written to its end.*make room.*audit export --resume/s);
  const closed = ['--output', '/proc/x.jsonl'];
  const { code: denied, stderr: why } = await broker.run(['audit', 'export', ...closed]);
  assert.deepEqual([denied, /x\.jsonl was not written to its end: .*name another file/.test(why)], [1, true], why);
  assert.doesNotMatch(why, /--resume/);
  assert.ok(!existsSync(full) && existsSync(`${full}.part`));
  assert.match(await refused(['--output', full]), /--resume/);
  assert.match(
    await refused(['--resume', full, '--user', 'ada']),
    /^mcpgate-broker: --user: the export was begun without it and goes on as it was begun: leave it out$/m,
  );

  // What was under way when it was killed: half a line that no state knows of.
  const place = Object(JSON.parse(whole[4] ?? ''));
  const begun = `${whole.slice(0, 5).join('\n')}\n`;
  writeFileSync(`${full}.part`, `${begun}${whole[5]?.slice(0, 30)}`);
  const { as_of: asOf } = Object(JSON.parse(readFileSync(`${full}.part.json`, 'utf8')));
  const state = { v: 1, form: 'rows', query: {}, as_of: asOf, bytes: begun.length, lines: 5, parts: 0 };
  writeFileSync(`${full}.part.json`, JSON.stringify({ ...state, place: `${place['chain']}#${place['seq']}` }));
  // What went into an archive meanwhile would stand in neither part.
  const changed = join(folder, 'changed.jsonl');
  const archives = { folder, names: ['audit-000001-20260101T000000000Z.jsonl.gz'], isDone: true };
  const from = { v: 1, form: 'rows', query: {}, as_of: asOf, bytes: 0, lines: 0, parts: 0, archives };
  writeFileSync(`${changed}.part.json`, JSON.stringify(from));
  assert.match(await refused(['--resume', changed]), /rows were archived while the log was exported: export it anew/);
  assert.ok(!existsSync(changed));
  await broker.stop('SIGKILL');
  const resumed = runBrokerCommand(['audit', 'export', '--resume', full, '--json'], {
    env: { MCPGATE_DATA: broker.dataDir },
  });
  broker = await startBrokerProcess({ dataDir: broker.dataDir });
  const { code, stdout, stderr: said } = await resumed;
  assert.equal(code, 0, said);
  sameBeginning(full, whole);
  assert.equal(Object(JSON.parse(stdout))['lines'], linesOf(full).length);
  const chains = new Set(linesOf(full).map((line) => String(Object(JSON.parse(line))['chain'])));
  assert.equal(chains.size, 1, 'as of the moment at which it began, when the second run had not');
});

test('a table has the columns that it says, and cells that nobody runs; a folder of Parquet files is there at once', async () => {
  const table = join(folder, 'log.csv');
  await broker.json(['audit', 'export', '--format', 'csv', '--events', '--type', 'user.added', '--output', table]);
  const lines = readFileSync(table, 'utf8').split('\r\n');
  assert.match(lines[0] ?? '', /^chain,seq,type,id,ts,workspace_id,actor,subject/);
  assert.equal(lines.length, 12 + 2);
  assert.ok(lines.slice(1, -1).every((line) => line.split(',')[2] === 'user.added'));
  await broker.json(['audit', 'export', '--format', 'parquet-ready', '--output', join(folder, 'log')]);
  assert.deepEqual(readdirSync(join(folder, 'log')), ['part-00001.parquet']);
  for (const name of ['part-00002.parquet', 'part-00003.parquet.part', 'notes.parquet'])
    writeFileSync(join(folder, 'log', name), 'old');
  await broker.json(['audit', 'export', '--format', 'parquet', '--force', '--output', join(folder, 'log')]);
  const there = readdirSync(join(folder, 'log')).toSorted();
  assert.deepEqual(there, ['notes.parquet', 'part-00001.parquet'], 'no part of an earlier export stays beside it');
  const { stdout, stderr } = await broker.run(['audit', 'export', '--records', '--user', 'person-3', '--events']);
  assert.deepEqual(
    stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => Object(JSON.parse(line))['subject']),
    ['user:person-3'],
  );
  assert.match(stderr, /^1 lines/);
  const { stdout: rest } = await broker.run([
    'audit',
    'export',
    '--records',
    '--type',
    'user.added',
    '--after',
    afterOf(stdout),
  ]);
  assert.equal(rest.split('\n').length - 1, 8);
});

test('a search says where it ended, and goes on from there to the last one', async () => {
  const search = async (...more: string[]) => {
    const flags = ['--type', 'user.added', '--json', '--limit', '5', ...more];
    const { code, stdout, stderr } = await broker.run(['audit', 'search', ...flags]);
    assert.equal(code, 0, stderr);
    const subjects = (JSON.parse(stdout) as { subject: string }[]).map(({ subject }) => subject);
    return { subjects, cursor: / --cursor (\S+)\n/.exec(stderr)?.[1] };
  };
  const first = await search();
  const second = await search('--cursor', first.cursor ?? '');
  const third = await search('--cursor', second.cursor ?? '');
  assert.equal(third.cursor, undefined, 'there are no more');
  assert.deepEqual(
    [...first.subjects, ...second.subjects, ...third.subjects],
    Array.from({ length: 12 }, (_, index) => `user:person-${11 - index}`),
  );
  const { code, stderr } = await broker.run(['audit', 'search', '--cursor', 'nowhere']);
  assert.equal(code, 2);
  assert.match(stderr, /cursor/);
});

test('what cannot be is said before anything is written, and whoever exports stands in the log', async () => {
  assert.match(await refused(['--format', 'xml']), /"xml" is not jsonl, csv or parquet/);
  assert.match(await refused(['--events', '--tool', 'x']), /tool: events have none/);
  assert.match(await refused(['--linked', '--format', 'csv']), /--linked is for rows/);
  assert.match(await refused(['--after', 'nowhere']), /CHAIN#SEQ/);
  const nowhere = await broker.run(['audit', 'export', '--output', join(folder, 'none', 'log.jsonl')]);
  assert.equal(nowhere.code, 2);
  assert.match(nowhere.stderr, /--output: there is no folder .*none; make it/);
  const kept = join(folder, 'kept');
  mkdirSync(kept);
  assert.match(await refused(['--force', '--output', kept]), /kept is a folder; name a file/);
  assert.ok(!existsSync(`${kept}.part`) && !existsSync(`${kept}.part.json`), 'nothing was begun');
  const events = await broker.json(['audit', 'search', '--type', 'audit.exported']);
  assert.ok(Array.isArray(events));
  const data = events.map((event) => Object(Object(event)['data']));
  assert.ok(data.some(({ format, type }) => format === 'csv' && type === 'user.added'));
});

test('links beside the file lead nothing that is exported into another file', async () => {
  const other = join(folder, 'of-somebody-else');
  writeFileSync(other, 'theirs');
  for (const ending of ['.part', '.part.json.new']) {
    const file = join(folder, `linked${ending}.jsonl`);
    symlinkSync(other, `${file}${ending}`);
    await refused(['--output', file]);
    assert.ok(!existsSync(file));
    assert.equal(readFileSync(other, 'utf8'), 'theirs');
  }
});

test('an auditor makes the report for an audit over the network, as a page without a script and as tables', async () => {
  const { token } = Object(await broker.json(['admin-token', 'issue', '--label', 'audit', '--role', 'auditor']));
  const env = { MCPGATE_ADMIN_TOKEN: String(token) };
  const report = async (...args: string[]) => {
    const { code, stdout, stderr } = await runBrokerCommand(
      ['audit', 'report', '--since', '1d', '--url', broker.url, ...args],
      { env },
    );
    assert.equal(code, 0, stderr);
    return stdout;
  };
  await broker.json([
    'rule',
    'add',
    '--allow',
    '--who',
    'user:person-1',
    '--what',
    '*',
    '--note',
    '<script>alert(1)</script>',
  ]);
  await broker.json(['user', 'disable', 'person-2']);
  const page = await report();
  for (const criterion of ['CC6.1', 'CC6.2', 'CC6.3', 'CC7.2', 'CC8.1'])
    assert.ok(page.includes(`<section id="${criterion}">`));
  assert.match(page, /allow user:person-1 to \w+ anything/);
  assert.ok(page.includes('user.disabled'));
  assert.ok(!/<script|https?:\/\/(?!127\.0\.0\.1)|@import|url\(/i.test(page), 'nothing runs, nothing is fetched');
  assert.ok(page.includes("default-src 'none'") && page.includes('&lt;script&gt;'));
  const folderOfTables = join(folder, 'report');
  await report('--format', 'csv', '--output', folderOfTables);
  const people = readFileSync(join(folderOfTables, 'CC6.2-people.csv'), 'utf8').split('\r\n');
  assert.equal(people.length, 1 + 12 + 1);
  assert.match(people.find((line) => line.startsWith('person-2')) ?? '', /disabled/);
  const document = Object(JSON.parse(await report('--json')));
  assert.equal(document['event_counts']['user.added'], 12);
  const matrix = await broker.json(['rule', 'matrix']);
  assert.deepEqual(document['access'], matrix, 'what decides is asked, and nothing is worked out again');
  const events = await broker.json(['audit', 'search', '--type', 'audit.reported']);
  assert.ok(Array.isArray(events) && events.length > 0);
});

function afterOf(text: string): string {
  const { chain, seq } = Object(JSON.parse(text));
  return `${chain}#${seq}`;
}

test('a row that nobody can read breaks an export off at its place, which is not tried for ever, and the log of the broker names it', async () => {
  const database = new DatabaseSync(join(broker.dataDir, 'mcpgate.db'), { timeout: 10_000 });
  const last = `(select max(position) from audit_rows where kind = ${KIND.event})`;
  database.exec(`drop trigger audit_rows_no_update; update audit_rows set facts = 999999 where position = ${last}`);
  database.close();
  const parts = join(folder, 'unreadable');
  for (const output of [[join(folder, 'unreadable.jsonl')], [parts, '--format', 'parquet']])
    assert.match(
      await refused(['--output', ...output]),
      /broke the export off, and does so at the same place each time; its log says why\. .*--resume \S+unreadable/,
    );
  assert.match(broker.stderr(), /row \d+ of chain \S+ of the audit log is not in the form it was written in/);
  assert.ok(!readdirSync(parts).some((name) => name.endsWith('.parquet')), 'no part is taken for whole');
});
