// `ETag`, `If-None-Match` and `If-Match` (RFC 9110, section 13) of resources whose store keeps no revision: the tag is a digest of what the resource shows,
// without what changes by itself. Edits of one resource by the API go one after the other, at all brokers of the database, so that nothing comes between
// what was compared and what is changed. What takes access away waits for nobody, unless it says `If-Match` itself.
import { createHash } from 'node:crypto';
import type { Endpoint } from 'mcpgate-shared/api/endpoint';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { tagsIn, type Caller, type Operation, type RawInput } from '../../admin/operation.ts';
import type { Store } from '../../store/store.ts';
import { sha256Hex } from '../../store/secret-token.ts';

/** How long one edit may hold up the next, and how long the next waits. */
const HELD_MS = 30_000;
const WAIT_MS = 5_000;
const LOOK_MS = 25;
const LOCKS = 'edits';

export interface Preconditions {
  /** Runs an edit where the resource is as `ifMatch` says, and returns its answer with the tag of what it made. Throws `stale` and `conflict`. */
  edit(
    endpoint: Endpoint,
    input: RawInput,
    caller: Caller,
    run: () => Promise<unknown>,
  ): Promise<{ answer: unknown; tag: string | undefined }>;
}

/** The tag of what an endpoint shows; undefined where it has none. */
export function tagOf({ etag, tagged, answer }: Endpoint, shown: unknown): string | undefined {
  if (etag === undefined && tagged === undefined) return undefined;
  const value: unknown = answer.parse(shown);
  if (etag !== undefined) return etag(value);
  if (tagged === undefined || typeof value !== 'object' || value === null) return undefined;
  const kept = Object.entries(value).filter(([member]) => !tagged.without.includes(member));
  const text = JSON.stringify(kept.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
}

/** Whether a header names the tag. */
export const namesTag = (header: string, tag: string): boolean => header === '*' || tagsIn(header).includes(tag);

export function createPreconditions(parts: {
  operations: readonly Operation[];
  locks: Pick<Store['idempotentRequests'], 'begin' | 'forget'>;
  clock: Clock;
  /** Of this run of the broker. */
  holder: string;
}): Preconditions {
  const { locks, clock, holder } = parts;
  const byName = new Map(parts.operations.map((operation) => [operation.endpoint.name, operation]));
  let count = 0;

  /** Returns the function that lets the next one go on. */
  async function alone(resource: string): Promise<() => Promise<void>> {
    const key = { owner: LOCKS, keyHash: sha256Hex(resource), holder: `${holder}-${(count += 1)}` };
    const until = clock.now() + WAIT_MS;
    for (;;) {
      const now = clock.now();
      const times = { leaseUntil: now + HELD_MS, expiresAt: now + HELD_MS };
      const before = await locks.begin({ ...key, ...times, requestDigest: '', state: 'running', sealed: null }, now);
      if (before === undefined) return () => locks.forget(key);
      if (now >= until)
        throw new GateError('conflict', 'somebody else changes the same at this moment; try again', {
          retryAfterMs: 1_000,
        });
      await new Promise<void>((resolve) => void clock.after(LOOK_MS, resolve));
    }
  }

  return {
    async edit(endpoint, input, caller, run) {
      const shows = byName.get(endpoint.edits ?? '');
      const { ifMatch } = input;
      if (shows === undefined || (endpoint.endsAccess && ifMatch === undefined))
        return { answer: await run(), tag: undefined };
      const look = async (): Promise<string | undefined> => {
        const shown = shows.run(
          { params: input.params, query: {}, body: undefined },
          caller,
          new AbortController().signal,
        );
        return Symbol.asyncIterator in shown ? undefined : tagOf(shows.endpoint, await shown);
      };
      const release = await alone(JSON.stringify([caller.workspaceId, shows.endpoint.name, input.params]));
      try {
        if (ifMatch !== undefined) {
          const tag = await look();
          if (tag === undefined || !namesTag(ifMatch, tag))
            throw new GateError(
              'stale',
              'it was changed since it was read: read it again, and make your change to what it is now; nothing was changed',
            );
        }
        const answer = await run();
        return { answer, tag: endpoint.method === 'DELETE' ? undefined : await look() };
      } finally {
        await release();
      }
    },
  };
}
