// `key rotate`: another master key for all data keys, while calls go on and other brokers run. Until the end each data key is sealed by both
// keys, so that whoever has either opens everything; the end is one transaction, once every broker that runs has the new key in its file.
// Every step can be done again by whoever comes after, so that it does not matter where a broker was killed.
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { BaseLogger } from 'pino';
import type { Bus } from '../domain/bus.ts';
import type { Actor } from '../domain/people/receipt.ts';
import type { Store } from '../store/store.ts';
import { makeDataKey, wrapDataKey } from './envelope.ts';
import type { Keyring, KeysNow } from './keyring.ts';
import { changeNotes } from '../domain/change-notes.ts';
import type { AuditEvent } from '../domain/call-record.ts';

/** So often files are read again while something is to be waited for. */
const LOOK_MS = 1_000;
/** Data keys that are sealed in one statement. */
const BATCH = 100;

export interface RotationView {
  /** Of the key that is to be the current one. */
  id: string;
  begunAt: number;
  begunBy: string;
  /** How many data keys the new key has sealed. */
  rewrapped: number;
  /** What is still to be done, where, by whom. */
  waitsFor: string[];
}

export interface MasterKeyView {
  id: string;
  createdAt: number;
  file: string;
  dataKeys: number;
  rotation: RotationView | null;
  /** Why this broker does not open everything, or would not after a restart. */
  problem: string | null;
}

export interface KeyRotation {
  status(): Promise<MasterKeyView>;
  /** Begins one, or goes on with the one that is under way. Throws `config` and `conflict`. */
  begin(request: { newKeyFile: string | undefined; startOver: boolean; by: Actor }): Promise<void>;
  /** Goes on with what is under way; the bus is open by then. Resolves when what can be done now is done; nobody has to wait for that. */
  start(): Promise<void>;
  /** Another broker has changed keys. */
  changed(): void;
  close(): void;
}

export function createKeyRotation(parts: {
  store: Pick<Store, 'keyring'>;
  keyring: Keyring;
  bus: Bus;
  clock: Clock;
  log: Pick<BaseLogger, 'info' | 'warn' | 'error'>;
  /** Writes an event into the log, for certain. */
  record: (event: { type: 'key.rotation_begun' | 'key.rotated'; by: Actor; data: AuditEvent['data'] }) => Promise<void>;
}): KeyRotation {
  const { store, keyring, bus, clock, log, record } = parts;
  const { files } = keyring;
  /** Which key the files of the other brokers hold, by the brokers' names. */
  const said = new Map<string, { id: string; file: string }>();
  let cancelLook: (() => void) | undefined;
  let isClosed = false;
  let running: Promise<void> | undefined;
  let again = false;
  let swapError: string | undefined;
  let warned: string | undefined;

  const stop = bus.listen((event) => {
    if (event.kind !== 'message' || event.message.kind !== 'master-key') return;
    const before = said.get(event.from.name)?.id;
    said.set(event.from.name, event.message);
    if (before !== event.message.id) void kick();
  });

  /** Steps one after the other; whoever asks while one is under way gets another one after it. */
  function run(): Promise<void> {
    if (running !== undefined) {
      again = true;
      return running;
    }
    running = (async () => {
      do {
        again = false;
        await step();
      } while (again && !isClosed);
    })().finally(() => {
      running = undefined;
      lookLater();
    });
    return running;
  }

  async function kick(): Promise<void> {
    if (isClosed) return;
    await run().catch((error: unknown) =>
      log.error({ err: error }, 'the keys could not be looked at; it is tried again'),
    );
  }

  function lookLater(): void {
    cancelLook?.();
    cancelLook = undefined;
    const { current, next, problem } = keyring.now;
    if (!isClosed && (next !== undefined || problem !== undefined || !current.isTold))
      cancelLook = clock.after(LOOK_MS, () => void kick());
  }

  async function step(): Promise<void> {
    const now = await keyring.reload();
    tell(now);
    if (now.next !== undefined) await goOn(now, now.next.id);
    else await tidy(now);
  }

  async function goOn(now: KeysNow, nextId: string): Promise<void> {
    const next = now.held.get(nextId);
    if (next !== undefined && now.problem === undefined) {
      await keyring.sealAnew();
      const missing = keyring.missingUnder(next);
      for (let from = 0; from < missing.length; from += BATCH)
        await store.keyring.wrap(nextId, missing.slice(from, from + BATCH));
      if (missing.length > 0)
        log.info({ key: nextId, dataKeys: missing.length }, 'data keys sealed by the next master key');
      const before = now.held.get(now.current.id);
      if (now.next?.keyFile === null && now.main.id !== nextId && before !== undefined) swap(nextId, before);
    }
    const after = await keyring.reload();
    if (after.next === undefined) return;
    // Whoever was there before is known once this has come round.
    await bus.publish({ kind: 'master-key', id: after.main.id, file: files.path });
    if (waitsFor(after).length > 0) return;
    await finish(after, nextId);
  }

  function swap(nextId: string, before: { id: string; bytes: Uint8Array }): void {
    try {
      files.swap(nextId, before);
      swapError = undefined;
    } catch (error) {
      swapError = error instanceof Error ? error.message : String(error);
    }
  }

  async function finish(now: KeysNow, nextId: string): Promise<void> {
    const fresh = makeDataKey();
    const wrapped = wrapDataKey(now.main.bytes, fresh);
    const change = { from: now.current.id, to: nextId, fresh: { dataKeyId: fresh.id, wrapped } };
    if (await store.keyring.finish(change)) log.info({ from: change.from, to: nextId }, 'the master key is rotated');
    await tidy(await keyring.reload());
  }

  /** What is left to do after the end. */
  async function tidy({ current, retired, dataKeys, problem }: KeysNow): Promise<void> {
    if (problem !== undefined) return;
    if (!current.isTold) {
      const from = retired.toSorted((one, other) => (other.retiredAt ?? 0) - (one.retiredAt ?? 0))[0]?.id ?? '';
      const data = {
        from,
        to: current.id,
        data_keys: dataKeys.length,
        ...changeNotes({ key: from }, { key: current.id }),
      };
      await record({ type: 'key.rotated', by: { name: current.begunBy ?? 'broker', address: null }, data });
      await store.keyring.told(current.id);
      await keyring.reload();
    }
    files.forgetBefore((id) => retired.some((key) => key.id === id));
    said.clear();
    swapError = undefined;
  }

  function tell(now: KeysNow): void {
    const { problem, next, main } = now;
    const isAway = next !== undefined && main.id !== next.id && !now.held.has(next.id);
    const text = problem ?? (next !== undefined && isAway ? putThere(next.id, files.path) : undefined);
    if (text !== undefined && text !== warned) log.error({ file: files.path }, text);
    if (text === undefined && warned !== undefined) log.info({ file: files.path }, 'the master key of now is taken up');
    warned = text;
  }

  /** What keeps the rotation from its end; nothing where it can be done now. */
  function waitsFor(now: KeysNow): string[] {
    const { next, dataKeys, main, held, problem } = now;
    if (next === undefined) return [];
    const unsealed = dataKeys.filter(({ wrapped }) => !wrapped.has(next.id)).length;
    const others = bus.others().flatMap((broker) => {
      const { id, file } = said.get(broker.name) ?? {};
      if (id === next.id) return [];
      const why = file === undefined ? 'it has not said which key it has' : putThere(next.id, file);
      return [`the broker on ${broker.location}: ${why}`];
    });
    const mine = (): string[] => {
      if (main.id === next.id) return [];
      if (next.keyFile !== null)
        return [`this broker: put the new key (${next.keyFile}) at ${files.path}; it is taken up by itself`];
      if (!held.has(next.id)) return [`this broker: ${putThere(next.id, files.path)}`];
      const reason = swapError === undefined ? '' : ` (${swapError})`;
      return [
        `this broker: ${files.path} could not be replaced${reason}; put ${files.nextPath} there; it is taken up by itself`,
      ];
    };
    return [
      ...(problem === undefined ? [] : [`this broker: ${problem}`]),
      ...(unsealed === 0 ? [] : [`${unsealed} of ${dataKeys.length} data keys, which the new key is to seal`]),
      ...mine(),
      ...others,
    ];
  }

  return {
    async status() {
      const now = running === undefined ? await keyring.reload() : keyring.now;
      const { current, next, dataKeys, main } = now;
      return {
        id: current.id,
        createdAt: current.createdAt,
        file: files.path,
        dataKeys: dataKeys.length,
        rotation:
          next === undefined
            ? null
            : {
                id: next.id,
                begunAt: next.createdAt,
                begunBy: next.begunBy ?? 'broker',
                rewrapped: dataKeys.filter(({ wrapped }) => wrapped.has(next.id)).length,
                waitsFor: waitsFor(now),
              },
        problem:
          now.problem ??
          (main.problem === undefined ? null : `${main.problem}; the broker would not start again like this`),
      };
    },
    async begin({ newKeyFile, startOver, by }) {
      await running;
      let now = await keyring.reload();
      if (now.problem !== undefined) throw new GateError('config', now.problem);
      if (now.next !== undefined && startOver) {
        if (now.main.id === now.next.id)
          throw new GateError('conflict', `${files.path} holds the new key already: \`key rotate\` goes on with it`);
        await store.keyring.abandon(now.next.id);
        now = await keyring.reload();
      }
      if (now.next === undefined) {
        const made = newKeyFile === undefined ? files.makeNext() : files.named(newKeyFile);
        if (made.id === now.current.id)
          throw new GateError('config', `${newKeyFile ?? ''} holds the key that is in use: make another one`);
        if (now.retired.some(({ id }) => id === made.id))
          throw new GateError('config', `${newKeyFile ?? ''} holds a key that was in use before: make another one`);
        await record({
          type: 'key.rotation_begun',
          by,
          data: { from: now.current.id, to: made.id, ...changeNotes(undefined, { rotation: made.id }) },
        });
        await store.keyring.stage({ id: made.id, keyFile: newKeyFile ?? null, begunBy: by.name });
      } else if (newKeyFile !== undefined && files.named(newKeyFile).id !== now.next.id) {
        const text = `a rotation to another key (${now.next.id}) is under way: finish it with \`key rotate\`, or give it up with --start-over`;
        throw new GateError('conflict', text);
      }
      await run();
    },
    start: kick,
    changed: () => void kick(),
    close() {
      isClosed = true;
      cancelLook?.();
      stop();
    },
  };
}

function putThere(id: string, file: string): string {
  return `the master key is being rotated: put the file of the new key ${id} at ${file}; it is taken up by itself`;
}
