// Secrets with which a client proves itself to an authorization server: a rotation of one is tried there, as a token that was had before proves nothing.
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { it } from 'node:test';
import { createSecretRotations } from '../../admin/rotation/secret-rotations.ts';
import { textOf } from '../../gateway/fixtures/gateway-world.ts';
import { BY_HAND, startOAuthWorld } from '../../gateway/fixtures/oauth-world.ts';
import type { OAuthForm } from '../../domain/people/account.ts';

async function rotatingWorld(t: Parameters<typeof startOAuthWorld>[0], account: OAuthForm) {
  const world = await startOAuthWorld(
    t,
    { credential: 'shared', account, probe: { tool: 'whoami', arguments: {} } },
    { secrets: { robot: 'first-secret' } },
  );
  const { vault, upstreams, store, audit } = world;
  const switchElsewhere = async () => ({ brokers: 0, unconfirmed: [], pending: 0 });
  const rotations = createSecretRotations({ vault, upstreams, store, audit, switchElsewhere });
  const rotate = (value: string) =>
    rotations.rotate({
      ...{ workspaceId: 'default', name: 'robot', value, expiresAt: null, proveDead: true, actor: BY_HAND },
    });
  return { ...world, rotate };
}

const secretOf = async (request: IncomingMessage): Promise<string> =>
  new URLSearchParams(await text(request)).get('client_secret') ?? '';

it('of a client of its own are tried at the authorization server; the tokens of the old one are used no more', async (t) => {
  const account = { kind: 'oauth', grant: 'client_credentials', clientId: 'robot', clientSecret: '${secret:robot}' };
  const world = await rotatingWorld(t, account as OAuthForm);
  let good = 'first-secret';
  world.upstream.atToken = (request, response) => {
    void secretOf(request).then((secret) => {
      const isGood = secret === good;
      response.writeHead(isGood ? 200 : 401, { 'content-type': 'application/json' });
      response.end(JSON.stringify(isGood ? world.upstream.issue(good) : { error: 'invalid_client' }));
    });
    return true;
  };
  const client = world.connect();
  assert.equal(textOf(await client.call('web__whoami')), 'first-secret with ***');

  const mistyped = await world.rotate('mistyped-secret');
  assert.deepEqual([mistyped.rotated, mistyped.verified], [false, false]);
  assert.match(JSON.stringify(mistyped.steps), /invalid_client/);
  assert.ok(!/(?:mistyped|first)-secret/.test(JSON.stringify(mistyped)));
  assert.equal(textOf(await client.call('web__whoami')), 'first-secret with ***');

  good = 'second-secret';
  const rotated = await world.rotate('second-secret');
  assert.deepEqual([rotated.rotated, rotated.verified, rotated.oldRefused], [true, true, true]);
  assert.equal(textOf(await client.call('web__whoami')), 'second-secret with ***');
});

it('of a client that people logged in with are not said to be good by a token that was had before', async (t) => {
  const account = { kind: 'oauth', clientId: 'robot', clientSecret: '${secret:robot}' } as const;
  const world = await rotatingWorld(t, account);
  const web = world.serverNamed('web');
  world.upstream.atToken = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(world.upstream.issue('all')));
    return true;
  };
  const { url, browserSecret } = await world.accounts.begin(web, 'shared', undefined);
  const back = new URL(new URL(url).searchParams.get('redirect_uri') ?? '');
  back.search = new URLSearchParams({ code: 'any', state: new URL(url).searchParams.get('state') ?? '' }).toString();
  const finished = await world.accounts.finish(back, browserSecret, () => ['shared'], BY_HAND);
  assert.equal(finished.kind, 'connected');
  const { verified, oldRefused, steps } = await world.rotate('another-secret');
  assert.deepEqual([verified, oldRefused], [null, null]);
  assert.match(JSON.stringify(steps), /not verified: .*authorization server/);
});
