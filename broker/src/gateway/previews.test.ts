// `rule test` and the gateway ask the same function: for every kind of name, every sort of caller and each mode the record of a real request
// has the decision and the rule that the preview gave.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { personalOwner } from '../domain/people/account.ts';
import type { Principal } from '../domain/people/principal.ts';
import { compilePolicy } from '../policy/compile-policy.ts';
import { FACTS } from '../policy/fixtures/questions.ts';
import { previewVerdict } from '../policy/rule-preview.ts';
import { foldingServer } from '../upstreams/fixtures/pool.ts';
import { ada, startWorld, type TestClient, textOf } from './fixtures/gateway-world.ts';

const grant = (label: string, servers: readonly string[]): Principal => ({
  workspaceId: 'default',
  credential: { kind: 'grant', id: `g-${label}`, label },
  servers,
});
const adasGrant: Principal = {
  ...ada,
  credential: { kind: 'grant', id: 'g-nightly', label: 'nightly' },
  servers: ['svc', '7z'],
};
const CALLERS: readonly Principal[] = [ada, adasGrant, grant('ci', ['svc']), grant('far', ['other'])];

const RULES = [
  ['allow', 'user:ada', 'svc__*'],
  ['allow', 'grant:ci', '*'],
  ['allow', 'group:eng', 'prompt:svc__*'],
  ['allow', 'user:ada', 'resource:svc+file:///pub/*'],
  ['allow', '*', 'resource:n.7z+*'],
  ['deny', '*', 'svc__delete*'],
  ['deny', 'grant:nightly', 'prompt:svc__secret'],
  ['deny', '*', 'resource:*/secret/*'],
] as const;

interface Case {
  /** As `rule test --what` has it. */
  what: string;
  method: string;
  params: Record<string, unknown>;
  /** The only server that the session shows, under its own names; left out: all servers. */
  only?: string;
}

const tool = (server: string, name: string): Case => ({
  what: `${server}__${name}`,
  method: 'tools/call',
  params: { name: `${server}__${name}`, arguments: {} },
});
const prompt = (server: string, name: string): Case => ({
  what: `prompt:${server}__${name}`,
  method: 'prompts/get',
  params: { name: `${server}__${name}` },
});
const resource = (prefix: string, uri: string): Case => ({
  what: `resource:${prefix}${uri}`,
  method: 'resources/read',
  params: { uri: prefix + uri },
});
const template = (prefix: string, uri: string): Case => ({
  what: `resource:${prefix}${uri}`,
  method: 'completion/complete',
  params: { ref: { type: 'ref/resource', uri: prefix + uri }, argument: { name: 'name', value: 'a' } },
});
/** Of a prompt's argument. */
const completion = (server: string, name: string): Case => ({
  what: `prompt:${server}__${name}`,
  method: 'completion/complete',
  params: { ref: { type: 'ref/prompt', name: `${server}__${name}` }, argument: { name: 'name', value: 'a' } },
});
/** The same by the server's own names, in a session that shows it alone. */
const alone = (server: string, { method, ...more }: Case, own: Case['params']): Case => ({
  ...more,
  ...{ method, params: { ...more.params, ...own }, only: server },
});

const CASES: readonly Case[] = [
  tool('svc', 'allowed'),
  tool('svc', 'delete'),
  tool('svc', 'delete_all__now'),
  tool('svc', 'nobody_has_this'),
  tool('7z', 'allowed'),
  tool('nowhere', 'allowed'),
  { what: 'unnamed', method: 'tools/call', params: { name: 'unnamed', arguments: {} } },
  prompt('svc', 'allowed'),
  prompt('svc', 'secret'),
  prompt('7z', 'allowed'),
  prompt('nowhere', 'x'),
  resource('svc+', 'file:///pub/a'),
  resource('svc+', 'file:///pub/%2e%2e/secret/a'),
  resource('svc+', 'file:///other'),
  resource('n.7z+', 'file:///pub/a'),
  resource('n.7z+', 'file:///secret/a'),
  template('svc+', 'file:///pub/{name}'),
  template('svc+', 'file:///secret/{name}'),
  template('n.7z+', 'file:///{name}'),
  completion('svc', 'allowed'),
  completion('svc', 'secret'),
  completion('7z', 'allowed'),
  completion('nowhere', 'x'),
  alone('svc', tool('svc', 'allowed'), { name: 'allowed' }),
  alone('svc', tool('svc', 'delete'), { name: 'delete' }),
  alone('svc', tool('svc', 'svc__allowed'), { name: 'svc__allowed' }),
  alone('svc', tool('svc', '7z__allowed'), { name: '7z__allowed' }),
  alone('7z', tool('7z', 'allowed'), { name: 'allowed' }),
  alone('nowhere', tool('nowhere', 'allowed'), { name: 'allowed' }),
  alone('svc', prompt('svc', 'secret'), { name: 'secret' }),
  alone('svc', prompt('svc', 'prompt:allowed'), { name: 'prompt:allowed' }),
  alone('svc', completion('svc', 'allowed'), { ref: { type: 'ref/prompt', name: 'allowed' } }),
  alone('svc', completion('svc', 'secret'), { ref: { type: 'ref/prompt', name: 'secret' } }),
  alone('svc', resource('svc+', 'file:///pub/a'), { uri: 'file:///pub/a' }),
  alone('svc', resource('svc+', 'file:///secret/a'), { uri: 'file:///secret/a' }),
  alone('svc', resource('svc+', '7z+file:///pub/a'), { uri: '7z+file:///pub/a' }),
  alone('7z', resource('n.7z+', 'file:///pub/a'), { uri: 'file:///pub/a' }),
  alone('svc', template('svc+', 'file:///secret/{name}'), {
    ref: { type: 'ref/resource', uri: 'file:///secret/{name}' },
  }),
];

// A world for each caller: of requests for what does not exist not more than twenty a minute are recorded.
for (const enforcement of ['enforce', 'observe', 'off'] as const) {
  for (const principal of CALLERS) {
    const caller = `${principal.credential.kind} ${principal.credential.label}`;
    it(`what \`rule test\` says is what the record of a request says: ${enforcement}, ${caller}`, async (t) => {
      const world = await startWorld({ svc: foldingServer(), '7z': foldingServer() });
      t.after(() => world.end());
      for (const [effect, who, what] of RULES) await world.rule(effect, who, what);
      await world.enforcement(enforcement);
      const policy = compilePolicy(await world.store.policy.snapshot('default'));
      const clients = new Map<string | undefined, TestClient>();
      for (const { what, method, params, only } of CASES) {
        const client = clients.get(only) ?? world.connect(principal, only);
        clients.set(only, client);
        const told = previewVerdict(policy, { principal, facts: FACTS }, ['7z', 'svc'], what);
        const before = (await world.calls()).length;
        const answer = await client.request(method, params);
        const rows = await world.calls();
        const row = rows.at(-1);
        const about = `${method} ${what}, ${only ?? 'all servers'}: ${JSON.stringify(answer)}`;
        assert.equal(rows.length, before + 1, about);
        assert.deepEqual([row?.decision, row?.rule], [told.decision, told.rule], about);
        const isDenied = JSON.stringify(answer).includes('"mcpgate/decision"');
        assert.equal(isDenied, told.decision === 'deny', about);
      }
    });
  }
}

type RuleLine = readonly ['allow' | 'deny', string, string];

/** What rules may say of somebody who has no account at `web` yet. */
const ABOUT_ACCOUNTS: readonly (readonly RuleLine[])[] = [
  [],
  [['allow', '*', '*']],
  [['allow', 'user:ada', 'web__echo']],
  [['allow', 'user:ada', 'read:web']],
  [['allow', 'user:ada', 'web__connect']],
  [['allow', 'user:ada', 'other__*']],
  [
    ['allow', '*', '*'],
    ['deny', '*', 'web__conn*'],
  ],
  [
    ['allow', '*', 'web__echo'],
    ['deny', '*', 'web__*'],
  ],
  [
    ['allow', '*', '*'],
    ['deny', '*', 'write:web'],
  ],
];

for (const enforcement of ['enforce', 'observe', 'off'] as const) {
  it(`what \`rule test\` says of SERVER__connect is what becomes of its call: ${enforcement}`, async (t) => {
    const world = await startWorld({
      web: {
        transport: { kind: 'http', url: 'http://127.0.0.1:9/', headers: { 'X-Token': '${account:TOKEN}' } },
        credential: 'personal',
        account: { kind: 'keys', fields: [{ name: 'TOKEN', label: 'Your token', secret: true }] },
      },
    });
    t.after(() => world.end());
    await world.enforcement(enforcement);
    const known = await world.person('ada');
    const { user } = known;
    const callers = [known, { ...known, ...adasGrant, user, servers: ['svc'] }, grant('ci', ['web'])];
    for (const rules of ABOUT_ACCOUNTS) {
      const ids: string[] = [];
      for (const [effect, who, what] of rules) ids.push(await world.rule(effect, who, what));
      const policy = compilePolicy(await world.store.policy.snapshot('default'));
      for (const principal of callers) {
        const userKey = principal.user ? `user:${principal.user.id}` : null;
        const accountsAt = personalOwner(world.serverNamed('web'), userKey) === undefined ? [] : ['web'];
        const told = previewVerdict(policy, { principal, facts: FACTS }, ['web'], 'web__connect', accountsAt);
        for (const only of [undefined, 'web']) {
          const client = world.connect(principal, only);
          const before = (await world.calls()).length;
          const answer = await client.call(only === undefined ? 'web__connect' : 'connect');
          const [row] = (await world.calls()).slice(before);
          const about = `${JSON.stringify([rules, told])}, ${principal.credential.label}: ${JSON.stringify(answer)}`;
          if (row !== undefined) assert.deepEqual([row.decision, row.rule], [told.decision, told.rule], about);
          else assert.match(textOf(answer), /connect it at https:/, about);
          assert.equal(textOf(answer).startsWith('[mcpgate denied]'), told.decision === 'deny', about);
        }
      }
      for (const id of ids) await world.store.policy.removeRule('default', id);
      world.gateway.policyChanged('default');
    }
  });
}
