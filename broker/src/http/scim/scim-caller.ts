// Who may speak SCIM here: administration tokens of the role `scim`, which are good for nothing else.
import { may } from 'mcpgate-shared/api/roles';
import type { FastifyRequest } from 'fastify';
import { GateError } from 'mcpgate-shared/error';
import type { Audit } from '../../audit/audit.ts';
import type { Actor } from '../../domain/people/receipt.ts';
import type { Identity } from '../../identity/identity.ts';
import type { Throttle } from '../../identity/throttle.ts';
import { bearerOf, rejected } from '../rejection.ts';

interface Caller {
  workspaceId: string;
  actor: Actor;
}
export type ScimCaller = (request: FastifyRequest) => Caller;

/**
 * `admit` throws `not_logged_in` or `forbidden`, and records it; `throttled`, and records nothing, where an address has had too many of
 * these. A good token is not kept out by what others behind its address try.
 */
export function createScimDoor(parts: {
  adminTokens: Pick<Identity['adminTokens'], 'authenticate'>;
  audit: Pick<Audit, 'refused'>;
  rejects: Throttle;
}): { admit: (request: FastifyRequest) => Promise<void>; callerOf: ScimCaller } {
  const { adminTokens, audit, rejects } = parts;
  const callers = new WeakMap<FastifyRequest, Caller>();

  const throttle = (address: string): void => {
    const retryAfterMs = rejects.hit(address);
    if (retryAfterMs > 0) throw new GateError('throttled', 'too many tokens were refused', { retryAfterMs });
  };

  return {
    async admit(request) {
      const address = request.ip;
      const answer = await adminTokens.authenticate(bearerOf(request.headers.authorization) ?? '');
      if (answer.kind === 'rejected') {
        throttle(address);
        throw await rejected(audit, answer, { door: 'scim', address, of: request.raw });
      }
      const { label, role, workspaceId } = answer.token;
      const actor = { name: `admin-token:${label}`, address };
      if (may(role, 'scim')) return void callers.set(request, { workspaceId, actor });
      throttle(address);
      const data = { door: 'scim', reason: 'wrong_role' };
      const common = { workspace_id: workspaceId, type: 'auth.rejected', actor: actor.name, subject: null };
      await audit.refused({ ...common, address, data }, request.raw);
      throw new GateError('forbidden', `this needs a token of the role scim, and this one is of the role ${role}`);
    },
    callerOf(request) {
      const caller = callers.get(request);
      if (caller === undefined) throw new GateError('internal', 'a request came past the door');
      return caller;
    },
  };
}

/** The id that the path names. */
export function idOf({ params }: FastifyRequest): string {
  if (typeof params === 'object' && params !== null && 'id' in params && typeof params.id === 'string')
    return params.id;
  throw new GateError('internal', 'a route without an id');
}
