// The bus of brokers that share a PostgreSQL database: LISTEN and NOTIFY. Who is there is known from the beats by which each tests its
// own connection.
import { sql, type Kysely } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { Logger } from 'pino';
import type { BrokerName, Bus, BusEvent } from '../../domain/bus.ts';
import type { Announce } from '../bus/announce.ts';
import { readBusText, writeBusText, type Said } from '../bus/bus-text.ts';
import type { Database } from '../schema.ts';
import { BUS_CHANNEL, createBusConnection } from './bus-connection.ts';

/** One that says nothing for so long, while others are heard, is not there any more. */
const SILENT_MS = 3_000;
/** So long it is still named as one that may hold something. */
const REMEMBERED_MS = 5 * 60_000;
const ECHO_LIMIT_MS = 2_000;
const LEAVE_LIMIT_MS = 500;

export interface PostgresBus extends Bus {
  announce: Announce;
  /** Takes leave of the others. */
  close(): Promise<void>;
}

export function createPostgresBus(options: {
  url: string;
  db: Kysely<Database>;
  self: BrokerName;
  clock: Clock;
  log: Pick<Logger, 'warn'>;
  explain: (error: unknown) => GateError;
  random?: () => number;
}): PostgresBus {
  const { db, self, clock, log, explain } = options;
  const listeners = new Set<(event: BusEvent) => void>();
  const peers = new Map<string, { broker: BrokerName; heardAt: number }>();
  /** Those that were there, and say nothing any more. */
  const silent = new Map<string, { broker: BrokerName; heardAt: number }>();
  /** When each took leave: what it said before that, on another connection, may come after it. Names are of one run, so none comes back. */
  const left = new Map<string, number>();
  /** When each beat was said, and what was owed then; and who waits for what else to come round. */
  const beats = new Map<number, { sentAt: number; owed: number }>();
  const waiting = new Map<number, () => void>();
  let seq = 0;
  /** So often something could not be said. */
  let owed = 0;
  let isOpen = false;

  const tell = (event: BusEvent): void => {
    for (const listener of listeners) listener(event);
  };
  const beat = (isNew: boolean): string => {
    beats.set(++seq, { sentAt: clock.now(), owed });
    return writeBusText(self, seq, { kind: 'beat', isNew, owes: owed > 0 });
  };
  const notify = async (on: Kysely<Database>, said: Said, mine = ++seq): Promise<void> => {
    await sql`select pg_notify(${BUS_CHANNEL}, ${writeBusText(self, mine, said)})`.execute(on);
  };

  const connection = createBusConnection({
    url: options.url,
    clock,
    random: options.random ?? Math.random,
    beat,
    onText(text) {
      const heard = readBusText(text);
      if (heard === undefined) return tell({ kind: 'missed', why: 'a broker of another version says something else' });
      if (heard.from.name === self.name) return hearSelf(heard.seq);
      hear(heard.from, heard.said);
    },
    onFound() {
      for (const peer of peers.values()) peer.heardAt = clock.now();
      tell({ kind: 'found' });
    },
    onLost(since, error) {
      beats.clear();
      tell({ kind: 'lost', since, why: explain(error).message });
    },
  });

  function hearSelf(number: number): void {
    waiting.get(number)?.();
    const heard = beats.get(number);
    if (heard !== undefined) {
      for (const earlier of beats.keys()) if (earlier <= number) beats.delete(earlier);
      if (heard.owed === owed) owed = 0;
      connection.echoed(heard.sentAt);
    }
    for (const [name, { broker, heardAt }] of peers) {
      if (clock.now() - heardAt < SILENT_MS) continue;
      peers.delete(name);
      silent.set(name, { broker, heardAt });
      // It may have changed something and not said so any more.
      tell({ kind: 'missed', why: `the broker on ${broker.location} has ended without a word` });
    }
    for (const [name, { heardAt }] of silent) if (clock.now() - heardAt >= REMEMBERED_MS) silent.delete(name);
    for (const [name, leftAt] of left) if (clock.now() - leftAt >= SILENT_MS) left.delete(name);
  }

  function hear(from: BrokerName, said: Said): void {
    silent.delete(from.name);
    if (said.kind === 'leaving') {
      left.set(from.name, clock.now());
      peers.delete(from.name);
      return;
    }
    const isKnown = peers.has(from.name) || left.has(from.name);
    if (!left.has(from.name)) peers.set(from.name, { broker: from, heardAt: clock.now() });
    if (said.kind !== 'beat') return tell({ kind: 'message', from, message: said });
    if (said.isNew || !isKnown) connection.say(beat(false));
    if (said.owes) tell({ kind: 'missed', why: `the broker on ${from.location} could not say what it has changed` });
  }

  return {
    async announce(trx, change) {
      // In parts, because a message has its limits.
      const changes = change.kind === 'people' ? inParts(change.ids).map((ids) => ({ ...change, ids })) : [change];
      for (const each of changes) await notify(trx, each);
    },
    async open() {
      try {
        await connection.open();
        isOpen = true;
      } catch (error) {
        const explained = explain(error);
        const hint = 'brokers hear each other by LISTEN, which a pooler per transaction does not pass on';
        throw new GateError(explained.code, `${explained.message} (${hint})`, { cause: error });
      }
    },
    async publish(message) {
      const mine = ++seq;
      const heard = new Promise<void>((resolve, reject) => {
        const cancel = clock.after(ECHO_LIMIT_MS, () => {
          waiting.delete(mine);
          reject(new GateError('unavailable', 'the other brokers may not have heard what this one has said'));
        });
        waiting.set(mine, () => {
          cancel();
          waiting.delete(mine);
          resolve();
        });
      });
      try {
        await Promise.all([notify(db, message, mine), heard]);
      } catch (error) {
        owed += 1;
        log.warn({ err: explain(error) }, 'the other brokers could not be told; they are as soon as that is possible');
        throw error;
      }
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    others: () => [...peers.values()].map(({ broker }) => broker),
    silent: () => [...silent.values()].map(({ broker }) => broker),
    async close() {
      const isLate = new Promise<void>((resolve) => clock.after(LEAVE_LIMIT_MS, resolve));
      if (isOpen) await Promise.race([notify(db, { kind: 'leaving' }).catch(() => undefined), isLate]);
      isOpen = false;
      await connection.close();
    },
  };
}

const PART = 100;

function inParts(ids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / PART) }, (_, part) => ids.slice(part * PART, (part + 1) * PART));
}
