// Files as people leave them: null where an object belongs, and texts that are no JSON.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'jsonc-parser';
import { createJsoncFormat } from './jsonc-format.ts';

const FILE = '/home/ada/client.json';
const ENTRY = { command: '/home/ada/.config/mcpgate/bin/mcpgate', args: ['serve'] };
const format = createJsoncFormat(['mcpServers', 'mcpgate']);

describe('a container that is null', () => {
  for (const text of [
    'null',
    'null\n',
    '{"mcpServers": null}',
    '{\n  "a": 1,\n  "mcpServers": null, // none\n  "b": [],\n}\n',
  ]) {
    it(`stands for an empty one: ${JSON.stringify(text)}`, () => {
      assert.equal(format.read(text, FILE), undefined);
      assert.equal(format.remove(text, FILE, null), text);
      const { text: edited, undo } = format.put(text, FILE, ENTRY);
      assert.deepEqual(format.read(edited, FILE), ENTRY);
      assert.equal(format.remove(edited, FILE, undo), text);
    });
  }

  it('keeps what was added to it meanwhile', () => {
    const { text, undo } = format.put('{"mcpServers": null}', FILE, ENTRY);
    const more = format.remove(text.replace('{"mcpgate"', '{"a": 1, "mcpgate"'), FILE, undo);
    assert.deepEqual(parse(more), { mcpServers: { a: 1 } });
  });

  it('is one at every depth', () => {
    const deep = createJsoncFormat(['mcp', 'servers', 'mcpgate']);
    for (const text of ['{"mcp": null}', '{"mcp": {"servers": null}}']) {
      const { text: edited, undo } = deep.put(text, FILE, ENTRY);
      assert.deepEqual(parse(edited), { mcp: { servers: { mcpgate: ENTRY } } });
      assert.equal(deep.remove(edited, FILE, undo), text);
    }
  });

  it('or an entry that is null, which is replaced', () => {
    const { text } = format.put('{"mcpServers": {"mcpgate": null}}', FILE, ENTRY);
    assert.deepEqual(parse(text), { mcpServers: { mcpgate: ENTRY } });
  });
});

describe('what is wrong is said in plain words', () => {
  for (const [text, words] of [
    ['{"mcpServers": {', /at line 1, column 17 \(a closing brace } is missing\)/],
    ['{"a": 1\n "b": 2}', /line 2, column 2 \(a comma is missing\)/],
    ['{"a" 1}', /a colon is missing/],
    ['{"a": }', /a value is missing/],
    ['{"a": "C:\\Users\\x"}'.replaceAll('\\\\', '\\'), /a backslash has to be doubled|four digits/],
    ['{"a": "xy', /a closing double quote is missing/],
    ['{"a": 1}\n{"b": 2}', /line 2, column 1 \(something stands after the end\)/],
    ["{'a': 'ghp_secret'}", /neither a value nor a name in double quotes/],
    ['{ broken', /neither a value nor a name in double quotes/],
    ['{\n<<<<<<< HEAD\n"a": 1\n=======\n"a": 2\n>>>>>>> x\n}', /line 2, .*merge conflict/],
  ] as const) {
    it(JSON.stringify(text), () => {
      assert.throws(
        () => format.read(text, FILE),
        (error: Error) => {
          assert.match(error.message, words);
          assert.doesNotMatch(error.message, /ghp_secret|Expected|Invalid/);
          return true;
        },
      );
    });
  }
});
