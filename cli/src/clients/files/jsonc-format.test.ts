import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parse } from 'jsonc-parser';
import { GateError } from 'mcpgate-shared/error';
import { createJsoncFormat } from './jsonc-format.ts';

const FILE = '/home/ada/client.json';
const ENTRY = { command: '/home/ada/.config/mcpgate/bin/mcpgate', args: ['serve'] };
const format = createJsoncFormat(['mcpServers', 'mcpgate']);

const lines = (...all: string[]): string => all.join('\n') + '\n';
const put = (text: string): string => format.put(text, FILE, ENTRY).text;

function assertRoundTrip(text: string): string {
  const added = format.put(text, FILE, ENTRY);
  assert.deepEqual(format.read(added.text, FILE), ENTRY);
  assert.equal(format.put(added.text, FILE, ENTRY).text, added.text, 'a second time changes nothing');
  assert.equal(format.remove(added.text, FILE, added.undo), text);
  return added.text;
}

describe('putting the entry in', () => {
  it('follows the indentation of the file', () => {
    const text = lines('{', '\t"mcpServers": {', '\t\t"a": {', '\t\t\t"command": "x"', '\t\t}', '\t}', '}');
    assert.equal(
      assertRoundTrip(text),
      lines(
        '{',
        '\t"mcpServers": {',
        '\t\t"a": {',
        '\t\t\t"command": "x"',
        '\t\t},',
        '\t\t"mcpgate": {',
        '\t\t\t"command": "/home/ada/.config/mcpgate/bin/mcpgate",',
        '\t\t\t"args": ["serve"]',
        '\t\t}',
        '\t}',
        '}',
      ),
    );
  });

  it('creates the container where there is none', () => {
    assert.equal(
      assertRoundTrip(lines('{', '    "theme": "dark"', '}')),
      lines(
        '{',
        '    "theme": "dark",',
        '    "mcpServers": {',
        '        "mcpgate": {',
        '            "command": "/home/ada/.config/mcpgate/bin/mcpgate",',
        '            "args": ["serve"]',
        '        }',
        '    }',
        '}',
      ),
    );
  });

  it('leaves a comment with the member it belongs to', () => {
    const text = lines('{', '  "mcpServers": {', '    "a": {} // mine', '    // end', '  }', '}');
    assert.ok(assertRoundTrip(text).includes('    "a": {}, // mine\n    "mcpgate": {'));
  });

  it('keeps a trailing comma a trailing comma', () => {
    const text = lines('{', '  "mcpServers": {', '    "a": {}, // mine', '  },', '}');
    assert.ok(assertRoundTrip(text).includes('    },\n  },\n}'));
  });

  it('stays on one line in a file on one line', () => {
    assert.equal(
      assertRoundTrip('{"mcpServers":{"a":{}}}'),
      '{"mcpServers":{"a":{},"mcpgate":{"command":"/home/ada/.config/mcpgate/bin/mcpgate","args":["serve"]}}}',
    );
  });

  it('takes a blank file for an empty object', () => {
    for (const text of ['', '\n', ' \r\n']) assertRoundTrip(text);
  });

  for (const [name, text] of Object.entries({
    'an empty object': '{}',
    'an empty object over two lines': lines('{', '}'),
    'an empty container': lines('{', '  "a": 1,', '  "mcpServers": {}', '}'),
    'an empty container over two lines': lines('{', '  "mcpServers": {', '  }', '}'),
    'a container with only a comment': lines('{', '  "mcpServers": {', '    // none yet', '  }', '}'),
    'a container with a comment on its line': lines('{', '  "mcpServers": { /* none */ }', '}'),
    'Windows line ends': '{\r\n  "mcpServers": {\r\n    "a": {}\r\n  }\r\n}\r\n',
    'no line end at the end': '{\n  "mcpServers": {\n    "a": {}\n  }\n}',
    'comments around the root': lines('// first', '{', '  "mcpServers": {}', '}', '// last'),
    'a line comment before the closing brace of a one-line object': lines(
      '{',
      '  "mcpServers": { "a": 1 // x',
      '  }',
      '}',
    ),
    'commas at the start of lines': lines('{ "a": 1', ', "mcpServers": { "b": 1', '  , "c": 2', '  }', '}'),
    'a comma after a comment': lines('{', '  "mcpServers": {', '    "a": 1 // x', '    , // y', '  }', '}'),
    'large numbers and escapes': '{"n": 12345678901234567890, "u": "\\u00e9\\/", "mcpServers": {"x": 1e400}}',
  })) {
    it(`and taking it out again restores ${name} byte for byte`, () => void assertRoundTrip(text));
  }
});

describe('an entry that is there already', () => {
  it('is brought up to date in place, and keeps what the person added to it', () => {
    const text = lines(
      '{',
      '  "mcpServers": {',
      '    "mcpgate": { "command": "/old/mcpgate", "args": ["serve"], "env": { "MCPGATE_LOG": "debug" } }, // ours',
      '    "z": {}',
      '  }',
      '}',
    );
    assert.equal(put(text), text.replace('/old/mcpgate', ENTRY.command));
  });

  it('is replaced where it connects to a URL', () => {
    const text = lines('{', '  "mcpServers": {', '    "mcpgate": {', '      "url": "https://x"', '    }', '  }', '}');
    assert.deepEqual(parse(put(text)), { mcpServers: { mcpgate: ENTRY } });
  });

  it('is taken out without a trace of its own, whoever wrote it and wherever it stands', () => {
    const of = (...all: string[]): string => lines('{', '  "mcpServers": {', ...all, '  }', '}');
    const cases: [string, string][] = [
      [of('    "mcpgate": {},', '    "b": {}'), of('    "b": {}')],
      [of('    "a": {},', '    "mcpgate": {},', '    "b": {}'), of('    "a": {},', '    "b": {}')],
      [of('    "a": {},', '    "mcpgate": {},'), of('    "a": {},')],
      [lines('{', '  "mcpServers": {', '    "mcpgate": {}', '  }', '}'), lines('{', '  "mcpServers": {}', '}')],
      ['{ "mcpServers": { "a": 1, // x\n "mcpgate": {} } }', '{ "mcpServers": { "a": 1 // x\n  } }'],
    ];
    for (const [before, after] of cases) assert.equal(format.remove(before, FILE, null), after);
  });

  it('leaves a container that others use meanwhile', () => {
    const { text, undo } = format.put('{}\n', FILE, ENTRY);
    const used = text.replace('"mcpServers": {', '"mcpServers": {\n    "other": {},');
    assert.deepEqual(parse(format.remove(used, FILE, undo)), { mcpServers: { other: {} } });
  });
});

describe('a text that cannot be edited safely is refused', () => {
  for (const [name, text, message] of [
    [
      'a syntax error',
      '{\n  "a": 1\n  "b": 2\n}',
      /client\.json is not valid JSON at line 3, column 3 \(a comma is missing\)/,
    ],
    ['a cut-off file', '{"mcpServers": {', /not valid JSON at line 1, column 17/],
    ['something after the end', '{} x', /not valid JSON at line 1, column 4/],
    ['an array at the root', '[]', /holds an array, not an object/],
    [
      'a container that is an array',
      '{"mcpServers": []}',
      /has an array as "mcpServers" \(line 1, column 16\), not an object/,
    ],
    [
      'a container that stands twice',
      '{"mcpServers": {},\n "mcpServers": {}}',
      /has the key "mcpServers" twice \(line 2, column 2\)/,
    ],
    ['a server that stands twice', '{"mcpServers": {"a": 1, "a": 2}}', /has the key "a" twice/],
  ] as const) {
    it(name, () => {
      for (const attempt of [() => put(text), () => format.remove(text, FILE, null), () => format.read(text, FILE)]) {
        assert.throws(attempt, (error) => {
          assert.ok(error instanceof GateError);
          assert.equal(error.code, 'client_file');
          assert.match(error.message, message);
          assert.match(error.message, /nothing was changed/);
          return true;
        });
      }
    });
  }
});

describe('in any layout a person or a program might choose', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'mcpServers', 'théme', 'x y', '__proto__');
  const { value } = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constant('1.50'),
      fc.constant('"s\\n"'),
      fc.constant('true'),
      fc.constant('null'),
      tie('object'),
    ),
    object: fc
      .uniqueArray(fc.tuple(key, tie('value')), { maxLength: 4, selector: ([name]) => name })
      .map((all) => ({ members: all })),
  }));
  const root = fc
    .uniqueArray(fc.tuple(key, value), { maxLength: 4, selector: ([name]) => name })
    .map((all): JsonObject => ({
      members: all.filter(([name, item]) => name !== 'mcpServers' || typeof item === 'object'),
    }));
  const space = (eol: string): fc.Arbitrary<string> =>
    fc.constantFrom(
      '',
      '',
      ' ',
      '  ',
      '\t',
      eol,
      `${eol}  `,
      `${eol}\t`,
      `${eol}${eol}`,
      '/* c */',
      ' /* , } */ ',
      ` // , "{ ${eol}`,
      `/*${eol}*/`,
    );

  it('adding and removing is the identity, and everything else stays', () => {
    const layouts = fc.constantFrom('\n', '\r\n').chain((eol) => fc.array(space(eol), { minLength: 1, maxLength: 24 }));
    fc.assert(
      fc.property(root, layouts, fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }), (tree, spaces, commas) => {
        const text = print(tree, spaces, commas);
        const added = assertRoundTrip(text);
        for (const [name, item] of tree.members)
          if (name !== 'mcpServers') assert.ok(added.includes(JSON.stringify(name)), String(item));
      }),
      { numRuns: 1000 },
    );
  });
});

type Json = string | JsonObject;
interface JsonObject {
  members: [string, Json][];
}

/** Prints a tree with trivia and trailing commas drawn in turn from what the property chose. */
function print(tree: Json, spaces: string[], commas: boolean[]): string {
  let drawn = 0;
  const gap = (): string => spaces[drawn++ % spaces.length] ?? '';
  const one = (node: Json): string => {
    if (typeof node === 'string') return node;
    const inner = node.members
      .map(([name, item]) => `${gap()}${JSON.stringify(name)}${gap()}:${gap()}${one(item)}${gap()}`)
      .join(',');
    const trailing = node.members.length > 0 && commas[drawn % commas.length] === true ? ',' : '';
    return `{${inner}${trailing}${gap()}}`;
  };
  return gap() + one(tree) + gap();
}
