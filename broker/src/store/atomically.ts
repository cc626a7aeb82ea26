// Repositories within one transaction: what each of them does as a transaction of its own is a part of it, and is committed with all the rest or not
// at all.
import type { Kysely, Transaction } from 'kysely';
import type { Database } from './schema.ts';

/**
 * A query builder whose transactions are parts of this one. A part that fails is not undone by itself: whoever catches its error must not go on, as
 * PostgreSQL takes no statement any more then.
 */
export function joined(trx: Transaction<Database>): Kysely<Database> {
  const part = {
    setIsolationLevel: () => part,
    setAccessMode: () => part,
    execute: <T>(work: (trx: Transaction<Database>) => Promise<T>): Promise<T> => work(trx),
  };
  return new Proxy(trx, {
    get(target, name) {
      if (name === 'transaction') return () => part;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
