// A server that tells its own secret: nobody hears it.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { wholeText } from '../../message/pieces.ts';
import { startHttpUpstream } from '../fixtures/http-upstream.ts';
import { requester, fixtureServer, NEVER, serverRecord, startPool } from '../fixtures/pool.ts';
import type { UpstreamReply } from '../upstream.ts';

const TOKEN = 'ghp_"0123456789/abcdef';

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
});
