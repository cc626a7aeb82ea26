// Calls of people who have no account at a server yet: who is asked, and how, and what becomes of the call.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Actor } from '../../domain/people/receipt.ts';
import { startHttpUpstream } from '../../upstreams/fixtures/http-upstream.ts';
import { enteredAt, type Message, startWorld, textOf } from '../fixtures/gateway-world.ts';
import { askedIn, modernClient, modernMeta } from '../fixtures/modern-client.ts';

const HOST: Actor = { name: 'host:root', address: null };
const PAGE = 'https://broker.example/accounts/web';
const PERSONAL = {
  credential: 'personal',
  account: { kind: 'keys', fields: [{ name: 'TOKEN', label: 'Your token', secret: true }] },
} as const;
const LEGACY_URL = { protocolVersion: '2025-11-25', capabilities: { elicitation: { url: {} } } };

let world: Awaited<ReturnType<typeof startWorld>>;
let upstream: Awaited<ReturnType<typeof startHttpUpstream>>;
let all: string;
let linus: Awaited<ReturnType<typeof world.person>>;

beforeEach(async () => {
  upstream = await startHttpUpstream();
  world = await startWorld({
    web: { transport: { kind: 'http', url: upstream.url, headers: { 'X-Token': '${account:TOKEN}' } }, ...PERSONAL },
    open: { kind: 'http', url: upstream.url, headers: {} },
  });
  all = await world.rule('allow', '*', '*');
  linus = await world.person('linus');
});
afterEach(async () => {
  await world.end();
  await upstream.close();
});

const ownerOf = ({ user }: { user: { id: string } }) => `user:${user.id}` as const;
const entered = (TOKEN: string) => enteredAt(world.serverNamed('web'), { TOKEN });
const connectAccount = (person = linus) =>
  world.accounts.setKeys(world.serverNamed('web'), ownerOf(person), entered(`token-of-${person.user.name}`), HOST);
const executed = () => upstream.received.filter(({ message }) => message['method'] === 'tools/call').length;
const outcomes = async () =>
  (await world.calls()).map(({ status, error_code, attempts, tool_name }) => [tool_name, status, error_code, attempts]);
const isProgress = ({ method }: Message) => method === 'notifications/progress';
const withProgress = (name: string) => ({ name, arguments: { text: 'his' }, _meta: { progressToken: 'p' } });

describe('a call for which an account is needed', () => {
  it('is answered to a client of 2025-11-25 that shows pages with the page, and the client is told when it may call again', async () => {
    const client = world.connect(linus);
    await client.request('initialize', LEGACY_URL);
    const { error } = await client.call('web__echo', { text: 'his' });
    assert.equal(error?.code, -32042);
    const { elicitations } = error.data as { elicitations: Record<string, string>[] };
    const [asked = assert.fail(), ...others] = elicitations;
    assert.deepEqual(others, []);
    const { elicitationId, ...rest } = asked;
    assert.deepEqual(rest, { mode: 'url', url: PAGE, message: 'connect your account at web' });
    const again = await client.call('web__echo', { text: 'his' });
    assert.deepEqual(again.error?.data, error.data, 'it is the same page');
    await connectAccount();
    const done = await client.next(({ method }) => method === 'notifications/elicitation/complete');
    assert.deepEqual(done.params, { elicitationId });
    assert.equal(textOf(await client.call('web__echo', { text: 'his' })), 'his');
    assert.equal(executed(), 1);
    assert.deepEqual(await outcomes(), [
      ['web__echo', 'failed', 'account_needed', 0],
      ['web__echo', 'failed', 'account_needed', 0],
      ['web__echo', 'ok', null, 1],
    ]);
  });

  it('asks a client of 2026-07-28 in its result, waits once the person has agreed, and goes on by itself as one call', async () => {
    const client = world.connect(linus);
    const modern = modernClient(client, { elicitation: { url: {} } });
    const params = { name: 'web__echo', arguments: { text: 'his' } };
    const asked = await modern.request('tools/call', params, { progressToken: 'a' });
    const [[key, question] = assert.fail()] = askedIn(asked);
    assert.deepEqual(question, {
      method: 'elicitation/create',
      params: { mode: 'url', url: PAGE, message: 'connect your account at web' },
    });
    const answer = client.request('tools/call', {
      ...params,
      inputResponses: { [key]: { action: 'accept' } },
      requestState: asked.result?.['requestState'],
      _meta: modernMeta({ elicitation: { url: {} } }, { progressToken: 'b' }),
    });
    const step = await client.next(isProgress);
    assert.equal(step.params?.['progressToken'], 'b');
    assert.match(String(step.params['message']), /connect your account at web at https:/);
    await connectAccount();
    assert.equal(textOf(await answer), 'his');
    assert.deepEqual(await outcomes(), [['web__echo', 'ok', null, 1]]);
    const [{ input_rounds, input_asked } = assert.fail()] = await world.calls();
    assert.deepEqual([input_rounds, input_asked], [0, []], 'no server has asked');
  });

  it('ends with where to connect for a person of 2026-07-28 who declines', async () => {
    const modern = modernClient(world.connect(linus), { elicitation: { url: {} } });
    const params = { name: 'web__echo', arguments: {} };
    const asked = await modern.request('tools/call', params);
    const [[key] = assert.fail()] = askedIn(asked);
    const declined = await modern.retry('tools/call', params, asked, { [key]: { action: 'decline' } });
    assert.match(textOf(declined), /connect it at https:\/\/broker\.example\/accounts\/web/);
    assert.equal(executed(), 0);
  });

  it('waits where the laptop opens the page, says so, and goes on by itself; two at once are each carried out', async () => {
    const opened: string[] = [];
    const client = world.connect(linus, undefined, undefined, (url) => opened.push(url) > 0);
    const calls = ['web__echo', 'web__echo'].map((name) => client.request('tools/call', withProgress(name)));
    const step = await client.next(isProgress);
    assert.equal(step.params?.['progressToken'], 'p');
    assert.match(String(step.params['message']), /^\[mcpgate\] connect your account at web at https:.*the call waits$/);
    await client.next(isProgress);
    assert.deepEqual(opened, [PAGE, PAGE]);
    assert.equal(executed(), 0);
    await connectAccount();
    assert.deepEqual((await Promise.all(calls)).map(textOf), ['his', 'his']);
    assert.equal(executed(), 2);
    assert.deepEqual(await outcomes(), [
      ['web__echo', 'ok', null, 1],
      ['web__echo', 'ok', null, 1],
    ]);
  });

  it('goes on when the account is made at another broker, and by the rules that hold then', async () => {
    const client = world.connect(linus, undefined, undefined, () => true);
    const call = client.request('tools/call', withProgress('web__echo'));
    await client.next(isProgress);
    await world.rule('deny', '*', 'web__echo');
    const of = { workspaceId: 'default', serverId: world.serverNamed('web').id, owner: ownerOf(linus) };
    await world.accountsElsewhere().setKeys(world.serverNamed('web'), of.owner, entered('made-elsewhere'), HOST);
    await world.accounts.elsewhere.changed(of);
    assert.match(textOf(await call), /^\[mcpgate denied\]/);
    assert.equal(executed(), 0);
    assert.deepEqual(await outcomes(), [['web__echo', 'denied', 'denied', 0]]);
  });

  it('ends with its client’s cancellation, with the person’s session and with the broker, and was never sent', async () => {
    const client = world.connect(linus, undefined, undefined, () => true);
    const send = (to: typeof client) =>
      to.raw(JSON.stringify({ jsonrpc: '2.0', id: 'x', method: 'tools/call', params: withProgress('web__echo') }));
    send(client);
    await client.next(isProgress);
    client.raw('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"x"}}');
    const leaver = world.connect(linus, undefined, undefined, () => true);
    send(leaver);
    await leaver.next(isProgress);
    await leaver.close('disabled');
    const last = world.connect(linus, undefined, undefined, () => true);
    const call = last.request('tools/call', withProgress('web__echo'));
    await last.next(isProgress);
    world.gateway.endWaits();
    assert.match(textOf(await call), /connect it at .*Once that is done, try again/);
    assert.match(textOf(await last.call('web__echo')), /connect it at/, 'nobody waits at a broker that takes leave');
    assert.equal(executed(), 0);
    const statuses = (await outcomes()).map(([, status]) => status);
    assert.deepEqual(statuses, ['cancelled', 'cancelled', 'failed', 'failed']);
  });

  it('is told at once where nobody can be asked: a client over HTTP, a grant of no person, a laptop without a display', async () => {
    assert.match(textOf(await world.connect(linus).call('web__echo')), /connect it at https:/);
    const laptop = world.connect(linus, undefined, undefined, () => false);
    assert.match(textOf(await laptop.call('web__echo')), /connect it at https:/);
    const machine = world.connect({ workspaceId: 'default', credential: { kind: 'grant', id: 'g', label: 'ci' } });
    await machine.request('initialize', LEGACY_URL);
    assert.match(textOf(await machine.call('web__echo')), /no person's.*--user/);
    assert.deepEqual(await machine.toolNames(), (await world.connect().toolNames()).filter(isOpen));
  });
});

describe('the lists of somebody without an account', () => {
  it('are not delayed, hold one tool that connects, and the server’s own as soon as the account is there', async () => {
    const client = world.connect(linus, undefined, undefined, () => true);
    const before = await client.toolNames();
    assert.ok(before.includes('open__echo'));
    assert.deepEqual(
      before.filter((name) => !isOpen(name)),
      ['web__connect'],
    );
    const call = client.request('tools/call', withProgress('web__connect'));
    await client.next(isProgress);
    await connectAccount();
    assert.match(
      textOf(await call),
      /^\[mcpgate\] The account at web is connected: it offers \d+ tools\. List the tools again\.$/,
    );
    await client.next(({ method }) => method === 'notifications/tools/list_changed');
    const after = await client.toolNames();
    assert.ok(after.includes('web__echo') && !after.includes('web__connect'));
    assert.match(textOf(await client.call('web__connect')), /is connected/);
    assert.deepEqual(await outcomes(), [], 'it goes to no server');

    await world.accounts.disconnect(world.serverNamed('web'), ownerOf(linus), HOST);
    await client.next(({ method }) => method === 'notifications/tools/list_changed');
    assert.deepEqual(
      (await client.toolNames()).filter((name) => !isOpen(name)),
      ['web__connect'],
    );
  });

  it('are nobody else’s: what one person’s account lists is not shown to another', async () => {
    await connectAccount();
    assert.ok((await world.connect(linus).toolNames()).includes('web__echo'));
    const grace = await world.person('grace');
    assert.deepEqual(
      (await world.connect(grace).toolNames()).filter((name) => !isOpen(name)),
      ['web__connect'],
    );
  });

  it('are found by searching, and say in the session what is missing', async () => {
    const client = world.connect(linus, undefined, 'search');
    assert.match(textOf(await client.call('search_tools', { query: 'connect web' })), /web__connect/);
    const { result } = await client.request('mcpgate/session');
    const servers = result?.['servers'] as { name: string; state: string; tools: number; message: string }[];
    const web = servers.find(({ name }) => name === 'web');
    assert.deepEqual([web?.state, web?.tools], ['account_needed', 0]);
    assert.match(web?.message ?? '', /mcpgate connect web/);
  });

  it('hold it where the rules allow single tools, and not where they deny it or allow nothing of the server', async () => {
    await world.store.policy.removeRule('default', all);
    await world.rule('allow', '*', 'web__echo');
    assert.deepEqual(await world.connect(linus).toolNames(), ['web__connect']);
    assert.match(textOf(await world.connect(linus).call('web__connect')), /connect it at https:/);
    await world.rule('deny', '*', 'web__conn*');
    assert.ok(!(await world.connect(linus).toolNames()).includes('web__connect'));
    assert.match(textOf(await world.connect(linus).call('web__connect')), /^\[mcpgate denied\]/);
    assert.match(textOf(await world.connect(linus).call('open__connect')), /^\[mcpgate denied\]/);
  });
});

const isOpen = (name: string) => name.startsWith('open__');
