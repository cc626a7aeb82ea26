// Every operation that changes something leaves an event that says what it was before and what it is after, and no secret. A new operation is not in the
// table, and fails until it is.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, request as sendRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { z } from 'zod';
import { startBrokerHere } from '../../fixtures/broker-here.ts';

const EventsSchema = z.array(z.object({ id: z.string(), type: z.string(), data: z.record(z.string(), z.unknown()) }));
const DocumentSchema = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.object({ operationId: z.string() }).loose())),
});

async function open(t: TestContext) {
  const dataDir = mkdtempSync(join(tmpdir(), 'mg-changes-'));
  t.after(() => rmSync(dataDir, { recursive: true, force: true }));
  const broker = await startBrokerHere(t, dataDir, { level: 'error', write: () => undefined });
  const ask = async (method: string, path: string, body?: unknown, headers = {}): Promise<unknown> => {
    const request = sendRequest({
      ...{ socketPath: join(dataDir, 'admin.sock'), method, path: `/api/v1${path}` },
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    });
    request.end(body === undefined ? undefined : JSON.stringify(body));
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    const said = await text(answer);
    assert.equal(answer.statusCode, 200, `${method} ${path}: ${said}`);
    return said === '' ? undefined : JSON.parse(said);
  };
  let last = '';
  /** Those that came since the last time, but for reads of the log. */
  const events = async () => {
    const all = EventsSchema.parse(await ask('GET', '/audit/events?limit=100'));
    const end = all.findIndex(({ id }) => id === last);
    last = all[0]?.id ?? last;
    return (end === -1 ? all : all.slice(0, end)).filter(({ type }) => !type.startsWith('audit.'));
  };
  return { broker, ask, events };
}

/** They change nothing, or end the session of who asks: what they say of themselves is enough. */
const READS = new Set([
  ...[
    'testRules',
    'previewRules',
    'testServer',
    'testHook',
    'checkIdentityProvider',
    'planConfiguration',
    'verifyAudit',
    'keepBackup',
  ],
  ...['proveSecretDead', 'reloadConfiguration', 'forgetRule', 'beginAccount', 'connectServer', 'endBrowserSession'],
]);
/** What needs more than a broker is tried where that is: each of these events is made by `changeNotes` too. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  archiveAudit: 'audit/archive/archives.test.ts',
  acceptProposal: 'admin/servers/proposal-operations.test.ts',
  declineProposal: 'admin/servers/proposal-operations.test.ts',
  approveRequest: 'approvals/create-approvals.test.ts',
  denyRequest: 'approvals/create-approvals.test.ts',
  acceptDefinitions: 'gateway/lists/definitions.test.ts',
  setAccountKeys: 'test/scenarios/own-accounts.test.ts',
  disconnectAccount: 'test/scenarios/own-accounts.test.ts',
  disconnectServer: 'test/scenarios/accounts.test.ts',
};
const SECRETS = ['s3cret-value-one', 's3cret-value-two', 'Bearer-in-a-header-0123456789abcdef'];

test('every operation that changes something leaves what was before and what is after, and no secret', async (t) => {
  const { broker, ask, events } = await open(t);
  const form = new URLSearchParams({ client_id: 'mcpgate-cli', scope: 'openid offline_access', device_name: 'laptop' });
  const begin = async () => {
    const answer = await fetch(`${broker.url}/oauth/device_authorization`, { method: 'POST', body: form });
    return String(Object(await answer.json())['user_code']);
  };
  const transport = (name: string) => ({ name, transport: { kind: 'http', url: `http://127.0.0.1:9/${name}` } });
  const rule = { effect: 'allow', who: ['user:ada'], what: ['github__*'] };
  const hook = { kind: 'authorize', name: 'authorize', url: 'http://127.0.0.1:9/hook' };
  const told = { done: new Set<string>(), events: [] as z.output<typeof EventsSchema> };
  /** Carries it out, and looks at what the log says of it: `before` and `after` hold these words, unless one is empty. */
  const change = async (
    operation: string,
    [method, path, body]: [method: string, path: string, body?: unknown],
    [before, after]: [before: RegExp | undefined, after: RegExp | undefined],
    headers = {},
  ): Promise<Record<string, unknown>> => {
    await events();
    const answer = await ask(method, path, body, headers);
    const found = await events();
    const own = found.filter(({ data }) => Array.isArray(data['before']) && Array.isArray(data['after']));
    const what = `${operation}: ${JSON.stringify(found.map(({ type, data }) => ({ type, ...data })))}`;
    const fits = (side: unknown, wanted: RegExp | undefined): boolean =>
      Array.isArray(side) && (wanted === undefined ? side.length === 0 : wanted.test(side.join('\n')));
    assert.ok(
      own.some(({ data }) => fits(data['before'], before) && fits(data['after'], after)),
      what,
    );
    told.done.add(operation);
    told.events.push(...found);
    return Object(answer) as Record<string, unknown>;
  };

  await change(
    'addUser',
    ['POST', '/users', { name: 'ada', groups: ['eng'] }],
    [undefined, /role=member\ngroups=\["eng"\]/],
  );
  await change('createUserLink', ['POST', '/users/ada/link'], [undefined, /link=password\nexpires_at=/]);
  await change('setUserRole', ['PUT', '/users/ada/role', { role: 'auditor' }], [/^role=member$/, /^role=auditor$/]);
  await change(
    'setUserGroups',
    ['PUT', '/users/ada/groups', { groups: ['ops'] }],
    [/^groups=\["eng"\]$/, /^groups=\["ops"\]$/],
  );
  await change('resetUser', ['POST', '/users/ada/reset'], [/^(?:|password=set)$/, /^(?:|password=none)$/]);
  await change('disableUser', ['POST', '/users/ada/disable'], [/^disabled=false$/, /^disabled=true$/]);
  await change('enableUser', ['POST', '/users/ada/enable'], [/^disabled=true$/, /^disabled=false$/]);
  await change(
    'addToGroup',
    ['POST', '/groups', { name: 'eng', users: ['ada'] }],
    [/^members=\[\]$/, /^members=\["ada"\]$/],
  );
  await change(
    'removeFromGroup',
    ['POST', '/groups/eng/remove', { users: ['ada'] }],
    [/^members=\["ada"\]$/, /^members=\[\]$/],
  );
  await ask('POST', '/groups', { name: 'team', users: ['ada'] });
  await change(
    'setOnCall',
    ['PUT', '/groups/team/on-call', { users: ['ada'] }],
    [/^on_call=\[\]$/, /^on_call=\["ada"\]$/],
  );
  const device = await change(
    'approveLogin',
    ['POST', '/logins/approve', { user_code: await begin(), user: 'ada' }],
    [undefined, /device=laptop/],
  );
  await change(
    'endSession',
    ['POST', `/sessions/${String(device['id'])}/end`],
    [/^logged_in=true$/, /^logged_in=false$/],
  );
  await change(
    'revokeDevice',
    ['POST', `/devices/${String(device['id'])}/revoke`],
    [/^state=active$/, /^state=revoked$/],
  );

  await change(
    'setSecret',
    ['PUT', '/secrets/github-token', { value: SECRETS[0] }],
    [undefined, /^version=1\nsource=set$/],
  );
  await change('setSecret', ['PUT', '/secrets/github-token', { value: SECRETS[1] }], [/^version=1$/, /^version=2$/]);
  await change(
    'rotateSecret',
    ['POST', '/secrets/github-token/rotate', { value: SECRETS[0] }],
    [/^version=2$/, /^version=3$/],
  );
  await change('rollbackSecret', ['POST', '/secrets/github-token/rollback', {}], [/^version=3$/, /^version=2$/]);
  await change('removeSecret', ['DELETE', '/secrets/github-token'], [/version=2/, undefined]);

  await change('addServer', ['POST', '/servers', transport('github')], [undefined, /url=http:\/\/127.0.0.1:9\/github/]);
  await change(
    'updateServer',
    ['PATCH', '/servers/github', { isolation: 'per-user' }],
    [/isolation=shared/, /isolation=per-user/],
  );
  const { record } = (await ask('GET', '/servers/github/record')) as { record: object };
  await change(
    'replaceServerRecord',
    ['PUT', '/servers/github/record', { ...record, isolation: 'shared' }],
    [/isolation=per-user/, /isolation=shared/],
    { 'if-match': '*' },
  );
  await change('disableServer', ['POST', '/servers/github/disable'], [/^enabled=true$/, /^enabled=false$/]);
  await change('enableServer', ['POST', '/servers/github/enable'], [/^enabled=false$/, /^enabled=true$/]);
  await change('addRule', ['POST', '/rules', rule], [undefined, /sentence=.*\neffect=allow/]);
  await change(
    'renameServer',
    ['POST', '/servers/github/rename', { to: 'forge' }],
    [/name=github\nr_\w+: github__\*/, /name=forge\nr_\w+: forge__\*/],
  );
  const mcpServers = { web: { url: 'http://127.0.0.1:9/web', headers: { Authorization: SECRETS[2] } } };
  await change(
    'importServers',
    ['POST', '/servers/import', { mcpServers }],
    [undefined, /url=http:\/\/127.0.0.1:9\/web/],
  );
  const rules = (await ask('GET', '/rules')) as { id: string }[];
  const { id: ruleId = '' } = rules[0] ?? {};
  await change(
    'replaceRule',
    ['PUT', `/rules/${ruleId}`, { ...rule, who: ['group:team'], what: ['forge__*'] }],
    [/^who=.*ada/m, /^who=.*group:team/m],
  );
  await change('removeRule', ['DELETE', `/rules/${ruleId}`], [/sentence=.*forge/, undefined]);
  await change(
    'setEnforcement',
    ['PUT', '/enforcement', { enforcement: 'observe' }],
    [/^enforcement=enforce$/, /^enforcement=observe$/],
  );

  await change(
    'issueGrant',
    ['POST', '/grants', { label: 'ci', servers: ['forge'] }],
    [undefined, /state=active\nservers=\["forge"\]/],
  );
  await change('revokeGrant', ['POST', '/grants/ci/revoke'], [/^state=active$/, /^state=revoked$/]);
  await change(
    'issueAdminToken',
    ['POST', '/admin-tokens', { label: 'tf', role: 'operator' }],
    [undefined, /role=operator/],
  );
  await change('revokeAdminToken', ['POST', '/admin-tokens/tf/revoke'], [/^state=active$/, /^state=revoked$/]);

  const tools = [{ tool: 'forge__search' }];
  await change('addBundle', ['POST', '/bundles', { name: 'dev', tools }], [undefined, /search = forge__search/]);
  await change('setBundle', ['PATCH', '/bundles/dev', { description: 'for us' }], [/search/, /description "for us"/]);
  await change('setDefaultBundle', ['PUT', '/groups/team/bundle', { bundle: 'dev' }], [undefined, /^bundle=dev$/]);
  await change('removeBundle', ['DELETE', '/bundles/dev'], [/search = forge__search/, undefined]);
  await change('addHook', ['POST', '/hooks', hook], [undefined, /url "http:/]);
  await change('setHook', ['PATCH', '/hooks/authorize', { enabled: false }], [/enabled true/, /enabled false/]);
  await change('removeHook', ['DELETE', '/hooks/authorize'], [/url "http:/, undefined]);
  await change('addWorkspace', ['POST', '/workspaces', { name: 'team-a' }], [undefined, /^name=team-a$/]);
  await change('removeWorkspace', ['DELETE', '/workspaces/team-a'], [/^name=team-a$/, undefined]);
  await change('rotateSigningKeys', ['POST', '/key/signing/rotation', {}], [/.?/, /=/]);
  await change('rotateMasterKey', ['POST', '/key/rotation', {}], [/^key=/, /^key=/]);

  const configuration = { rules: { everything: { effect: 'allow', who: ['user:ada'], what: ['forge__*'] } } };
  const plan = (await ask('POST', '/config/plan', { source: 'test', configuration })) as { version: string };
  await change(
    'applyConfiguration',
    ['POST', '/config/apply', { source: 'test', configuration, version: plan.version }],
    [undefined, /sentence=/],
  );
  await change(
    'addServerFromCatalogue',
    ['POST', '/servers/from-catalogue', { from: 'memory', name: 'memory' }],
    [undefined, /command=/],
  );
  await change('removeServer', ['DELETE', '/servers/forge'], [/url=http:\/\/127.0.0.1:9\/github/, undefined]);
  await change('removeGroup', ['DELETE', '/groups/team'], [/^members=\["ada"\]$/, undefined]);
  await ask('POST', '/groups', { name: 'team', users: ['ada'] });
  await change('disableGroup', ['POST', '/groups/team/disable'], [/^disabled=\[\]$/, /^disabled=\["ada"\]$/]);
  await change('removeUser', ['DELETE', '/users/ada'], [/role=auditor/, undefined]);

  const document = DocumentSchema.parse(await ask('GET', '/openapi.json'));
  const changing = Object.values(document.paths).flatMap((methods) =>
    Object.entries(methods).flatMap(([method, { operationId }]) => (method === 'get' ? [] : [operationId])),
  );
  assert.ok(changing.length > 50, `${changing.length} operations`);
  assert.deepEqual(
    changing.filter((name) => !told.done.has(name) && !READS.has(name) && ELSEWHERE[name] === undefined),
    [],
    'operations that nothing is said of here',
  );
  const said = JSON.stringify(told.events);
  for (const secret of SECRETS) assert.ok(!said.includes(secret), `the log holds ${secret}`);
});
