import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createToken } from '../../store/secret-token.ts';
import { administration, keysOf, RECEIPT_KEYS } from '../fixtures/administration.ts';
import { runBrokerCommand, temporaryFolder } from '../fixtures/broker-process.ts';

const admin = administration(async (broker) => {
  await broker.json(['secret', 'set', 'github-token'], { stdin: 'v4lue' });
});

const issue = async (label: string, role: string, ...more: string[]): Promise<{ id: string; token: string }> => {
  const issued = Object(await admin.broker.json(['admin-token', 'issue', '--label', label, '--role', role, ...more]));
  return { id: String(issued['id']), token: String(issued['token']) };
};
const withToken = async (token: string, ...args: string[]) =>
  await runBrokerCommand([...args, '--url', admin.broker.url], { env: { MCPGATE_ADMIN_TOKEN: token } });

/** What each role may do with a token. An administrator may do everything; what is one's own a token has none of. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  operator: [
    'followEvents',
    'getMe',
    'getActivity',
    'getStatus',
    ...['listSecrets', 'getSecret', 'listSecretVersions'],
    ...['listServers', 'addServer', 'importServers', 'getServer', 'updateServer', 'testServer'],
    ...['getServerRecord', 'replaceServerRecord'],
    ...['listProposals', 'declineProposal'],
    ...['enableServer', 'disableServer', 'removeServer'],
    ...['listCatalogue', 'getCatalogueEntry', 'addServerFromCatalogue'],
    ...[
      'listRules',
      'getRule',
      'addRule',
      'replaceRule',
      'removeRule',
      'testRules',
      'getEnforcement',
      'setEnforcement',
    ],
    ...['getRuleMatrix', 'listRuleNames', 'previewRules', 'suggestRules', 'forgetRule'],
    ...['listHooks', 'getHook', 'testHook', 'listOtherBrokers'],
    ...['listBundles', 'addBundle', 'getBundle', 'setBundle', 'removeBundle', 'setDefaultBundle'],
    ...['listDefinitions', 'diffDefinition', 'acceptDefinitions'],
  ],
  auditor: [
    ...['startExport', 'exportAuditRows', 'exportAuditRecords', 'exportAuditCsv', 'exportAuditParquet'],
    ...['getAuditKeys', 'verifyAudit', 'reportAudit', 'listArchives'],
    ...['followEvents', 'getMe', 'listSecretUses', 'searchCalls', 'searchEvents', 'showArguments'],
    ...['showRecord', 'tailAudit'],
    ...['listUsers', 'getUser', 'showEnding', 'listGroups', 'getGroup'],
  ],
  scim: [],
};

/** The status of every operation that the broker says it has, asked with no more than its path. */
async function statuses(token: string): Promise<Map<string, number>> {
  const document = Object(await (await fetch(`${admin.broker.url}/api/v1/openapi.json`)).json());
  const found = new Map<string, number>();
  for (const [path, methods] of Object.entries(Object(document['paths']))) {
    for (const [method, described] of Object.entries(Object(methods))) {
      const gone = new AbortController();
      const response = await fetch(`${admin.broker.url}/api/v1${path.replaceAll(/\{\w+\}/g, 'nothing-such')}`, {
        method: method.toUpperCase(),
        headers: { authorization: `Bearer ${token}` },
        signal: gone.signal,
      });
      found.set(String(Object(described)['operationId']), response.status);
      gone.abort();
    }
  }
  return found;
}

describe('administration tokens', () => {
  test('do what an administrator does, over the network, under their own name in the log', async () => {
    const { id, token } = await issue('terraform', 'admin', '--expires', '90d');
    assert.match(token, /^mca_[0-9A-Za-z]{33}$/);
    const added = await withToken(token, 'user', 'add', 'grace', '--json');
    assert.equal(added.code, 0, added.stderr);
    const events = await admin.rows('audit', 'search', '--events', '--limit', '100');
    const event = events.find(({ type, subject }) => type === 'user.added' && subject === 'user:grace');
    assert.deepEqual([event?.['actor'], event?.['address']], ['admin-token:terraform', '127.0.0.1']);
    assert.ok(events.some(({ type, subject }) => type === 'admin_token.issued' && subject === 'admin-token:terraform'));

    const list = await admin.rows('admin-token', 'list');
    assert.deepEqual(
      list.map(({ label, role, state }) => [label, role, state]),
      [['terraform', 'admin', 'active']],
    );
    const receipt = await admin.broker.json(['admin-token', 'revoke', id]);
    assert.deepEqual(keysOf(receipt), RECEIPT_KEYS);
    assert.equal((await withToken(token, 'user', 'list')).code, 3);
    const texts = JSON.stringify([list, events, receipt]) + admin.broker.stderr();
    assert.ok(!texts.includes(token));
    for (const name of readdirSync(admin.broker.dataDir)) {
      const path = join(admin.broker.dataDir, name);
      assert.ok(!statSync(path).isFile() || !readFileSync(path).includes(token), `${name} holds the token`);
    }
  });

  test('with a smaller role do what that role may, and nothing else of all operations', async () => {
    for (const [role, names] of Object.entries(MAY)) {
      const { token } = await issue(`only-${role}`, role);
      const found = await statuses(token);
      const allowed = [...found].filter(([, status]) => status !== 403).map(([name]) => name);
      assert.deepEqual(allowed.toSorted(), names.toSorted(), role);
      assert.ok(![...found.values()].includes(500));
    }
    const { token } = await issue('everything', 'admin');
    assert.ok(![...(await statuses(token)).values()].includes(403));
  });

  test('of an operator cannot send a secret of the vault to a server of their choice', async () => {
    const { token } = await issue('ops', 'operator');
    const file = join(temporaryFolder(), 'client.json');
    const importOf = async (authorization: string) => {
      const server = { url: 'https://mine.example.com/mcp', headers: { Authorization: authorization } };
      writeFileSync(file, JSON.stringify({ mcpServers: { mine: server } }));
      return await withToken(token, 'server', 'import', file);
    };
    // A name that is nobody's today would be sent to them once somebody sets it; a placeholder is such a name.
    for (const [authorization, name] of [
      ['Bearer ${secret:github-token}', 'github-token'],
      ['Bearer ${secret:not-there-yet}', 'not-there-yet'],
      ['Bearer ${input:token}', 'mine-'],
    ] as const) {
      const refused = await importOf(authorization);
      assert.equal(refused.code, 1, authorization);
      assert.ok(refused.stderr.includes(`an administrator must give a server the secret ${name}`), refused.stderr);
    }
    for (const name of ['github-token', 'not-there-yet']) {
      const header = `Authorization=Bearer \${secret:${name}}`;
      const body = ['mine', 'https://mine.example.com/mcp', '--header', header, '--broker', admin.broker.url];
      const refused = await runBrokerCommand(['server', 'add', ...body], { env: { MCPGATE_ADMIN_TOKEN: token } });
      assert.deepEqual([refused.code, /an administrator must give/.test(refused.stderr)], [1, true], refused.stderr);
    }
    assert.deepEqual(await admin.rows('server', 'list'), []);
    const own = await importOf('Bearer ghp_s3cr3tAAAABBBBCCCCDDDDEEEEFFFF000011');
    assert.equal(own.code, 0, own.stderr);
    assert.equal((await withToken(token, 'secret', 'list')).code, 0);
  });

  test('of an operator cannot change where the accounts of people are sent, nor how they are made', async () => {
    const { token } = await issue('mover', 'operator');
    const asOperator = async (...args: string[]) =>
      await runBrokerCommand([...args, '--broker', admin.broker.url], { env: { MCPGATE_ADMIN_TOKEN: token } });
    const url = 'https://jira.example.com/mcp';
    const form = ['--credential', 'personal', '--key', 'TOKEN=Your token', '--header', 'X-Token=${account:TOKEN}'];
    await admin.broker.json(['server', 'add', 'jira', url, ...form]);
    for (const change of [
      ['--url', 'https://evil.example/mcp'],
      ['--url', 'https://jira.example.com/others/mcp'],
      ['--header', 'X-Forward-To=https://evil.example'],
      ['--credential', 'shared', '--no-account', '--no-header', 'X-Token'],
      ['--oauth', '--issuer', 'https://evil.example', '--no-header', 'X-Token'],
    ]) {
      const refused = await asOperator('server', 'set', 'jira', ...change);
      assert.deepEqual(
        [refused.code, /an administrator must change where jira is/.test(refused.stderr)],
        [1, true],
        `${change.join(' ')}: ${refused.stderr}`,
      );
    }
    const ownIssuer = ['--credential', 'personal', '--oauth', '--issuer', 'https://evil.example'];
    const named = await asOperator('server', 'add', 'mine', 'https://mine.example.com/mcp', ...ownIssuer);
    assert.deepEqual([named.code, /must name the issuer/.test(named.stderr)], [1, true], named.stderr);
    const allowed = await asOperator('server', 'set', 'jira', '--isolation', 'per-session');
    assert.equal(allowed.code, 0, allowed.stderr);
    await admin.broker.json(['server', 'set', 'jira', '--url', 'https://jira.example.com/v2/mcp']);
  });

  test('mistyped, unknown and meant for another door are told apart, and each is an event', async () => {
    const { token } = await issue('door', 'admin');
    const mistyped = await withToken(token.slice(0, -1) + (token.endsWith('0') ? '1' : '0'), 'user', 'list');
    assert.equal(mistyped.code, 3);
    assert.match(mistyped.stderr, /incomplete or mistyped/);
    for (const path of ['/v1/whoami', '/mcp']) {
      const response = await fetch(admin.broker.url + path, {
        method: path === '/mcp' ? 'POST' : 'GET',
        headers: { authorization: `Bearer ${token}` },
      });
      assert.equal(response.status, 401, path);
    }
    const rejects = await admin.rows('audit', 'search', '--events', '--type', 'auth.rejected', '--limit', '100');
    const reasons = rejects.map(({ data }) => String(Object(data)['reason']));
    for (const reason of ['mistyped', 'wrong_audience', 'revoked']) assert.ok(reasons.includes(reason), reason);
  });

  test('unknown, expired or no administration token at all: it says so, and what to do', async () => {
    const { token } = await issue('short', 'admin', '--expires', '1s');
    const asked = async (value: string, says: RegExp) => {
      const { code, stderr } = await withToken(value, 'user', 'list');
      assert.deepEqual([code, says.test(stderr), stderr.includes('mcpgate login')], [3, true, false], stderr);
    };
    await asked(createToken('mca_'), /is not known here; .*admin-token issue/);
    await asked('ey.some.jwt', /MCPGATE_ADMIN_TOKEN holds no administration token/);
    while ((await withToken(token, 'user', 'list')).code === 0);
    await asked(token, /has expired; .*admin-token issue/);
  });

  test('go over no plain http but to this machine itself', async () => {
    for (const url of ['http://mcp.example.com', 'http://127.0.0.1.example.com', 'ftp://localhost', 'nonsense']) {
      const { code, stderr } = await runBrokerCommand(['user', 'list', '--url', url], {
        env: { MCPGATE_ADMIN_TOKEN: 'mca_x' },
      });
      assert.deepEqual([code, /is not encrypted|is not a URL of a broker/.test(stderr)], [2, true], stderr);
    }
    for (const url of ['http://localhost:9', 'http://[::1]:9', 'https://127.0.0.1:9'])
      assert.equal(
        (await runBrokerCommand(['user', 'list', '--url', url], { env: { MCPGATE_ADMIN_TOKEN: 'mca_x' } })).code,
        4,
        url,
      );
  });

  test('need a role that there is, and a label that is free', async () => {
    assert.equal((await admin.failure(['admin-token', 'issue', '--label', 'x', '--role', 'member'])).code, 2);
    assert.equal((await admin.failure(['admin-token', 'issue', '--label', 'x'])).code, 2);
    await issue('taken', 'auditor');
    assert.equal((await admin.failure(['admin-token', 'issue', '--label', 'taken', '--role', 'auditor'])).code, 1);
    assert.equal((await admin.failure(['admin-token', 'revoke', 'nothing'])).code, 1);
  });

  test('that read the log live are cut off where they are revoked', async () => {
    const { id, token } = await issue('tailing', 'auditor');
    const response = await fetch(`${admin.broker.url}/api/v1/audit/tail?lines=0`, {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(response.status, 200);
    const receipt = Object(await admin.broker.json(['admin-token', 'revoke', id]));
    assert.equal(receipt['links_closed'], 1);
    await response.text();
  });
});
