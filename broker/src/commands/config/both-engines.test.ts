// Configurations of random worlds, over the API of brokers on both engines: what is exported changes nothing, what is applied is there as it was
// wanted, and where the last change is refused nothing is.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { configApi } from 'mcpgate-shared/api/config/config-api';
import type { WrittenConfiguration } from 'mcpgate-shared/api/config/configuration';
import { startPostgres, type TestPostgres } from 'mcpgate-test/postgres';
import { startBrokerProcess, type BrokerProcess } from '../fixtures/broker-process.ts';
import { createAdminClient, type AdminClient } from '../session/admin-client.ts';

const PEOPLE = ['ada', 'grace', 'mary'];
const names = (prefix: string) => fc.integer({ min: 0, max: 3 }).map((at) => `${prefix}${at}`);
const some = <T>(of: fc.Arbitrary<T>, min = 0) => fc.array(of, { minLength: min, maxLength: 3 });
const maybe = <T>(key: string, of: fc.Arbitrary<T>) =>
  fc.option(of, { nil: undefined }).map((value) => (value === undefined ? {} : { [key]: value }));

const who = fc.oneof(
  fc.constantFrom('*', 'role:operator', 'user:ada', 'group:g0', 'net:10.0.0.0/8', 'client:Claude Code'),
  names('group:g'),
);
const what = fc.constantFrom(
  '*',
  's0__*',
  'read:s1',
  'write:s0',
  'bundle:b0',
  'prompt:s0__x',
  'resource:https://a.example/*',
);
const limit = fc.tuple(
  fc.integer({ min: 1, max: 999 }),
  fc.constantFrom('second', 'minute', 'day', '15m', '90s', '1.5s'),
  fc.constantFrom('', ' per group', ' per rule'),
);
const rule = fc
  .tuple(
    fc.record({ effect: fc.constantFrom('allow', 'deny', 'ask'), who: some(who, 1), what: some(what, 1) }),
    maybe('except', some(who)),
    maybe('when', fc.constantFrom('args.x <= 5', 'user.name == "ada"', 'has(args.y)')),
    fc.tuple(some(limit), fc.constantFrom('', 'args.amount<=')),
    maybe('until', fc.constantFrom('2999-01-01', '2999-01-01T10:00:00+02:00')),
    maybe('observe', fc.boolean()),
    maybe('note', fc.constantFrom('für alle 🎉', 'a: b # c', '"quoted"', ' ', '- x')),
    maybe('approver', some(fc.constantFrom('self', 'group:g1', 'role:admin'))),
  )
  .map(([said, except, when, [limits, sum], until, observe, note, approver]) => {
    const texts = limits.map(([most, span, per]) => `${sum}${most}/${span}${per}`);
    const isDeny = said.effect === 'deny';
    return {
      ...{ ...said, ...except, ...when, ...until, ...observe, ...note },
      ...(isDeny || texts.length === 0 ? {} : sum === '' ? { limit: texts } : { sum: texts }),
      ...(said.effect === 'ask' ? approver : {}),
    };
  });
const server = fc
  .tuple(
    fc.constantFrom(
      { kind: 'http', url: 'https://a.example/mcp', headers: { 'X-Team': 'payments' } },
      { kind: 'http', url: 'https://b.example', headers: { Authorization: 'Bearer ${secret:token}' } },
      {
        kind: 'stdio',
        command: 'node',
        args: ['x.mjs', '--flag'],
        env: { MODE: 'fast' },
        limits: { memory: '512MiB' },
      },
    ),
    maybe('isolation', fc.constantFrom('shared', 'per-user', 'per-session')),
    maybe('definitions', fc.constantFrom('hold', 'warn', 'accept')),
    maybe('probe', fc.constantFrom({ tool: 'get_me' }, { tool: 'look', arguments: { deep: [1, { a: null }] } })),
    maybe('enabled', fc.boolean()),
    maybe('tool_classes', fc.constantFrom({ read: ['größe'], write: [] })),
  )
  .map(([transport, ...said]) => Object.assign({ transport }, ...said));
const tool = fc
  .tuple(
    fc.constantFrom('s0__x', 's1__größe', 's1__a__b'),
    maybe('describe', fc.constantFrom('Does it.', 'zwei\nZeilen')),
    maybe('fix', fc.constantFrom({ a: 1 }, { b: { c: [true, null] } })),
  )
  .map(([name, describe, fix]) => ({ tool: name, ...describe, ...fix }));
const bundle = fc
  .tuple(maybe('description', fc.constantFrom('For all.', 'x')), some(tool, 1))
  .map(([description, tools]) => ({ ...description, tools: tools.map((each, at) => ({ ...each, as: `t${at}` })) }));

const dictionary = <T>(prefix: string, of: fc.Arbitrary<T>) =>
  fc.dictionary(names(prefix), of, { maxKeys: 4 }).map((all) => ({ ...all }));
const world = fc
  .tuple(
    dictionary('r', rule),
    dictionary('s', server),
    dictionary('b', bundle),
    fc.dictionary(
      fc.constantFrom(...PEOPLE),
      fc.constantFrom('admin', 'operator', 'auditor', 'member').map((role) => ({ role })),
      { maxKeys: 3 },
    ),
    dictionary(
      'g',
      fc.tuple(fc.subarray(PEOPLE), maybe('bundle', fc.constant('b0'))).map(([members, b]) => ({ members, ...b })),
    ),
    fc.constantFrom('off', 'observe', 'enforce'),
    fc.boolean(),
  )
  .map(([rules, servers, bundles, people, groups, enforcement, hasHook]) => {
    // What bundles and groups name is there.
    const whole = {
      s0: { transport: { kind: 'http', url: 'https://s0.example' } },
      s1: { transport: { kind: 'http', url: 'https://s1.example' } },
      ...servers,
    };
    const b0 = { b0: { tools: [{ tool: 's0__x' }] }, ...bundles };
    const hooks = hasHook
      ? { hooks: { authorize: { kind: 'authorize', url: 'https://opa.example/v1', what: ['s0__*'] } } }
      : {};
    const made: unknown = { rules, servers: whole, bundles: b0, people: { ...people }, groups, enforcement, ...hooks };
    return made as WrittenConfiguration;
  });

for (const engine of ['SQLite', 'PostgreSQL'] as const)
  describe(`configurations on ${engine}`, () => {
    let postgres: TestPostgres | undefined;
    let broker: BrokerProcess | undefined;
    let api: AdminClient | undefined;
    before(async () => {
      postgres = engine === 'PostgreSQL' ? await startPostgres() : undefined;
      const url = await postgres?.createDatabase();
      broker = await startBrokerProcess(url === undefined ? {} : { args: ['--database-url', url] });
      // Of whom no configuration says anything: a workspace keeps an administrator, whatever a configuration makes of the others.
      await broker.json(['user', 'add', 'keeper', '--role', 'admin']);
      for (const name of PEOPLE) await broker.json(['user', 'add', name]);
      await broker.json(['secret', 'set', 'token'], { stdin: 'x'.repeat(30) });
      api = createAdminClient({ kind: 'socket', dataDir: broker.dataDir, actor: 'test' });
    });
    after(async () => {
      await api?.close();
      await broker?.stop('SIGKILL');
      await postgres?.stop();
    });
    const client = (): AdminClient => {
      if (api === undefined) throw new Error('there is no broker');
      return api;
    };
    const plan = (configuration: WrittenConfiguration) =>
      client().call(configApi.plan, { body: { source: 'world.yaml', configuration } });
    const apply = (configuration: WrittenConfiguration, version: string) =>
      client().call(configApi.apply, { body: { source: 'world.yaml', configuration, version } });
    const exported = () => client().call(configApi.export, {});

    it('are there as they were wanted, and change nothing when they come back', async () => {
      await fc.assert(
        fc.asyncProperty(world, async (configuration) => {
          const planned = await plan(configuration);
          const applied = await apply(configuration, planned.version);
          assert.deepEqual(applied.changes, planned.changes);
          const again = await plan(configuration);
          assert.deepEqual([again.changes, again.drift, again.taken_over], [[], [], []]);
          const { configuration: back } = await exported();
          const round = await plan(back);
          assert.deepEqual([round.changes, round.drift], [[], []]);
          assert.deepEqual((await exported()).configuration, back);
          assert.deepEqual(Object.keys(back.rules ?? {}).toSorted(), Object.keys(configuration.rules ?? {}).toSorted());
          const [rules, servers] = [await broker?.json(['rule', 'list']), await broker?.json(['server', 'list'])];
          for (const each of [...Object(rules), ...Object(servers)]) assert.equal(each.managed_by, 'world.yaml');
        }),
        { numRuns: 12 },
      );
    });

    it('of which the last change is refused change nothing, and tell nobody', async () => {
      const before = await exported();
      // That the log is read stands in it, too; and so does each request that is refused, which changes nothing.
      const told = async () =>
        (((await broker?.json(['audit', 'search', '--events', '--limit', '200'])) ?? []) as { type: string }[]).filter(
          ({ type }) => !['request.refused', 'audit.searched'].includes(type),
        );
      const events = await told();
      await fc.assert(
        fc.asyncProperty(world, async (configuration) => {
          const wrong: WrittenConfiguration = {
            ...configuration,
            rules: {
              ...configuration.rules,
              zzz: { effect: 'allow', who: ['*'], what: ['*'], until: '2020-01-01' },
            },
          };
          await assert.rejects(plan(wrong), /rule zzz: the rule would have ended already/);
          await assert.rejects(apply(wrong, before.version), /rule zzz: the rule would have ended already/);
          assert.deepEqual(await exported(), before);
        }),
        { numRuns: 5 },
      );
      assert.deepEqual((await told()).slice(0, 20), events.slice(0, 20));
    });
  });
