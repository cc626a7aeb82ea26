// Authenticates requests to `/mcp` by their headers, before any of the body is read; and again once the body is there, where a credential was
// revoked meanwhile.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GateError } from 'mcpgate-shared/error';
import type { Audit } from '../../audit/audit.ts';
import type { Principal } from '../../domain/people/principal.ts';
import type { Identity } from '../../identity/identity.ts';
import type { ForwardedDoor } from '../doors/forwarded-door.ts';
import { bearerChallenge, bearerOf, rejected } from '../rejection.ts';

type McpRequest = FastifyRequest;

export interface McpDoor {
  /** Authenticates by the headers. Throws `not_logged_in` or `forbidden`, after recording it. */
  admit(request: McpRequest, reply: FastifyReply): Promise<Principal>;
  /** The principal of an admitted request whose body has come; authenticated again where anything was revoked since. Throws as `admit` does. */
  principalOf(request: McpRequest, reply: FastifyReply): Promise<Principal>;
}

interface Admitted {
  principal: Principal;
  revocations: number;
}

export function createMcpDoor(options: {
  identity: Pick<Identity, 'authenticate' | 'onRevoked'>;
  audit: Pick<Audit, 'refused'>;
  forwarded: ForwardedDoor | undefined;
  publicUrl: string;
}): McpDoor {
  const { identity, audit, publicUrl } = options;
  const admitted = new WeakMap<FastifyRequest, Admitted>();
  /** The principals of requests whose body is still on its way. */
  const entering = new Set<Principal>();
  let revocations = 0;
  identity.onRevoked(
    () => {
      revocations += 1;
      return Promise.resolve({ linksClosed: 0, callsCancelled: 0 });
    },
    () => entering,
  );

  async function enter(request: McpRequest, reply: FastifyReply): Promise<Principal> {
    const bearer = bearerOf(request.headers.authorization);
    const entered = bearer === undefined ? await options.forwarded?.enter(request, 'mcp') : undefined;
    if (entered !== undefined) return entered.principal;
    const answer = await identity.authenticate(bearer, 'mcp', request.ip);
    if (answer.kind === 'ok') return answer.principal;
    const server = serverOf(request);
    const path = server === undefined ? '/mcp' : `/mcp/${server}`;
    const metadata = `resource_metadata="${publicUrl}/.well-known/oauth-protected-resource${path}"`;
    const error = await rejected(audit, answer, { door: 'mcp', address: request.ip, of: request.raw });
    void reply.header('www-authenticate', bearerChallenge(request.headers.authorization, [metadata]));
    throw error;
  }

  return {
    async admit(request, reply) {
      const seen = revocations;
      const principal = await enter(request, reply);
      admitted.set(request, { principal, revocations: seen });
      entering.add(principal);
      reply.raw.once('close', () => entering.delete(principal));
      return principal;
    },
    async principalOf(request, reply) {
      const found = admitted.get(request);
      if (found === undefined) throw new GateError('internal', 'a request came past the door');
      let { principal, revocations: seen } = found;
      entering.delete(principal);
      while (seen !== revocations) {
        seen = revocations;
        principal = await enter(request, reply);
      }
      return principal;
    },
  };
}

/** The server that the path `/mcp/SERVER` names, by name or UUID; undefined for `/mcp`. */
export function serverOf({ params }: FastifyRequest): string | undefined {
  const named: unknown = typeof params === 'object' && params !== null ? Reflect.get(params, 'server') : undefined;
  return typeof named === 'string' ? named : undefined;
}
