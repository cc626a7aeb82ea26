// The compiled policy of each workspace, until it changes. Where it cannot be read nobody may do anything.
import { GateError, toGateError } from 'mcpgate-shared/error';
import type { PolicySnapshot } from '../domain/rule.ts';
import { compilePolicy } from '../policy/compile-policy.ts';
import type { CompiledPolicy } from '../policy/decide.ts';

export interface PolicyCache {
  /** At once where it is known. Throws or rejects `unavailable`. */
  get(workspaceId: string): CompiledPolicy | Promise<CompiledPolicy>;
  /** The next `get` reads it anew, also where a reading is under way. */
  forget(workspaceId: string): void;
}

export function createPolicyCache(snapshot: (workspaceId: string) => Promise<PolicySnapshot>): PolicyCache {
  const known = new Map<string, CompiledPolicy>();
  const reading = new Map<string, Promise<CompiledPolicy>>();

  async function read(workspaceId: string): Promise<CompiledPolicy> {
    try {
      return compilePolicy(await snapshot(workspaceId));
    } catch (error) {
      const why = toGateError(error).message;
      throw new GateError('unavailable', `the rules cannot be read, so nothing is allowed: ${why}`, { cause: error });
    }
  }

  return {
    get(workspaceId) {
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
    forget(workspaceId) {
      known.delete(workspaceId);
      reading.delete(workspaceId);
    },
  };
}
