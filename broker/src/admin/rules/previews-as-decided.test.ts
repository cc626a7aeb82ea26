// Previews, by the operations that show them, compared with what is decided: over random rules, in a workspace of a real store with recorded calls.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { systemClock } from 'mcpgate-shared/clock';
import type { Endpoint } from 'mcpgate-shared/api/endpoint';
import { rulesApi } from 'mcpgate-shared/api/rules';
import { previewsApi } from 'mcpgate-shared/api/rules/previews';
import { pino } from 'pino';
import { createAuditKeys } from '../../audit/audit-keys.ts';
import { createAudit } from '../../audit/create-audit.ts';
import { createDefinitions } from '../../definitions/create-definitions.ts';
import type { CallIntent } from '../../domain/call-record.ts';
import type { Principal } from '../../domain/people/principal.ts';
import type { NewRule } from '../../domain/rule.ts';
import { compilePolicy } from '../../policy/compile-policy.ts';
import { ruleNames, type RuleNames } from '../../policy/naming.ts';
import type { Facts, Verdict } from '../../policy/verdict.ts';
import { openStore } from '../../store/open-store.ts';
import { createVault } from '../../vault/create-vault.ts';
import { loadMasterKey } from '../../vault/master-key.ts';
import type { AdminDependencies } from '../dependencies.ts';
import type { Caller, Operation } from '../operation.ts';
import { previewOperations } from './preview-operations.ts';
import { ruleOperations } from './rule-operations.ts';

const caller: Caller = {
  actor: { name: 'host:root', address: null },
  role: 'admin',
  workspaceId: 'default',
  homeWorkspaceId: 'default',
  credential: { kind: 'socket', id: 'socket', label: 'socket' },
};

const TOOLS = ['read_page', 'read_list', 'write_page'];
const toolNames = (server: string, tool: string): RuleNames =>
  ruleNames('tools', server, tool, tool.startsWith('read') ? 'read' : 'write');
const PEOPLE = ['ada', 'grace', 'linus'];
const SERVERS = ['a', 'b'];
const THINGS = SERVERS.flatMap((server) =>
  TOOLS.map((tool) => ({ server, tool, name: `${server}__${tool}`, names: toolNames(server, tool) })),
);
/** Enough for a second part of what is read of the log at once. */
const CALLS = 2_300;

const some = (...of: string[]) => fc.uniqueArray(fc.constantFrom(...of), { minLength: 1, maxLength: 2 });
const asked = fc.record(
  {
    effect: fc.constantFrom('allow' as const, 'allow' as const, 'deny' as const, 'ask' as const),
    who: some('*', 'user:ada', 'user:g*', 'group:eng', 'role:member', 'client:cursor', 'net:10.0.0.0/8', 'device:mac'),
    except: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, some('group:eng', 'client:codex', 'user:linus')),
    what: some('*', 'a__*', 'read:a', 'write:*', '*__read_page', 'b__write_page', 'a__nothing'),
    when: fc.constantFrom(
      'args.n > 1',
      'user.name != "ada"',
      'tool.class == "read"',
      'client.name == "cursor"',
      'time > timestamp("2020-01-01T00:00:00Z")',
    ),
    observe: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
  },
  { requiredKeys: ['effect', 'who', 'what'] },
);
const rules = fc.array(asked, { minLength: 1, maxLength: 6 });

let dataDir = '';
let store: Awaited<ReturnType<typeof openStore>>;
let operations: Operation[] = [];
const callers: { name: string; principal: Principal }[] = [];
const recorded: { id: string; principal: Principal; thing: (typeof THINGS)[number]; facts: Facts; decision: string }[] =
  [];
const since = new Date(Date.now() - 60_000).toISOString();

const factsOf = (index: number): Facts => {
  const args = [{ n: 2 }, { n: 0 }, {}][index % 3] ?? {};
  return {
    now: Date.now(),
    client: { name: index % 2 === 0 ? 'cursor' : 'codex', version: null },
    address: index % 5 === 0 ? '10.0.0.1' : '192.0.2.1',
    args: () => ({ value: args, length: JSON.stringify(args).length }),
  };
};

before(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'mcpgate-previews-'));
  const log = pino({ level: 'silent' });
  store = await openStore({ dataDir, log, clock: systemClock });
  const vault = await createVault({ store, masterKey: loadMasterKey({ dataDir }), clock: systemClock });
  const keys = createAuditKeys(vault.keyring);
  const audit = createAudit({ store, clock: systemClock, writerId: 'test', log, keys });
  for (const [index, name] of PEOPLE.entries()) {
    const groups = index < 2 ? ['eng'] : [];
    const { id, role } = await store.users.create({
      workspaceId: 'default',
      name,
      email: null,
      role: 'member',
      groups,
    });
    const device = { id: 'preview', name: 'mac' };
    const credential = { kind: 'device' as const, id: 'preview', label: 'preview' };
    callers.push({
      name: `user:${name}`,
      principal: { workspaceId: 'default', user: { id, name, role, groups }, credential, device },
    });
  }
  const definitions = createDefinitions({ store, audit, log, clock: systemClock });
  for (const name of SERVERS) {
    const transport = { kind: 'http' as const, url: 'http://127.0.0.1:9/mcp', headers: {} };
    const record = await store.servers.create({
      ...{ workspaceId: 'default', name, transport, enabled: true, isolation: 'shared', trustAnnotations: false },
    });
    const listed = TOOLS.map((tool) => ({
      key: tool,
      text: JSON.stringify({ name: tool, inputSchema: {}, annotations: { readOnlyHint: tool.startsWith('read') } }),
    }));
    await definitions.review(record, 'tools', { userKey: '' }, listed);
  }
  const needs = {
    ...{ store, audit, clock: systemClock, policyChanged: () => undefined },
    people: {
      users: {
        list: (workspaceId: string) => store.users.list(workspaceId),
        show: async (workspaceId: string, name: string) =>
          (await store.users.list(workspaceId)).find((each) => each.name === name),
      },
      groups: store.groups,
      grants: { list: () => Promise.resolve([]) },
    },
  } as unknown as AdminDependencies;
  operations = [...ruleOperations(needs), ...previewOperations(needs)];
  for (let index = 0; index < CALLS; index++) {
    const { principal } = callers[index % callers.length] ?? assert.fail();
    const thing = THINGS[(index * 7) % THINGS.length] ?? assert.fail();
    const facts = factsOf(index);
    const intent: CallIntent = {
      ...{ workspace_id: 'default', member_id: principal.user?.id ?? null, member: principal.user?.name ?? null },
      ...{ credential_kind: 'device', credential_id: 'preview', credential_label: 'preview', device: 'mac' },
      ...{ client_name: facts.client.name, client_version: null, session_id: 's', server: thing.server },
      ...{ method: 'tools/call', tool_name: thing.name, decision: 'allow', rule: null, policy_version: 1 },
      ...{ request_bytes: 1, args_digest: null, arg_keys: [], trace_id: null },
    };
    recorded.push({ id: await audit.beginCall(intent), principal, thing, facts, decision: 'allow' });
  }
  await audit.flush();
});
after(async () => {
  await store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function run(endpoint: Endpoint, input: { body?: unknown; query?: unknown }): Promise<unknown> {
  const found = operations.find((each) => each.endpoint === endpoint) ?? assert.fail('no such operation');
  return await (found.run(
    { params: undefined, query: input.query, body: input.body },
    caller,
    new AbortController().signal,
  ) as Promise<unknown>);
}

/** From now on these are the rules; they have ids of the store. */
async function setRules(of: readonly object[]): Promise<void> {
  for (const { id } of (await store.policy.snapshot('default')).rules) await store.policy.removeRule('default', id);
  for (const rule of of) await store.policy.addRule('default', { createdBy: 'test', ...rule } as NewRule);
}

/** What is decided of each of these by the rules as they are stored now. */
async function decider() {
  const policy = compilePolicy(await store.policy.snapshot('default'), Date.now());
  return (of: { principal: Principal; thing: (typeof THINGS)[number]; facts: Facts }): Verdict =>
    policy.decide({ principal: of.principal, server: of.thing.server, names: of.thing.names, facts: of.facts });
}

const FEW = Array.from({ length: 30 }, (_, index) => factsOf(index));

describe('over random rules', () => {
  it('`rule test` says what is decided, by which rule', async () => {
    await fc.assert(
      fc.asyncProperty(rules, fc.nat(29), async (of, at) => {
        await setRules(of);
        const facts = FEW[at] ?? assert.fail();
        const decide = await decider();
        for (const { name, principal } of callers)
          for (const thing of THINGS) {
            const verdict = decide({ principal, thing, facts });
            const body = {
              ...{
                who: name,
                what: thing.name,
                client: facts.client.name ?? undefined,
                address: facts.address,
                device: 'mac',
              },
              ...{ args: facts.args?.().value, at: new Date(facts.now).toISOString() },
            };
            const told = (await run(rulesApi.test, { body })) as Verdict;
            assert.deepEqual([told.decision, told.rule], [verdict.decision, verdict.rule], JSON.stringify(body));
          }
      }),
      { numRuns: 15 },
    );
  });

  it('`rule matrix` has each decision that a call can get, and only those of people and tools that can', async () => {
    await fc.assert(
      fc.asyncProperty(rules, async (of) => {
        await setRules(of);
        const decide = await decider();
        const { rows } = (await run(previewsApi.matrix, { query: {} })) as {
          rows: { who: string[]; what: string[]; decisions: string[] }[];
        };
        for (const { name, principal } of callers)
          for (const thing of THINGS) {
            const row = rows.filter(({ who, what }) => who.includes(name) && what.includes(thing.name));
            assert.equal(row.length, 1, `${name} ${thing.name}`);
            for (const facts of FEW) {
              const { decision } = decide({ principal, thing, facts });
              assert.ok(
                row[0]?.decisions.includes(decision),
                `${name} ${thing.name}: ${decision}, and not ${row[0]?.decisions.join() ?? ''}`,
              );
            }
          }
      }),
      { numRuns: 15 },
    );
  });

  it('what is tried out names everybody whose decision differs, and every recorded call that would', async () => {
    await fc.assert(
      fc.asyncProperty(rules, rules, fc.constantFrom('add', 'replace'), async (of, more, kind) => {
        await setRules(of);
        const before = recorded.map(await decider());
        const body = { change: { kind, rules: more }, since };
        const told = (await run(previewsApi.preview, { body })) as {
          access: { who: string[]; what: string[] }[];
          replay: {
            judged: number;
            changed: number;
            unknown: number;
            changes: { who: string; what: string; before: string[]; after: string[]; calls: number }[];
            unknowns: { who: string; what: string; calls: number }[];
          };
        };
        await setRules(kind === 'add' ? [...of, ...more] : more);
        const then = recorded.map(await decider());
        assert.equal(told.replay.judged, CALLS, 'all parts of the log');
        for (const [index, { principal, thing }] of recorded.entries()) {
          const [was, is] = [before[index]?.decision ?? '', then[index]?.decision ?? ''];
          const who = `user:${principal.user?.name}`;
          const about = `${who} ${thing.name}: ${was} → ${is}`;
          const isMeant = (line: { who: string; what: string }) => line.who === who && line.what === thing.name;
          const line = told.replay.changes.filter(isMeant);
          const isUnknown = told.replay.unknowns.some(isMeant);
          if (was !== is) assert.ok(line.length > 0 || isUnknown, `${about} is not told`);
          if (!isUnknown && line.length === 0) assert.equal(was, is, about);
        }
        const lines = [...told.replay.changes, ...told.replay.unknowns];
        const counted = lines.reduce((sum, { calls }) => sum + calls, 0);
        assert.equal(counted, told.replay.changed + told.replay.unknown);
        const certain = recorded.filter(({ principal, thing }, index) => {
          const who = `user:${principal.user?.name}`;
          const isUnknown = told.replay.unknowns.some((line) => line.who === who && line.what === thing.name);
          return !isUnknown && before[index]?.decision !== then[index]?.decision;
        });
        assert.ok(certain.length <= told.replay.changed);
      }),
      { numRuns: 8 },
    );
  });

  it('the rules that are suggested allow what was used, and what is unused was used by nobody', async () => {
    await fc.assert(
      fc.asyncProperty(rules, async (of) => {
        await setRules(of);
        const told = (await run(previewsApi.suggest, { query: { since } })) as {
          calls: number;
          rules: object[];
          unused: { what: string }[];
        };
        assert.equal(told.calls, CALLS);
        await setRules(told.rules);
        const decide = await decider();
        for (const each of recorded.slice(0, 200)) assert.equal(decide(each).decision, 'allow', each.thing.name);
        const used = new Set(recorded.map(({ thing }) => thing.name));
        assert.ok(told.unused.every(({ what }) => !used.has(what)));
      }),
      { numRuns: 6 },
    );
  });
});
