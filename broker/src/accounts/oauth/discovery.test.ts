// Who gives tokens for a server: every place where that may be said, in the order of the specification, and who is not believed.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import type { OAuthForm } from '../../domain/people/account.ts';
import { createGuardedFetch } from '../../net/guarded-fetch.ts';
import { readChallenge } from './challenge.ts';
import { discover } from './discovery.ts';

/**
 * A host that has these documents, by path; `challenge` is what its MCP server answers the first message with, or, where it `opensTo` everybody
 * under this session, the second one.
 */
async function host(
  t: TestContext,
  made: (origin: string) => { challenge?: string; opensTo?: string; documents: Record<string, unknown> },
) {
  const asked: string[] = [];
  let has: ReturnType<typeof made> = { documents: {} };
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    if (request.method === 'POST' && has.opensTo !== undefined && request.headers['mcp-session-id'] !== has.opensTo)
      return void response.writeHead(200, { 'mcp-session-id': has.opensTo }).end();
    if (request.method === 'POST')
      return void response
        .writeHead(401, has.challenge === undefined ? {} : { 'www-authenticate': has.challenge })
        .end();
    asked.push(path);
    const document = has.documents[path];
    if (document === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  has = made(origin);
  const find = (path = '/mcp', form: Partial<OAuthForm> = {}) =>
    discover(createGuardedFetch({ allowHosts: [] }), {
      ...{ name: 'wiki', url: new URL(`${origin}${path}`), form: { kind: 'oauth', ...form } },
    });
  return { origin, asked, find };
}

const metadata = (issuer: string) => ({
  ...{ issuer, authorization_endpoint: `${issuer}/a`, token_endpoint: `${issuer}/t` },
  code_challenge_methods_supported: ['S256'],
});

describe('the authorization server of a server', () => {
  it('is where the challenge says, with the scopes that it names', async (t) => {
    const { origin, find } = await host(t, (at) => ({
      challenge: `Bearer error="invalid_token", resource_metadata="${at}/meta", scope="a b"`,
      documents: {
        '/meta': { resource: `${at}/mcp`, authorization_servers: [at], scopes_supported: ['c'] },
        '/.well-known/oauth-authorization-server': metadata(at),
      },
    }));
    const found = await find();
    assert.deepEqual([found.server.issuer, found.resource, found.scopes], [origin, `${origin}/mcp`, ['a', 'b']]);
  });

  it('is where the challenge says that a server gives to whoever asks for its tools, where it lets everybody begin', async (t) => {
    const { find } = await host(t, (at) => ({
      challenge: `Bearer resource_metadata="${at}/meta", scope="a"`,
      opensTo: 'session-1',
      documents: {
        '/meta': { resource: `${at}/mcp`, authorization_servers: [at], scopes_supported: ['c'] },
        '/.well-known/oauth-authorization-server': metadata(at),
      },
    }));
    assert.deepEqual((await find()).scopes, ['a']);
  });

  it('is found at the well-known places where the challenge says nothing: with the path first, then without', async (t) => {
    for (const place of ['/.well-known/oauth-protected-resource/mcp', '/.well-known/oauth-protected-resource']) {
      const { origin, find, asked } = await host(t, (at) => ({
        documents: {
          [place]: { resource: at, authorization_servers: [`${at}/tenant`], scopes_supported: ['c'] },
          '/tenant/.well-known/openid-configuration': metadata(`${at}/tenant`),
        },
      }));
      const found = await find();
      assert.deepEqual([found.resource, found.scopes], [origin, ['c']]);
      assert.deepEqual(asked.slice(-3), [
        '/.well-known/oauth-authorization-server/tenant',
        '/.well-known/openid-configuration/tenant',
        '/tenant/.well-known/openid-configuration',
      ]);
    }
  });

  it('is the server’s own origin for one of 2025-03-26, with what it says or with the places of then', async (t) => {
    const said = await host(t, (at) => ({ documents: { '/.well-known/oauth-authorization-server': metadata(at) } }));
    assert.equal((await said.find()).server.token_endpoint, `${said.origin}/t`);
    const silent = await host(t, () => ({ documents: {} }));
    const { server, resource } = await silent.find();
    assert.deepEqual(
      [server.authorization_endpoint, server.token_endpoint, server.registration_endpoint, resource],
      [`${silent.origin}/authorize`, `${silent.origin}/token`, `${silent.origin}/register`, `${silent.origin}/mcp`],
    );
  });

  it('is not believed where it calls itself otherwise, describes another resource, or protects no codes', async (t) => {
    const resource = '/.well-known/oauth-protected-resource';
    const place = '/.well-known/oauth-authorization-server';
    const cases: [documents: (at: string) => Record<string, unknown>, said: RegExp, form?: Partial<OAuthForm>][] = [
      [
        (at) => ({
          [resource]: { resource: at, authorization_servers: [at] },
          [place]: metadata('https://evil.example'),
        }),
        /must call itself/,
      ],
      [() => ({ [resource]: { resource: 'https://evil.example/mcp' } }), /describes another resource/],
      [(at) => ({ [resource]: { resource: `${at}/mcp/other` } }), /describes another resource/],
      [(at) => ({ [place]: { ...metadata(at), code_challenge_methods_supported: ['plain'] } }), /PKCE with S256/],
      [(at) => ({ [place]: { ...metadata(at), code_challenge_methods_supported: undefined } }), /PKCE with S256/],
      [
        (at) => ({ [place]: { ...metadata(at), authorization_endpoint: 'javascript:alert(1)' } }),
        /no authorization_endpoint/,
      ],
      [
        (at) => ({ [place]: { ...metadata(at), authorization_endpoint: 'https://github.com/login/oauth/authorize' } }),
        /sends people to another host \(github\.com\) to log in/,
      ],
      [
        (at) => ({ [resource]: { resource: at, authorization_servers: [at] } }),
        /names other authorization servers/,
        { issuer: 'https://login.example' },
      ],
      [(at) => ({ [resource]: { resource: at, authorization_servers: ['http://10.0.0.1/'] } }), /only https addresses/],
    ];
    for (const [documents, said, form] of cases) {
      const { find } = await host(t, (at) => ({ documents: documents(at) }));
      await assert.rejects(find('/mcp', form), said);
    }
    const elsewhere = 'https://login.example/authorize';
    const said = await host(t, (at) => ({
      documents: { [place]: { ...metadata(at), authorization_endpoint: elsewhere } },
    }));
    const { server } = await said.find('/mcp', { issuer: said.origin });
    assert.equal(server.authorization_endpoint, elsewhere, 'an administrator has named the issuer');
    const promising = { authorization_endpoint: elsewhere, authorization_response_iss_parameter_supported: true };
    const named = await host(t, (at) => ({ documents: { [place]: { ...metadata(at), ...promising } } }));
    assert.equal((await named.find()).server.authorization_endpoint, elsewhere, 'it will say whose its answers are');
    const unnamed = await host(t, (at) => ({
      documents: { [place]: { ...metadata(at), authorization_endpoint: elsewhere } },
    }));
    await assert.rejects(unnamed.find(), /sends people to another host \(login\.example\)/);
    const { find } = await host(t, (at) => ({ challenge: `Bearer resource_metadata="${at}/gone"`, documents: {} }));
    await assert.rejects(find(), /names metadata that is not there/);
  });
});

it('a challenge is read in every spelling that the header may have', () => {
  assert.deepEqual(readChallenge('Basic realm="x", Bearer scope="a  b\\"c", resource_metadata=https'), {
    ...{ resourceMetadata: 'https', scopes: ['a'], error: undefined },
  });
  assert.deepEqual(readChallenge('bearer ERROR="insufficient_scope",scope="w"').error, 'insufficient_scope');
  assert.deepEqual(readChallenge(undefined), { resourceMetadata: undefined, scopes: [], error: undefined });
});
