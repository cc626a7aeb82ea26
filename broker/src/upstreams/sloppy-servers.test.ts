// Servers as they are: each is sloppy in one way (test/upstreams/sloppy), over each transport. What is good of it is there to the letter, what
// is odd is repaired or left out, and what is wrong is said.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BehaviourName } from 'mcpgate-test/upstreams/sloppy/behaviours';
import { GOOD_TOOL } from 'mcpgate-test/upstreams/sloppy/list-behaviours';
import { wholeText } from '../message/pieces.ts';
import { requester, NEVER, serverRecord, startPool } from './fixtures/pool.ts';
import { SLOPPY_WAYS, startSloppy, type SloppyWay } from './fixtures/sloppy.ts';
import type { ListKind } from '../mcp/list-kind.ts';
import type { UpstreamSession } from './upstream.ts';

interface Seen {
  session: UpstreamSession;
  keys(kind: ListKind): Promise<string[]>;
  warnings(): readonly string[];
  steps(): Promise<readonly { step: string; ok: boolean; warnings: readonly string[] }[]>;
}

async function withServer(way: SloppyWay, name: BehaviourName, use: (seen: Seen) => Promise<void>): Promise<void> {
  const server = await startSloppy(way, name);
  const record = serverRecord('sloppy', server.transport);
  const pool = await startPool([record], name === 'page-2-unanswered' ? { startTimeoutMs: 3_000 } : {});
  try {
    await pool.upstreams.reload();
    const session = await pool.upstreams.acquire(record, requester('u1'));
    await use({
      session,
      keys: async (kind) => (await session.list(kind, NEVER)).map(({ key }) => key),
      warnings: () => pool.upstreams.status('default')[0]?.warnings ?? [],
      steps: async () => (await pool.upstreams.test(record)).steps,
    });
  } finally {
    await pool.end();
    await server.close();
  }
}

/** What is listed, and what is said of it. */
const TABLE: readonly (readonly [BehaviourName, ListKind, readonly string[], RegExp | undefined])[] = [
  ['null-description', 'tools', ['good', 'odd'], /tools: "odd": description is null/],
  ['no-input-schema', 'tools', ['good', 'odd'], /tools: "odd": inputSchema is missing/],
  ['nullable-schema', 'tools', ['good', 'odd'], /inputSchema\.properties is a list/],
  ['null-annotations', 'tools', ['good', 'odd'], /"odd": annotations is null/],
  ['pattern-of-python', 'tools', ['good', 'odd'], /"odd": outputSchema is an object/],
  ['entry-without-name', 'tools', ['good'], /an entry whose name is missing; it is left out/],
  ['entry-null', 'tools', ['good'], /an entry is null; it is left out/],
  ['arguments-that-are-text', 'tools', ['good'], /"odd": inputSchema is an object; it is left out/],
  ['odd-prompts', 'prompts', ['good', 'odd'], /prompts: "odd": arguments is null/],
  ['odd-resources', 'resources', ['doc:good', 'doc:odd'], /resources: "doc:odd": name is missing/],
  ['odd-templates', 'templates', ['good:{a}', 'odd:{a}'], /templates: "odd:\{a\}": description is null/],
  ['cursor-empty', 'tools', ['good'], /"nextCursor" is empty/],
  ['cursor-null', 'tools', ['good'], undefined],
  ['cursor-number', 'tools', ['good', 'second'], undefined],
  ['cursor-object', 'tools', ['good'], /"nextCursor" is no text/],
  ['cursor-repeats', 'tools', ['good', 'second'], /runs in a circle; the first 2 entries count/],
  ['cursor-circle', 'tools', ['good', 'page a', 'page b'], /runs in a circle/],
  ['cursor-without-end', 'tools', ['good'], /pages in a row bring nothing/],
  [
    'page-2-error',
    'tools',
    ['good'],
    /page 2 could not be read \(server sloppy refused tools\/list: "the database is away"\)/,
  ],
  ['page-2-garbage', 'tools', ['good'], /answered without a list of tools/],
  ['page-2-unanswered', 'tools', ['good'], /page 2 could not be read/],
  ['list-is-null', 'tools', [], /answered without a list of tools/],
  ['list-is-missing', 'tools', [], /answered without a list of tools/],
  ['list-is-an-object', 'tools', [], /answered without a list of tools/],
  ['capabilities-lists', 'tools', ['good'], /handshake: capabilities\.tools is a list, which counts as \{\}/],
  ['capabilities-lists', 'prompts', ['greet'], /capabilities\.prompts/],
  ['capabilities-true', 'tools', ['good'], /capabilities\.tools is true/],
  ['capabilities-true', 'resources', ['doc:one'], /capabilities\.resources is a number/],
  ['capabilities-none', 'tools', ['good'], /lists tools and does not declare that it has any/],
  ['capabilities-none', 'prompts', ['greet'], /lists prompts and does not declare/],
  ['capabilities-missing', 'tools', ['good'], /does not declare/],
  ['capabilities-null', 'tools', ['good'], /capabilities is null/],
  ['tools-undeclared', 'tools', ['good'], /lists tools and does not declare/],
  ['prompts-unknown', 'prompts', [], /declares prompts and does not know prompts\/list/],
  ['introduction-odd', 'tools', ['good'], /handshake: instructions is an object/],
  ['introduction-missing', 'tools', ['good'], /handshake: serverInfo is missing/],
];

for (const way of SLOPPY_WAYS) {
  describe(`a server over ${way}`, () => {
    it('that is well behaved lists and calls, and nothing is said of it', () =>
      withServer(way, 'plain', async ({ session, keys, warnings, steps }) => {
        assert.deepEqual(await keys('tools'), ['echo', 'count']);
        assert.deepEqual(await keys('prompts'), ['greet']);
        assert.deepEqual(await keys('resources'), ['doc:one']);
        assert.deepEqual(await keys('templates'), ['doc:{name}']);
        const paramsText = JSON.stringify({ name: 'echo', arguments: { text: 'hé' } });
        const reply = await session.request({ method: 'tools/call', paramsText, signal: NEVER });
        assert.deepEqual(JSON.parse(reply.text), { content: [{ type: 'text', text: 'hé' }] });
        assert.deepEqual(warnings(), []);
        assert.ok((await steps()).every((step) => step.ok && step.warnings.length === 0));
      }));
  });
}

for (const [name, kind, wanted, why] of TABLE) {
  it(`${name}: what can be used of its ${kind} is there, and what is wrong is said, over every transport`, async () => {
    for (const way of SLOPPY_WAYS) {
      await withServer(way, name, async ({ session, keys, warnings, steps }) => {
        assert.deepEqual(await keys(kind), wanted, way);
        const good = (await session.list('tools', NEVER)).find(({ key }) => key === 'good');
        if (good !== undefined) assert.equal(good.text, GOOD_TOOL);
        if (why === undefined) return assert.deepEqual(warnings(), []);
        assert.ok(
          warnings().some((line) => why.test(line)),
          `${way}: ${warnings().join('\n')}`,
        );
        if (way !== 'http') return;
        const tested = await steps();
        assert.ok(
          tested.some((step) => step.ok && step.warnings.some((line) => why.test(line))),
          JSON.stringify(tested),
        );
      });
    }
  });
}

describe('what a tool answers that is no list of blocks', () => {
  for (const [name, words] of [
    ['content-text', /^hi$/],
    ['content-null', /^\{"answer":\{"said":"hi"\}\}$/],
    ['content-large-text', /^hi (?:word ){150000}$/],
    ['content-large-rows', /^\{"rows":\["hi","(?:word ){150000}"\]\}$/],
    ['result-text', /^hi$/],
  ] as const) {
    it(`reaches the client as a text, whole (${name})`, () =>
      withServer('stdio', name, async ({ session }) => {
        const paramsText = '{"name":"good","arguments":{}}';
        const reply = await session.request({ method: 'tools/call', paramsText, signal: NEVER, takesPieces: true });
        const { content } = JSON.parse(wholeText(reply.text, reply.pieces)) as {
          content: { type: string; text: string }[];
        };
        assert.deepEqual([content.length, content[0]?.type], [1, 'text']);
        assert.match(content[0]?.text ?? '', words);
      }));
  }
});
