// Old rows go from the database into files that still prove them: none is lost and none is there twice, whoever is killed when; what somebody does to a file
// is found.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { createSmallDisk } from 'mcpgate-test/world/small-disk';
import { onBothEngines, onSqlite, type OpenStoreUnderTest } from '../../store/fixtures/both-engines.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { recordId, tailOf } from '../../domain/record-id.ts';
import { archive, archiveWorld } from '../fixtures/archive-world.ts';
import { ArchiveStatementSchema, sealStatement } from './archive-statement.ts';
import { EVENT, INTENT, OUTCOME } from '../fixtures/proof-world.ts';
import { openLog } from '../../store/audit/log-reader.ts';
import { hashRow } from '../hash-chain.ts';
import { chainAt, positionOf as at, seqAt } from '../../store/audit/position.ts';

const DAY = 86_400_000;
const COLUMNS = 'at, call, workspace, actor, subject, server, tool, facts, kind, body, hash, seal';

/** Three runs of a broker, a day each: the first was killed in a call, the second ended in order, the third goes on. */
async function open(t: TestContext, openStore: OpenStoreUnderTest) {
  const under = await openStore(t);
  const world = archiveWorld(under);
  const { clock } = under;
  const startedAt = clock.at;
  const first = world.run('run-1');
  for (let count = 0; count < 3; count += 1) {
    const id = await first.beginCall(INTENT);
    clock.at += 1_000;
    await first.endCall(id, INTENT, OUTCOME);
  }
  await first.beginCall({ ...INTENT, member: 'bob' }, { how: 'masked', text: '{"a":1}', bytes: 7, isCut: false });
  clock.at = startedAt + DAY;
  const second = world.run('run-2');
  await second.event({ ...EVENT, data: { said: 'two\u2028lines' } });
  await second.recordCall({ ...INTENT, member: 'carol', decision: 'deny' }, { ...OUTCOME, status: 'denied' });
  await second.close();
  clock.at = startedAt + 2 * DAY;
  const third = world.run('run-3');
  await third.event(EVENT);
  for (let count = 0; count < 3; count += 1) await third.recordCall(INTENT, OUTCOME);
  await third.flush();
  clock.at = startedAt + 3 * DAY;
  t.after(() => third.close());
  const rows = await world.exported();
  return { ...under, ...world, startedAt, third, rows };
}

type World = Awaited<ReturnType<typeof open>>;
const placeOf = ({ chain, seq }: Record<string, unknown>): string => `${String(chain)}#${String(seq)}`;
const rowsIn = (lines: readonly string[]) =>
  lines.slice(1, -1).map((line) => JSON.parse(line) as Record<string, unknown>);

/** Each row that there was stands once, in an archive or in the database, as it was exported. */
async function assertAllThere({ rows, files, read, exported }: World): Promise<void> {
  const inFiles = files().flatMap((name) => rowsIn(read(name)));
  const live = await exported();
  const there = [...inFiles, ...live].map(placeOf);
  assert.equal(new Set(there).size, there.length);
  const known = new Map([...inFiles, ...live].map((row) => [placeOf(row), row]));
  for (const row of rows) assert.deepEqual(known.get(placeOf(row)), row);
}

async function assertWhole(world: World): Promise<void> {
  const verdict = await world.verify();
  assert.equal(verdict.fault, undefined);
  const separate = await world.verifyAll();
  assert.deepEqual(separate.wrong, null);
}

/** Where an archive begins, and the hash (as SQL) that the event of the third run would have there. */
async function forgedFirst({ store, kind }: World, archive: number): Promise<{ position: number; hash: string }> {
  const log = openLog(store.audit.source());
  const first = (await log.spans()).find((span) => span.archive === archive);
  await log.close();
  const [row] = await store.audit.chain('run-3', 1, 1);
  if (first === undefined || row === undefined) throw new Error('there is no such archive, or no event');
  const [chain, seq] = [`run-${chainAt(first.from)}`, seqAt(first.from)];
  const hash = hashRow(first.prevHash, { ...row, chain, seq, id: recordId(row.at, tailOf(chain)) });
  return { position: first.from, hash: kind === 'sqlite' ? `x'${hash}'` : `'\\x${hash}'::bytea` };
}

onBothEngines((openStore, kind) => {
  it('moves rows into a file in the form of an export, and both verifiers find log and file whole', async (t) => {
    const world = await open(t, openStore);
    const { third, folder, files, read, startedAt, store } = world;
    const archives = world.archives(third);
    const before = startedAt + 1.5 * DAY;
    const trial = await archive(archives, before, true);
    assert.equal(trial.rows, 9 + 6);
    assert.equal(existsSync(folder), false);
    // As the API asks for it; the event then names the credential, too.
    const credential = { kind: 'admin-token', id: 't-1' };
    const done = await third.askedWith({ actor: 'host:root', credential }, () => archive(archives, before));
    assert.equal(done.rows, trial.rows);
    assert.deepEqual(files(), done.archives);
    const [name = ''] = files();
    const { archive: header } = JSON.parse(read(name)[0] ?? '') as { archive: Record<string, unknown> };
    assert.deepEqual(header['unfinished'], ['run-1#7']);
    const live = await world.exported();
    assert.ok(live.every(({ chain }) => chain === 'run-3'));
    await assertAllThere(world);
    await assertWhole(world);
    assert.equal((await world.check(name)).rows, done.rows);
    // The arguments of calls end with their rows.
    assert.equal(await store.audit.argumentsOf({ chain: 'run-1', seq: 8 }), undefined);
    const { records } = await third.findEvents({ workspaceId: 'default', type: 'audit.archived', limit: 10 });
    assert.deepEqual(
      records.map(({ actor, data }) => [actor, data['name'], data['rows'], data['credential_id']]),
      [['host:root', name, done.rows, 't-1']],
    );
    // What comes later follows it.
    assert.equal((await archive(archives, before)).rows, 0);
    await third.recordCall(INTENT, OUTCOME);
    await assertWhole(world);
    const next = await archive(archives, startedAt + 2.5 * DAY);
    assert.ok(next.rows > 0);
    assert.equal(files().length, 2);
    await assertAllThere(world);
    await assertWhole(world);
    await third.close();
    const fourth = world.run('run-4');
    await fourth.event(EVENT);
    await assertWhole(world);
    await fourth.close();
  });

  it('keeps what a call that has not ended, or a receiver that is behind, needs', async (t) => {
    const world = await open(t, openStore);
    const { third, clock, startedAt, store, tamper } = world;
    // A hook that is disabled keeps nothing.
    const plain = { url: 'https://logs.example.com', timeoutMs: 1_000, secret: null, bearer: null, managedBy: null };
    const log = { kind: 'log', what: ['*'], format: 'standard', headers: {}, ca: null, certificate: null } as const;
    const off = { ...plain, ...log, name: 'off', enabled: false, maxBytes: null, createdBy: 'host:root' };
    await store.hooks.create('default', off);
    const id = await third.beginCall(INTENT);
    clock.at += 1_000;
    await third.event(EVENT);
    const archives = world.archives(third);
    const held = await archive(archives, clock.at + 1);
    assert.match(held.heldBy.join(), /a call that has not ended yet \(row \d+ of chain run-3\)/);
    await third.endCall(id, INTENT, OUTCOME);
    // A receiver that has had nothing of the third chain but its first rows.
    await tamper(`insert into log_feeds (destination, workspace_id, attempts, next_at, lease_until)
      values ('log:default:siem', 'default', 0, 0, 0)`);
    await tamper(`insert into log_feed_places (destination, chain, workspace_id, position)
      select 'log:default:siem', id, 'default', id * ${2 ** 33} + 1000000 from audit_chains where name <> 'run-3'`);
    const rows = (await world.exported()).length;
    const waits = await archive(archives, clock.at + 1);
    assert.equal(waits.rows, 0);
    assert.match(waits.heldBy.join(), /a receiver of the log that has not had row \d+ of chain run-3/);
    assert.deepEqual(archives.state.heldBy, waits.heldBy);
    assert.equal((await world.exported()).length, rows);
    const lease = { holder: 'x', location: 'here', arrivedAt: undefined };
    await store.logFeeds.lease('log:default:siem', { ...lease, now: 1, until: clock.at + DAY });
    const last = (await store.audit.last('run-3'))?.seq ?? 0;
    await store.logFeeds.advance('log:default:siem', { ...lease, until: 0 }, { chain: 'run-3', seq: last });
    const done = await archive(archives, clock.at + 1);
    assert.ok(done.rows > 0);
    assert.deepEqual(done.heldBy, []);
    assert.ok(startedAt < clock.at);
    await assertWhole(world);
  });

  it('lets no row go that stands in no archive', async (t) => {
    const { tamper, third, archives, startedAt } = await open(t, openStore);
    const refused = /append-only/;
    await assert.rejects(tamper('delete from audit_rows'), refused);
    await assert.rejects(tamper('delete from audit_arguments'), refused);
    await archive(archives(third), startedAt + 0.5 * DAY);
    await assert.rejects(tamper('delete from audit_rows'), refused);
    await assert.rejects(tamper('delete from audit_archived_spans'), refused);
    await assert.rejects(tamper(`update audit_archives set statement = ''`), refused);
    if (kind === 'postgres') await assert.rejects(tamper('truncate audit_archived_spans'), refused);
  });

  it('goes on where a broker was killed, and removes nothing whose file is not as it was', async (t) => {
    const world = await open(t, openStore);
    const { third, store, startedAt, folder, files } = world;
    const before = startedAt + 1.5 * DAY;
    const killed = (): Promise<never> => Promise.reject(new Error('killed'));
    const dying = (over: Partial<typeof store.auditArchives>) =>
      world.archives(third, { over: { ...store, auditArchives: { ...store.auditArchives, ...over } } });
    // With the file written, and known to nobody.
    await assert.rejects(archive(dying({ add: killed, list: killedAfter(store.auditArchives.list, 2) }), before));
    assert.equal(files().filter((name) => name.endsWith('.part')).length, 1);
    assert.equal((await world.verify()).fault, undefined);
    // With the archive known, and nothing removed.
    await assert.rejects(archive(dying({ removeSome: killed }), before));
    assert.equal((await world.verify()).fault, undefined);
    const [name = ''] = files();
    assert.deepEqual(files(), [name]);
    // With its file under the other name still.
    renameSync(join(folder, name), join(folder, `${name}.part`));
    // In the middle of the removal.
    const removeTwo = async (number: number) => {
      await store.auditArchives.removeSome(number, 2);
      return await killed();
    };
    await assert.rejects(archive(dying({ removeSome: removeTwo }), before));
    assert.deepEqual(files(), [name]);
    assert.equal((await world.verify()).fault, undefined);
    const bytes = readFileSync(join(folder, name));
    writeFileSync(join(folder, name), bytes.subarray(0, 100));
    const archives = world.archives(third);
    const left = await store.auditArchives.unfinished();
    await assert.rejects(archive(archives, before), /has 100 bytes instead of \d+, so its rows stay in the database/);
    assert.match(archives.state.problem ?? '', /stay in the database/);
    assert.deepEqual(await store.auditArchives.unfinished(), left);
    writeFileSync(join(folder, name), bytes);
    assert.equal((await archive(archives, before)).rows, 0);
    assert.equal(archives.state.problem, null);
    assert.deepEqual(await store.auditArchives.unfinished(), []);
    await assertAllThere(world);
    await assertWhole(world);
    const { records } = await third.findEvents({ workspaceId: 'default', type: 'audit.archived', limit: 10 });
    assert.equal(records.length, 1);
  });

  it('is no fault where it happens while the log is verified', async (t) => {
    const world = await open(t, openStore);
    const { third, startedAt, store } = world;
    const archives = world.archives(third);
    const verdict = await world.verify({}, async () => {
      if ((await store.auditArchives.list()).length === 0) await archive(archives, startedAt + 1.5 * DAY);
    });
    assert.equal(verdict.fault, undefined);
    assert.equal(verdict.archives, 1);
  });

  it('is done by one broker at a time', async (t) => {
    const world = await open(t, openStore);
    const { third, startedAt, clock, reopen } = world;
    const other = world.archives(third, { holder: 'other', over: await reopen() });
    const own = world.archives(third);
    const before = startedAt + 1.5 * DAY;
    const both = await Promise.allSettled([archive(own, before), archive(other, before)]);
    assert.equal(both.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal(world.files().length, 1);
    await assertAllThere(world);
    // One that was killed holds it for a while only.
    await world.store.auditArchives.lease({ holder: 'dead', now: clock.at, until: clock.at + 1_000, others: [] });
    await assert.rejects(archive(own, before), /another broker archives the log now/);
    clock.at += 1_001;
    assert.equal((await archive(own, before)).rows, 0);
    await world.store.auditArchives.lease({ holder: 'gone', now: clock.at, until: clock.at + 1_000, others: [] });
    assert.equal((await archive(own, before)).rows, 0);
    // One whose clock stepped back by a day after it had begun holds it no longer.
    await world.store.auditArchives.lease({
      ...{ holder: 'dead', now: clock.at + DAY, until: clock.at + DAY + 1_000, others: ['dead', 'this one'] },
    });
    assert.equal((await archive(own, before)).rows, 0);
  });

  // The same of both engines; and where no disk can be made, a limit on this process's files stands in for it, which the file of SQLite would meet, too.
  if (kind === 'postgres')
    it('a disk that is full in the middle of a file changes nothing, and with room it goes on', async (t) => {
      const world = await open(t, openStore);
      const { third, folder, clock } = world;
      for (let count = 0; count < 20; count += 1)
        await third.event({ ...EVENT, data: { said: randomBytes(4_000).toString('base64') } });
      clock.at += DAY;
      const disk = createSmallDisk(t);
      symlinkSync(disk.folder, folder);
      const archives = world.archives(third);
      const rows = (await world.exported()).length;
      disk.fill(process.pid, 32_768);
      const full = archive(archives, clock.at);
      await assert.rejects(full, /\.part could not be written: .*(?:no space|full|too large)/i);
      assert.deepEqual(
        world.files().filter((name) => name.startsWith('audit-')),
        [],
      );
      assert.equal(archives.state.failures, 1);
      await third.recordCall(INTENT, OUTCOME);
      assert.equal((await world.exported()).length, rows + 2);
      assert.equal((await world.verify()).fault, undefined);
      disk.free(process.pid);
      assert.ok((await archive(archives, clock.at)).rows >= rows);
      await assertAllThere(world);
      await assertWhole(world);
    });

  it('finds whatever somebody does to the files, or to what the database says of them', async (t) => {
    const world = await open(t, openStore);
    const { third, startedAt, folder, files, read, write, tamper } = world;
    const archives = world.archives(third, { rowsPerFile: 6 });
    await archive(archives, startedAt + 1.5 * DAY);
    const names = files();
    assert.equal(names.length, 3);
    const [one = '', two = ''] = names;
    const kept = new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
    const restore = (): void => {
      for (const [name, bytes] of kept) writeFileSync(join(folder, name), bytes);
    };
    const lines = read(one);
    const tamperings: [what: string, how: () => void, said: RegExp, isMissing?: true][] = [
      [
        'edited',
        () =>
          write(
            one,
            lines.map((line) => line.replace('"ada"', '"eve"')),
          ),
        /not what was written/,
      ],
      ['a row less', () => write(one, lines.toSpliced(3, 1)), /missing/],
      ['cut off', () => write(one, lines.slice(0, -2)), /not whole|missing/],
      [
        'bytes cut off',
        () => writeFileSync(join(folder, one), kept.get(one)?.subarray(0, 200) ?? ''),
        /cannot be read|not whole/,
      ],
      ['another end', () => write(one, [...lines.slice(0, -1), read(two).at(-1) ?? '']), /./],
      ['a row more', () => write(one, lines.toSpliced(-1, 0, lines.at(-2) ?? '')), /more rows|instead/],
      ['nothing', () => write(one, []), /not whole/],
    ];
    for (const [what, how, said] of tamperings) {
      how();
      await assert.rejects(world.check(one), said, what);
      // The files are the same on both engines.
      if (kind === 'sqlite') assert.equal((await world.verifyAll()).whole, false, what);
      restore();
    }
    // Each is right, and stands in the other's place.
    for (const [from, to] of [
      [one, 'x'],
      [two, one],
      ['x', two],
    ] as const)
      renameSync(join(folder, from), join(folder, to));
    assert.notEqual((await world.check(one)).name, one);
    restore();
    for (const name of kind === 'sqlite' ? names : []) {
      rmSync(join(folder, name));
      const found = await world.verifyAll();
      assert.equal(found.whole, false);
      assert.match(found.wrong?.why ?? '', new RegExp(name.slice(0, 12)), `without ${name}`);
      restore();
    }
    assert.equal((await world.verifyAll()).whole, true);
    // In the database: an archive that was never signed, and one that is forgotten.
    const off = ['audit_archives', 'audit_archived_spans'].flatMap((table) =>
      kind === 'sqlite'
        ? [`drop trigger ${table}_no_update`, `drop trigger ${table}_no_delete`]
        : [`drop trigger ${table}_no_change on ${table}`],
    );
    for (const statement of off) await tamper(statement);
    await tamper('update audit_archived_spans set to_position = to_position + 1 where archive = 3');
    assert.match((await world.verify()).fault?.why ?? '', /not those that were signed/);
    await tamper('update audit_archived_spans set to_position = to_position - 1 where archive = 3');
    for (const column of ['since', 'until', 'rows', 'archived_at']) {
      await tamper(`update audit_archives set ${column} = ${column} + 1 where number = 3`);
      assert.match((await world.verify()).fault?.why ?? '', /is found at another time, or with other rows/, column);
      await tamper(`update audit_archives set ${column} = ${column} - 1 where number = 3`);
    }
    await tamper(`update audit_archives set statement = replace(statement, '"rows":3', '"rows":4') where number = 3`);
    assert.match((await world.verify()).fault?.why ?? '', /is not what was signed/);
    await tamper(`update audit_archives set statement = replace(statement, '"rows":4', '"rows":3') where number = 3`);
    assert.equal((await world.verify()).fault, undefined);
    // A row where rows were before they went into an archive.
    for (const position of [at(1, 2), at(2, 0), at(2, 4)]) {
      await tamper(`insert into audit_rows (position, ${COLUMNS})
        select ${position}, ${COLUMNS} from audit_rows where position = ${at(3, 2)}`);
      const found = await world.verify();
      assert.match(found.fault?.why ?? '', /somebody has added it|not what was written/);
      assert.deepEqual([found.fault?.chain, found.fault?.seq], [`run-${chainAt(position)}`, seqAt(position)]);
      await tamper(`delete from audit_rows where position = ${position}`);
    }
    // The first row of the newest archive goes last: one that fits there, without a seal, which only the vault's key makes.
    const forged = await forgedFirst(world, 3);
    await tamper(`insert into audit_rows (position, ${COLUMNS})
      select ${forged.position}, ${COLUMNS.replace('hash, seal', `${forged.hash}, null`)} from audit_rows where position = ${at(3, 1)}`);
    const unsealed = await world.verify();
    assert.match(unsealed.fault?.why ?? '', /are covered by no seal/);
    assert.deepEqual(unsealed.fault?.seq, seqAt(forged.position));
    await tamper(`delete from audit_rows where position = ${forged.position}`);
    // By somebody who has the key of checkpoints, too: another file is signed, and the row of the log names the one that was.
    const [{ statement: text, signature: signed } = { statement: '', signature: '' }] = (
      await world.store.auditArchives.list()
    ).slice(2);
    const statement = ArchiveStatementSchema.parse(JSON.parse(text));
    const other = sealStatement({ ...statement, sha256: 'f'.repeat(64) }, (await world.signer()).key);
    const put = (said: string, by: string) =>
      tamper(`update audit_archives set statement = '${said}', signature = '${by}' where number = 3`);
    await put(canonicalJson(other.statement), other.signature);
    const { fault } = await world.verify();
    assert.match(fault?.why ?? '', /^the archive audit-000003-.* is another one than it names$/);
    assert.equal(fault?.chain, 'run-3');
    await put(text, signed);
    assert.equal((await world.verify()).fault, undefined);
    await tamper('delete from audit_archived_spans where archive = 3');
    await tamper('delete from audit_archives where number = 3');
    assert.match((await world.verify()).fault?.why ?? '', /^the archive audit-000003-.* is not known any more$/);
  });
});

// What no engine has a part in.
onSqlite((openStore) => {
  it('cuts long logs into files of so many rows', async (t) => {
    const world = await open(t, openStore);
    const done = await archive(world.archives(world.third, { rowsPerFile: 3 }), world.startedAt + 1.5 * DAY);
    assert.equal(done.archives.length, 5);
    await assertAllThere(world);
    await assertWhole(world);
  });

  it('of an export from before its rows were archived, which has them too, the separate verifier says that', async (t) => {
    const world = await open(t, openStore);
    const early = await world.take({});
    await archive(world.archives(world.third), world.startedAt + 1.5 * DAY);
    const { whole, wrong } = await world.verifyAll(['--archives', world.folder], early);
    assert.deepEqual([whole, wrong?.chain], [false, 'run-1']);
    assert.match(
      wrong?.why ?? '',
      /^row 0 stands here instead\. The archives have that one, too: .* is verified without those of its rows$/,
    );
    assert.equal((await world.verifyAll([], early)).whole, true);
  });

  it('each is named by a row of the log, in the database or in a later one', async (t) => {
    const world = await open(t, openStore);
    const { third, clock, startedAt } = world;
    const silent = { ...third, event: () => Promise.resolve(), findEvents: third.findEvents.bind(third) };
    const {
      archives: [first = ''],
    } = await archive(world.archives(silent), startedAt + 0.5 * DAY);
    assert.equal((await world.verify()).fault?.why, `no row of the log names the archive ${first}`);
    await archive(world.archives(third), startedAt + 1.5 * DAY);
    clock.at = startedAt + 4 * DAY;
    await third.recordCall(INTENT, OUTCOME);
    const {
      archives: [last = ''],
    } = await archive(world.archives(third), clock.at);
    const { fault, toldInArchives } = await world.verify();
    assert.equal(fault, undefined);
    assert.deepEqual(
      toldInArchives,
      world.files().filter((name) => name !== last),
      'whoever reads the files sees',
    );
  });

  it('says why there is no file where its folder cannot be, and changes nothing', async (t) => {
    const world = await open(t, openStore);
    const { third, folder, startedAt } = world;
    writeFileSync(folder, 'a file in the way');
    const archives = world.archives(third);
    await assert.rejects(archive(archives, startedAt + 1.5 * DAY), /archives cannot be made: /);
    assert.match(archives.state.problem ?? '', /cannot be made/);
    assert.equal(archives.state.failures, 1);
    await third.recordCall(INTENT, OUTCOME);
    assert.equal((await world.verify()).fault, undefined);
    rmSync(folder);
    assert.equal((await archive(archives, startedAt + 1.5 * DAY)).rows, 15);
    assert.equal(archives.state.problem, null);
    await assertAllThere(world);
  });
});

/** The function, until it was called so often. */
function killedAfter<T>(work: () => Promise<T>, times: number): () => Promise<T> {
  let calls = 0;
  return () => ((calls += 1) > times ? Promise.reject(new Error('killed')) : work());
}
