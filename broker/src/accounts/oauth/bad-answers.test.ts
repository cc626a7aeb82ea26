// Providers that say what no standard allows, or lie: whatever they answer, a login ends with an account or with a message that names the server,
// nothing is sent where it does not belong, and what there is goes on.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { GateError } from 'mcpgate-shared/error';
import { startOAuthWorld } from '../../gateway/fixtures/oauth-world.ts';

const HOUR_MS = 3_600_000;
const RESOURCE = '/.well-known/oauth-protected-resource/mcp';
const METADATA = '/.well-known/oauth-authorization-server';

/** A server whose every document is what the test says, byte for byte. */
async function crookedServer(t: TestContext) {
  const answers = new Map<string, (response: ServerResponse) => void>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(`${request.method ?? ''} ${path}`);
    if (path === '/mcp') return void response.writeHead(401).end();
    const answer = answers.get(path);
    if (answer === undefined) return void response.writeHead(404).end();
    answer(response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const resource = { resource: `${origin}/mcp`, authorization_servers: [origin], scopes_supported: ['read'] };
  const metadata = {
    ...{ issuer: origin, authorization_endpoint: `${origin}/authorize`, token_endpoint: `${origin}/token` },
    ...{ registration_endpoint: `${origin}/register`, revocation_endpoint: `${origin}/revoke` },
    ...{ code_challenge_methods_supported: ['S256'], scopes_supported: ['read'], response_types_supported: ['code'] },
    ...{ token_endpoint_auth_methods_supported: ['none'], authorization_response_iss_parameter_supported: true },
    ...{ client_id_metadata_document_supported: false },
  };
  const say = (path: string, body: string, headers: Record<string, string> = {}, status = 200): void =>
    void answers.set(path, (response) =>
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body),
    );
  const reset = (): void => {
    say(RESOURCE, JSON.stringify(resource));
    say(METADATA, JSON.stringify(metadata));
    say('/register', JSON.stringify({ client_id: 'c', redirect_uris: [] }), {}, 201);
  };
  reset();
  return { origin, asked, resource, metadata, say, reset };
}

async function beginners(t: TestContext) {
  const [world, crooked] = [await startOAuthWorld(t), await crookedServer(t)];
  const web = world.serverNamed('web');
  const server = { ...web, transport: { kind: 'http' as const, url: `${crooked.origin}/mcp`, headers: {} } };
  const owner = `user:${(await world.person('grace')).user.id}` as const;
  /** The page that a person is sent to, or what they are told instead. */
  async function begin(): Promise<URL | GateError> {
    try {
      return new URL((await world.accounts.begin(server, owner, undefined)).url);
    } catch (error) {
      if (error instanceof GateError) return error;
      throw error;
    }
  }
  return { ...crooked, begin };
}

/** What may stand in a field: anything at all, and what is nearly right. */
const value = (origin: string) =>
  fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(
      '',
      'x',
      'javascript:alert(1)',
      'http://10.0.0.1/',
      'https://user:pass@evil.example/',
      `${origin}/`,
    ),
    fc.constantFrom(['plain'], [null], [7], 'S256', 'true', -1, 1e300),
    fc.string({ minLength: 3_000, maxLength: 3_001 }),
  );

describe('metadata of a provider', () => {
  it('of any form sends a person to a page of the web or tells them why not, naming the server', async (t) => {
    const { origin, resource, metadata, say, reset, begin } = await beginners(t);
    const fields = fc.constantFrom(
      ...Object.keys(metadata).map((name) => [METADATA, name] as const),
      ...Object.keys(resource).map((name) => [RESOURCE, name] as const),
      ...(['client_id', 'client_secret', 'client_secret_expires_at'] as const).map(
        (name) => ['/register', name] as const,
      ),
    );
    const documents: Record<string, object> = {
      [METADATA]: metadata,
      [RESOURCE]: resource,
      '/register': { client_id: 'c' },
    };
    await fc.assert(
      fc.asyncProperty(fields, value(origin), fc.boolean(), async ([place, name], odd, isLeftOut) => {
        reset();
        say(place, JSON.stringify({ ...documents[place], [name]: isLeftOut ? undefined : odd }));
        const found = await begin();
        if (found instanceof GateError) return assert.match(found.message, /server web/);
        assert.match(found.protocol, /^https?:$/);
        assert.equal(found.searchParams.get('code_challenge_method'), 'S256');
        assert.equal(found.username, '');
      }),
      { numRuns: 150 },
    );
  });

  it('is refused where it is huge, deep, no JSON, said twice, or leads elsewhere', async (t) => {
    const { origin, asked, metadata, say, reset, begin } = await beginners(t);
    const text = JSON.stringify(metadata);
    const documents: [what: string, body: string, says: RegExp, headers?: Record<string, string>, status?: number][] = [
      ['huge', `${text.slice(0, -1)},"x":"${'x'.repeat(1_000_000)}"}`, /answered with more than 65536 bytes/],
      ['deep', '['.repeat(30_000), /what cannot be understood/],
      ['no JSON', '<html>', /what cannot be understood/],
      ['a list', '[]', /what cannot be understood/],
      ['two issuers', `${text.slice(0, -1)},"issuer":"https://evil.example"}`, /what cannot be understood/],
      ['another issuer', JSON.stringify({ ...metadata, issuer: 'https://evil.example' }), /must call itself/],
      ['a private address', '', /not on the public internet/, { location: 'https://10.0.0.1/m' }, 302],
      ['no TLS', '', /only https addresses/, { location: 'http://other.example/m' }, 302],
      ['in circles', '', /no metadata/, { location: `${origin}${METADATA}` }, 302],
    ];
    for (const [what, body, says, headers, status] of documents) {
      reset();
      say(METADATA, body, headers, status);
      const found = await begin();
      assert.ok(found instanceof GateError, `${what}: ${String(found)}`);
      assert.match(found.message, says, what);
      assert.match(found.message, /server web/, what);
    }
    assert.ok(!asked.some((line) => line.includes('/register')), 'nobody is introduced to such a provider');
    reset();
    assert.ok((await begin()) instanceof URL);
  });
});

describe('what a token endpoint answers', () => {
  const good = { access_token: 'at-grace-1', token_type: 'Bearer', expires_in: 3_600, refresh_token: 'rt-1' };

  it('of any form connects an account or says why not, and never fails in another way', async (t) => {
    const world = await startOAuthWorld(t);
    const owner = `user:${(await world.person('grace')).user.id}` as const;
    const web = world.serverNamed('web');
    const answer = fc.tuple(fc.constantFrom(...Object.keys(good), 'scope', 'error'), value('x'));
    await fc.assert(
      fc.asyncProperty(answer, fc.constantFrom(200, 200, 400, 500), async ([name, odd], status) => {
        world.upstream.atToken = (_request, response) => {
          response.writeHead(status, { 'content-type': 'application/json' });
          response.end(JSON.stringify({ ...good, [name]: odd }));
          return true;
        };
        const finished = await world.logIn(owner, 'grace');
        if (finished.kind === 'refused') return assert.match(finished.message, /^Server web is not connected: /);
        assert.equal(status, 200);
        const token = await world.accounts.token(web, owner);
        assert.equal(token.kind, 'token');
      }),
      { numRuns: 100 },
    );
  });

  it('of a megabyte, of another kind of token, or with a redirect is refused, and keeps nothing', async (t) => {
    const world = await startOAuthWorld(t);
    const owner = `user:${(await world.person('grace')).user.id}` as const;
    const answers: [body: string, says: RegExp, status?: number][] = [
      [JSON.stringify({ ...good, more: 'x'.repeat(1_000_000) }), /more than 65536 bytes/],
      [JSON.stringify({ ...good, token_type: 'DPoP' }), /tokens of a kind that is not understood \("dpop"\)/],
      [JSON.stringify({ ...good, expires_in: -5 }), /what cannot be understood/],
      ['', /HTTP 307/, 307],
    ];
    for (const [body, says, status = 200] of answers) {
      world.upstream.atToken = (_request, response) => {
        response.writeHead(status, { 'content-type': 'application/json', location: 'https://evil.example/' }).end(body);
        return true;
      };
      const finished = await world.logIn(owner, 'grace');
      assert.ok(finished.kind === 'refused');
      assert.match(finished.message, says);
      assert.deepEqual(await world.accounts.ofServer(world.serverNamed('web').id), []);
    }
  });

  it('to a refresh, of any form, leaves what there is, or asks the person again; a refresh token is never used twice', async (t) => {
    const world = await startOAuthWorld(t);
    const web = world.serverNamed('web');
    const { owner } = await world.connected('grace');
    const answer = fc.tuple(fc.constantFrom(...Object.keys(good), 'scope', 'error'), value('x'));
    await fc.assert(
      fc.asyncProperty(answer, fc.constantFrom(200, 401, 503), async ([name, odd], status) => {
        world.upstream.atToken = undefined;
        if ((await world.accounts.lackOf(web, owner)) !== undefined) await world.logIn(owner, 'grace');
        world.pass(2 * HOUR_MS);
        world.upstream.atToken = (_request, response) => {
          response.writeHead(status, { 'content-type': 'application/json' });
          response.end(JSON.stringify({ ...good, [name]: odd }));
          return true;
        };
        try {
          const found = await world.accounts.token(web, owner);
          assert.ok(found.kind === 'token' || found.lack === 'expired', JSON.stringify(found));
        } catch (error) {
          assert.ok(error instanceof GateError && error.code === 'unreachable', String(error));
          assert.match(error.message, /server web/);
        }
      }),
      { numRuns: 60 },
    );
    assert.equal(world.upstream.reuses, 0);
  });
});

describe('clocks that do not agree', () => {
  it('count for nothing: a token lives by the broker’s clock, from when it was asked for, as long as its provider says', async (t) => {
    const world = await startOAuthWorld(t);
    const web = world.serverNamed('web');
    // The broker is a year ahead of its provider, or as much behind as it has just been ahead.
    for (const aheadMs of [365 * 24 * HOUR_MS, -364 * 24 * HOUR_MS]) {
      world.pass(aheadMs);
      const { owner } = await world.connected(aheadMs > 0 ? 'grace' : 'linus');
      const refreshes = () => world.upstream.asked.filter(({ kind }) => kind === 'refresh').length;
      const before = refreshes();
      for (let calls = 0; calls < 50; calls++) assert.equal((await world.accounts.token(web, owner)).kind, 'token');
      assert.equal(refreshes(), before, 'no refresh before its time');
      world.pass(HOUR_MS);
      for (let calls = 0; calls < 50; calls++) assert.equal((await world.accounts.token(web, owner)).kind, 'token');
      assert.equal(refreshes(), before + 1, 'one when it has ended, and no storm');
    }
  });

  it('of a provider that gives tokens with nothing left of them lead to no refresh for every call', async (t) => {
    const world = await startOAuthWorld(t);
    const web = world.serverNamed('web');
    world.upstream.lifetimeS = 0;
    const { owner } = await world.connected('grace');
    for (let calls = 0; calls < 50; calls++) assert.equal((await world.accounts.token(web, owner)).kind, 'token');
    assert.equal(world.upstream.asked.filter(({ kind }) => kind === 'refresh').length, 0);
  });

  it('of a broker whose own clock is set back use what there is, and refresh when the server refuses it', async (t) => {
    const world = await startOAuthWorld(t);
    const client = world.connect(await world.connected('grace'));
    await client.call('web__whoami');
    world.pass(-24 * HOUR_MS);
    assert.equal(JSON.stringify(await client.call('web__whoami')).includes('grace with'), true);
    world.upstream.endAccess();
    const said = JSON.stringify(await client.call('web__whoami'));
    assert.ok(said.includes('grace with'), said);
  });
});
