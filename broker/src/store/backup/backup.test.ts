// A backup taken of one database and restored into another, of the same engine and of the other one: everything is there, byte for byte, and what is
// not whole, not ours or not known is refused before anything is touched.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test, type TestContext } from 'node:test';
import { systemClock } from 'mcpgate-shared/clock';
import { runSql, startPostgres, type TestPostgres } from 'mcpgate-test/postgres';
import pg from 'pg';
import { pino } from 'pino';
import { temporaryFolder } from '../fixtures/both-engines.ts';
import { putRelease } from '../fixtures/releases.ts';
import { openStore } from '../open-store.ts';
import { FORMAT_VERSION, TRAILER_BYTES, trailerText } from './backup-format.ts';
import { exportDatabase } from './export-database.ts';
import { checkBackup } from './read-backup.ts';
import { assertKnown, holdPlace, type RestorePlace } from './restore-database.ts';
import { openSnapshot, type DatabasePlace } from './snapshot.ts';
import { readTableShapes } from './table-shapes.ts';

let postgres: TestPostgres | undefined;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

const log = pino({ level: 'silent' });
const ENGINES = ['sqlite', 'postgres'] as const;
type Kind = (typeof ENGINES)[number];

async function emptyPlace(t: TestContext, kind: Kind): Promise<RestorePlace> {
  return {
    dataDir: temporaryFolder(t),
    databaseUrl: kind === 'postgres' ? await postgres?.createDatabase() : undefined,
  };
}

const placeOf = ({ dataDir, databaseUrl }: RestorePlace): DatabasePlace =>
  databaseUrl === undefined
    ? { kind: 'sqlite', file: join(dataDir, 'mcpgate.db') }
    : { kind: 'postgres', url: databaseUrl };

/** A database of the first release, brought up to this version, with the arguments of a call in its log. */
async function filled(t: TestContext, kind: Kind): Promise<RestorePlace> {
  const place = await emptyPlace(t, kind);
  await putRelease('0.1', place);
  const { dataDir, databaseUrl } = place;
  const store = await openStore({
    dataDir,
    log,
    clock: systemClock,
    ...(databaseUrl !== undefined && { databaseUrl }),
  });
  await store.audit.beginChain('today');
  const position = {
    chain: 'today',
    seq: 0,
    at: 1_790_000_000_000 * 1_024,
    id: '019d0000-0000-7000-8000-000000000000',
  };
  const said = { kind: 'chain', type: 'chain.arguments', details: '{}', hash: 'a'.repeat(64), seal: null } as const;
  await store.audit.append([{ ...position, ...said, sealedArguments: Buffer.from('sealed arguments') }]);
  await store.close();
  return place;
}

async function backUp(t: TestContext, place: RestorePlace): Promise<string> {
  const file = join(temporaryFolder(t), 'it.backup');
  const chunks: Uint8Array[] = [];
  const task = { place: placeOf(place), version: '1.2.3', now: 1_790_000_000_000 };
  const end = ({ sha256 }: { sha256: string }) =>
    Promise.resolve(Buffer.from(trailerText({ sha256, mac: '0'.repeat(64), key: '0'.repeat(16) })));
  for await (const chunk of exportDatabase(task, end, new AbortController().signal)) chunks.push(chunk);
  writeFileSync(file, Buffer.concat(chunks));
  return file;
}

async function restoreInto(
  place: RestorePlace,
  file: string,
  endSessions = false,
  onRows: (rows: number) => void = () => undefined,
) {
  const held = await holdPlace(place);
  try {
    const backup = await checkBackup(file, () => undefined);
    const note = { name: 'told', value: 'later' };
    return await held.restore({ backup, endSessions, note, now: Date.now(), onRows }, { log, clock: systemClock });
  } finally {
    await held.release();
  }
}

async function isOccupied(place: RestorePlace): Promise<boolean> {
  const held = await holdPlace(place);
  await held.release();
  return held.isOccupied;
}

/** Every row of every table, as it is written in a backup, in an order of its own. */
async function contentOf(place: RestorePlace): Promise<Map<string, string[]>> {
  const snapshot = await openSnapshot(placeOf(place));
  const content = new Map<string, string[]>();
  for (const table of await readTableShapes(snapshot.kind, snapshot.ask)) {
    const columns = table.columns.map(({ name }) => name);
    const rows: string[] = [];
    for await (const batch of snapshot.rows(table)) {
      for (const row of batch)
        rows.push(
          JSON.stringify(Object.fromEntries(columns.toSorted().map((name) => [name, row[columns.indexOf(name)]]))),
        );
    }
    content.set(table.name, rows.toSorted());
  }
  await snapshot.close();
  return content;
}

const ENDED = ['left_channels', 'departures', 'approvals', 'settings'];

for (const from of ENGINES)
  for (const to of ENGINES)
    test(`of ${from} into ${to}: every row of every table is there again`, async (t) => {
      const source = await filled(t, from);
      const [backup, target] = [await backUp(t, source), await emptyPlace(t, to)];
      assert.equal(await isOccupied(target), false);
      assert.deepEqual(await restoreInto(target, backup), { keptAt: undefined, isTakenOver: true });
      const [was, is] = [await contentOf(source), await contentOf(target)];
      assert.deepEqual([...is.keys()].toSorted(), [...was.keys()].toSorted());
      for (const [table, rows] of was) if (!ENDED.includes(table)) assert.deepEqual(is.get(table), rows, table);
      assert.equal(is.get('left_channels')?.length, 0);
      assert.match(is.get('approvals')?.[0] ?? '', /"expires_at":0/);
      assert.equal(await isOccupied(target), true);
      // It is a database that this version opens, and whose log takes no changes.
      const { dataDir, databaseUrl } = target;
      const store = await openStore({
        dataDir,
        log,
        clock: systemClock,
        ...(databaseUrl !== undefined && { databaseUrl }),
      });
      assert.equal(await store.settings.find('told'), 'later');
      await store.close();
      const wipe = 'delete from audit_rows';
      const refused =
        databaseUrl === undefined
          ? (async () => new DatabaseSync(join(dataDir, 'mcpgate.db')).exec(wipe))()
          : runSql(databaseUrl, wipe);
      await assert.rejects(refused, /append-only/);
    });

for (const kind of ENGINES)
  describe(`on ${kind}`, () => {
    test('no table and no column is forgotten, whichever migration made it', async (t) => {
      const place = await filled(t, kind);
      const { header } = await checkBackup(await backUp(t, place), () => undefined);
      const snapshot = await openSnapshot(placeOf(place));
      const all = await snapshot.ask(
        kind === 'sqlite'
          ? `select name from sqlite_schema where type = 'table' and name not like 'sqlite%' and name not like 'kysely%'`
          : `select table_name as name from information_schema.tables where table_schema = 'public' and table_name not like 'kysely%'`,
      );
      assert.deepEqual(Object.keys(header.tables).toSorted(), all.map(({ name }) => String(name)).toSorted());
      for (const [table, rows] of Object.entries(header.tables)) {
        const [row] = await snapshot.ask(`select count(*) as n from ${table}`);
        assert.equal(rows, Number(row?.['n']), table);
      }
      await snapshot.close();
    });

    test('a backup is of one moment, whatever is written while it is made', async (t) => {
      const place = await filled(t, kind);
      const { dataDir, databaseUrl } = place;
      const store = await openStore({
        dataDir,
        log,
        clock: systemClock,
        ...(databaseUrl !== undefined && { databaseUrl }),
      });
      t.after(() => store.close());
      const task = { place: placeOf(place), version: '1', now: 0 };
      const chunks: Uint8Array[] = [];
      const end = ({ sha256 }: { sha256: string }) =>
        Promise.resolve(Buffer.from(trailerText({ sha256, mac: '0'.repeat(64), key: '0'.repeat(16) })));
      for await (const chunk of exportDatabase(task, end, new AbortController().signal)) {
        // The header has come: the moment is over.
        if (chunks.length === 0) await store.settings.put('written-meanwhile', 'yes');
        chunks.push(chunk);
      }
      const file = join(temporaryFolder(t), 'it');
      writeFileSync(file, Buffer.concat(chunks));
      const target = await emptyPlace(t, kind);
      await restoreInto(target, file);
      assert.doesNotMatch((await contentOf(target)).get('settings')?.join() ?? '', /written-meanwhile/);
      assert.equal(await store.settings.find('written-meanwhile'), 'yes');
    });

    test('a database that is replaced is kept aside, and what was taken back in it stays taken back', async (t) => {
      const place = await filled(t, kind);
      const run = async (statement: string) => {
        if (place.databaseUrl !== undefined) return runSql(place.databaseUrl, statement);
        const database = new DatabaseSync(join(place.dataDir, 'mcpgate.db'));
        database.exec(statement);
        database.close();
      };
      const key = place.databaseUrl === undefined ? "x'00'" : "'\\x00'::bytea";
      for (const id of ['pk_lost', 'pk_kept'])
        await run(
          `insert into passkeys (id, workspace_id, user_id, credential_id, public_key, counter, transports_json, backed_up, name, created_at)
            select '${id}', workspace_id, id, '${id}', ${key}, 0, '[]', 0, '${id}', 1 from users where name = 'barbara'`,
        );
      await run(`update users set password_hash = 'known to others' where name = 'barbara'`);
      const file = await backUp(t, place);
      await run(`delete from passkeys where id = 'pk_lost'`);
      await run(`update users set password_hash = 'new' where name = 'barbara'`);
      await run(`update users set disabled_at = 77 where name = 'ada'`);
      await run(`update grants set revoked_at = 78 where revoked_at is null`);
      await run(`delete from group_members`);
      await run(`delete from users where name = 'mary'`);
      const { keptAt, isTakenOver } = await restoreInto(place, file, true);
      assert.equal(isTakenOver, true);
      const is = await contentOf(place);
      const users = (is.get('users') ?? []).map(
        (row) => JSON.parse(row) as { name: string; disabled_at: number | null; password_hash: string | null },
      );
      assert.equal(users.find(({ name }) => name === 'ada')?.disabled_at, 77);
      assert.ok((users.find(({ name }) => name === 'mary')?.disabled_at ?? 0) > 78, 'who was removed is disabled');
      const barbara = users.find(({ name }) => name === 'barbara');
      assert.deepEqual([barbara?.disabled_at, barbara?.password_hash], [null, 'new']);
      assert.match((is.get('passkeys') ?? []).join(), /pk_kept/);
      assert.doesNotMatch((is.get('passkeys') ?? []).join(), /pk_lost/, 'who finds it does not come in by it');
      assert.ok(is.get('grants')?.every((row) => !row.includes('"revoked_at":null')));
      assert.ok((is.get('group_members')?.length ?? 0) > 0);
      assert.deepEqual([is.get('web_sessions'), is.get('oauth_objects')], [[], []]);
      if (place.databaseUrl === undefined) {
        const kept = new DatabaseSync(keptAt ?? '', { readOnly: true });
        assert.equal(kept.prepare(`select disabled_at from users where name = 'ada'`).get()?.['disabled_at'], 77);
        kept.close();
        assert.deepEqual(
          readdirSync(place.dataDir).filter((name) => name.startsWith('restoring')),
          [],
        );
      } else {
        const schema = /schema (\S+)/.exec(keptAt ?? '')?.[1] ?? '';
        const client = new pg.Client({ connectionString: place.databaseUrl });
        await client.connect();
        const { rows } = await client.query(`select disabled_at::int from ${schema}.users where name = 'ada'`);
        assert.deepEqual(rows, [{ disabled_at: 77 }]);
        await client.end();
      }
    });

    test('a backup of an older schema is brought up to this one', async (t) => {
      const place = await emptyPlace(t, kind);
      await putRelease('0.1', place);
      const file = await backUp(t, place);
      const target = await emptyPlace(t, kind);
      await restoreInto(target, file);
      const is = await contentOf(target);
      for (const [table, rows] of await contentOf(place)) {
        // The log was carried over into tables of another form.
        if (ENDED.includes(table) || table === 'audit_events') continue;
        assert.equal(is.get(table)?.length, rows.length, table);
      }
    });

    test('a file that was changed after it was checked is not taken', async (t) => {
      const place = await filled(t, kind);
      const file = await backUp(t, place);
      const [whole, was] = [readFileSync(file), await contentOf(place)];
      const inTheHeader = Buffer.from(
        whole.toString('latin1').replace('"version":"1.2.3"', '"version":"1.2.4"'),
        'latin1',
      );
      const inTheRows = Buffer.from(whole);
      const middle = Math.floor(whole.length / 2);
      inTheRows[middle] = (inTheRows[middle] ?? 0) ^ 1;
      for (const bytes of [inTheHeader, inTheRows, whole.subarray(0, middle)]) {
        writeFileSync(file, whole);
        const backup = await checkBackup(file, () => undefined);
        writeFileSync(file, bytes);
        const held = await holdPlace(place);
        const restore = {
          backup,
          endSessions: false,
          note: { name: 'told', value: 'later' },
          now: Date.now(),
          onRows: () => undefined,
        };
        await assert.rejects(held.restore(restore, { log, clock: systemClock }), {
          code: 'config',
          message: /was changed after it was checked; nothing of it was taken/,
        });
        await held.release();
        assert.deepEqual(await contentOf(place), was);
      }
    });

    test('a file whose rows do not fit changes nothing, and leaves nothing half made', async (t) => {
      const place = await filled(t, kind);
      const file = await backUp(t, place);
      const whole = readFileSync(file);
      const lineEnd = whole.indexOf('\n');
      const header = JSON.parse(whole.toString('utf8', 0, lineEnd)) as { tables: Record<string, number> };
      header.tables['users'] = 1;
      const body = Buffer.concat([
        Buffer.from(`${JSON.stringify(header)}\n`),
        whole.subarray(lineEnd + 1, whole.length - TRAILER_BYTES),
      ]);
      const sha256 = createHash('sha256').update(body).digest('hex');
      writeFileSync(
        file,
        Buffer.concat([body, Buffer.from(trailerText({ sha256, mac: '0'.repeat(64), key: '0'.repeat(16) }))]),
      );
      const was = await contentOf(place);
      await assert.rejects(restoreInto(place, file), /users has another number of rows than it says/);
      assert.deepEqual(await contentOf(place), was);
      const empty = await emptyPlace(t, kind);
      await assert.rejects(restoreInto(empty, file), /does not fit itself/);
      assert.equal(await isOccupied(empty), false);
      assert.ok(!existsSync(join(empty.dataDir, 'restoring')));
    });
  });

/** A restore of `file` over `place` that has made its tables, and waits to exchange them until `goOn` (which may run a statement first). */
async function heldRestore(t: TestContext, place: RestorePlace, file: string) {
  const outsider = new pg.Client({ connectionString: place.databaseUrl });
  await outsider.connect();
  t.after(() => outsider.end());
  await outsider.query('begin');
  await outsider.query('lock table users in access share mode');
  const running = restoreInto(place, file);
  running.catch(() => undefined);
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  while ((await outsider.query(waiting)).rowCount === 0)
    await outsider.query('select pg_sleep(0.01), pg_stat_clear_snapshot()');
  return {
    running,
    async goOn(statement = 'select 1') {
      await outsider.query(statement);
      await outsider.query('commit');
    },
  };
}

describe('while a restore into a PostgreSQL database is under way', () => {
  test('another one is refused at once, and every row is there when the first has ended', async (t) => {
    const place = await filled(t, 'postgres');
    const [file, was] = [await backUp(t, place), await contentOf(place)];
    const { running, goOn } = await heldRestore(t, place, file);
    const elsewhere = { ...place, dataDir: temporaryFolder(t) };
    await assert.rejects(restoreInto(elsewhere, file), {
      code: 'conflict',
      message: /^another restore into this database is under way: /,
    });
    await goOn();
    await running;
    const is = await contentOf(place);
    for (const [table, rows] of was) if (!ENDED.includes(table)) assert.deepEqual(is.get(table), rows, table);
    await restoreInto(elsewhere, file);
  });

  test('no broker starts on it, and the restore ends', async (t) => {
    const place = await filled(t, 'postgres');
    const [file, was] = [await backUp(t, place), await contentOf(place)];
    const start = () => openStore({ ...place, log, clock: systemClock });
    const refusal = { code: 'unavailable', message: /^a restore into this database is under way: / };
    const { running, goOn } = await heldRestore(t, place, file);
    await assert.rejects(start(), refusal);
    await goOn();
    await running;
    assert.deepEqual((await contentOf(place)).get('audit_rows'), was.get('audit_rows'));
    // Whatever name its operator has given its connections.
    const databaseUrl = `${place.databaseUrl}?application_name=tools`;
    for (const broker of [place, { ...place, databaseUrl }]) {
      const store = await openStore({ ...broker, log, clock: systemClock });
      await assert.rejects(restoreInto(broker, file), /a broker is running on this database/);
      await store.close();
    }

    // Also one that is on its way in while the rows are loaded: its connection does not end the restore.
    let started: Promise<unknown> | undefined;
    await restoreInto(place, file, false, () => void (started ??= assert.rejects(start(), refusal)));
    await started;
  });

  test('rows that somebody takes out of it are missed, and what was there stays', async (t) => {
    const place = await filled(t, 'postgres');
    const [file, was] = [await backUp(t, place), await contentOf(place)];
    const { running, goOn } = await heldRestore(t, place, file);
    await goOn('delete from mcpgate_restoring.group_members');
    await assert.rejects(running, {
      code: 'conflict',
      message: /group_members has 0 rows of \d+; nothing was replaced/,
    });
    assert.deepEqual(await contentOf(place), was);
    await restoreInto(place, file);
  });
});

test('what is truncated, altered, newer or something else is told by its name', async (t) => {
  const file = await backUp(t, await filled(t, 'sqlite'));
  const whole = readFileSync(file);
  const changed = async (bytes: Uint8Array) => {
    const other = join(temporaryFolder(t), 'other');
    writeFileSync(other, bytes);
    return await checkBackup(other, () => undefined);
  };
  for (const length of [whole.length - 1, whole.length - 200, Math.floor(whole.length / 2), whole.indexOf('\n') + 1])
    await assert.rejects(changed(whole.subarray(0, length)), /ends too early/);
  for (const at of [whole.indexOf('\n') + 10, Math.floor(whole.length / 2), 60]) {
    const altered = Buffer.from(whole);
    altered[at] = (altered[at] ?? 0) ^ 1;
    await assert.rejects(changed(altered), /was altered/);
  }
  await assert.rejects(changed(Buffer.from('')), /is no backup/);
  await assert.rejects(changed(Buffer.from('SQLite format 3\0')), /is no backup/);
  await assert.rejects(
    changed(Buffer.from(`{"format":"mcpgate-backup","format_version":${FORMAT_VERSION + 1}}\n`)),
    /newer/,
  );
  await assert.rejects(
    checkBackup(join(temporaryFolder(t), 'nothing'), () => undefined),
    /cannot be read/,
  );
  const { header, ...rest } = await checkBackup(file, () => undefined);
  assert.throws(
    () => assertKnown({ ...rest, header: { ...header, migrations: [...header.migrations, '0999-later'] } }),
    /is of mcpgate-broker 1\.2\.3, which is newer \(it has 0999-later/,
  );
});
