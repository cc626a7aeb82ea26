// Channels that this broker or another one gave up, with the answers that their laptops have not got yet. They are kept sealed in the store for
// as long as laptops may come back, and in memory only until they are written there.
import type { KeptFragments } from 'mcpgate-shared/link/channel-outgoing';
import type { Clock } from 'mcpgate-shared/clock';
import type { ChannelEnd } from '../../domain/channel-end.ts';
import { isOwnerRevoked } from '../../domain/people/owner-of.ts';
import type { Revocation } from '../../domain/people/revocation.ts';
import type { Store } from '../../store/store.ts';
import type { Vault } from '../../vault/vault.ts';
import { packAnswers, purposeOf, unpackAnswers } from './left-answers.ts';

/** A channel that was given up. `kept`: the answers that its laptop has not got; absent where there are none. */
export interface Left {
  end: ChannelEnd;
  kept?: KeptFragments;
}

export interface LeftChannels {
  /** Keeps a channel of this broker in memory; `find` finds it from now on. */
  add(left: Left): void;
  /** Writes added channels into the store for the next broker. Throws where one could not be written; the next call tries that one again. */
  write(): Promise<void>;
  /** Whether this broker has given the channel up. */
  has(id: string): boolean;
  /** The channel that the broker run `broker` gave up: another run, or this one. */
  find(broker: string, id: string): Promise<Left | undefined>;
  /** The laptop has acknowledged everything: the channel's answers are deleted. */
  delivered(broker: string, id: string): Promise<void>;
  /** Deletes the channels of revoked owners, who get no answers any more, not even after a new login. */
  revoked(revocation: Revocation): Promise<void>;
  close(): void;
}

export function createLeftChannels(options: {
  broker: string;
  store: Store['leftChannels'];
  vault: Pick<Vault, 'seal' | 'open'>;
  clock: Clock;
  keepMs: number;
  onError: (error: unknown) => void;
}): LeftChannels {
  const { broker, store, vault, clock, keepMs } = options;
  /** Channels of this broker by id, the oldest first; `left`: present while it is not in the store yet. */
  const own = new Map<string, { at: number; owner: string; left?: Left }>();
  let cancelSweep = (): void => undefined;

  const sweep = (): void => {
    const now = clock.now();
    for (const [id, { at }] of own) if (now - at > keepMs) own.delete(id);
    store.removeExpired(now).catch(options.onError);
    cancelSweep = clock.after(keepMs, sweep);
  };
  sweep();

  const writeOne = async ({ end, kept }: Left): Promise<void> => {
    const at = clock.now();
    const sealed = kept === undefined ? null : vault.seal(purposeOf(broker, end.id), packAnswers(kept));
    await store.put({ ...end, broker, sealed }, at + keepMs);
    if (own.has(end.id)) own.set(end.id, { at, owner: end.owner });
    else await store.removeOf([end.owner]); // revoked while it was written
  };

  return {
    add: (left) => void own.set(left.end.id, { at: clock.now(), owner: left.end.owner, left }),
    async write() {
      const failed: unknown[] = [];
      // One after the other, because each is copied in memory while it is written.
      for (const { left } of [...own.values()]) {
        if (left !== undefined) await writeOne(left).catch((error: unknown) => failed.push(error));
      }
      if (failed.length > 0) throw failed[0];
    },
    has: (id) => own.has(id),
    async find(at, id) {
      const unwritten = at === broker ? own.get(id)?.left : undefined;
      if (unwritten !== undefined) return unwritten;
      const found = await store.find(at, id, clock.now());
      if (found === undefined) return undefined;
      const { owner, secretHash, taken, sealed } = found;
      const end = { id, owner, secretHash, taken };
      if (sealed === null) return { end };
      return { end, kept: unpackAnswers(Buffer.from(await vault.open(purposeOf(at, id), sealed))) };
    },
    async delivered(at, id) {
      const known = at === broker ? own.get(id) : undefined;
      if (known?.left !== undefined) known.left = { end: known.left.end };
      await store.delivered(at, id);
    },
    async revoked(revocation) {
      for (const [id, { owner }] of own) if (isOwnerRevoked(revocation, owner)) own.delete(id);
      const owners = await store.owners();
      await store.removeOf(owners.filter((owner) => isOwnerRevoked(revocation, owner)));
    },
    close: () => cancelSweep(),
  };
}
