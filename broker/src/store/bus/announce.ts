// How repositories tell the other brokers of a change: in its transaction, so that it is told where it is committed, and only there.
import type { Transaction } from 'kysely';
import type { Change } from '../../domain/bus.ts';
import type { Database } from '../schema.ts';

export type Announce = (trx: Transaction<Database>, change: Change) => Promise<void>;
