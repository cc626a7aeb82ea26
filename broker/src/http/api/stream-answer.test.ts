// What an answer that goes on says where it cannot begin, and where it fails on its way.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { ErrorSchema } from 'mcpgate-shared/api/fields';
import { GateError } from 'mcpgate-shared/error';
import { BEGUN } from '../../admin/operation.ts';
import { startApiWorld, type ApiWorld } from './fixtures/api-world.ts';
import { beginStream } from './stream-answer.ts';

const SENT = { textOf: (part: unknown) => `${String(part)};`, lastOf: () => undefined };
const WITH_LAST = { ...SENT, lastOf: (error: unknown) => `last: ${error instanceof Error ? error.message : ''}` };
const textOf = async (stream: AsyncIterable<unknown>): Promise<string> => {
  let text = '';
  for await (const part of stream) text += String(part);
  return text;
};

test('what keeps an answer from beginning is thrown before anything is sent; what breaks it off is its last line', async () => {
  let ended = 0;
  async function* parts(failsAt: number): AsyncGenerator {
    try {
      for (const [index, part] of [BEGUN, 'one', 'two'].entries()) {
        if (index === failsAt) throw new GateError('unavailable', `away at ${index}`);
        yield part;
      }
    } finally {
      ended += 1;
    }
  }
  await assert.rejects(beginStream(parts(0), WITH_LAST), { code: 'unavailable', message: 'away at 0' });
  assert.equal(await textOf(await beginStream(parts(2), WITH_LAST)), 'one;last: away at 2');
  await assert.rejects(textOf(await beginStream(parts(2), SENT)), { message: 'away at 2' });
  assert.equal(await textOf(await beginStream(parts(9), SENT)), 'one;two;', 'that it has begun is sent to nobody');
  assert.equal(ended, 4);
  const untaken = await beginStream(parts(9), SENT);
  untaken.destroy();
  await new Promise((resolve) => untaken.once('close', resolve));
  assert.equal(ended, 5, 'one of which nobody takes a part is ended, too');
});

suite('the API, of answers that go on', () => {
  let world: ApiWorld;
  before(async () => {
    world = await startApiWorld();
  });
  after(() => world.close());

  const refusal = async (method: string, path: string, body?: unknown): Promise<[number, string]> => {
    const { admin } = world;
    const answer = await admin.ask(method, path, { body, headers: method === 'GET' ? {} : admin.csrf });
    return [answer.status, ErrorSchema.parse(answer.body).error.message];
  };

  test('an export that cannot go on there is refused in each format, and is not recorded', async () => {
    const all = await fetch(`${world.url}/api/v1/audit/export.rows.jsonl`, {
      headers: { cookie: world.admin.cookie(), 'sec-fetch-site': 'same-origin' },
    });
    const rows = (await all.text()).trim().split('\n');
    const chain = String(Object(JSON.parse(rows.at(-1) ?? ''))['chain']);
    for (const format of ['rows.jsonl', 'jsonl', 'csv', 'parquet']) {
      const path = `/audit/export.${format}?after=`;
      assert.deepEqual(await refusal('GET', `${path}foo%231`), [400, 'the log has no chain foo to go on in']);
      const [status, message] = await refusal('GET', `${path}${encodeURIComponent(`${chain}#99999`)}`);
      assert.equal(status, 400);
      assert.match(message, /^the log has no row .*#99999 to go on behind: its chain has none behind .*#\d+$/);
    }
    const recorded = await world.admin.ask('GET', '/audit/events?type=audit.exported');
    assert.equal((recorded.body as unknown[]).length, 1, 'the one that was made');
  });

  test('a verification with a checkpoint that is none is refused with its status', async () => {
    assert.deepEqual(await refusal('POST', '/audit/verify', { checkpoints: [{}] }), [
      400,
      'checkpoint 1 of the file is none: give the file that the broker has written',
    ]);
  });
});
