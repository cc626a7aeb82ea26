import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { systemClock } from 'mcpgate-shared/clock';
import type { Principal } from '../domain/people/principal.ts';
import { fixtureServer } from '../upstreams/fixtures/pool.ts';
import { startHttpUpstream } from '../upstreams/fixtures/http-upstream.ts';
import { ada, startWorld, textOf } from './fixtures/gateway-world.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  await world.end();
  for (const each of cleanUp.splice(0)) await each();
});

describe('a decision of the gateway', () => {
  it('commits the intent before the call is forwarded, and forwards nothing where it cannot', async () => {
    const upstream = await startHttpUpstream();
    cleanUp.push(() => upstream.close());
    let fails = false;
    world = await startWorld({ web: { kind: 'http', url: upstream.url, headers: {} } });
    const { audit } = world;
    const committed: string[] = [];
    const logged: object[] = [];
    await world.gateway.closeAll('another one is made');
    const { createGateway } = await import('./create-gateway.ts');
    const gateway = createGateway({
      upstreams: world.upstreams,
      accounts: world.accounts,
      definitions: world.definitions,
      approvals: world.approvals,
      snapshot: (id) => world.store.policy.snapshot(id),
      audit: {
        ...audit,
        async beginCall(intent) {
          if (fails) throw new Error('disk full');
          const id = await audit.beginCall(intent);
          committed.push(`committed, executed ${upstream.executed.length}`);
          return id;
        },
      },
      authorizer: { ask: () => assert.fail('there is no hook') },
      limits: {
        reserve: () => assert.fail('no rule has a limit'),
        paid: { keep: () => assert.fail('nothing was paid for'), resume: () => assert.fail('nothing was paid for') },
      },
      log: { error: (facts: object) => logged.push(facts), warn: () => undefined, debug: () => undefined },
      clock: systemClock,
      brokerVersion: '1',
    });
    await world.store.policy.setEnforcement('default', 'off');
    const answers: string[] = [];
    let arrived: () => void = () => undefined;
    const session = gateway.open({
      principal: ada,
      send(text) {
        answers.push(text);
        arrived();
      },
    });
    const call = async () => {
      const answer = new Promise<void>((resolve) => (arrived = resolve));
      session.receive('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"web__echo"}}');
      await answer;
    };
    await call();
    assert.deepEqual(committed, ['committed, executed 0']);
    fails = true;
    await call();
    assert.equal(upstream.executed.length, 1);
    assert.match(answers[1] ?? '', /\[mcpgate\] an unexpected error; the broker's log has it/);
    assert.doesNotMatch(answers.join(), /disk full/);
    assert.match(String(logged.map((facts) => Object.values(facts).join())), /disk full/);
    await session.close('over');
  });

  it('denies without the upstream hearing of it: which rule, why, and how to ask', async () => {
    world = await startWorld({ fix: fixtureServer() });
    await world.rule('allow', '*', '*');
    const rule = await world.rule('deny', 'user:ada', 'fix__echo', 'frozen until Monday');
    const client = world.connect();
    await client.toolNames();
    const denied = await client.call('fix__echo', { text: 'no' });
    assert.equal(denied.result?.['isError'], true);
    assert.match(
      textOf(denied),
      new RegExp(`^\\[mcpgate denied\\] user:ada may not call fix__echo.*${rule}.*frozen until Monday`),
    );
    assert.match(textOf(denied), /To ask for access/);
    const { version } = await world.store.policy.snapshot('default');
    assert.deepEqual((denied.result['_meta'] as Record<string, unknown>)['mcpgate/decision'], {
      decision: 'deny',
      rule,
      policy_version: version,
      server: 'fix',
      tool: 'fix__echo',
    });
    await client.call('fix__numbers');
    const calls = await world.received('fix', 'tools/call');
    assert.deepEqual(
      calls.map(({ params }) => params?.['name']),
      ['numbers'],
    );
    const [record] = await world.calls();
    assert.deepEqual(
      [record?.status, record?.decision, record?.rule, record?.upstream_ms],
      ['denied', 'deny', rule, null],
    );
  });

  it('in observe mode carries out what it would deny, and says so in the record', async () => {
    world = await startWorld({ fix: fixtureServer() });
    await world.enforcement('observe');
    const client = world.connect();
    assert.equal(textOf(await client.call('fix__echo', { text: 'hi' })), 'hi');
    const [record] = await world.calls();
    assert.deepEqual([record?.status, record?.decision, record?.rule], ['ok', 'would_deny', null]);
  });

  it('holds a grant to its servers whatever the rules', async () => {
    world = await startWorld({ fix: fixtureServer(), other: fixtureServer() });
    await world.enforcement('off');
    const grant: Principal = {
      workspaceId: 'default',
      credential: { kind: 'grant', id: 'g1', label: 'ci' },
      servers: ['fix'],
    };
    const client = world.connect(grant);
    assert.ok((await client.toolNames()).every((name) => name.startsWith('fix__')));
    const denied = await client.call('other__echo');
    assert.match(textOf(denied), /^\[mcpgate denied\] grant:ci may not call other__echo.*not bound to server other/);
    assert.equal((await world.calls())[0]?.rule, 'grant-bound');
    // What names no server is told so: there is none that a grant could be issued for.
    const nowhere = textOf(await client.call('nothing'));
    assert.match(
      nowhere,
      /^\[mcpgate denied\] grant:ci may not call nothing: .* bound to servers, and this is of none/,
    );
    assert.match(nowhere, /list them again/);
    assert.doesNotMatch(nowhere, /--server/);
    await world.connect(ada).call('other__numbers');
    const reached = await world.received('other', 'tools/call');
    assert.deepEqual(
      reached.map(({ params }) => params?.['name']),
      ['numbers'],
    );
  });
});
