import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, it } from 'node:test';
import { startModernHttp, type ModernHttp } from 'mcpgate-test/upstreams/modern-http';
import type { Transport } from '../../../domain/transports/transports.ts';
import { requester, NEVER, serverRecord, startPool } from '../../fixtures/pool.ts';
import type { Requester, ServerQuestion, UpstreamEvent, UpstreamReply, UpstreamSession } from '../../upstream.ts';

const STDIO = fileURLToPath(import.meta.resolve('mcpgate-test/upstreams/modern-stdio'));
const stdio = (...args: string[]): Transport => ({
  kind: 'stdio',
  command: process.execPath,
  args: [STDIO, ...args],
  env: {},
});

let pool: Awaited<ReturnType<typeof startPool>>;
let upstream: ModernHttp | undefined;
const events: UpstreamEvent[] = [];
let waiting: { fits: (event: UpstreamEvent) => boolean; resolve: (event: UpstreamEvent) => void }[] = [];
afterEach(async () => {
  await pool.end();
  await upstream?.close();
  upstream = undefined;
  events.length = 0;
  waiting = [];
});

async function start(transport: Transport) {
  const record = serverRecord('new', transport);
  pool = await startPool([record]);
  pool.upstreams.onEvent((event) => {
    events.push(event);
    for (const each of waiting) if (each.fits(event)) each.resolve(event);
  });
  await pool.upstreams.reload();
  return () => pool.upstreams.acquire(record, requester('u1'));
}

async function startHttp(): Promise<{ acquire: () => Promise<UpstreamSession>; server: ModernHttp }> {
  upstream = await startModernHttp();
  return { acquire: await start({ kind: 'http', url: upstream.url, headers: {} }), server: upstream };
}

/** The next event that fits, from now on. */
function next(fits: (event: UpstreamEvent) => boolean): Promise<UpstreamEvent> {
  return new Promise((resolve) => waiting.push({ fits, resolve }));
}

const call = (
  session: UpstreamSession,
  name: string,
  args: unknown = {},
  more: Partial<Parameters<UpstreamSession['request']>[0]> = {},
) =>
  session.request({
    method: 'tools/call',
    paramsText: JSON.stringify({ name, arguments: args }),
    signal: NEVER,
    ...more,
  });

function textOf(reply: UpstreamReply): string {
  assert.equal(reply.kind, 'result', reply.text);
  return (JSON.parse(reply.text) as { content?: { text: string }[] }).content?.[0]?.text ?? reply.text;
}

/** A person behind a client of before 2026-07-28 who answers everything. */
function answering(asked: ServerQuestion[]): Requester {
  const answers: Record<string, unknown> = {
    'elicitation/create': { action: 'accept', content: { name: 'Ada' } },
    'sampling/createMessage': { role: 'assistant', content: { type: 'text', text: 'roses' }, model: 'm' },
    'roots/list': { roots: [{ uri: 'file:///here' }] },
  };
  return requester('u1', {
    capabilitiesText: '{"elicitation":{},"sampling":{},"roots":{"listChanged":true}}',
    async ask(question) {
      asked.push(question);
      return { kind: 'result', isToolError: false, text: JSON.stringify(answers[question.method]) };
    },
  });
}

for (const way of ['stdio', 'HTTP'] as const) {
  describe(`a server of 2026-07-28 over ${way}`, () => {
    const begin = async () => await (way === 'stdio' ? start(stdio()) : (await startHttp()).acquire);

    it('is discovered, and every request says who asks and what the client can do', async () => {
      const session = await (await begin())();
      assert.deepEqual(
        [session.facts.generation, session.facts.protocolVersion, session.facts.instructions],
        ['modern', '2026-07-28', 'Speaks 2026-07-28.'],
      );
      assert.match(session.facts.infoText, /"name":"modern"/);
      const one = requester('u1', { capabilitiesText: '{"roots":{}}', logLevel: 'error' });
      const paramsText = '{"name":"who","_meta":{"io.example/own":[1.0]},"arguments":{}}';
      const reply = await session.request({ method: 'tools/call', paramsText, signal: NEVER, requester: one });
      assert.deepEqual(JSON.parse(textOf(reply)), {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'mcpgate', version: '0.0.0-test' },
        'io.modelcontextprotocol/clientCapabilities': { roots: {} },
        'io.modelcontextprotocol/logLevel': 'error',
      });
    });

    it('gets what it asks for from a client of before, on the shared connection, and then answers', async () => {
      const session = await (await begin())();
      const asked: ServerQuestion[] = [];
      const reply = await call(session, 'ask', {}, { requester: answering(asked) });
      assert.equal(textOf(reply), 'Ada: {"type":"text","text":"roses"} at file:///here');
      assert.deepEqual(asked.map(({ method }) => method).sort(), [
        'elicitation/create',
        'roots/list',
        'sampling/createMessage',
      ]);
      assert.match(
        asked.find(({ method }) => method === 'elicitation/create')?.paramsText ?? '',
        /"message":"Who are you\?"/,
      );
      assert.equal(asked[0]?.server, 'new');
    });

    it('that asks is answered by a client of its own generation in another request', async () => {
      const session = await (await begin())();
      const modern = requester('u1', {
        generation: 'modern',
        capabilitiesText: '{"elicitation":{"form":{}},"sampling":{},"roots":{}}',
      });
      const first = await call(session, 'ask', {}, { requester: modern });
      const result = JSON.parse(first.text) as Record<string, unknown>;
      assert.equal(result['resultType'], 'input_required');
      assert.deepEqual(Object.keys(result['inputRequests'] as object), ['who', 'poem', 'places']);
      const inputResponses = {
        who: { action: 'accept', content: { name: 'Eve' } },
        poem: { role: 'assistant', content: { type: 'text', text: 'violets' }, model: 'm' },
        places: { roots: [] },
      };
      const paramsText = JSON.stringify({ name: 'ask', arguments: {}, inputResponses });
      const second = await session.request({ method: 'tools/call', paramsText, signal: NEVER, requester: modern });
      assert.match(textOf(second), /^Eve: .*violets/);
    });

    it('that asks for more without end is given up, and one that needs what nobody can give fails that call', async () => {
      const session = await (await begin())();
      const asked: ServerQuestion[] = [];
      await assert.rejects(
        call(session, 'insist', {}, { requester: answering(asked) }),
        /asked 10 times for more before tools\/call/,
      );
      assert.equal(asked.length, 10);
      const silent = requester('u1', { capabilitiesText: '{"roots":{}}' });
      await assert.rejects(
        call(session, 'insist', {}, { requester: silent }),
        /needs something.*roots\/list failed: "not offered"/,
      );
      assert.equal(textOf(await call(session, 'echo', { text: 'still there' })), 'still there');
    });

    it('tells of progress, of its log where the client wants it, and of nothing else', async () => {
      const session = await (await begin())();
      const progress: string[] = [];
      await call(session, 'progress', {}, { onProgress: (text) => progress.push(text) });
      assert.equal(progress.length, 1);
      const logged: string[] = [];
      const onNotification = (method: string, text: string) => logged.push(`${method} ${text}`);
      await call(session, 'log', {}, { onNotification, requester: requester('u1', { logLevel: 'info' }) });
      assert.match(logged.join('\n'), /^notifications\/message .*a warning of this call/);
      await call(session, 'log', {}, { onNotification, requester: requester('u1') });
      assert.equal(logged.length, 1);
    });

    it('is told of a cancellation, and the next call is answered', async () => {
      const acquire = await begin();
      const session = await acquire();
      const controller = new AbortController();
      const hanging = call(session, 'hang', {}, { signal: controller.signal });
      if (upstream === undefined) {
        assert.equal(textOf(await call(session, 'echo', { text: 'meanwhile' })), 'meanwhile');
      } else await upstream.noted('hanging');
      controller.abort();
      await assert.rejects(hanging, /cancelled/);
      assert.equal(textOf(await call(session, 'echo', { text: 'next' })), 'next');
      if (upstream !== undefined) await upstream.noted('cancelled');
    });

    it('tells of changed lists, and of resources that somebody follows', async () => {
      const session = await (await begin())();
      const names = async () => (await session.list('tools', NEVER)).map(({ key }) => key);
      assert.ok(!(await names()).includes('grown'));
      if (upstream !== undefined) await upstream.noted('subscriptions/listen');
      const changed = next((event) => event.kind === 'list_changed' && event.list === 'tools');
      await call(session, 'grow');
      await changed;
      assert.ok((await names()).includes('grown'));

      const subscribe = (method: string, uri: string) =>
        session.request({ method, paramsText: JSON.stringify({ uri }), signal: NEVER });
      await Promise.all([subscribe('resources/subscribe', 'note:a'), subscribe('resources/subscribe', 'note:b')]);
      await subscribe('resources/unsubscribe', 'note:b');
      const updated = next((event) => event.kind === 'notification');
      await call(session, 'touch', { uri: 'note:b' });
      await call(session, 'touch', { uri: 'note:a' });
      const event = await updated;
      assert.ok(event.kind === 'notification' && event.method === 'notifications/resources/updated');
      assert.match(event.paramsText, /"uri":"note:a"/);
    });
  });
}

describe('a server of 2026-07-28 over HTTP', () => {
  it('gets the headers that repeat the body, and no session', async () => {
    const { acquire, server } = await startHttp();
    const session = await acquire();
    await call(session, 'regional', { region: 'Zürich' });
    await session.request({ method: 'resources/read', paramsText: '{"uri":"note:a"}', signal: NEVER });
    const { headers } = server.received.find(({ method }) => method === 'tools/call') ?? assert.fail();
    assert.equal(headers['mcp-protocol-version'], '2026-07-28');
    assert.equal(headers['mcp-method'], 'tools/call');
    assert.equal(headers['mcp-name'], 'regional');
    assert.equal(headers['mcp-param-region'], '=?base64?WsO8cmljaA==?=');
    assert.equal(headers['mcp-session-id'], undefined);
    assert.equal(server.received.at(-1)?.headers['mcp-name'], 'note:a');
    // Lists are for everybody: a tool that needs a client to be asked is in them.
    const list = server.received.find(({ method }) => method === 'tools/list')?.params['_meta'] as Record<
      string,
      unknown
    >;
    assert.deepEqual(Object.keys(list['io.modelcontextprotocol/clientCapabilities'] as object), [
      'roots',
      'sampling',
      'elicitation',
      'extensions',
    ]);
  });

  it('that wants a header which its list did not have is listed again, and the call is made', async () => {
    const { acquire, server } = await startHttp();
    const session = await acquire();
    await session.list('tools', NEVER);
    server.grown.add('header');
    assert.equal(textOf(await call(session, 'moving', { region: 'north' })), 'north');
    const lates = server.received.filter(({ method }) => method === 'tools/call');
    assert.deepEqual(
      lates.map(({ headers }) => headers['mcp-param-region']),
      [undefined, 'north'],
    );
  });

  it('is listened to again where its stream breaks off, and what changed meanwhile is told', async () => {
    const { acquire, server } = await startHttp();
    const session = await acquire();
    await session.list('tools', NEVER);
    await server.noted('subscriptions/listen');
    server.grown.add('silently');
    const changed = next((event) => event.kind === 'list_changed' && event.list === 'tools');
    server.dropStreams();
    await server.noted('subscriptions/listen', 2);
    await changed;
    assert.ok((await session.list('tools', NEVER)).some(({ key }) => key === 'silently'));
  });

  it('is listed again once its list has been kept for as long as it said', async () => {
    upstream = await startModernHttp({ toolsTtlMs: 50 });
    const acquire = await start({ kind: 'http', url: upstream.url, headers: {} });
    const session = await acquire();
    const stale = next((event) => event.kind === 'list_stale' && event.list === 'tools');
    assert.ok(!(await session.list('tools', NEVER)).some(({ key }) => key === 'later'));
    upstream.grown.add('later');
    await stale;
    const changed = next((event) => event.kind === 'list_changed' && event.list === 'tools');
    assert.ok((await session.list('tools', NEVER)).some(({ key }) => key === 'later'));
    await changed;
  });
});
