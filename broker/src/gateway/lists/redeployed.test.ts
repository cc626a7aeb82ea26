// A server that is deployed anew and never says so: what is new of it is found, what is gone goes, and nobody can make mcpgate ask it all the time.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import type { Behaviour } from 'mcpgate-test/upstreams/sloppy/behaviour';
import { startSloppyHttp, type SloppyHttp } from 'mcpgate-test/upstreams/sloppy/http';
import { until } from 'mcpgate-test/world/until';
import { bob, startWorld, textOf } from '../fixtures/gateway-world.ts';

const withTools = (...names: string[]): Behaviour => ({
  answer: ({ method }) =>
    method === 'tools/list'
      ? { result: JSON.stringify({ tools: names.map((name) => ({ name, inputSchema: { type: 'object' } })) }) }
      : undefined,
});

async function start(t: TestContext, listAgeMs?: number) {
  const far = await startSloppyHttp('http', withTools('old'));
  const world = await startWorld(
    { site: { kind: 'http', url: far.url, headers: {} } },
    { gateway: { listDeadlineMs: 60_000 }, upstreams: listAgeMs === undefined ? {} : { listAgeMs } },
  );
  t.after(async () => {
    await world.end();
    await far.close();
  });
  await world.rule('allow', 'user:ada', '*');
  const client = world.connect();
  assert.deepEqual(await client.toolNames(), ['site__old']);
  return { far, world, client };
}

const asked = (far: SloppyHttp) => far.received.filter(({ method }) => method === 'tools/list').length;
const isNotice = ({ method }: { method?: string }) => method === 'notifications/tools/list_changed';

it('a call of its new tool is carried out, who lists is told, and the tool that is gone is listed no more', async (t) => {
  const { far, client } = await start(t);
  far.behave(withTools('new'));
  assert.equal(textOf(await client.call('site__new', { text: 'hé' })), 'hé');
  assert.deepEqual(far.executed, ['new']);
  await client.next(isNotice);
  assert.deepEqual(await client.toolNames(), ['site__new']);
  assert.match((await client.call('site__old')).error?.message ?? '', /there is no tool/);
});

it('a thousand calls of names that are not there ask it a few times, and those who may not use them ask it never', async (t) => {
  const { far, world, client } = await start(t);
  const before = asked(far);
  const denied = world.connect(bob);
  await Promise.all(Array.from({ length: 100 }, (_, n) => denied.call(`site__nothing_${n}`)));
  assert.equal(asked(far), before);
  const answers = await Promise.all(Array.from({ length: 1_000 }, (_, n) => client.call(`site__nothing_${n}`)));
  assert.ok(answers.every(({ error }) => error?.code === -32602));
  assert.ok(asked(far) - before <= 3, `asked ${asked(far) - before} times`);
  assert.deepEqual(far.executed, []);
});

it('its lists are read again by age, when somebody asks; where nothing is new nobody is told', async (t) => {
  const { far, client } = await start(t, 200);
  const readAgain = (times: number) => {
    const before = asked(far);
    return until('the list is read again', async () => {
      await client.toolNames();
      return asked(far) >= before + times;
    });
  };
  const notices = () => client.texts.filter((text) => text.includes('list_changed')).length;
  // One may still be told that the server is there.
  await readAgain(2);
  const before = notices();
  await readAgain(3);
  assert.equal(notices(), before);
  far.behave(withTools('old', 'new'));
  await until('the new tool is listed', async () => (await client.toolNames()).includes('site__new'));
});

it('a test of the server makes what is new of it known to everybody', async (t) => {
  const { far, world, client } = await start(t);
  far.behave(withTools('old', 'new'));
  const [record] = world.upstreams.servers('default');
  assert.ok(record !== undefined);
  const { steps } = await world.upstreams.test(record);
  assert.ok(steps.some(({ detail }) => detail === '2 tools'));
  await client.next(isNotice);
  assert.deepEqual(await client.toolNames(), ['site__new', 'site__old']);
});

it('a list that cannot be read again stays as it was', async (t) => {
  const { far, client } = await start(t, 200);
  far.behave({
    answer: ({ method }) => (method === 'tools/list' ? { error: '{"code":-32603,"message":"away"}' } : undefined),
  });
  const before = asked(far);
  await until('it was asked again', async () => {
    assert.deepEqual(await client.toolNames(), ['site__old']);
    return asked(far) > before + 1;
  });
  assert.equal(textOf(await client.call('site__old', { text: 'still' })), 'still');
});
