// A server that is renamed while clients use it.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { renamedWhat } from '../policy/renamed-server.ts';
import { startHttpUpstream } from '../upstreams/fixtures/http-upstream.ts';
import { toldServer } from '../upstreams/fixtures/pool.ts';
import { ada, startWorld, textOf } from './fixtures/gateway-world.ts';

const CHANGED = 'notifications/tools/list_changed';

describe('a server that is renamed', () => {
  async function world(t: TestContext) {
    const web = await startHttpUpstream();
    t.after(() => web.close());
    const started = await startWorld({ gh: { kind: 'http', url: web.url, headers: {} }, other: toldServer({}) });
    t.after(() => started.end());
    return {
      ...started,
      web,
      async rename(from: string, to: string) {
        const { id } = started.serverNamed(from);
        await started.store.servers.rename(id, to, { from, rewrite: (what) => renamedWhat(what, from, to) });
        await started.upstreams.reload();
        started.gateway.policyChanged('default');
      },
    };
  }

  it(
    'is announced to those who see it, and served under its new name by the same rules',
    { timeout: 60_000 },
    async (t) => {
      const { connect, rule, rename, calls } = await world(t);
      await rule('allow', '*', 'gh__echo');
      const client = connect();
      const bound = connect({ ...ada, servers: ['gh'] });
      for (const each of [client, bound]) assert.deepEqual(await each.toolNames(), ['gh__echo']);
      await rename('gh', 'github');
      for (const each of [client, bound]) {
        await each.next(({ method }) => method === CHANGED);
        assert.deepEqual(await each.toolNames(), ['github__echo']);
        const { result } = await each.call('github__echo', { text: 'hello' });
        assert.notEqual(result?.['isError'], true);
      }
      assert.deepEqual(
        (await calls()).map(({ server, tool_name: tool, decision }) => [server, tool, decision]),
        [1, 2].map(() => ['github', 'github__echo', 'allow']),
      );
    },
  );

  it(
    'is still reached by its former name, judged and recorded by the new one, until another server has that name',
    { timeout: 60_000 },
    async (t) => {
      const { connect, rule, rename, calls, store, upstreams, web } = await world(t);
      await rule('allow', '*', 'gh__echo');
      const alone = connect(ada, 'gh');
      assert.deepEqual(await alone.toolNames(), ['echo']);
      const client = connect();
      await rename('gh', 'github');
      assert.notEqual((await client.call('gh__echo')).result?.['isError'], true);
      assert.notEqual((await alone.call('echo')).result?.['isError'], true);
      assert.deepEqual(await connect(ada, 'gh').toolNames(), ['echo']);
      const denied = await client.call('gh__none');
      assert.match(textOf(denied), /^\[mcpgate denied\].*github__none/);
      assert.deepEqual(
        (await calls()).map(({ server, tool_name: tool }) => [server, tool]),
        [
          ['github', 'github__echo'],
          ['github', 'github__echo'],
          ['github', 'github__none'],
        ],
      );

      await store.servers.create({
        ...{ workspaceId: 'default', name: 'gh', enabled: true, isolation: 'shared', trustAnnotations: false },
        transport: { kind: 'http', url: web.url, headers: {} },
      });
      await upstreams.reload();
      // No rule is about the new one, and a login that was bound to the first one is bound to it still.
      assert.match(textOf(await client.call('gh__echo')), /^\[mcpgate denied\]/);
      assert.match(textOf(await alone.call('echo')), /^\[mcpgate denied\]/);
    },
  );

  it(
    'leaves a login that is bound to it bound to it alone, whoever gets its former name',
    { timeout: 60_000 },
    async (t) => {
      const { connect, rule, rename, store, upstreams, web } = await world(t);
      await rule('allow', '*', '*__echo');
      const bound = connect({ ...ada, servers: ['gh'] });
      await rename('gh', 'github');
      await store.servers.create({
        ...{ workspaceId: 'default', name: 'gh', enabled: true, isolation: 'shared', trustAnnotations: false },
        transport: { kind: 'http', url: web.url, headers: {} },
      });
      await upstreams.reload();
      assert.deepEqual(await bound.toolNames(), ['github__echo']);
      assert.match(textOf(await bound.call('gh__echo')), /is not bound to server gh/);
    },
  );

  for (const [method, params] of [
    ['tools/call', { name: 'gh__echo', arguments: { text: 'his' } }],
    ['resources/read', { uri: 'gh+file:///a' }],
  ] as const)
    it(
      `gets no ${method} that waits for approval under its former name, where another server has that by now`,
      { timeout: 60_000 },
      async (t) => {
        const { connect, rename, store, gateway, approvals, upstreams, web } = await world(t);
        const next = await startHttpUpstream();
        t.after(() => next.close());
        const asking = { effect: 'ask' as const, who: ['*'], what: ['gh__*', 'resource:gh+*'], createdBy: 'test' };
        await store.policy.addRule('default', { ...asking, approvers: ['group:leads'] });
        gateway.policyChanged('default');
        const client = connect();
        const answer = client.request(method, { ...params, _meta: { progressToken: 'p' } });
        const step = await client.next(({ method: told }) => told === 'notifications/progress');
        const id = /q_[a-z2-7]{8}/.exec(JSON.stringify(step.params))?.[0] ?? assert.fail();
        await rename('gh', 'github');
        await store.servers.create({
          ...{ workspaceId: 'default', name: 'gh', enabled: true, isolation: 'shared', trustAnnotations: false },
          transport: { kind: 'http', url: next.url, headers: {} },
        });
        await upstreams.reload();
        const allowing = { effect: 'allow' as const, who: ['*'], what: ['gh__*', 'resource:gh+*'], createdBy: 'test' };
        await store.policy.addRule('default', allowing);
        gateway.policyChanged('default');
        const decider = {
          actor: { name: 'grace', address: null },
          principal: { ...ada, user: { id: 'u-grace', name: 'grace', role: 'member' as const, groups: ['leads'] } },
          isAdministrator: false,
        };
        await approvals.decide('default', id, { verdict: 'approve', by: 'api' }, decider);
        const said = JSON.stringify(await answer);
        const got = ({ received }: typeof web) => received.filter(({ message }) => message['method'] === method).length;
        assert.equal(got(next), 0, `the new server: ${said}`);
        // What was approved was a call under the rules and the name of before.
        assert.equal(got(web), 0, said);
        assert.match(said, /was not carried out: rule r_\w+ asks group:leads.*q_[a-z2-7]{8}/);
      },
    );
});
