// `rule test` and the gateway ask the same function: for every kind of name, every sort of caller and each mode the record of a real request
// has the decision and the rule that the preview gave.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Principal } from '../domain/people/principal.ts';
import { compilePolicy } from '../policy/compile-policy.ts';
import { FACTS } from '../policy/fixtures/questions.ts';
import { previewVerdict } from '../policy/rule-preview.ts';
import { foldingServer } from '../upstreams/fixtures/pool.ts';
import { ada, startWorld } from './fixtures/gateway-world.ts';

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
];

for (const enforcement of ['enforce', 'observe', 'off'] as const) {
  it(`what \`rule test\` says is what the record of a request says: ${enforcement}`, async (t) => {
    const world = await startWorld({ svc: foldingServer(), '7z': foldingServer() });
    t.after(() => world.end());
    for (const [effect, who, what] of RULES) await world.rule(effect, who, what);
    await world.enforcement(enforcement);
    const policy = compilePolicy(await world.store.policy.snapshot('default'));
    for (const principal of CALLERS) {
      const client = world.connect(principal);
      for (const { what, method, params } of CASES) {
        const told = previewVerdict(policy, { principal, facts: FACTS }, ['7z', 'svc'], what);
        const before = (await world.calls()).length;
        const answer = await client.request(method, params);
        const row = (await world.calls()).at(-1);
        const about = `${principal.credential.label}: ${method} ${what}: ${JSON.stringify(answer)}`;
        assert.equal((await world.calls()).length, Math.min(100, before + 1), about);
        assert.deepEqual([row?.decision, row?.rule], [told.decision, told.rule], about);
        const isDenied = JSON.stringify(answer).includes('"mcpgate/decision"');
        assert.equal(isDenied, told.decision === 'deny', about);
      }
    }
  });
}
