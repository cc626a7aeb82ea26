import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fastify, type FastifyPluginCallback } from 'fastify';
import { checkBodies, takesBodies } from './body-doors.ts';

function app(add: (app: ReturnType<typeof fastify>) => void) {
  const made = fastify();
  checkBodies(made);
  add(made);
  return made;
}

test('a route that takes a body says who may send it and how much, or nothing starts', async () => {
  const handler = () => 'ok';
  const silent = app((made) => {
    made.get('/none', handler);
    made.post('/silent', handler);
  });
  await assert.rejects(async () => await silent.ready(), /POST \/silent/);
  const inScope = app((made) => {
    const scoped: FastifyPluginCallback = (scope, _options, done) => {
      takesBodies(scope, 'caller', 1_000_000);
      scope.post('/said', handler);
      done();
    };
    void made.register(scoped);
    made.route({ method: ['GET', 'DELETE'], url: '/beside', handler });
  });
  await assert.rejects(
    async () => await inScope.ready(),
    /^Error: routes that take bodies of anyone: GET, DELETE \/beside$/,
  );
  const long = app((made) => {
    takesBodies(made, 'anyone', 64 * 1024 + 1);
    made.put('/long', handler);
  });
  await assert.rejects(async () => await long.ready(), /PUT \/long/);
  const good = app((made) => {
    made.get('/none', handler);
    takesBodies(made, 'anyone', 100);
    made.post('/short', handler);
  });
  await good.ready();
  const sent = { method: 'POST', url: '/short', payload: { text: 'x'.repeat(200) } } as const;
  assert.equal((await good.inject(sent)).statusCode, 413);
});
