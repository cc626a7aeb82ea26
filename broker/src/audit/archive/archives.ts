// Moves old rows of the log out of the database into sealed files. One broker does it at a time. A row is removed last: when its file is on disk, was read
// back, is known to the database, and stands in the log itself; so it can be killed anywhere, and goes on from there.
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError, toGateError } from 'mcpgate-shared/error';
import { fileFault } from 'mcpgate-shared/file-fault';
import type { Log } from '../../domain/log.ts';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import type { ArchiveRow } from '../../store/repositories/audit-archives.ts';
import type { Store } from '../../store/store.ts';
import type { Audit } from '../audit.ts';
import type { CheckpointKeys } from '../proof/checkpoint-keys.ts';
import { searchWhole } from '../search/search-whole.ts';
import { isArchiveName, partOf, syncFolderOf } from './archive-file.ts';
import { ARCHIVED, archivedData } from './archived-event.ts';
import type { ArchiveOrder, PlannedArchive, WrittenArchive } from './archive-order.ts';
import { ArchiveStatementSchema, signedIn } from './archive-statement.ts';
import { archiveInThread } from './archive-thread.ts';
import { createHolds, heldText } from './holds.ts';

export interface ArchiveView extends ArchiveRow {
  sha256: string;
  /** Whether its file is in the folder of this broker. */
  isHere: boolean;
}

export interface ArchivesState {
  folder: string;
  retentionMs: number | undefined;
  /** When the log was looked at for old rows, ms since the epoch. */
  lastRunAt: number | null;
  /** Since this broker was started. */
  rows: number;
  failures: number;
  /** Why the last run could not archive; null where it could. */
  problem: string | null;
  /** What keeps rows in the database that are old enough. */
  heldBy: readonly string[];
}

export type ArchiveProgress =
  | { kind: 'progress'; rows: number; of: number }
  | { kind: 'done'; archives: string[]; rows: number; since: number; until: number; heldBy: string[] };

export interface LogArchives {
  list(): Promise<ArchiveView[]>;
  readonly state: ArchivesState;
  /**
   * Archives what is older. Throws `unavailable` where another broker does so, or a file cannot be written; the log is as it was then. `isTrial`: only
   * says what it would do.
   */
  run(
    asked: { before: number; isTrial: boolean; by: { name: string; address: string | null } },
    signal: AbortSignal,
  ): AsyncGenerator<ArchiveProgress>;
  /** Ends what was begun before, and archives by age from now on. */
  start(): void;
  close(): Promise<void>;
}

export interface LogArchivesOptions {
  store: Pick<Store, 'audit' | 'auditArchives' | 'logFeeds' | 'hooks' | 'workspaces'>;
  audit: Pick<Audit, 'event' | 'findEvents' | 'flush' | 'checkpoints'>;
  checkpointKeys: Pick<CheckpointKeys, 'signer'>;
  clock: Clock;
  log: Pick<Log, 'info' | 'warn'>;
  folder: string;
  /** Older rows are archived by themselves; undefined: none. */
  retentionMs: number | undefined;
  /** Names this broker among those of the database. */
  holder: string;
  version: string;
  /** The names of the others that run, as this broker hears of them. */
  others: () => readonly string[];
  /** How the names of chains end that brokers which run may go on with; undefined: that is not known now. */
  writers: () => readonly string[] | undefined;
  /** No other broker writes into this log. */
  isAlone: boolean;
  /** At most so many rows are in a file. */
  rowsPerFile?: number;
  /** In a thread of its own unless said. */
  make?: typeof archiveInThread;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const SOON_MS = 60_000;
const LEASE_MS = 120_000;
const ROWS_PER_FILE = 1_000_000;
/** So many rows are removed together: calls wait no longer than that takes. */
const REMOVED_AT_ONCE = 500;
/** The database is told that this broker goes on no more often than that. */
const RENEW_MS = 10_000;

export function createLogArchives(options: LogArchivesOptions): LogArchives {
  const { store, audit, checkpointKeys, clock, log, folder, retentionMs, holder, version, isAlone } = options;
  const { rowsPerFile = ROWS_PER_FILE, make = archiveInThread } = options;
  const holds = createHolds({ store, audit });
  const ending = new AbortController();
  let underWay: Promise<void> = Promise.resolve();
  let isUnderWay = false;
  let cancel: (() => void) | undefined;
  let renewedAt = 0;
  const state: { -readonly [K in keyof ArchivesState]: ArchivesState[K] } = {
    ...{ folder, retentionMs, lastRunAt: null, rows: 0, failures: 0, problem: null, heldBy: [] },
  };

  async function renew(isAnew = false): Promise<void> {
    const now = clock.now();
    if (!isAnew && Math.abs(now - renewedAt) < RENEW_MS) return;
    if (!(await store.auditArchives.lease({ holder, now, until: now + LEASE_MS, others: options.others() })))
      throw new GateError('unavailable', 'another broker archives the log now: try again when it is done');
    renewedAt = now;
  }

  async function orderNow(before: number): Promise<ArchiveOrder> {
    const writers = options.writers();
    if (writers === undefined)
      throw new GateError('unavailable', 'the other brokers are not heard, so nobody knows which calls are under way');
    await audit.flush();
    return {
      ...{ source: store.audit.source(), before, limit: rowsPerFile, had: await holds.had(), writers },
      ...{ overAfterMs: isAlone ? 0 : HOUR_MS, now: clock.now() },
    };
  }

  /** Files that were begun and are known to nobody: whoever began them was killed, and all their rows are in the database. */
  async function sweep(): Promise<void> {
    const known = new Set((await store.auditArchives.list()).map(({ name }) => partOf(name)));
    const ending = partOf('');
    for (const name of await readdir(folder)) {
      const isOurs = name.endsWith(ending) && isArchiveName(name.slice(0, -ending.length));
      if (isOurs && !known.has(name)) await rm(join(folder, name), { force: true });
    }
  }

  async function* makeNext(
    before: number,
    done: number,
    signal: AbortSignal,
  ): AsyncGenerator<ArchiveProgress, { planned: PlannedArchive; name: string | undefined }> {
    const order = await orderNow(before);
    const last = (await store.auditArchives.list()).at(-1);
    const number = (last?.number ?? 0) + 1;
    const name = `audit-${String(number).padStart(6, '0')}-${new Date(order.now).toISOString().replaceAll(/[-:.]/g, '')}.jsonl.gz`;
    const previous = last === undefined ? null : { name: last.name, sha256: signedIn(last).sha256 };
    const { kid, key } = await checkpointKeys.signer();
    const path = partOf(join(folder, name));
    const file = { path, name, number, previous, version, key: { kid, key } };
    let planned: PlannedArchive | undefined;
    let written: WrittenArchive | undefined;
    try {
      for await (const step of make({ ...order, file }, signal)) {
        if (step.kind === 'planned') ({ planned } = step);
        else if (step.kind === 'written') ({ written } = step);
        else yield { kind: 'progress', rows: done + step.rows, of: done + step.of };
        await renew();
      }
      signal.throwIfAborted();
      if (planned === undefined) throw new GateError('internal', 'the thread that archives the log said nothing');
      if (written === undefined) return { planned, name: undefined };
      const { statement, signature, since, until, rows, bytes, spans } = written;
      await renew(true);
      const row = { number, name, statement, signature, since, until, rows, bytes, at: order.now };
      await store.auditArchives.add(row, spans);
      return { planned, name };
    } catch (error) {
      // Where the answer of the database was lost, the archive may be known: then its file stays.
      const known = await store.auditArchives.list().catch(() => undefined);
      if (known !== undefined && !known.some((archive) => archive.name === name)) await rm(path, { force: true });
      throw error;
    }
  }

  /** Brings to its end what the database knows: the name of the file, the row of the log, and the removal of the rows. */
  async function finish(by: { name: string; address: string | null }, signal: AbortSignal): Promise<void> {
    const left = new Set((await store.auditArchives.unfinished()).map(({ number }) => number));
    if (left.size === 0) return;
    for (const archive of await store.auditArchives.list()) {
      if (!left.has(archive.number)) continue;
      await place(archive);
      await record(archive, by);
      while ((await removed(archive)) > 0) {
        signal.throwIfAborted();
        await renew();
      }
    }
  }

  async function place({ name, bytes }: ArchiveRow): Promise<void> {
    const path = join(folder, name);
    if (!existsSync(path) && existsSync(partOf(path))) {
      await rename(partOf(path), path);
      await syncFolderOf(path);
    }
    const size = (await stat(path).catch(() => undefined))?.size;
    if (size === bytes) return;
    const what = size === undefined ? 'is not there' : `has ${size} bytes instead of ${bytes}`;
    throw new GateError('unavailable', `the archive ${path} ${what}, so its rows stay in the database`);
  }

  async function record(archive: ArchiveRow, by: { name: string; address: string | null }): Promise<void> {
    const what = { workspaceId: DEFAULT_WORKSPACE, type: ARCHIVED, subject: `archive:${archive.name}` };
    if ((await searchWhole((part) => audit.findEvents(part), { ...what, limit: 1 })).length > 0) return;
    await audit.event({
      ...{ workspace_id: what.workspaceId, type: what.type, subject: what.subject },
      ...{ actor: by.name, address: by.address },
      data: archivedData(ArchiveStatementSchema.parse(JSON.parse(archive.statement))),
    });
    await audit.flush();
  }

  /** Half of the time is left to calls. */
  async function removed({ number }: ArchiveRow): Promise<number> {
    const startedAt = performance.now();
    const count = await store.auditArchives.removeSome(number, REMOVED_AT_ONCE);
    const tookMs = performance.now() - startedAt;
    do await setImmediate();
    while (performance.now() - startedAt < 2 * tookMs);
    state.rows += count;
    return count;
  }

  async function* work(
    { before, isTrial, by }: Parameters<LogArchives['run']>[0],
    signal: AbortSignal,
  ): AsyncGenerator<ArchiveProgress> {
    if (isTrial) {
      const { planned } = await planOnly(before, signal);
      const blocked = holds.blocked();
      const heldBy = [...blocked, ...(planned?.held ?? []).map(heldText)];
      const { rows, since, until } = planned ?? { rows: 0, since: 0, until: 0 };
      yield { kind: 'done', archives: [], rows: blocked.length > 0 ? 0 : rows, since, until, heldBy };
      return;
    }
    await renew(true);
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
        throw new GateError('unavailable', `${folder} cannot be made: ${fileFault(error)}`, { cause: error });
      });
      await sweep();
      await finish(by, signal);
      const done = { kind: 'done' as const, archives: [] as string[], rows: 0, since: 0, until: 0 };
      let heldBy = holds.blocked();
      while (heldBy.length === 0) {
        const { planned, name } = yield* makeNext(before, done.rows, signal);
        heldBy = planned.held.map(heldText);
        if (name === undefined) break;
        await finish(by, signal);
        done.archives.push(name);
        done.since = done.rows === 0 ? planned.since : Math.min(done.since, planned.since);
        done.until = Math.max(done.until, planned.until);
        done.rows += planned.rows;
        if (planned.rows < rowsPerFile) break;
        heldBy = [];
      }
      yield { ...done, heldBy };
    } finally {
      await store.auditArchives.release(holder);
    }
  }

  async function planOnly(before: number, signal: AbortSignal): Promise<{ planned: PlannedArchive | undefined }> {
    for await (const step of make(await orderNow(before), signal))
      if (step.kind === 'planned') return { planned: step.planned };
    return { planned: undefined };
  }

  async function* run(asked: Parameters<LogArchives['run']>[0], signal: AbortSignal): AsyncGenerator<ArchiveProgress> {
    if (isUnderWay) throw new GateError('unavailable', 'the log is being archived: try again when that is done');
    isUnderWay = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    underWay = promise;
    try {
      for await (const progress of work(asked, AbortSignal.any([signal, ending.signal]))) {
        if (progress.kind === 'done' && !asked.isTrial) settle(null, progress.heldBy);
        yield progress;
      }
    } catch (error) {
      const failure = toGateError(error);
      if (!ending.signal.aborted && !signal.aborted && !asked.isTrial) {
        state.failures += 1;
        settle(failure.message, state.heldBy);
      }
      throw failure;
    } finally {
      isUnderWay = false;
      resolve();
    }
  }

  function settle(problem: string | null, heldBy: readonly string[]): void {
    Object.assign(state, { problem, heldBy, lastRunAt: clock.now() });
  }

  /** Files of a day at least: a run each hour makes one a day. */
  async function runByAge(): Promise<void> {
    const now = clock.now();
    const age = retentionMs ?? Infinity;
    const before = age === Infinity ? 0 : Math.floor((now - age) / DAY_MS) * DAY_MS;
    if (before <= 0 && (await store.auditArchives.unfinished()).length === 0) return;
    const asked = { before: Math.max(0, before), isTrial: false, by: { name: 'broker', address: null } };
    for await (const said of run(asked, ending.signal)) {
      if (said.kind !== 'done' || said.rows === 0) continue;
      log.info({ rows: said.rows, archives: said.archives }, 'old rows of the audit log were archived');
    }
  }

  function later(ms: number): void {
    if (ending.signal.aborted) return;
    cancel = clock.after(ms, () => {
      runByAge()
        .catch((error: unknown) => {
          if (!ending.signal.aborted) log.warn({ err: error }, 'the audit log could not be archived; tried again');
        })
        .finally(() => later(HOUR_MS));
    });
  }

  return {
    async list() {
      const rows = await store.auditArchives.list();
      return rows.map((row) => ({ ...row, ...signedIn(row), isHere: existsSync(join(folder, row.name)) }));
    },
    get state() {
      return { ...state };
    },
    run,
    start: () => later(SOON_MS),
    async close() {
      ending.abort();
      cancel?.();
      await underWay;
    },
  };
}
