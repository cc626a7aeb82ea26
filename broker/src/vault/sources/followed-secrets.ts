// The secrets whose values come from sources, as this broker reads them: each is looked at again and again, a changed value is a new version and
// renews connections, and a source that is away ends what was read before, at once or after the time that somebody has allowed.
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { PreparedSource, SecretReading, SecretSource, SourceOrder } from '../../store/secret-source.ts';
import type { AboutSecret } from '../../store/secret-version.ts';
import type { Store } from '../../store/store.ts';
import type { SourceView } from '../vault.ts';
import { ofSecret, type Sources } from './create-sources.ts';

/** How long a source that is away is left alone, by how often it was tried; a call that comes meanwhile is told at once. */
const TRY_AGAIN_AFTER_MS = [1_000, 2_000, 5_000, 10_000, 30_000];
const STORE_AGAIN_AFTER_MS = 1_000;
/** A service that refuses whatever it is given has nobody look again and again. */
const DOUBT_PAUSE_MS = 5_000;
const MIN_REFRESH_MS = 10_000;

interface Held {
  value: string;
  version: number;
  fingerprint: string;
}

interface Entry {
  readonly source: SecretSource;
  /** What was read, as far as it may still be used. */
  held: Held | undefined;
  lookedAt: number;
  /** When the source last had it. */
  okAt: number;
  stamp: string | undefined;
  /** What the stamp is now, where it changed: whoever writes may not be done. */
  pending: string | undefined;
  failure: { error: GateError; since: number; tries: number; againAt: number } | undefined;
  keptUntil: number;
  looking: Promise<void> | undefined;
  cancel: () => void;
  /** A service did not take it. */
  isDoubted: boolean;
  doubtedAt: number;
  isOver: boolean;
}

export interface FollowedSecrets {
  /** Reads it there first. Throws `usage`, `forbidden`, or why it cannot be read: nothing is changed then. */
  set(secret: { workspaceId: string; name: string }, order: SourceOrder, about: AboutSecret): Promise<number>;
  /** The same in two steps: reads it there, and returns what stores that it comes from there. `recheck` has it followed once that is committed. */
  prepare(secret: { workspaceId: string; name: string }, order: SourceOrder): Promise<PreparedSource>;
  /** Throws `unavailable`, which names secret and source. Undefined where it comes from elsewhere by now. */
  value(source: SecretSource): Promise<{ value: string; version: number } | undefined>;
  /** A service took this version no more: the next one who asks for it has the source looked at, but not again and again. */
  doubt(secret: { workspaceId: string; name: string }, version: number): void;
  /** The value that this version is, where it is the one that this broker has read last. */
  readAs(secret: { workspaceId: string; name: string }, version: number): string | undefined;
  /** Those of which this broker knows, by name. */
  views(workspaceId?: string): SourceView[];
  /** From now on all that are in the store are followed. */
  start(): Promise<void>;
  isFollowed(secret: { workspaceId: string; name: string }): boolean;
  /** Another broker has changed this one, or read another value. False where it does not come from a source. */
  recheck(secret: { workspaceId: string; name: string }): Promise<boolean>;
  recheckAll(): Promise<void>;
  close(): void;
}

export interface FollowedOptions {
  store: Pick<Store, 'secrets' | 'secretSources'>;
  sources: Sources;
  clock: Clock;
  log: { warn(facts: object, text: string): void; info(facts: object, text: string): void };
  /** The same for the same value of this secret, and tells nothing of it. */
  fingerprint(secret: { workspaceId: string; name: string }, value: string): string;
  seal(secret: { workspaceId: string; name: string }, version: number, value: string): Uint8Array;
  open(secret: { workspaceId: string; name: string }, version: number, sealed: Uint8Array): Promise<string>;
  /** Connections with the value of before are renewed. */
  changed(workspaceId: string, name: string): void;
  /** The value is another one there. */
  onNewValue(change: { source: SecretSource; version: number; from: number }): void;
}

export function createFollowedSecrets(options: FollowedOptions): FollowedSecrets {
  const { store, sources, clock, log } = options;
  const entries = new Map<string, Entry>();
  let isClosed = false;

  const everyMs = ({ reference, refreshMs }: SecretSource): number => refreshMs ?? sources.everyMs(reference);
  const keptEnd = ({ source, okAt }: Entry): number => okAt + source.keepForMs;

  function readingOf(secret: { workspaceId: string; name: string }, value: string, keepForMs: number): SecretReading {
    return {
      fingerprint: options.fingerprint(secret, value),
      keptUntil: keepForMs > 0 ? clock.now() + keepForMs : null,
      seal: (version) => options.seal(secret, version, value),
    };
  }

  function entryFor(source: SecretSource): Entry {
    const known = entries.get(keyOf(source));
    if (known?.source.firstVersion === source.firstVersion) return known;
    if (known !== undefined) end(known);
    const entry: Entry = {
      ...{ source, held: undefined, lookedAt: -Infinity, okAt: -Infinity, stamp: undefined, pending: undefined },
      ...{
        failure: undefined,
        keptUntil: -Infinity,
        looking: undefined,
        cancel: () => undefined,
        isDoubted: false,
        doubtedAt: -Infinity,
      },
      isOver: isClosed,
    };
    entries.set(keyOf(source), entry);
    return entry;
  }

  function end(entry: Entry): void {
    entry.isOver = true;
    entry.cancel();
    if (entries.get(keyOf(entry.source)) === entry) entries.delete(keyOf(entry.source));
  }

  /** Rejects where the store is away; that the source is, stands in the entry. */
  function look(entry: Entry): Promise<void> {
    entry.looking ??= lookOnce(entry).then(
      () => {
        entry.looking = undefined;
        lookLater(entry, dueAt(entry));
      },
      (error: unknown) => {
        entry.looking = undefined;
        lookLater(entry, clock.now() + STORE_AGAIN_AFTER_MS);
        throw error;
      },
    );
    return entry.looking;
  }

  function dueAt(entry: Entry): number {
    const { failure, held, lookedAt, source } = entry;
    if (failure === undefined) return lookedAt + everyMs(source);
    return held === undefined ? failure.againAt : Math.min(failure.againAt, keptEnd(entry));
  }

  function lookLater(entry: Entry, dueAt: number): void {
    entry.cancel();
    if (entry.isOver || dueAt === Infinity) return;
    const { source } = entry;
    // What it returns is for a clock that lets time pass by hand: until then it has looked.
    const lookAgain = (): unknown =>
      look(entry).catch((error: unknown) => {
        log.warn({ err: error, name: source.name }, 'what a source has could not be written down; tried again');
      });
    entry.cancel = clock.after(Math.max(0, dueAt - clock.now()), lookAgain);
  }

  async function lookOnce(entry: Entry): Promise<void> {
    const { source } = entry;
    entry.isDoubted = false;
    for (let left = 3; ; left--) {
      let stamp: string | undefined;
      let value: string;
      try {
        stamp = await sources.stamp(source);
        if (stamp !== undefined && entry.held !== undefined && entry.failure === undefined) {
          const isOld = stamp === entry.stamp;
          if (isOld || stamp !== entry.pending) {
            entry.pending = isOld ? undefined : stamp;
            entry.lookedAt = clock.now();
            if (isOld) await succeeded(entry, entry.held.value, stamp);
            return;
          }
        }
        value = await sources.read(source);
        if (stamp !== (await sources.stamp(source))) {
          if (left > 1) continue;
          throw new GateError('unavailable', 'it changes all the time');
        }
      } catch (error) {
        if (!(error instanceof GateError)) throw error;
        return await failed(entry, ofSecret(error, source));
      }
      return await succeeded(entry, value, stamp);
    }
  }

  async function succeeded(entry: Entry, value: string, stamp: string | undefined): Promise<void> {
    const { source, held: before } = entry;
    const reading = readingOf(source, value, source.keepForMs);
    const isSame = before?.fingerprint === reading.fingerprint;
    let version = before?.version;
    if (!isSame || isKeptTooShort(entry)) {
      const noted = await store.secretSources.note(source, reading, before?.version);
      if (noted === undefined) return end(entry);
      if (entry.isOver) return;
      version = noted.version;
      entry.keptUntil = reading.keptUntil ?? -Infinity;
      if (noted.from !== null) options.onNewValue({ source, version, from: noted.from });
    }
    if (version === undefined) throw new Error('a value that was read has a version');
    entry.held = { value, version, fingerprint: reading.fingerprint };
    Object.assign(entry, { stamp, pending: undefined, lookedAt: clock.now(), okAt: clock.now() });
    const wasAway = entry.failure !== undefined;
    entry.failure = undefined;
    const facts = { workspace: source.workspaceId, name: source.name, source: source.reference };
    if (wasAway) log.info(facts, 'the source of a secret is back');
    if (wasAway || (before !== undefined && before.version !== version))
      options.changed(source.workspaceId, source.name);
  }

  /** The store is told now and then, and not each time, that the value was there. */
  function isKeptTooShort({ source: { keepForMs }, keptUntil }: Entry): boolean {
    return keepForMs > 0 && clock.now() + keepForMs - keptUntil > keepForMs / 10;
  }

  async function failed(entry: Entry, error: GateError): Promise<void> {
    const { source } = entry;
    const now = clock.now();
    const { since, tries } = entry.failure ?? { since: now, tries: 0 };
    const pause = TRY_AGAIN_AFTER_MS[Math.min(tries, TRY_AGAIN_AFTER_MS.length - 1)] ?? 0;
    entry.failure = { error, since, tries: tries + 1, againAt: now + Math.min(pause, everyMs(source)) };
    if (tries === 0) {
      const facts = { workspace: source.workspaceId, name: source.name, source: source.reference };
      log.warn({ ...facts, why: error.message }, 'the source of a secret is away');
    }
    if (entry.held === undefined && source.keepForMs > 0) await takeKept(entry);
    if (entry.held === undefined || now < keptEnd(entry)) return;
    entry.held = undefined;
    options.changed(source.workspaceId, source.name);
  }

  /** What this broker has read before it was started, or another one. */
  async function takeKept(entry: Entry): Promise<void> {
    const { source } = entry;
    const kept = await store.secrets.current(source.workspaceId, source.name);
    if (kept === undefined || kept.keptUntil === null || kept.version < source.firstVersion) return;
    if (kept.keptUntil <= clock.now()) return;
    const value = await options.open(source, kept.version, kept.sealed);
    entry.held = { value, version: kept.version, fingerprint: kept.fingerprint ?? '' };
    entry.okAt = kept.keptUntil - source.keepForMs;
    entry.keptUntil = kept.keptUntil;
  }

  function isFresh(entry: Entry): boolean {
    const { failure, held, lookedAt, source } = entry;
    if (failure !== undefined) return clock.now() < dueAt(entry);
    return held !== undefined && !entry.isDoubted && clock.now() < lookedAt + everyMs(source) * 1.5;
  }

  function viewOf({ source, failure, held, okAt }: Entry): SourceView {
    const state = failure === undefined ? (held === undefined ? 'unread' : 'ok') : held === undefined ? 'away' : 'kept';
    return {
      ...source,
      state,
      problem: failure?.error.message ?? null,
      since: failure?.since ?? null,
      until: state === 'kept' ? okAt + source.keepForMs : null,
    };
  }

  async function lookAtAll(): Promise<void> {
    const all = await store.secretSources.all();
    const known = new Set(all.map(keyOf));
    for (const [key, entry] of entries) {
      if (known.has(key)) continue;
      end(entry);
      options.changed(entry.source.workspaceId, entry.source.name);
    }
    await Promise.all(all.map((source) => takeOver(source)));
  }

  /** Looks at it as it is said now. Who has it from elsewhere is told. */
  async function takeOver(source: SecretSource): Promise<void> {
    const before = entries.get(keyOf(source));
    const entry = entryFor(source);
    if (before !== undefined && before !== entry) options.changed(source.workspaceId, source.name);
    await look(entry);
  }

  async function readFirst(secret: { workspaceId: string; name: string }, order: SourceOrder) {
    const from = { workspaceId: secret.workspaceId, reference: order.reference };
    let value: string;
    try {
      const { mayBeTold } = sources.check(from);
      if (order.refreshMs !== null) checkRefresh(order.refreshMs, mayBeTold);
      value = await sources.read(from);
    } catch (error) {
      throw ofSecret(error, { name: secret.name, reference: order.reference });
    }
    return { value, reading: readingOf(secret, value, order.keepForMs) };
  }

  return {
    async prepare(secret, order) {
      const { reading } = await readFirst(secret, order);
      return (rows, about) => rows.secretSources.set(secret, order, reading, about);
    },
    async set(secret, order, about) {
      const { value, reading } = await readFirst(secret, order);
      const source = await store.secretSources.set(secret, order, reading, about);
      const entry = entryFor(source);
      const { firstVersion: version } = source;
      entry.held = { value, version, fingerprint: reading.fingerprint };
      entry.lookedAt = entry.okAt = clock.now();
      entry.keptUntil = reading.keptUntil ?? -Infinity;
      lookLater(entry, dueAt(entry));
      options.changed(secret.workspaceId, secret.name);
      return version;
    },
    async value(source) {
      const entry = entryFor(source);
      if (!isFresh(entry)) await look(entry);
      if (entry.held !== undefined) return { value: entry.held.value, version: entry.held.version };
      if (entry.failure === undefined) return undefined;
      const { error } = entry.failure;
      throw new GateError('unavailable', error.message, { cause: error });
    },
    doubt(secret, version) {
      const entry = entries.get(keyOf(secret));
      if (entry?.held?.version !== version || clock.now() - entry.doubtedAt < DOUBT_PAUSE_MS) return;
      entry.isDoubted = true;
      entry.doubtedAt = clock.now();
    },
    readAs(secret, version) {
      const held = entries.get(keyOf(secret))?.held;
      return held?.version === version ? held.value : undefined;
    },
    views: (workspaceId) =>
      [...entries.values()]
        .map(viewOf)
        .filter((view) => workspaceId === undefined || view.workspaceId === workspaceId)
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    async start() {
      await store.secretSources.forget(clock.now());
      await lookAtAll();
    },
    isFollowed: (secret) => entries.has(keyOf(secret)),
    async recheck({ workspaceId, name }) {
      const source = await store.secretSources.find(workspaceId, name);
      if (source !== undefined) {
        await takeOver(source);
        return true;
      }
      const known = entries.get(keyOf({ workspaceId, name }));
      if (known !== undefined) end(known);
      return false;
    },
    recheckAll: lookAtAll,
    close() {
      isClosed = true;
      for (const entry of [...entries.values()]) end(entry);
      sources.close();
    },
  };
}

function checkRefresh(refreshMs: number, mayBeTold: boolean): void {
  if (!mayBeTold)
    throw new GateError(
      'usage',
      'it needs no --refresh: a file is followed, and a variable changes with a start alone',
    );
  if (refreshMs < MIN_REFRESH_MS) throw new GateError('usage', `--refresh must be at least ${MIN_REFRESH_MS / 1000}s`);
}

function keyOf({ workspaceId, name }: { workspaceId: string; name: string }): string {
  return `${workspaceId}/${name}`;
}
