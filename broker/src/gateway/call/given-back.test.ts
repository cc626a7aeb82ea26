// From the far side: of what a rule allows so often, a call takes exactly where its server may have carried it out, whatever kind of thing it asks
// for. What was taken for a call that certainly was not carried out is given back, once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startSloppyHttp, type SloppyHttp } from 'mcpgate-test/upstreams/sloppy/http';
import type { Exchange, Got, Said } from 'mcpgate-test/upstreams/sloppy/behaviour';
import { until } from 'mcpgate-test/world/until';
import type { Principal } from '../../domain/people/principal.ts';
import { says, startAuthzServer, type AuthzServer } from '../../hooks/fixtures/authz-server.ts';
import { ada, startWorld, type Message, type TestClient } from '../fixtures/gateway-world.ts';

/** What each person has used before: were something given back twice, it would be less. */
const USED = 2;
const HOUR = 3_600_000;

const OFFERED: Readonly<Record<string, object>> = {
  initialize: {
    protocolVersion: '2025-11-25',
    capabilities: {
      ...{ tools: {}, prompts: {}, resources: { subscribe: true }, completions: {} },
      tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
      extensions: { 'io.modelcontextprotocol/events': {} },
    },
    serverInfo: { name: 'far', version: '1' },
  },
  'tools/list': { tools: [{ name: 'do', inputSchema: { type: 'object' }, execution: { taskSupport: 'optional' } }] },
  'prompts/list': { prompts: [{ name: 'do', arguments: [{ name: 'text' }] }] },
  'resources/list': { resources: [{ uri: 'file:///do', name: 'do' }] },
  'resources/templates/list': { resourceTemplates: [{ uriTemplate: 'file:///{x}', name: 'do' }] },
  'events/list': { events: [{ name: 'do' }] },
  'prompts/get': { messages: [] },
  'completion/complete': { completion: { values: [] } },
  'resources/subscribe': {},
  'events/subscribe': { id: 'sub', refreshBefore: new Date(Date.now() + 600_000).toISOString(), cursor: null },
  'tasks/get': { taskId: 'far-task', status: 'working', ttl: 60_000, createdAt: '2026-01-01T00:00:00Z' },
};

function answer({ method = '', params }: Got): Said | undefined {
  if (method === 'tools/call' && params['task'] !== undefined)
    return { result: JSON.stringify({ task: OFFERED['tasks/get'] }) };
  const offered = OFFERED[method];
  return offered === undefined ? undefined : { result: JSON.stringify(offered) };
}

type Asked = readonly [method: string, params: Record<string, unknown>];

/** What is asked for to see what is left. */
const ANOTHER = { name: 'site__do' };
const TOOL = (server: string): Asked => ['tools/call', { name: `${server}__do`, arguments: {} }];

/** By the name of a server. */
const KINDS: Readonly<Record<string, (server: string) => Asked>> = {
  'a tool': TOOL,
  'a tool as a task': (server) => ['tools/call', { name: `${server}__do`, arguments: {}, task: { ttl: 1_000 } }],
  'a prompt': (server) => ['prompts/get', { name: `${server}__do` }],
  'a resource': (server) => ['resources/read', { uri: `${server}+file:///do` }],
  'a completion for a prompt': (server) => [
    'completion/complete',
    { ref: { type: 'ref/prompt', name: `${server}__do` }, argument: { name: 'text', value: 'a' } },
  ],
  'a completion for a template': (server) => [
    'completion/complete',
    { ref: { type: 'ref/resource', uri: `${server}+file:///{x}` }, argument: { name: 'x', value: 'a' } },
  ],
  'a subscription to a resource': (server) => ['resources/subscribe', { uri: `${server}+file:///do` }],
  'a subscription to events': (server) => [
    'events/subscribe',
    { name: `${server}__do`, delivery: { mode: 'webhook', url: 'https://there.example/' } },
  ],
};
const METHODS: ReadonlySet<string> = new Set(Object.values(KINDS).map((asked) => asked('')[0]));

const MOST = USED + Object.keys(KINDS).length;

let far: SloppyHttp;
let lost: SloppyHttp;
let authz: AuthzServer;
let world: Awaited<ReturnType<typeof startWorld>>;
/** What the server does with the next of these requests; undefined: answers it. */
let mishap: ((exchange: Exchange) => void) | undefined;

before(async () => {
  const http = (exchange: Exchange): boolean => {
    if (mishap === undefined || !METHODS.has(exchange.got?.method ?? '')) return false;
    mishap(exchange);
    return true;
  };
  far = await startSloppyHttp('http', { answer, http });
  authz = await startAuthzServer({ after: () => undefined });
  lost = await startSloppyHttp('http', { answer });
  const gone = await startSloppyHttp('http', { answer });
  await gone.close();
  const record = (url: string) => ({ kind: 'http' as const, url, headers: {} });
  world = await startWorld({
    ...{ site: record(far.url), hooked: record(far.url), gone: record(gone.url), lost: record(lost.url) },
  });
  await world.store.policy.addRule('default', {
    ...{ effect: 'allow', who: ['*'], what: ['*'], createdBy: 'test' },
    limits: [{ most: MOST, withinMs: HOUR, per: 'person' }],
  });
  await world.store.hooks.create('default', {
    ...{ name: 'authorize', kind: 'authorize', url: authz.url, enabled: true, timeoutMs: 5_000, secret: null },
    ...{ bearer: null, managedBy: null, createdBy: 'test', approvers: [], sendsArguments: false },
    what: ['hooked__*', 'prompt:hooked__*', 'resource:hooked+*', 'event:hooked__*'],
  });
  world.gateway.policyChanged('default');
});
after(async () => {
  await world.end();
  await far.close();
  await lost.close();
  await authz.close();
});

let people = 0;
function somebody(): { name: string; client: TestClient } {
  const name = `person${++people}`;
  const principal: Principal = { ...ada, user: { id: `u-${name}`, name, role: 'member', groups: [] } };
  return { name, client: world.connect(principal) };
}

const isRefused = ({ error, result }: Message): boolean => error !== undefined || result?.['isError'] === true;
const isLimited = (message: Message): boolean => JSON.stringify(message).includes('has a limit');

/** How much of the allowance is left, found out by using it up. */
async function leftOf(client: TestClient): Promise<number> {
  for (let calls = 0; ; calls++) {
    const said = await client.request('prompts/get', ANOTHER);
    if (isLimited(said)) return calls;
    assert.ok(!isRefused(said), JSON.stringify(said));
  }
}

async function use(client: TestClient, times: number): Promise<void> {
  for (let call = 0; call < times; call++) assert.ok(!isRefused(await client.request('prompts/get', ANOTHER)));
}

interface Ending {
  /** Whether its server may have carried it out; `kept`: or has got it at all. */
  became: 'kept' | 'turned away' | 'not sent';
  server?: string;
  /** Returns the answer, or undefined where none comes. */
  ask(client: TestClient, asked: Asked, name: string): Promise<Message | undefined>;
}

const plainly: Ending['ask'] = (client, asked) => client.request(...asked);

const withMishap =
  (does: NonNullable<typeof mishap>): Ending['ask'] =>
  async (client, asked) => {
    mishap = does;
    const said = await client.request(...asked);
    mishap = undefined;
    return said;
  };

const withStatus = (status: number): Ending['ask'] =>
  withMishap(({ response }) => void response.writeHead(status).end());

/** The client gives it up once the server has it, which answers nothing. */
async function givenUp(client: TestClient, [method, params]: Asked): Promise<undefined> {
  const got = new Promise<void>((resolve) => (mishap = () => resolve()));
  client.raw(JSON.stringify({ jsonrpc: '2.0', id: 'given-up', method, params }));
  await got;
  mishap = undefined;
  client.raw('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"given-up"}}');
  await until('the call to be over', () => client.pending === 0);
}

const ENDINGS: Readonly<Record<string, Ending>> = {
  'is answered': { became: 'kept', ask: plainly },
  'is answered with an error': {
    became: 'kept',
    ask: withMishap(({ got, response }) => {
      const error = { code: -32_602, message: 'no' };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: got?.id, error }));
    }),
  },
  'is sent, and its connection dies': {
    became: 'kept',
    ask: withMishap(({ request }) => void request.socket.destroy()),
  },
  'is sent, and something in between gives up': { became: 'kept', ask: withStatus(504) },
  'is sent, and given up by its client': { became: 'kept', ask: givenUp },
  'is turned away as one too many': { became: 'turned away', ask: withStatus(429) },
  'is turned away for its credentials': { became: 'turned away', ask: withStatus(401) },
  'is for a server that is out of reach': { became: 'not sent', server: 'gone', ask: plainly },
  'is denied by the hook': {
    ...{ became: 'not sent', server: 'hooked' },
    async ask(client, asked) {
      authz.answer = says({ decision: 'deny' });
      return await client.request(...asked);
    },
  },
  'is for a hook that answers nonsense': {
    ...{ became: 'not sent', server: 'hooked' },
    async ask(client, asked) {
      authz.answer = says({ nonsense: true });
      return await client.request(...asked);
    },
  },
  'is given up while the hook is asked': {
    ...{ became: 'not sent', server: 'hooked' },
    async ask(client, [method, params]) {
      const asked = new Promise<() => void>((resolve) => {
        authz.answer = (response, of) => resolve(() => void says({ decision: 'allow' })(response, of));
      });
      client.raw(JSON.stringify({ jsonrpc: '2.0', id: 'given-up', method, params }));
      const respond = await asked;
      client.raw('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"given-up"}}');
      respond();
      await until('the call to be over', () => client.pending === 0);
      return undefined;
    },
  },
  'is denied by a rule that came later': {
    became: 'not sent',
    async ask(client, asked, name) {
      const id = await world.rule('deny', `user:${name}`, '*');
      const said = await client.request(...asked);
      await world.store.policy.removeRule('default', id);
      world.gateway.policyChanged('default');
      return said;
    },
  },
};

for (const [ending, { became, server = 'site', ask }] of Object.entries(ENDINGS))
  test(`what ${ending} ${became === 'kept' ? 'is counted' : 'takes nothing of the allowance'}`, async () => {
    const { name, client } = somebody();
    await use(client, USED);
    for (const [kind, of] of Object.entries(KINDS)) {
      const start = far.received.length;
      const asked = of(server);
      const said = await ask(client, asked, name);
      const what = `${kind}: ${JSON.stringify(said)}`;
      assert.equal(said === undefined || isRefused(said), ending !== 'is answered', what);
      assert.ok(said === undefined || !isLimited(said), what);
      const isSent = far.received.slice(start).some(({ method }) => method === asked[0]);
      assert.equal(isSent, became !== 'not sent', what);
    }
    assert.equal(await leftOf(client), became === 'kept' ? 0 : MOST - USED);
    await client.close();
  });

test('what a server turned away that forgot its session takes nothing of the allowance, where the server is away then', async () => {
  const { client } = somebody();
  await use(client, USED);
  await client.request(...TOOL('lost'));
  let isGone = false;
  lost.behave({
    answer,
    http({ response, request, got }) {
      if (!isGone && got?.method !== 'tools/call') return false;
      if (isGone) request.socket.destroy();
      else response.writeHead(404).end();
      isGone = true;
      return true;
    },
  });
  const said = await client.request(...TOOL('lost'));
  assert.ok(isRefused(said) && !isLimited(said), JSON.stringify(said));
  assert.ok(isGone);
  assert.equal(await leftOf(client), MOST - USED - 1, 'the first of the two was answered');
});
