// Whatever a tool answers, or a prompt: the clients of both official SDKs take it, its words are there, and what was good is there to the
// letter.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { sdkJudges, type SdkJudge } from 'mcpgate-test/world/clients/sdk-judges';
import { isAnswer, tidyResult } from './tool-result.ts';

let judges: readonly SdkJudge[];
before(async () => {
  judges = await sdkJudges();
});

type Method = 'tools/call' | 'prompts/get';
const tidy = (text: string, method: Method = 'tools/call'): string =>
  tidyResult(method, JSON.parse(text), text, (part) => part);

async function isTaken(text: string, method: Method = 'tools/call'): Promise<void> {
  for (const judge of judges)
    await judge.answer(method, text).catch((error: unknown) => assert.fail(`${judge.sdk}: ${String(error)}\n${text}`));
}

const TEXT = '{"type":"text","text":"hi"}';

describe('the result of a tool', () => {
  for (const good of [
    `{"content":[ ${TEXT} , {"type":"text","text":""}]}`,
    '{"content":[]}',
    '{ "isError":true, "content":[{"type":"text","text":"no","annotations":{"audience":["user"],"priority":0.50}}], "_meta":{"a":null} }',
    '{"content":[{"type":"image","data":"iVBORw0KGgo=","mimeType":"image/png"},{"type":"audio","data":"UklG","mimeType":"audio/wav"}]}',
    '{"content":[{"type":"resource","resource":{"uri":"doc:a","text":"x","mimeType":"text/plain"}},{"type":"resource_link","uri":"doc:b","name":"b","title":"B"}]}',
    '{"content":[],"structuredContent":{"n":12345678901234567890}}',
  ]) {
    it(`that is good goes on to the letter: ${good.slice(0, 60)}`, async () => {
      assert.equal(tidy(good), good);
      await isTaken(good);
    });
  }

  it('that is a task or a question has no content yet, and is left as it is', () => {
    for (const text of ['{"task":{"taskId":"1"}}', '{"resultType":"input_required","inputRequests":{}}'])
      assert.equal(tidy(text), text);
    assert.equal(
      tidyResult('resources/read', {}, '{"content":null}', (part) => part),
      '{"content":null}',
    );
  });

  const text = (words: string) => `{"type":"text","text":${JSON.stringify(words)}}`;
  for (const [odd, made] of [
    ['{"content":null}', '{"content":[]}'],
    ['{}', '{"content":[]}'],
    ['{"content":"hi"}', `{"content":[${TEXT}]}`],
    [`{"content":${TEXT}}`, `{"content":[${TEXT}]}`],
    ['{"content":42,"isError":false}', `{"content":[${text('42')}],"isError":false}`],
    ['{"content":["hi",null,true]}', `{"content":[${TEXT},${text('true')}]}`],
    [`{"content":[[${TEXT}],"hi"]}`, `{"content":[${TEXT},${TEXT}]}`],
    ['{"content":[{"text":"hi"}]}', '{"content":[{"type":"text","text":"hi"}]}'],
    ['{"content":[{"type":null,"text":"hi"}]}', '{"content":[{"type":"text","text":"hi"}]}'],
    ['{"content":[{"type":"Text","text":"hi"}]}', '{"content":[{"type":"text","text":"hi"}]}'],
    ['{"content":[{"type":"markdown","text":"hi"}]}', '{"content":[{"type":"text","text":"hi"}]}'],
    ['{"content":[{"type":"text","text":7}]}', '{"content":[{"type":"text","text":"7"}]}'],
    ['{"content":[{"type":"text","text":{"a": 1}}]}', `{"content":[${text('{"a": 1}')}]}`],
    ['{"content":[{"type":"text","text":null}]}', '{"content":[]}'],
    ['{"content":[{"type":"text"}]}', '{"content":[]}'],
    ['{"content":[{"rows":[1,2]}]}', `{"content":[${text('{"rows":[1,2]}')}]}`],
    ['{"content":[{"type":"json","json":{"a":1}}]}', `{"content":[${text('{"type":"json","json":{"a":1}}')}]}`],
    [
      '{"content":[{"type":"text","text":"hi","annotations":null,"_meta":null,"mimeType":null}]}',
      `{"content":[${TEXT}]}`,
    ],
    [
      '{"content":[{"type":"image","data":"data:image/gif;base64,R0lGODlh"}]}',
      '{"content":[{"mimeType":"image/gif","data":"R0lGODlh","type":"image"}]}',
    ],
    [
      '{"content":[{"type":"image","data":"/9j/4AAQ","mimeType":null}]}',
      '{"content":[{"mimeType":"image/jpeg","type":"image","data":"/9j/4AAQ"}]}',
    ],
    [
      '{"content":[{"data":"-_8A","mimeType":"audio/mpeg"}]}',
      '{"content":[{"type":"audio","data":"+/8A","mimeType":"audio/mpeg"}]}',
    ],
    [
      '{"content":[{"type":"resource_link","uri":"doc:a"}]}',
      '{"content":[{"name":"doc:a","type":"resource_link","uri":"doc:a"}]}',
    ],
    [
      '{"content":[{"type":"resource","resource":{"text":"hi"}}]}',
      `{"content":[${text('{"type":"resource","resource":{"text":"hi"}}')}]}`,
    ],
    [
      '{"content":[{"resource":{"uri":"doc:a","text":{"a":1},"mimeType":null}}]}',
      '{"content":[{"type":"resource","resource":{"uri":"doc:a","text":"{\\"a\\":1}"}}]}',
    ],
    ['{"toolResult":"hi"}', `{"content":[${TEXT}],"toolResult":"hi"}`],
    ['{"answer":"hi","isError":false}', `{"content":[${text('{"answer":"hi"}')}],"answer":"hi","isError":false}`],
    ['{"content":null,"structuredContent":{"a":1}}', '{"content":[],"structuredContent":{"a":1}}'],
    [`{"content":[${TEXT}],"structuredContent":null,"_meta":[]}`, `{"content":[${TEXT}]}`],
    [`{"content":[${TEXT}],"isError":null}`, `{"content":[${TEXT}]}`],
    [`{"content":[${TEXT}],"isError":"true"}`, `{"content":[${TEXT}],"isError":true}`],
    [`{"content":[${TEXT}],"isError":0}`, `{"content":[${TEXT}],"isError":false}`],
    ['"hi"', `{"content":[${TEXT}]}`],
    [`[${TEXT}]`, `{"content":[${TEXT}]}`],
  ] as const) {
    it(`that is odd keeps its words: ${odd}`, async () => {
      assert.equal(tidy(odd), made);
      await isTaken(made);
      assert.equal(tidy(made), made, 'it is good now');
    });
  }

  it('may be anything but null', () => {
    assert.ok(isAnswer('tools/call', 'hi'));
    assert.ok(!isAnswer('tools/call', null) && !isAnswer('tools/call', undefined) && !isAnswer('tools/list', []));
  });

  it('is taken by both SDKs whatever stands in it', async () => {
    const odd = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.record(
        {
          type: fc.constantFrom<unknown>('text', 'image', 'audio', 'resource', 'resource_link', 'x', null, 7),
          text: fc.jsonValue({ maxDepth: 1 }),
          data: fc.constantFrom<unknown>('iVBO', 'data:image/png;base64,iVBO', null, 7, {}),
          mimeType: fc.constantFrom<unknown>('image/png', 'audio/wav', 'text/plain', null, []),
          resource: fc.constantFrom<unknown>(
            { uri: 'a', text: 'b' },
            { uri: 'a' },
            { uri: 'a', blob: 'iVBO', _meta: null },
            'x',
          ),
          uri: fc.constantFrom<unknown>('doc:a', null, 1),
          name: fc.constantFrom<unknown>('n', null, 1),
          annotations: fc.constantFrom<unknown>(null, {}, { audience: 'user', priority: 7 }),
          icons: fc.constantFrom<unknown>(null, [], [{ src: 1 }], 'x'),
          size: fc.constantFrom<unknown>(1, '1', null),
          _meta: fc.constantFrom<unknown>(null, {}, 1),
        },
        { requiredKeys: [] },
      ),
    );
    const result = fc.record(
      {
        content: fc.oneof(odd, fc.array(odd, { maxLength: 4 })),
        isError: fc.jsonValue({ maxDepth: 0 }),
        structuredContent: fc.constantFrom<unknown>(null, {}),
        _meta: fc.constantFrom<unknown>(null, {}, 'x'),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(result, async (value) => {
        const made = tidy(JSON.stringify(value));
        await isTaken(made);
        assert.equal(tidy(made), made);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the result of a prompt', () => {
  const message = `{"role":"user","content":${TEXT}}`;
  for (const [odd, made] of [
    [`{"messages":[ ${message} ],"description":"d"}`, `{"messages":[ ${message} ],"description":"d"}`],
    ['{"messages":null}', '{"messages":[]}'],
    ['{}', '{"messages":[]}'],
    ['{"messages":"hi","description":null}', `{"messages":[${message}]}`],
    [`{"messages":${message}}`, `{"messages":[${message}]}`],
    ['{"messages":[{"role":"user","content":"hi"},"hi"]}', `{"messages":[${message},${message}]}`],
    [`{"messages":[{"role":"system","content":[${TEXT},"hi"]}]}`, `{"messages":[${message},${message}]}`],
    [
      `{"messages":[{"role":"Assistant","content":{"text":"hi"}}]}`,
      '{"messages":[{"role":"assistant","content":{"type":"text","text":"hi"}}]}',
    ],
  ] as const) {
    it(odd, async () => {
      assert.equal(tidy(odd, 'prompts/get'), made);
      await isTaken(made, 'prompts/get');
    });
  }
});
