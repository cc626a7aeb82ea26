// Mounts the OAuth server, which reads the bodies of its requests itself, and serves the metadata of the broker's resources (RFC 9728).
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GateError } from 'mcpgate-shared/error';
import { STRANGERS_BODY_BYTES, takesBodies } from './doors/body-doors.ts';

/**
 * The paths of the OAuth server, listed one by one. It would accept more spellings than the router does (other letter cases, a slash at the end), and
 * a limit on a path would not hold for its other spellings.
 */
const SERVED = [
  ...['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server', '/oauth/jwks'],
  ...['/oauth/auth', '/oauth/auth/:uid', '/oauth/token', '/oauth/revoke', '/oauth/register'],
  '/oauth/device_authorization',
] as const;

export function registerOAuth(
  app: FastifyInstance,
  serve: (request: IncomingMessage, response: ServerResponse, address: string) => void,
  publicUrl: string,
): void {
  void app.register((scope, _options, done) => {
    takesBodies(scope, 'anyone', STRANGERS_BODY_BYTES); // the OAuth server's own bound is below it
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null));
    for (const url of SERVED) {
      scope.all(url, (request, reply) => {
        reply.hijack();
        serve(request.raw, reply.raw, request.ip);
      });
    }
    done();
  });

  const resource = (path: string) => ({
    resource: `${publicUrl}${path}`,
    authorization_servers: [publicUrl],
    bearer_methods_supported: ['header'],
    resource_name: 'mcpgate',
  });
  // The metadata is public, and scripts of other sites may read where to get a token.
  const openToAll = async (_request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    void reply.header('access-control-allow-origin', '*');
  };
  app.get('/.well-known/oauth-protected-resource', { onRequest: openToAll }, () => resource('/mcp'));
  app.get<{ Params: { '*': string } }>(
    '/.well-known/oauth-protected-resource/*',
    { onRequest: openToAll },
    (request) => {
      const path = `/${request.params['*'].replace(/\/+$/, '')}`;
      if (/^\/(mcp(\/[A-Za-z0-9-]{1,64})?|v1\/tunnel|api\/v1)$/.test(path)) return resource(path);
      throw new GateError('not_found', `${path} is no resource of this broker`);
    },
  );
}
