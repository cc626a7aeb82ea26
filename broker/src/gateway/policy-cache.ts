// Keeps the compiled policy of each workspace until it changes. Where a policy cannot be read, nobody may do anything.
import { GateError, toGateError } from 'mcpgate-shared/error';
import type { Bundle } from '../domain/bundle.ts';
import type { PolicySnapshot } from '../domain/rule.ts';
import { publicMessage } from '../domain/public-message.ts';
import { compilePolicy } from '../policy/compile-policy.ts';
import type { CompiledPolicy } from '../policy/verdict.ts';

/** The error message while this broker is deaf, because rules may have changed meanwhile. */
const DEAF =
  'this broker does not hear of changes that other brokers make (it has lost the database), so nothing is allowed; try again in a moment';

export interface PolicyCache {
  /** The policy itself where it is known, else a promise. Throws or rejects `unavailable`. */
  get(workspaceId: string): CompiledPolicy | Promise<CompiledPolicy>;
  /** The bundles that were read together with a policy. */
  bundlesOf(policy: CompiledPolicy): readonly Bundle[];
  /** Has the next `get` read the policy again, even where a reading is under way. Without a workspace: of all. */
  forget(workspaceId?: string): void;
  /** Those of the given and of all known workspaces whose policy differs from the one in the store. Throws where the store cannot be read. */
  outdated(workspaceIds: Iterable<string>): Promise<string[]>;
}

/** `now`: ms since the epoch; rules end by it. `hears`: whether this broker hears changes by other brokers; while it does not, `get` throws. */
export function createPolicyCache(
  snapshot: (workspaceId: string) => Promise<PolicySnapshot>,
  hears: () => boolean = () => true,
  now: () => number = () => 0,
): PolicyCache {
  const known = new Map<string, CompiledPolicy>();
  const reading = new Map<string, Promise<CompiledPolicy>>();
  /** The snapshot that each policy was compiled from, and its JSON text, by workspace. */
  const snapshots = new Map<string, { read: PolicySnapshot; text: string }>();
  const bundles = new WeakMap<CompiledPolicy, readonly Bundle[]>();

  function compiled(read: PolicySnapshot): CompiledPolicy {
    const policy = compilePolicy(read, now());
    bundles.set(policy, read.bundles ?? []);
    return policy;
  }

  async function read(workspaceId: string): Promise<CompiledPolicy> {
    try {
      const read = await snapshot(workspaceId);
      snapshots.set(workspaceId, { read, text: JSON.stringify(read) });
      return compiled(read);
    } catch (error) {
      const why = publicMessage(toGateError(error));
      throw new GateError('unavailable', `the rules cannot be read, so nothing is allowed: ${why}`, { cause: error });
    }
  }

  /** The policy of before, or that of now where one of its rules has ended. */
  function current(workspaceId: string): CompiledPolicy | undefined {
    const policy = known.get(workspaceId);
    const snapshot = snapshots.get(workspaceId);
    if (policy === undefined || snapshot === undefined || policy.until > now()) return policy;
    const next = compiled(snapshot.read);
    known.set(workspaceId, next);
    return next;
  }

  return {
    get(workspaceId) {
      if (!hears()) throw new GateError('unavailable', DEAF);
      const policy = current(workspaceId) ?? reading.get(workspaceId);
      if (policy !== undefined) return policy;
      const started = read(workspaceId);
      reading.set(workspaceId, started);
      const isCurrent = () => reading.get(workspaceId) === started;
      started.then(
        (read) => {
          if (!isCurrent()) return;
          known.set(workspaceId, read);
          reading.delete(workspaceId);
        },
        () => {
          if (isCurrent()) reading.delete(workspaceId);
        },
      );
      return started;
    },
    bundlesOf: (policy) => bundles.get(policy) ?? [],
    async outdated(workspaceIds) {
      const outdated: string[] = [];
      for (const id of new Set([...workspaceIds, ...known.keys(), ...reading.keys()])) {
        const found = await snapshot(id).catch((error: unknown) => {
          // The workspace was removed.
          if (error instanceof GateError && error.code === 'not_found') return undefined;
          throw error;
        });
        // The version alone does not tell: a database that was restored to an earlier state uses versions a second time.
        if (!known.has(id) || snapshots.get(id)?.text !== JSON.stringify(found)) outdated.push(id);
      }
      return outdated;
    },
    forget(workspaceId) {
      for (const cache of [known, reading])
        if (workspaceId === undefined) cache.clear();
        else cache.delete(workspaceId);
    },
  };
}
