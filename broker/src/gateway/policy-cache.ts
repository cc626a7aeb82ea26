// The compiled policy of each workspace, until it changes. Where it cannot be read nobody may do anything.
import { GateError, toGateError } from 'mcpgate-shared/error';
import type { PolicySnapshot } from '../domain/rule.ts';
import { publicMessage } from '../domain/public-message.ts';
import { compilePolicy } from '../policy/compile-policy.ts';
import type { CompiledPolicy } from '../policy/verdict.ts';

/** In place of an answer, where what is allowed may have changed unheard. */
const DEAF =
  'this broker does not hear of changes that other brokers make (it has lost the database), so nothing is allowed; try again in a moment';

export interface PolicyCache {
  /** At once where it is known. Throws or rejects `unavailable`. */
  get(workspaceId: string): CompiledPolicy | Promise<CompiledPolicy>;
  /** The next `get` reads it anew, also where a reading is under way; of every workspace unless said. */
  forget(workspaceId?: string): void;
  /** Of these and of every other that is known, the workspaces whose policy is another one now. Throws where that cannot be read. */
  outdated(workspaceIds: Iterable<string>): Promise<string[]>;
}

/** `hears`: whether a change by another broker would be heard of. */
export function createPolicyCache(
  snapshot: (workspaceId: string) => Promise<PolicySnapshot>,
  hears: () => boolean = () => true,
): PolicyCache {
  const known = new Map<string, CompiledPolicy>();
  const reading = new Map<string, Promise<CompiledPolicy>>();
  /** What each was compiled of. */
  const texts = new Map<string, string>();

  async function read(workspaceId: string): Promise<CompiledPolicy> {
    try {
      const read = await snapshot(workspaceId);
      texts.set(workspaceId, JSON.stringify(read));
      return compilePolicy(read);
    } catch (error) {
      const why = publicMessage(toGateError(error));
      throw new GateError('unavailable', `the rules cannot be read, so nothing is allowed: ${why}`, { cause: error });
    }
  }

  return {
    get(workspaceId) {
      if (!hears()) throw new GateError('unavailable', DEAF);
      const policy = known.get(workspaceId) ?? reading.get(workspaceId);
      if (policy !== undefined) return policy;
      const started = read(workspaceId);
      reading.set(workspaceId, started);
      const isCurrent = () => reading.get(workspaceId) === started;
      started.then(
        (compiled) => {
          if (!isCurrent()) return;
          known.set(workspaceId, compiled);
          reading.delete(workspaceId);
        },
        () => {
          if (isCurrent()) reading.delete(workspaceId);
        },
      );
      return started;
    },
    async outdated(workspaceIds) {
      const found: string[] = [];
      for (const id of new Set([...workspaceIds, ...known.keys(), ...reading.keys()])) {
        const now = await snapshot(id).catch((error: unknown) => {
          // The workspace has gone.
          if (error instanceof GateError && error.code === 'not_found') return undefined;
          throw error;
        });
        // Not by its version alone, which a database that was put back to an earlier state gives a second time.
        if (!known.has(id) || texts.get(id) !== JSON.stringify(now)) found.push(id);
      }
      return found;
    },
    forget(workspaceId) {
      for (const cache of [known, reading])
        if (workspaceId === undefined) cache.clear();
        else cache.delete(workspaceId);
    },
  };
}
