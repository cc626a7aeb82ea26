// How a repository tells the other brokers of a change: within the transaction of the change, so that it is told if and only if it is committed.
import type { Transaction } from 'kysely';
import type { Change } from '../../domain/bus.ts';
import type { Database } from '../schema.ts';

export type Announce = (trx: Transaction<Database>, change: Change) => Promise<void>;
