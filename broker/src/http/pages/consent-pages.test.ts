import assert from 'node:assert/strict';
import { after, before, mock, suite, test } from 'node:test';
import type { Revocation } from '../../domain/people/revocation.ts';
import { HOST, WORKSPACE } from '../../identity/fixtures/identity-world.ts';
import { createConsentWorld, REDIRECT } from './fixtures/consent-world.ts';

suite('HTTP clients at the consent page', () => {
  let world: Awaited<ReturnType<typeof createConsentWorld>>;
  before(async () => {
    world = await createConsentWorld();
  });
  after(() => world.close());

  test('a registered client is let in by a person, for its audience, and is named in the login', async () => {
    const { tokens, person } = await world.connected({ client_name: 'Pain\u202eter\n\u0000 2' });
    assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
    assert.equal(tokens.body['token_type'], 'Bearer');
    assert.equal(tokens.body['scope'], 'mcp');
    const answer = await world.identity.authenticate(tokens.access, 'mcp');
    assert.ok(answer.kind === 'ok');
    assert.equal(answer.principal.user?.name, person.name);
    assert.equal(answer.principal.credential.kind, 'oauth');
    assert.equal(answer.principal.credential.label, 'Painter 2');
    assert.equal(answer.principal.servers, undefined);
    for (const audience of ['tunnel', 'api'] as const) {
      const refused = await world.identity.authenticate(tokens.access, audience);
      assert.ok(refused.kind === 'rejected' && refused.reason === 'wrong_audience', audience);
    }
  });

  test('a client without a resource gets the MCP door; one for a server is bound to it; other doors are none of its', async () => {
    const { clientId } = await world.register();
    const person = await world.personAtBrowser();
    const client = world.login(clientId);
    const plain = await client.fetch(
      (await person.decide(client.path({ resource: undefined }), 'approve')).get('code') ?? '',
    );
    assert.equal((await world.identity.authenticate(plain.access, 'mcp')).kind, 'ok');
    const bound = world.login(clientId);
    const path = bound.path({ resource: `${world.publicUrl}/mcp/nowhere` });
    const code = (await person.decide(path, 'approve')).get('code') ?? '';
    assert.equal((await bound.fetch(code, { resource: `${world.publicUrl}/mcp` })).error, 'invalid_target');
    const again = world.login(clientId);
    const second = (await person.decide(again.path({ resource: `${world.publicUrl}/mcp/nowhere` }), 'approve')).get(
      'code',
    );
    const answer = await world.identity.authenticate((await again.fetch(second ?? '')).access, 'mcp');
    assert.deepEqual(answer.kind === 'ok' && answer.principal.servers, []);
    for (const resource of ['/v1/tunnel', '/api/v1', '/mcp/a/b', '/mcp/../api/v1', '/nothing']) {
      const back = await person.browser.open(client.path({ resource: `${world.publicUrl}${resource}` }));
      assert.equal(new URL(back.url, world.origin).searchParams.get('error'), 'invalid_target', resource);
    }
  });

  test('without PKCE, with a plain challenge or the wrong verifier there is no token', async () => {
    const { clientId } = await world.register();
    const person = await world.personAtBrowser();
    const client = world.login(clientId);
    for (const params of [
      { code_challenge: undefined, code_challenge_method: undefined },
      { code_challenge_method: 'plain' },
      { code_challenge_method: undefined },
    ]) {
      const back = await person.browser.open(client.path(params));
      assert.equal(new URL(back.url).searchParams.get('error'), 'invalid_request', JSON.stringify(params));
      assert.equal(new URL(back.url).searchParams.get('iss'), world.publicUrl);
    }
    const code = (await person.decide(client.path(), 'approve')).get('code') ?? '';
    assert.equal((await client.fetch(code, { code_verifier: 'x'.repeat(43) })).error, 'invalid_grant');
    assert.equal((await client.fetch(code, { redirect_uri: 'http://127.0.0.1:4712/callback' })).error, 'invalid_grant');
    assert.equal((await client.fetch(code)).status, 200, 'the client itself still can');
  });

  test('answers go nowhere but to what is registered; of the loopback any port will do', async () => {
    const { clientId } = await world.register();
    const person = await world.personAtBrowser();
    const client = world.login(clientId);
    for (const uri of [
      'https://evil.example/callback',
      'http://127.0.0.1:4711/other',
      'http://127.0.0.1.evil.example/callback',
    ]) {
      const page = await person.browser.open(client.path({ redirect_uri: uri }));
      assert.equal(page.status, 400, uri);
      assert.match(page.html, /did not register/);
    }
    const page = await person.browser.open(client.path({ redirect_uri: 'http://127.0.0.1:9/callback' }));
    assert.match(page.headers.get('content-security-policy') ?? '', /form-action 'self' http:\/\/127\.0\.0\.1:9;/);
    const unknown = await person.browser.open(world.login('client-unknown').path());
    assert.equal(unknown.status, 400);
    assert.match(unknown.html, /not known here/);
  });

  test('an answer belongs to the browser that was sent, to the person who signs in, and is given once', async () => {
    const { clientId } = await world.register({ client_name: '<img src=x>' });
    const person = await world.personAtBrowser();
    const client = world.login(clientId);
    const page = await person.browser.open(client.path());
    assert.match(page.html, /&#60;img src&#61;x&#62;/);
    assert.ok(!page.html.includes('<img'));
    const stranger = await world.personAtBrowser();
    assert.equal((await stranger.browser.open(page.url)).status, 410);
    assert.equal((await stranger.browser.submit(page, { decision: 'approve' })).status, 403);
    const back = await person.browser.submit(page, { decision: 'approve' });
    assert.ok(back.url.startsWith(`${REDIRECT}?code=`), back.url);
    assert.equal((await person.browser.submit(page, { decision: 'approve' })).status, 410);
    const denied = await person.decide(world.login(clientId).path(), 'deny');
    assert.equal(denied.get('error'), 'access_denied');
    assert.equal(denied.get('state'), 's');
    const none = await person.browser.open(client.path({ prompt: 'none' }));
    assert.equal(new URL(none.url).searchParams.get('error'), 'consent_required', 'nobody is let in unseen');
  });

  test('a code that comes twice ends the login and everything that lives by it', async () => {
    const { client, code, tokens } = await world.connected();
    const revoked: Revocation[] = [];
    const stop = world.identity.onRevoked(async (revocation) => {
      revoked.push(revocation);
      return { linksClosed: 0, callsCancelled: 0 };
    });
    assert.equal((await client.fetch(code)).error, 'invalid_grant');
    stop();
    assert.deepEqual(
      revoked.map(({ kind }) => kind),
      ['grant'],
    );
    assert.equal((await world.identity.authenticate(tokens.access, 'mcp')).kind, 'rejected');
    assert.equal((await client.refresh(tokens.refresh)).error, 'invalid_grant');
    const events = await world.events('token.reused');
    assert.ok(events.some(({ subject }) => subject === `session:${revoked[0]?.id}`));
  });

  test('a refresh that comes again within a minute gets the same answer; later it ends the login', async (t) => {
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    t.after(() => mock.timers.reset());
    const { client, tokens } = await world.connected();
    const [one, two] = await Promise.all([client.refresh(tokens.refresh), client.refresh(tokens.refresh)]);
    assert.equal(one.status, 200);
    assert.deepEqual(one.body, two.body, 'several processes of one client share a token');
    mock.timers.tick(55_000);
    assert.deepEqual((await client.refresh(tokens.refresh)).body, one.body, 'nobody has lost the login');
    mock.timers.tick(6_000);
    assert.equal((await client.refresh(tokens.refresh)).error, 'invalid_grant');
    assert.equal((await client.refresh(one.refresh)).error, 'invalid_grant');
    assert.equal((await world.identity.authenticate(one.access, 'mcp')).kind, 'rejected');
  });

  test('a client may write the address of the door as it likes, and differently each time; another host is refused', async () => {
    const { clientId } = await world.register();
    const person = await world.personAtBrowser();
    const { publicUrl } = world;
    const ways = [`${publicUrl}/mcp/`, `${publicUrl}/mcp?tools=search`, publicUrl, `${publicUrl}/`];
    for (const [index, resource] of ways.entries()) {
      const client = world.login(clientId);
      const code = (await person.decide(client.path({ resource }), 'approve')).get('code') ?? '';
      const tokens = await client.fetch(code, { resource: ways.at(index - 1) ?? '' });
      assert.equal(tokens.status, 200, resource);
      assert.equal((await world.identity.authenticate(tokens.access, 'mcp')).kind, 'ok');
      assert.equal((await world.identity.authenticate(tokens.access, 'api')).kind, 'rejected');
      const renewed = await client.refresh(tokens.refresh);
      assert.equal((await world.identity.authenticate(renewed.access, 'mcp')).kind, 'ok');
    }
    const client = world.login(clientId);
    for (const resource of ['http://mcp.evil.example/mcp', `${publicUrl}/elsewhere`]) {
      const back = await person.browser.open(client.path({ resource }));
      assert.equal(new URL(back.url, publicUrl).searchParams.get('error'), 'invalid_target', resource);
    }
  });

  test('a login is listed until it is ended, given up (RFC 7009) or not renewed for as long as its tokens last', async (t) => {
    const { clientId, tokens, person } = await world.connected();
    const mine = () => world.identity.sessions.list(WORKSPACE, { user: person.name });
    const oauth = (await mine()).filter(({ kind }) => kind === 'oauth');
    assert.deepEqual(
      oauth.map(({ label, user }) => [label, user]),
      [['Painter', person.name]],
    );
    const body = new URLSearchParams({ client_id: clientId, token: tokens.refresh });
    assert.equal((await fetch(`${world.origin}/oauth/revoke`, { method: 'POST', body })).status, 200);
    assert.equal((await mine()).filter(({ kind }) => kind === 'oauth').length, 0);
    assert.equal((await world.identity.authenticate(tokens.access, 'mcp')).kind, 'rejected');

    const other = await world.connected();
    const [session] = (await world.identity.sessions.list(WORKSPACE, { user: other.person.name })).filter(
      ({ kind }) => kind === 'oauth',
    );
    const receipt = await world.identity.sessions.end(WORKSPACE, session?.id.slice(0, 12) ?? '', HOST);
    assert.equal(receipt.subject, `session:${session?.id}`);
    assert.equal(receipt.tokens_revoked, 2);
    assert.equal((await world.identity.authenticate(other.tokens.access, 'mcp')).kind, 'rejected');

    const third = await world.connected();
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 31 * 86_400_000 });
    t.after(() => mock.timers.reset());
    assert.equal((await world.identity.sessions.list(WORKSPACE, { user: third.person.name })).length, 0);
  });

  test('a client that does not renew gets no refresh token', async () => {
    const { tokens } = await world.connected({ grant_types: ['authorization_code'] });
    assert.equal(tokens.status, 200);
    assert.equal(tokens.body['refresh_token'], undefined);
  });
});

test('behind https the cookies of a request are for https only, and the way back is the public address', async (t) => {
  const world = await createConsentWorld({ publicUrl: 'https://mcp.example.com' });
  t.after(() => world.close());
  const { clientId } = await world.register();
  const response = await fetch(world.origin + world.login(clientId).path(), { redirect: 'manual' });
  const cookies = response.headers.getSetCookie();
  assert.ok(
    cookies.length >= 2 && cookies.every((line) => /; secure/i.test(line) && /; httponly/i.test(line)),
    cookies.join('\n'),
  );
  assert.match(response.headers.get('location') ?? '', /^\/consent\//);
  const { tokens } = await world.connected();
  assert.equal(tokens.status, 200, 'the whole way works there too');
});
