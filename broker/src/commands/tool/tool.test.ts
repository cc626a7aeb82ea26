// `tool list`, `tool diff` and `tool accept` against a running broker, and a server that changes what it says of its tools.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startSloppyHttp } from 'mcpgate-test/upstreams/sloppy/http';
import { administration } from '../fixtures/administration.ts';

const admin = administration();
const saying = (description: string) => ({
  answer: ({ method }: { method: string | undefined }) =>
    method === 'tools/list'
      ? { result: JSON.stringify({ tools: [{ name: 'read', description, inputSchema: { type: 'object' } }] }) }
      : undefined,
});

it('what a server has changed is listed, shown word by word, accepted, and served from then on', async (t) => {
  const far = await startSloppyHttp('http', saying('Reads one page.'));
  t.after(() => far.close());
  await admin.broker.json(['server', 'add', 'site', far.url, '--definitions', 'hold']);
  await admin.broker.json(['rule', 'add', '--allow', '--who', '*', '--what', '*']);
  const grant = Object(await admin.broker.json(['grant', 'issue', '--label', 'ci', '--server', 'site']));
  const listed = async (): Promise<unknown> => {
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${String(grant['token'])}`,
    };
    const post = (message: object, session?: string | null) =>
      fetch(`${admin.broker.url}/mcp`, {
        method: 'POST',
        headers: { ...headers, ...(session ? { 'mcp-session-id': session } : {}) },
        body: JSON.stringify({ jsonrpc: '2.0', ...message }),
      });
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
    const hello = await post({ id: 1, method: 'initialize', params });
    const answer = await (await post({ id: 2, method: 'tools/list' }, hello.headers.get('mcp-session-id'))).text();
    return /"description":"([^"]*)"/.exec(answer)?.[1];
  };
  assert.equal(await listed(), 'Reads one page.');
  far.behave(saying('Reads two\u200b pages.'));
  await admin.broker.json(['server', 'test', 'site']);
  assert.equal(await listed(), 'Reads one page.');
  assert.deepEqual(
    (await admin.rows('tool', 'list', 'site', '--held')).map(({ name, state }) => [name, state]),
    [['site__read', 'held']],
  );
  const { stdout } = await admin.broker.run(['tool', 'diff', 'site__read']);
  assert.match(stdout, /Reads \[-one page-\]\{\+two\{U\+200B\} pages\+\}|\[-one-\]/);
  assert.equal((await admin.broker.run(['tool', 'diff', 'read'])).stdout, stdout, 'by its own name');
  await admin.broker.json(['bundle', 'add', 'reading', '--tool', 'read']);
  const reading = Object(await admin.broker.json(['bundle', 'show', 'reading']));
  assert.deepEqual([reading['tools'][0].tool, reading['warnings']], ['site__read', []]);
  const { code } = await admin.failure(['tool', 'accept', 'site__read']);
  assert.equal(code, 2);
  await admin.broker.json(['tool', 'accept', 'site', '--yes']);
  assert.equal(await listed(), 'Reads two\u200b pages.');
  assert.deepEqual(await admin.rows('tool', 'list', '--held'), []);
  const events = await admin.rows('audit', 'search', '--events', '--type', 'tool.*');
  assert.deepEqual(
    events.map(({ type }) => type),
    ['tool.accepted', 'tool.held', 'tool.first_seen', 'tool.first_seen', 'tool.first_seen', 'tool.first_seen'],
  );
  const other = await startSloppyHttp('http', saying('Reads another page.'));
  t.after(() => other.close());
  await admin.broker.json(['server', 'add', 'other', other.url]);
  await admin.broker.json(['server', 'test', 'other']);
  const several = await admin.broker.run(['tool', 'diff', 'read']);
  assert.deepEqual(
    [several.code, several.stderr],
    [2, 'mcpgate-broker: read is of several servers; name one of them: other__read, site__read\n'],
  );
});
