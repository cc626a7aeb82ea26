import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { readClientConfig } from './read-client-config.ts';

const read = (text: string) => readClientConfig({ stdin: Readable.from([Buffer.from(text)]), cwd: '/' }, '-');

describe('the configuration of a client', () => {
  test('comments and trailing commas are taken as editors do, and what looks like them in a text stays', async () => {
    const text =
      '{\n // one\n "mcpServers": { "a": { "command": "http://x", /* two\n lines */ "args": ["1", "2",] },\n "b": { "command": "/* no */ \\" // no" },\n},\n}\r\n// end';
    assert.deepEqual((await read(text)).servers, {
      a: { command: 'http://x', args: ['1', '2'] },
      b: { command: '/* no */ " // no' },
    });
  });

  test('a server may have any name, that of a prototype too, and the last one of a name counts', async () => {
    const { servers } = await read(
      '{"mcpServers": {"__proto__": {"command": "x"}, "a": {"url": "1"}, "a": {"url": "2"}}}',
    );
    assert.deepEqual(Object.entries(servers), [
      ['__proto__', { command: 'x' }],
      ['a', { url: '2' }],
    ]);
    assert.equal(Object.getPrototypeOf(servers), Object.prototype);
  });

  for (const [what, text, line] of [
    ['a comma that is missing', '{"mcpServers": {\n "a": {"command": "s3cr3t"}\n "b": {"command": "y"}\n}}', 3],
    ['a text in single quotes', '{\n "mcpServers": {\n "a": {"command": \'s3cr3t\'}\n}}', 3],
    ['a name without quotes', '{\r\n "mcpServers": {\r\n s3cr3t: {"command": "x"}\r\n}}', 3],
    ['a text that goes over the end of its line', '{\n\t"mcpServers": {\n\t\t"a": {"command": "s3cr3t\n y"}\n}}', 3],
    ['a backslash that is not doubled', '{\n"mcpServers": {"a": {"command": "C:\\s3cr3t"}}}', 2],
    ['two commas in a row', '{"mcpServers": {\n"a": {"args": ["s3cr3t",,]}}}', 2],
    ['something behind the end', '{"mcpServers": {"a": {"command": "x"}}}\n\n s3cr3t', 3],
    ['a brace that is missing', '{"mcpServers": {\n"a": {"command": "s3cr3t"}\n', 3],
    ['a comment that does not end', '{"mcpServers": {"a": {"command": "s3cr3t"}}}\n/* open', 2],
  ] as const) {
    test(`${what} is told with its line, and nothing of the file`, async () => {
      await assert.rejects(read(text), { code: 'usage', message: `-:${line}: is not valid JSON` });
    });
  }

  test('what is nested deeper than anybody writes is refused in words', async () => {
    await assert.rejects(read('{"mcpServers": {"a": '.repeat(50_000)), { code: 'usage', message: /is not valid JSON/ });
  });
});
