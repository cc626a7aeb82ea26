// The public keys by which servers verify what they are told of people (RFC 7517).
import type { FastifyInstance } from 'fastify';
import type { SigningKeys } from '../assertions/assertions.ts';
import { KEYS_AGE_MS } from '../assertions/signing-keys.ts';

export function registerJwks(app: FastifyInstance, keys: Pick<SigningKeys, 'published'>): void {
  app.get('/.well-known/jwks.json', async (_request, reply) => {
    void reply.header('access-control-allow-origin', '*');
    void reply.header('cache-control', `public, max-age=${KEYS_AGE_MS / 1000}`);
    return await keys.published();
  });
}
