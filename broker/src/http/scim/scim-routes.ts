// SCIM 2.0 (RFC 7643, RFC 7644) under `/scim/v2`: the company's IdP adds people and groups, and cuts leavers off by itself.
import type { FastifyInstance } from 'fastify';
import { GateError } from 'mcpgate-shared/error';
import { mustBeLogged } from '../../domain/public-message.ts';
import type { Audit } from '../../audit/audit.ts';
import type { Identity } from '../../identity/identity.ts';
import { createAddressThrottle } from '../../identity/throttle.ts';
import { takesBodies } from '../doors/body-doors.ts';
import { HTTP_STATUS } from '../error-status.ts';
import { toHttpError } from '../fastify-app.ts';
import { readJsonBodies } from '../json-bodies.ts';
import { bearerChallenge } from '../rejection.ts';
import { registerDiscovery } from './discovery.ts';
import { registerGroups } from './group-routes.ts';
import { createScimDoor } from './scim-caller.ts';
import { badRequest, scimErrorBody } from './scim-error.ts';
import { registerUsers } from './user-routes.ts';

const BODY_LIMIT_BYTES = 1024 * 1024;
const CONTENT_TYPE = 'application/scim+json';
/** For each address. */
const REJECTS = { tries: 30, windowS: 60 };

export interface ScimOptions {
  identity: Pick<Identity, 'adminTokens' | 'provisioning'>;
  audit: Pick<Audit, 'refused'>;
  publicUrl: string;
}

export async function registerScim(
  parent: FastifyInstance,
  { identity, audit, publicUrl }: ScimOptions,
): Promise<void> {
  const { adminTokens, provisioning } = identity;
  const { admit, callerOf } = createScimDoor({ adminTokens, audit, rejects: createAddressThrottle(REJECTS) });
  const base = { baseUrl: new URL('/scim/v2', publicUrl).href, callerOf };

  const routes = (app: FastifyInstance, _options: unknown, done: () => void): void => {
    takesBodies(app, 'caller', BODY_LIMIT_BYTES);
    readJsonBodies(app, {
      types: ['application/json', CONTENT_TYPE],
      refused: (why) => badRequest('invalidSyntax', why),
      notJson: () => badRequest('invalidSyntax', 'the body is no JSON'),
      mayBeEmpty: true, // some clients name a type for a body that is not there, as with DELETE
    });
    app.addHook('onRequest', async (request) => await admit(request));
    app.addHook('onSend', async (_request, reply, payload) => {
      void reply.header('cache-control', 'no-store');
      if (reply.statusCode !== 204) void reply.header('content-type', CONTENT_TYPE);
      return await Promise.resolve(payload);
    });
    app.setErrorHandler((thrown, request, reply) => {
      const error = toHttpError(thrown);
      if (mustBeLogged(error)) request.log.error({ req: request, err: thrown }, 'a request failed');
      const { retryAfterMs } = error;
      if (retryAfterMs !== undefined) void reply.header('retry-after', Math.ceil(retryAfterMs / 1000));
      if (error.code === 'not_logged_in')
        void reply.header('www-authenticate', bearerChallenge(request.headers.authorization));
      return reply.code(HTTP_STATUS[error.code]).send(scimErrorBody(error, request.id));
    });
    app.setNotFoundHandler((request) => {
      throw new GateError('not_found', `there is no ${request.method} ${request.url.split('?', 1)[0] ?? ''} here`);
    });
    registerDiscovery(app, base.baseUrl);
    registerUsers(app, provisioning.people, base);
    registerGroups(app, provisioning.teams, base);
    done();
  };
  await parent.register(routes, { prefix: '/scim/v2' });
}
