// What is to arrive somewhere outside although the receiver, or a broker, is away for a while: kept in the database, tried until it arrives, in the
// order in which it was put in. It arrives at least once, and has an id by which a second time is known. What is sent, and how, is said by whoever
// takes a kind of destination (`take`); this room knows only when and how often.

export interface Delivery {
  workspaceId: string;
  destination: string;
  id: string;
  payload: string;
  createdAt: number;
  /** From 1. */
  attempt: number;
}

/**
 * `again`: it did not arrive, and is tried later, at the earliest when the receiver says. `never`: it cannot arrive, and is let go, which the audit
 * log tells. `pointless`: there is nothing to tell any more.
 */
export type Attempted =
  | { kind: 'arrived' }
  | { kind: 'pointless' }
  | { kind: 'again'; why: string; retryAfterMs?: number | undefined }
  | { kind: 'never'; why: string };

/** Tries it once. Whatever it throws counts as `again`. `signal`: aborts when the time for it is over, or the broker ends. */
export type Attempt = (delivery: Delivery, signal: AbortSignal) => Promise<Attempted>;

export interface DeliveryQueue {
  workspaceId: string;
  destination: string;
  queued: number;
  bytes: number;
  oldestAt: number | null;
  attempts: number;
  nextAt: number;
  lastError: string | null;
  /** When something last arrived; null: nothing has. */
  deliveredAt: number | null;
  /** Where the broker runs that tried last. */
  triedBy: string | null;
}

export interface Deliveries {
  /** Kept once it resolves. The same id for the same destination is put in once, also after it has arrived. */
  put(item: Pick<Delivery, 'workspaceId' | 'destination' | 'id' | 'payload'>): Promise<void>;
  /** Says how destinations of a kind, which stands before the colon, are delivered to. `mostBytes`: where more than of others may wait. */
  take(kind: string, attempt: Attempt, room?: { mostBytes: number }): void;
  /** How the queues stand; of all workspaces unless said. */
  queues(workspaceId?: string): Promise<DeliveryQueue[]>;
  /** Has what waits tried now, however often it was in vain. */
  tryNow(destination: string): Promise<void>;
  /** Forgets a destination with what waits for it. */
  forget(destination: string): Promise<void>;
  /** `listener` hears of each queue of which something has arrived here, or was tried in vain. Returns what ends that. */
  onMoved(listener: (destination: string) => void): () => void;
  /** Begins to deliver. */
  start(): void;
  /** Delivers what is due, once; resolves when nothing is left that this broker can do now. */
  deliverDue(): Promise<void>;
  close(): Promise<void>;
}
