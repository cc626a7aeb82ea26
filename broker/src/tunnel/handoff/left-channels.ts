// Channels that this broker gave up, and those that others did: with what their peers have still to hear. In the store, sealed, for as long as
// peers may come back; in memory only until it is there.
import type { KeptFragments } from 'mcpgate-shared/link/channel-outgoing';
import type { Clock } from 'mcpgate-shared/clock';
import type { ChannelEnd } from '../../domain/channel-end.ts';
import { isOwnerRevoked } from '../../domain/owner-of.ts';
import type { Revocation } from '../../domain/revocation.ts';
import type { Store } from '../../store/store.ts';
import type { Vault } from '../../vault/vault.ts';
import { packAnswers, purposeOf, unpackAnswers } from './left-answers.ts';

/** `kept`: absent where nothing waits for the peer. */
export interface Left {
  end: ChannelEnd;
  kept?: KeptFragments;
}

export interface LeftChannels {
  /** Found here from now on. */
  add(left: Left): void;
  /** What was added, and is not in the store yet, is written there for the next broker. Throws where one could not be; then it is tried again. */
  write(): Promise<void>;
  /** Whether this broker has left it. */
  has(id: string): boolean;
  /** That of another run, or of this one. */
  find(broker: string, id: string): Promise<Left | undefined>;
  /** The peer has everything. */
  delivered(broker: string, id: string): Promise<void>;
  /** Whoever was revoked gets nothing any more, not even after a new login. */
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
  /** Of this broker, the oldest first; `left`: not written yet. */
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
      // One after the other: each is copied while it is written.
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
      return { end, kept: unpackAnswers(Buffer.from(vault.open(purposeOf(at, id), sealed))) };
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
