// The bus of brokers that share a PostgreSQL database, over LISTEN and NOTIFY. Each broker sends a beat a few times a second to test its own
// connection; by the beats of the others it knows which brokers are there.
import { sql, type Kysely } from 'kysely';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { Logger } from 'pino';
import type { BrokerName, Bus, BusEvent } from '../../domain/bus.ts';
import type { Announce } from '../bus/announce.ts';
import { readBusText, writeBusText, type Said } from '../bus/bus-text.ts';
import type { Database } from '../schema.ts';
import { BUS_CHANNEL, createBusConnection } from './bus-connection.ts';

/** A broker that was not heard for this long, while this one hears its own beats, counts as gone. */
const SILENT_MS = 3_000;
/** How long a broker that went silent is still listed as one that may have links and sessions (`Bus.silent`). */
const REMEMBERED_MS = 5 * 60_000;
const ECHO_LIMIT_MS = 2_000;
const LEAVE_LIMIT_MS = 500;

export interface PostgresBus extends Bus {
  announce: Announce;
  /** Tells the other brokers that this one leaves, and closes the connection. */
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
  /** Brokers that went silent, by name. */
  const silent = new Map<string, { broker: BrokerName; heardAt: number }>();
  /**
   * When each broker left. Messages that it sent earlier over another connection may arrive later than its leave, and must not bring it back. A
   * name is that of one run, so no broker that left returns under it.
   */
  const left = new Map<string, number>();
  /** The beats that have not come back yet, by number: when each was sent, and the value of `owed` then. */
  const beats = new Map<number, { sentAt: number; owed: number }>();
  /** What to call when the message with this number comes back. */
  const waiting = new Map<number, () => void>();
  let seq = 0;
  /** How many messages could not be sent, or not be confirmed, and which the others have therefore missed. */
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
      // It may have changed something, and ended before it could tell the others.
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
      // People are told in parts, because the length of a message is limited.
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
