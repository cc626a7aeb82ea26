// Where decisions come back that a hook was told of. The signature of each authenticates it, so there is no cookie and no token.
import type { FastifyInstance } from 'fastify';
import { GateError } from 'mcpgate-shared/error';
import { ephemeral, type TakeDecision } from '../hooks/approvals/take-decision.ts';
import { STRANGERS_BODY_BYTES, takesBodies } from './doors/body-doors.ts';

export function registerHooks(app: FastifyInstance, takeDecision: TakeDecision): void {
  void app.register((scope, _options, done) => {
    takesBodies(scope, 'anyone', STRANGERS_BODY_BYTES);
    scope.removeAllContentTypeParsers();
    // The signature is over the text as it came.
    scope.addContentTypeParser(
      ['application/x-www-form-urlencoded', 'application/json'],
      { parseAs: 'string', bodyLimit: STRANGERS_BODY_BYTES },
      (_request, body, parsed) => parsed(null, body),
    );
    scope.post<{ Params: { workspace: string; name: string } }>('/hooks/:workspace/:name', async (request, reply) => {
      void reply.header('cache-control', 'no-store');
      const { workspace: workspaceId, name } = request.params;
      const body = typeof request.body === 'string' ? request.body : '';
      const taken = await takeDecision(
        { workspaceId, name, address: request.ip, of: request.raw },
        { headers: request.headers, body },
      );
      if (taken.kind === 'refused') throw new GateError('not_logged_in', 'the signature is not one that is taken here');
      if (taken.format === 'slack') return ephemeral(taken.text);
      return reply
        .code(taken.kind === 'decided' ? 200 : 409)
        .send({ decided: taken.kind === 'decided', text: taken.text });
    });
    done();
  });
}
