// The keys that are at hand: master keys from files, data keys from the store. Data keys that were opened once stay open in memory, so that a
// rotation of the master key touches no call.
import { hkdfSync } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { rmSync } from 'node:fs';
import type { MasterKeyRow } from '../store/keyring.ts';
import type { Store } from '../store/store.ts';
import { sealAnew } from './before-envelopes.ts';
import {
  dataKeyIdOf,
  makeDataKey,
  openEnvelope,
  sealInEnvelope,
  unwrapDataKey,
  wrapDataKey,
  type DataKey,
} from './envelope.ts';
import { createKeyFiles, withId, type KeyFiles, type KeyInFile } from './key-files.ts';
import { masterKeyId, readKeyFile, type MasterKey } from './master-key.ts';
import { unseal, unsealByAny } from './seal.ts';
import { whatIsWrong, type KeysAtHand } from './wrong-keys.ts';

const KEY_BYTES = 32;
/** What the first start of versions before data keys has sealed, to know the key again. */
const KEY_CHECK = 'vault.key_check';
/** There is nothing left that such a version has sealed, unless one has run since. */
const SEALED_ANEW = 'vault.sealed_anew';

/** What is known of the keys since the store was last read. */
export interface KeysNow extends KeysAtHand {
  /** Why not everything can be opened here; undefined where it can. */
  problem: string | undefined;
}

export interface Keyring {
  readonly files: KeyFiles;
  readonly now: KeysNow;
  seal(context: readonly string[], plain: Uint8Array): Uint8Array;
  /** Undefined where the stored form was changed. Throws `unavailable` where the key for it is not at hand. */
  open(context: readonly string[], sealed: Uint8Array): Promise<Uint8Array | undefined>;
  /**
   * A key for another purpose than sealing. It follows from a data key, so it is the same at every broker and after a rotation of the master key: from
   * that of `id`, or the first or the newest one. Undefined where this is not at hand.
   */
  derive(purpose: string, from: { id: string } | 'first' | 'newest'): DataKey | undefined;
  /** Of all data keys, the first first. */
  dataKeyIds(): string[];
  /** Reads files and store again. */
  reload(): Promise<KeysNow>;
  /** Data keys as this master key seals them: those that it has not sealed yet. */
  missingUnder(masterKey: KeyInFile): { dataKeyId: string; wrapped: Uint8Array }[];
  /** Seals by a data key what an older version has sealed under a master key itself; returns how much that was. */
  sealAnew(): Promise<number>;
}

/** Throws `config` where the master key is not the one that the store was sealed with. */
export async function openKeyring(options: { store: Store; masterKey: MasterKey; clock: Clock }): Promise<Keyring> {
  const { store, masterKey } = options;
  const files = createKeyFiles(masterKey);
  const opened = new Map<string, DataKey>();
  let newest: DataKey | undefined;

  async function read(): Promise<KeysNow> {
    const rows = await store.keyring.read();
    const keys = keysNow(rows, { masterKey, files, opened });
    newest = rows.dataKeys.map(({ id }) => opened.get(id)).findLast((key) => key !== undefined);
    return keys;
  }

  function seal(context: readonly string[], plain: Uint8Array): Uint8Array {
    if (newest === undefined) throw new GateError('internal', 'there is no data key');
    return sealInEnvelope(newest, context, plain);
  }

  const heldBytes = (): Uint8Array[] => [...now.held.values()].map(({ bytes }) => bytes);
  const keptCheck = await store.settings.find(KEY_CHECK);
  if ((await store.keyring.read()).masterKeys.length === 0) {
    if (keptCheck !== undefined) assertFits(masterKey, keptCheck);
    const first = makeDataKey();
    const wrapped = wrapDataKey(masterKey.bytes, first);
    await store.keyring.begin(masterKeyId(masterKey.bytes), { dataKeyId: first.id, wrapped });
  }
  let now = await read();
  if (now.problem !== undefined) throw refused(masterKey, now.problem);
  if (keptCheck !== undefined && (await store.settings.find(SEALED_ANEW)) === undefined) {
    await sealAnew(store, heldBytes(), seal);
    await store.settings.putIfAbsent(SEALED_ANEW, String(options.clock.now()));
  }

  return {
    files,
    get now() {
      return now;
    },
    seal,
    async open(context, sealed) {
      const id = dataKeyIdOf(sealed);
      if (id === undefined) return unsealByAny(heldBytes(), context, sealed);
      // Another broker may have made it just now.
      if (!opened.has(id)) now = await read();
      const key = opened.get(id);
      if (key !== undefined) return openEnvelope(key, context, sealed);
      if (now.dataKeys.some((each) => each.id === id))
        throw new GateError('unavailable', now.problem ?? `the data key ${id} cannot be opened with ${files.path}`);
      return undefined;
    },
    derive(purpose, from) {
      const first = now.dataKeys[0]?.id;
      const id = from === 'newest' ? newest?.id : from === 'first' ? first : from.id;
      const key = id === undefined ? undefined : opened.get(id);
      if (key === undefined) return undefined;
      const bytes = new Uint8Array(hkdfSync('sha256', key.bytes, '', `mcpgate ${purpose}`, KEY_BYTES));
      return { id: key.id, bytes };
    },
    dataKeyIds: () => now.dataKeys.map(({ id }) => id),
    async reload() {
      now = await read();
      return now;
    },
    missingUnder(master) {
      return now.dataKeys.flatMap(({ id, wrapped }) => {
        const key = opened.get(id);
        return wrapped.has(master.id) || key === undefined
          ? []
          : [{ dataKeyId: id, wrapped: wrapDataKey(master.bytes, key) }];
      });
    },
    sealAnew: () => sealAnew(store, heldBytes(), seal),
  };
}

type KeyRows = Awaited<ReturnType<Store['keyring']['read']>>;

/** `opened`: data keys that are open already; those that can be are added. */
function keysNow(
  { masterKeys, dataKeys }: KeyRows,
  { masterKey, files, opened }: { masterKey: MasterKey; files: KeyFiles; opened: Map<string, DataKey> },
): KeysNow {
  const inState = (state: MasterKeyRow['state']) => masterKeys.filter((key) => key.state === state);
  const [current] = inState('current');
  if (current === undefined) throw new GateError('internal', 'the database names no master key: restore a backup');
  const [next] = inState('next');
  const main = files.main();
  const beside = files.beside(typeof next?.keyFile === 'string' ? [next.keyFile] : []);
  const held = new Map<string, KeyInFile>();
  for (const key of [...beside, withId(masterKey.bytes), main])
    if (key.id === current.id || key.id === next?.id || key.id === main.id) held.set(key.id, key);
  for (const { id, wrapped } of dataKeys) {
    if (opened.has(id)) continue;
    for (const [masterId, bytes] of wrapped) {
      const master = held.get(masterId);
      const key = master && unwrapDataKey(master.bytes, id, bytes);
      if (key !== undefined) opened.set(id, key);
    }
  }
  const facts = { current, next, retired: inState('retired'), dataKeys, main, held };
  const problem = whatIsWrong({ ...facts, file: files.path, beside, isOpen: (id) => opened.has(id) });
  return { ...facts, problem };
}

/** Why a broker does not start with this master key on a database with these keys; undefined where it does. */
export const masterKeyProblem = (rows: KeyRows, masterKey: MasterKey): string | undefined =>
  rows.masterKeys.length === 0
    ? undefined
    : keysNow(rows, { masterKey, files: createKeyFiles(masterKey), opened: new Map() }).problem;

function assertFits(masterKey: MasterKey, kept: string): void {
  if (unseal(masterKey.bytes, ['purpose', KEY_CHECK], Buffer.from(kept, 'base64')) !== undefined) return;
  const text = `the master key ${masterKey.file} is not the one this database was sealed with: put the original file back`;
  throw refused(masterKey, text);
}

export const missingKey = (file: string): string =>
  `the master key ${file} is missing, and this database was sealed with one: put the file back where it was`;

/** A key that this start has made fits nothing: it goes again, so that the right one can be put there. */
function refused({ bytes, file, created }: MasterKey, problem: string): GateError {
  if (!created || masterKeyId(readKeyFile(file)) !== masterKeyId(bytes)) return new GateError('config', problem);
  rmSync(file);
  return new GateError('config', missingKey(file));
}
