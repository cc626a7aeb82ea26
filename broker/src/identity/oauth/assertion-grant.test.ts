// AI clients of the company that trade an assertion of its IdP for a token: what is good, and everything that must not let anybody in.
import assert from 'node:assert/strict';
import { after, afterEach, before, suite, test } from 'node:test';
import { until } from 'mcpgate-test/world/until';
import { idpSettingsFor, createIdpWorld, signInAt } from '../../http/pages/fixtures/idp-world.ts';
import { createPageBrowser } from '../../http/pages/fixtures/page-browser.ts';
import { HOST, WORKSPACE, type Answer, type IdentityWorld } from '../fixtures/identity-world.ts';
import { startCrookedIdp, type CrookedIdp } from '../idp/fixtures/crooked-idp.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const CLIENT = 'company-claude';
const SECRET = 'what the company and its client know: % + &';

suite('an identity assertion of the company’s IdP', () => {
  let idp: CrookedIdp;
  let world: IdentityWorld;
  let secret: string | undefined = SECRET;
  before(async () => {
    idp = await startCrookedIdp();
    const secrets = { [CLIENT]: async () => secret ?? '', other: async () => 'another secret' };
    world = await createIdpWorld({ ...idpSettingsFor(idp.issuer), assertionClients: new Map(Object.entries(secrets)) });
  });
  afterEach(() => {
    idp.foreignKey = false;
    secret = SECRET;
  });
  after(async () => {
    await world.close();
    await idp.stop();
  });

  let count = 0;
  /** Somebody who has signed in at the pages once. */
  async function someone(): Promise<string> {
    const name = `person${++count}`;
    idp.claims = { sub: `sub-${name}`, preferred_username: name, email: `${name}@corp.example`, email_verified: true };
    await signInAt(idp.issuer, createPageBrowser(world.origin));
    return name;
  }
  const claimsFor = (name: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
    ...{ sub: `sub-${name}`, aud: world.publicUrl, client_id: CLIENT, resource: `${world.publicUrl}/mcp` },
    ...more,
  });
  async function trade(
    assertion: string,
    as = { id: CLIENT, secret: SECRET },
    at = world.origin,
    more = {},
  ): Promise<Answer> {
    const login = [as.id, as.secret].map((text) => encodeURIComponent(text)).join(':');
    const response = await fetch(`${at}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(login).toString('base64')}` },
      body: new URLSearchParams({ grant_type: GRANT, assertion, ...more }),
    });
    const answer = (await response.json()) as Answer;
    return { ...answer, status: response.status };
  }
  const enters = async (token: unknown, door: 'mcp' | 'tunnel' | 'api' = 'mcp') =>
    world.identity.authenticate(String(token), door);
  const reasons = async (): Promise<unknown[]> =>
    (await world.events('assertion.refused')).map(({ data }) => data['reason']);

  test('gives its person an ordinary token for the MCP door alone, which is listed, ended and refused like any other', async () => {
    const name = await someone();
    const first = await trade(await idp.idJag(claimsFor(name, { scope: 'mcp openid' })));
    assert.equal(first.status, 200, JSON.stringify(first));
    assert.deepEqual(
      [first['token_type'], first['scope'], first['expires_in'], first.refresh_token],
      ['Bearer', 'mcp', 600, undefined],
    );
    const answer = await enters(first.access_token);
    assert.equal(answer.kind, 'ok');
    assert.equal(answer.kind === 'ok' && answer.principal.user?.name, name);
    for (const door of ['tunnel', 'api'] as const)
      assert.equal((await enters(first.access_token, door)).kind, 'rejected');

    const second = await trade(await idp.idJag(claimsFor(name, { resource: `${world.publicUrl}/mcp/` })));
    const sessions = (await world.identity.sessions.list(WORKSPACE)).filter(
      ({ user, kind }) => user === name && kind === 'oauth',
    );
    assert.deepEqual(
      sessions.map(({ label, access }) => [label, access?.resource]),
      [[CLIENT, `${world.publicUrl}/mcp`]],
      'one login, however often its token is renewed',
    );
    const [event] = await world.events('login.approved');
    assert.deepEqual([event?.subject, event?.data['client_id']], [`user:${name}`, CLIENT]);
    await world.identity.sessions.end(WORKSPACE, sessions[0]?.id ?? '', HOST);
    for (const { access_token: token } of [first, second]) assert.equal((await enters(token)).kind, 'rejected');
  });

  test('ends with the access of its person, and is for nobody who is not known here', async () => {
    const name = await someone();
    const { access_token: token } = await trade(await idp.idJag(claimsFor(name)));
    await world.identity.users.disable(WORKSPACE, name, HOST);
    assert.equal((await enters(token)).kind, 'rejected');
    for (const claims of [claimsFor(name), claimsFor('nobody')])
      assert.equal((await trade(await idp.idJag(claims))).error, 'invalid_grant');
  });

  test('is accepted once over all brokers, also where it comes to several at the same moment', async () => {
    const name = await someone();
    const elsewhere = await world.replica();
    const assertion = await idp.idJag(claimsFor(name));
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => trade(assertion, undefined, index % 2 === 0 ? world.origin : elsewhere)),
    );
    assert.deepEqual(
      answers.map(({ status }) => status).filter((status) => status === 200),
      [200],
    );
    assert.equal((await trade(assertion)).error, 'invalid_grant');
    assert.ok((await reasons()).includes('it was used already'));
  });

  test('is refused where one claim does not fit, and each refusal is in the log', async () => {
    const name = await someone();
    const now = Math.floor(Date.now() / 1000);
    const bad: [Record<string, unknown>, reason: RegExp, error?: string][] = [
      [{ aud: 'https://other.example' }, /"aud"/],
      [{ aud: [world.publicUrl, 'https://other.example'] }, /several/],
      [{ aud: undefined }, /"aud"/],
      [{ iss: 'https://other.example' }, /"iss"/],
      [{ client_id: 'other' }, /another client/],
      [{ client_id: undefined }, /no client/],
      [{ resource: 'https://other.example/mcp' }, /no MCP server/],
      [{ resource: `${world.publicUrl}/api/v1` }, /no MCP server/],
      [{ resource: `${world.publicUrl}/v1/tunnel` }, /no MCP server/],
      [{ resource: [`${world.publicUrl}/mcp`] }, /several/],
      [{ resource: undefined }, /no resource/],
      [{ jti: undefined }, /no jti/],
      [{ sub: undefined }, /no person/],
      [{ exp: now - 61 }, /"exp"/],
      [{ exp: undefined }, /"exp"|ends/],
      [{ iat: now - 700 }, /"iat"|too/],
      [{ iat: now + 90 }, /"iat"|past/],
      [{ iat: undefined }, /"iat"/],
      [{ nbf: now + 90 }, /"nbf"/],
      [{ exp: now + 86_400 }, /more than 3600/],
      [{ scope: 'read write' }, /scope/, 'invalid_scope'],
    ];
    for (const [claims, reason, error = 'invalid_grant'] of bad) {
      const before = (await reasons()).length;
      const answer = await trade(await idp.idJag(claimsFor(name, claims)));
      assert.deepEqual([answer.status, answer.error], [400, error], JSON.stringify(claims));
      const told = await reasons();
      assert.equal(told.length, before + 1);
      assert.match(String(told[0]), reason, JSON.stringify(claims));
    }
    // An ordinary clock that is a little off is forgiven.
    assert.equal((await trade(await idp.idJag(claimsFor(name, { iat: now + 30, exp: now + 330 })))).status, 200);
  });

  test('is refused where it is signed by another, by nobody, or is another kind of token', async () => {
    const name = await someone();
    const good = await idp.idJag(claimsFor(name));
    const [, payload = ''] = good.split('.');
    const header = (text: object) => Buffer.from(JSON.stringify(text)).toString('base64url');
    const unsigned = `${header({ alg: 'none', typ: 'oauth-id-jag+jwt' })}.${payload}.`;
    idp.foreignKey = true;
    const foreign = await idp.idJag(claimsFor(name));
    idp.foreignKey = false;
    const [first = '', , signature = ''] = good.split('.');
    const changed = [first, header(claimsFor('root', { iss: idp.issuer })), signature].join('.');
    for (const assertion of [
      ...[unsigned, foreign, changed, 'x', '.', '..', 'a.b.c', 'x'.repeat(17_000)],
      await idp.idJag(claimsFor(name), 'JWT'),
      await idp.logoutToken(claimsFor(name)),
    ])
      assert.deepEqual(await trade(assertion).then(({ status, error }) => [status, error]), [400, 'invalid_grant']);
    assert.equal((await trade('')).error, 'invalid_request');
  });

  test('is nobody’s who does not prove to be its client', async () => {
    const name = await someone();
    const assertion = await idp.idJag(claimsFor(name));
    for (const as of [
      { id: CLIENT, secret: 'guessed' },
      { id: 'unknown', secret: SECRET },
    ])
      assert.equal((await trade(assertion, as)).error, 'invalid_client');
    assert.equal((await trade(assertion, { id: CLIENT, secret: '' })).error, 'invalid_request');
    const open = await world.post('/oauth/token', { grant_type: GRANT, assertion, client_id: CLIENT });
    assert.equal(open.error, 'invalid_client');
    const posted = { grant_type: GRANT, assertion, client_id: CLIENT, client_secret: SECRET };
    assert.equal((await world.post('/oauth/token', posted)).error, 'invalid_client');
    const laptop = await world.post('/oauth/token', { grant_type: GRANT, assertion, client_id: 'mcpgate-cli' });
    assert.equal(laptop.status, 400, 'a client that is there may not, for all that');
    assert.equal((await trade(assertion, { id: 'other', secret: 'another secret' })).error, 'invalid_grant');
    const elsewhere = await trade(assertion, undefined, undefined, { resource: `${world.publicUrl}/mcp/wiki` });
    assert.equal(elsewhere.error, 'invalid_grant', 'and it names its resource');
    secret = '';
    assert.equal((await trade(assertion)).error, 'invalid_client', 'whose secret is gone is no client');
    secret = SECRET;
    assert.equal((await trade(assertion)).status, 200, 'none of this has used it up');
  });

  test('is verified by the keys that the IdP has now, and by none while it is away', async () => {
    const name = await someone();
    const before = await idp.idJag(claimsFor(name));
    await idp.rotateKeys();
    // Whoever knows the keys asks for them again at most once a second.
    await until(
      'the new key is read',
      async () => (await trade(await idp.idJag(claimsFor(name)))).status === 200 || undefined,
    );
    assert.equal((await trade(before)).error, 'invalid_grant', 'a key that is published no more is good no more');
    await idp.stop();
    const elsewhere = await world.replica();
    assert.equal(
      (await trade(await idp.idJag(claimsFor(name)), undefined, elsewhere)).error,
      'temporarily_unavailable',
    );
    await idp.start();
  });

  test('is told of in the metadata', async () => {
    const metadata = (await (await fetch(`${world.origin}/.well-known/oauth-authorization-server`)).json()) as Record<
      string,
      string[]
    >;
    assert.ok(metadata['grant_types_supported']?.includes(GRANT));
    assert.deepEqual(metadata['token_endpoint_auth_methods_supported'], ['none', 'client_secret_basic']);
    assert.deepEqual(metadata['authorization_grant_profiles_supported'], [
      'urn:ietf:params:oauth:grant-profile:id-jag',
    ]);
  });

  test('that is refused is told in the log of the workspace that the IdP belongs to', async () => {
    const settings = { ...idpSettingsFor(idp.issuer), workspace: 'payments' };
    const secrets = new Map([[CLIENT, () => Promise.resolve(SECRET)]]);
    const theirs = await createIdpWorld({ ...settings, assertionClients: secrets });
    const said = async (workspace: string) => (await theirs.events('assertion.refused', workspace)).length;
    await trade('no assertion', undefined, theirs.origin);
    assert.equal(await said(WORKSPACE), 1, 'as long as there is no such workspace');
    await theirs.store.workspaces.add('payments');
    await trade('no assertion', undefined, theirs.origin);
    assert.deepEqual([await said('payments'), await said(WORKSPACE)], [1, 1]);
    await theirs.close();
  });
});
