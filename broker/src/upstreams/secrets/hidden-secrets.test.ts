// A server that tells its own secret: nobody hears it.
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, it } from 'node:test';
import { pino } from 'pino';
import { wholeText } from '../../message/pieces.ts';
import { startHttpUpstream } from '../fixtures/http-upstream.ts';
import { requester, fixtureServer, NEVER, serverRecord, startPool } from '../fixtures/pool.ts';
import type { UpstreamReply } from '../upstream.ts';

const TOKEN = 'ghp_"0123456789/abcdef';
/** Three lines, with what JSON and URLs spell otherwise. */
const LINES = 'fir$t-line\\"<1>\nsecond line\n/third+line=';

let pool: Awaited<ReturnType<typeof startPool>>;
afterEach(() => pool.end());

const whole = (reply: UpstreamReply): string => wholeText(reply.text, reply.pieces);

describe('a server that tells its own secret', () => {
  it('on stdio: it is hidden in results, errors, progress, its log and its stderr', async () => {
    const record = serverRecord('fix', fixtureServer([], { TOKEN: '${secret:token}' }));
    pool = await startPool([record]);
    pool.secrets.set('token', TOKEN);
    await pool.upstreams.reload();
    const said: string[] = [];
    pool.upstreams.onEvent((event) => {
      if (event.kind === 'notification') said.push(event.paramsText);
    });
    const session = await pool.upstreams.acquire(record, requester('ada'));
    const call = (args: unknown) =>
      session.request({
        method: 'tools/call',
        paramsText: JSON.stringify({ name: 'leak', arguments: args }),
        takesPieces: true,
        signal: NEVER,
        onProgress: (text) => said.push(text),
      });
    const result = whole(await call({}));
    assert.deepEqual(JSON.parse(result), { content: [{ type: 'text', text: '***' }], '***': '***' });
    const error = await call({ fail: true });
    assert.deepEqual(
      [error.kind, JSON.parse(error.text)],
      ['error', { code: -32000, message: 'refused ***', data: '***' }],
    );
    for (const bytes of [600_000, 65_530, 3_000_000]) {
      const large = JSON.parse(whole(await call({ bytes }))) as { content: { text: string }[] };
      assert.equal(large.content[0]?.text, `${'x'.repeat(bytes)}***`);
    }
    assert.deepEqual(new Set(pool.secrets.uses.map(String)), new Set(['token@1']));
    assert.equal(pool.secrets.uses.length, 5, 'each request counts as a use, not the start alone');
    assert.equal(said.length, 10);
    assert.ok(said.every((text) => text.includes('***') && !text.includes('0123456789')));
    const shown = JSON.stringify(pool.upstreams.status('default'));
    assert.match(shown, /the token is \*\*\*/);
    assert.ok(!shown.includes('0123456789'));
  });

  it('over HTTP: it is hidden in JSON and in event streams, small and large', async (t) => {
    const upstream = await startHttpUpstream();
    t.after(() => upstream.close());
    const headers = { authorization: '${secret:token}' };
    const record = serverRecord('web', { kind: 'http', url: upstream.url, headers });
    pool = await startPool([record]);
    pool.secrets.set('token', TOKEN);
    await pool.upstreams.reload();
    const session = await pool.upstreams.acquire(record, requester('ada'));
    for (const events of [false, true]) {
      upstream.events = events;
      for (const length of [10, 1_000_000]) {
        const text = `${'y'.repeat(length)} ${TOKEN}`;
        const paramsText = JSON.stringify({ name: 'echo', arguments: { text } });
        const reply = await session.request({ method: 'tools/call', paramsText, takesPieces: true, signal: NEVER });
        const result = JSON.parse(whole(reply)) as { content: { text: string }[] };
        assert.equal(result.content[0]?.text, `${'y'.repeat(length)} ***`);
      }
    }
    assert.equal(upstream.received.at(-1)?.headers.authorization, TOKEN, 'the server itself has it');
  });

  it('on stdio: it is hidden where a tool answers JSON in a text, and where it says it before it dies', async () => {
    const { log, logged } = debugLog();
    const env = { TOKEN: '${secret:token}', LINES: '${secret:lines}' };
    const record = serverRecord('fix', fixtureServer([], env));
    const dying = serverRecord('dying', fixtureServer(['exit'], env));
    pool = await startPool([record, dying], { log });
    pool.secrets.set('token', TOKEN);
    pool.secrets.set('lines', LINES);
    await pool.upstreams.reload();
    const session = await pool.upstreams.acquire(record, requester('ada'));
    const paramsText = JSON.stringify({ name: 'env', arguments: {} });
    const reply = await session.request({ method: 'tools/call', paramsText, signal: NEVER });
    const told = JSON.parse((JSON.parse(whole(reply)) as { content: { text: string }[] }).content[0]?.text ?? '') as {
      env: Record<string, string>;
    };
    assert.deepEqual([told.env['TOKEN'], told.env['LINES']], ['***', '***']);
    const error = await pool.upstreams.acquire(dying, requester('ada')).then(
      () => assert.fail('it started'),
      (failure: unknown) => failure,
    );
    const steps = await pool.upstreams.test(dying);
    assert.match(JSON.stringify(steps), /token \*\*\* was refused/);
    for (const shown of [whole(reply), withCauses(error), steps, pool.upstreams.status('default'), logged()])
      assertNothingOf(shown);
  });

  it('over HTTP: it is hidden in refusals, redirects and broken answers, at the start and later, in `server test` and in the log', async (t) => {
    const { log, logged } = debugLog();
    const upstream = await startHttpUpstream();
    t.after(() => upstream.close());
    const record = serverRecord('web', {
      kind: 'http',
      url: `${upstream.url}?key=\${secret:lines}`,
      headers: { authorization: '${secret:token}' },
    });
    pool = await startPool([record], { log });
    pool.secrets.set('token', TOKEN);
    pool.secrets.set('lines', LINES);
    await pool.upstreams.reload();
    const said = { token: TOKEN, key: LINES, inner: JSON.stringify({ token: TOKEN, key: LINES }) };
    const texts = [
      JSON.stringify({ jsonrpc: '2.0', error: { code: -32000, message: `no good: ${TOKEN} ${LINES}`, data: said } }),
      JSON.stringify(said),
      `no good: ${TOKEN}, ${LINES}, ${encodeURIComponent(LINES)}, ${Buffer.from(LINES).toString('base64')}`,
    ];
    const answers: ((response: ServerResponse, id: unknown) => void)[] = [
      ...texts.flatMap((text) =>
        [400, 403, 429, 503].map((status) => (response: ServerResponse) => void response.writeHead(status).end(text)),
      ),
      (response) => void response.writeHead(302, { location: `http://other.invalid/${encodeURI(TOKEN)}` }).end(),
      (response) => void response.writeHead(200, { 'content-type': `text/${encodeURIComponent(TOKEN)}` }).end(TOKEN),
      (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(`{"half": "${TOKEN}`),
      (response, id) =>
        void response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ jsonrpc: '2.0', id, error: { code: 1, message: TOKEN, data: said } })),
    ];
    const session = await pool.upstreams.acquire(record, requester('ada'));
    const shown: unknown[] = [];
    for (const answer of answers) {
      upstream.intercept = (_request, response, { id, method }) => {
        if (method !== 'tools/call') return false;
        answer(response, id);
        return true;
      };
      const paramsText = JSON.stringify({ name: 'echo', arguments: {} });
      const reply = session.request({ method: 'tools/call', paramsText, signal: NEVER });
      shown.push(await reply.then(whole, withCauses));
    }
    upstream.authorization = 'another';
    shown.push(await pool.upstreams.test(record), pool.upstreams.status('default'), logged());
    for (const each of shown) assertNothingOf(each);
    assert.match(JSON.stringify(shown), /\*\*\*/);
  });
});

/** All that an error says, with its causes. */
function withCauses(error: unknown): string {
  return error instanceof Error ? `${String(error)} < ${withCauses(error.cause)}` : '';
}

function assertNothingOf(shown: unknown): void {
  const text = typeof shown === 'string' ? shown : JSON.stringify(shown);
  const parts = ['0123456789', ...LINES.split('\n'), Buffer.from(LINES).toString('base64').slice(4, 40)];
  for (const part of parts)
    assert.ok(!text.includes(part) && !text.includes(encodeURIComponent(part)), `${part} in ${text}`);
}

/** All that the broker would log at its most talkative. */
function debugLog() {
  const lines: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  return { log, logged: () => lines.join('') };
}
