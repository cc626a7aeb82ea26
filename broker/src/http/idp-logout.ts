// The endpoint at which the company's IdP tells the broker that a person has signed out there (OpenID Connect Back-Channel Logout 1.0, section 2.5).
// The signature of its logout token authenticates the IdP, so there is no cookie and no form token.
import type { FastifyInstance } from 'fastify';
import type { Clock } from 'mcpgate-shared/clock';
import type { CompanyLogin } from '../identity/idp/company-login.ts';
import type { Log } from '../domain/log.ts';
import { STRANGERS_BODY_BYTES, takesBodies } from './doors/body-doors.ts';
import { createRefusalLog } from '../domain/bounds/refusal-log.ts';

const PATH = '/oauth/idp/backchannel-logout';

export function registerIdpLogout(app: FastifyInstance, idp: CompanyLogin, log: Log, clock: Clock): void {
  const refusals = createRefusalLog({ log, clock });
  void app.register((scope, _options, done) => {
    takesBodies(scope, 'anyone', STRANGERS_BODY_BYTES);
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: STRANGERS_BODY_BYTES },
      (_request, body, parsed) => parsed(null, body),
    );
    scope.post(PATH, async (request, reply) => {
      void reply.header('cache-control', 'no-store');
      const form = new URLSearchParams(typeof request.body === 'string' ? request.body : '');
      const outcome = await idp.backChannelLogout(form.get('logout_token') ?? '', request.ip);
      if (outcome.kind === 'ok') return reply.code(200).send();
      refusals.note('logout token', { detail: outcome.detail, address: request.ip }, 'a logout token was refused');
      return reply.code(400).send({ error: 'invalid_request', error_description: outcome.detail });
    });
    done();
  });
}
