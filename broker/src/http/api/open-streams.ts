// The answers of the API that go on: each ends at once when the credential that opened it ends, and when its person's role changes, since what it tells
// follows from that. A client that may still come comes again.
import type { FastifyReply } from 'fastify';
import type { Clock } from 'mcpgate-shared/clock';
import type { Caller } from '../../admin/operation.ts';
import { isRevoked, type Live } from '../../domain/people/revocation.ts';
import type { Identity } from '../../identity/identity.ts';

export interface OpenStreams {
  /** Grows with every revocation: one that comes before the stream is known here would not end it, so then the caller is asked for again. */
  readonly seen: number;
  /** Ends what is sent to `reply`, by `gone`, when the caller may not have it any more. */
  add(caller: Caller, reply: FastifyReply, gone: AbortController): void;
}

/** What a client that reads slowly has not taken by then, it does not get. */
const LAST_MS = 1_000;
/** Timers go no farther than 24 days. */
const LONGEST_MS = 20 * 86_400_000;

export function createOpenStreams({
  identity,
  clock,
}: {
  /** Left out on the socket, where nothing can be revoked. */
  identity?: Pick<Identity, 'onRevoked' | 'onChanged'> | undefined;
  clock: Clock;
}): OpenStreams {
  let seen = 0;
  const streams = new Set<{ owner: Live; role: Caller['role']; end: () => void }>();
  const live = (): Live[] => [...streams].map(({ owner }) => owner);
  identity?.onRevoked(async (revocation) => {
    seen += 1;
    const meant = [...streams].filter(({ owner }) => isRevoked(revocation, owner));
    for (const { end } of meant) end();
    return await Promise.resolve({ linksClosed: meant.length, callsCancelled: 0 });
  }, live);
  identity?.onChanged(({ id, role }) => {
    for (const stream of streams) if (stream.owner.user?.id === id && stream.role !== role) stream.end();
  });

  return {
    get seen() {
      return seen;
    },
    add(caller, reply, gone) {
      const { principal, homeWorkspaceId: workspaceId, role, expiresAt } = caller;
      const { kind, id } = caller.credential;
      let cancel = (): void => undefined;
      const end = (): void => {
        gone.abort();
        cancel();
        cancel = clock.after(LAST_MS, () => reply.raw.destroy());
      };
      const watch = (): void => {
        const leftMs = (expiresAt ?? Infinity) - clock.now();
        if (leftMs <= 0) end();
        else if (leftMs !== Infinity) cancel = clock.after(Math.min(leftMs, LONGEST_MS), watch);
      };
      watch();
      reply.raw.once('close', () => cancel());
      if (kind === 'socket') return;
      const stream = { owner: principal ?? { workspaceId, credential: { kind, id } }, role, end };
      streams.add(stream);
      gone.signal.addEventListener('abort', () => streams.delete(stream));
    },
  };
}
