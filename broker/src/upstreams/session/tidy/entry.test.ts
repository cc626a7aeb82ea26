// Whatever an entry of a server is like: what goes on to AI clients is taken by the clients of both official SDKs, and what was good is there
// to the letter.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { sdkJudges, type SdkJudge } from 'mcpgate-test/world/clients/sdk-judges';
import type { ListKind } from '../../../mcp/list-kind.ts';
import { LISTS } from '../list-pages.ts';
import { tidyEntry, type TidyEntry } from './entry.ts';

let judges: readonly SdkJudge[];
before(async () => {
  judges = await sdkJudges();
});

function tidy(kind: ListKind, text: string): TidyEntry | string {
  return tidyEntry(kind, LISTS[kind].key, text, JSON.parse(text));
}

async function areTaken(kind: ListKind, texts: readonly string[]): Promise<void> {
  for (const judge of judges) {
    const list = `{"${LISTS[kind].member}":[${texts.join(',')}]}`;
    const seen = await judge
      .list(kind, list)
      .catch((error: unknown) => assert.fail(`${judge.sdk}: ${String(error)}\n${list}`));
    assert.equal(seen.length, texts.length);
  }
}

const GOOD: Readonly<Record<ListKind, string>> = {
  tools:
    '{ "name": "good", "title":"Good", "description": "caf\\u00e9 \\ud83d\\ude00", "inputSchema": {"type":"object","properties":{"n":{"type":"integer","maximum":12345678901234567890},"again":{"$ref":"#"}},"required":["n"],"$schema":"https://json-schema.org/draft/2020-12/schema"}, "outputSchema":{"type":"object","properties":{"a":{"type":["string","null"],"default":null}}}, "annotations": {"readOnlyHint":true}, "icons":[{"src":"data:,x","sizes":["1x1"]}], "_meta":{"x":null}, "vendor": null }',
  prompts: '{"name":"good", "description":"d", "arguments":[{"name":"a","required":true},{"name":"b"}]}',
  resources:
    '{"uri":"doc:a", "name":"a", "mimeType":"text/plain", "size":1e3, "annotations":{"audience":["user"],"priority":0.5,"lastModified":"2025-01-12T15:00:58Z"}}',
  templates: '{"uriTemplate":"doc:{a}","name":"a","mimeType":"text/plain"}',
};
const KINDS: readonly ListKind[] = ['tools', 'prompts', 'resources', 'templates'];

describe('an entry of a list', () => {
  for (const kind of KINDS) {
    it(`that is good goes on to the letter (${kind})`, async () => {
      const entry = tidy(kind, GOOD[kind]);
      assert.ok(typeof entry !== 'string', String(entry));
      assert.deepEqual(entry, {
        key: entry.key,
        text: GOOD[kind],
        legacyText: undefined,
        faults: [],
        legacyFaults: [],
      });
      await areTaken(kind, [entry.text]);
    });
  }

  const schema = '"inputSchema":{"type":"object"}';
  const repaired: readonly (readonly [ListKind, string, string, RegExp])[] = [
    ['tools', `{"name":"a","description":null,${schema}}`, `{"name":"a",${schema}}`, /^"a": description is null$/],
    [
      'tools',
      `{"name":"a","title":7,"annotations":null,"_meta":null,"icons":null,"execution":null,"outputSchema":null,${schema}}`,
      `{"name":"a",${schema}}`,
      /title is a number/,
    ],
    ['tools', '{"name":"a"}', `{${schema},"name":"a"}`, /^"a": inputSchema is missing$/],
    ['tools', '{"name":"a","inputSchema":null}', `{"name":"a",${schema}}`, /inputSchema is null/],
    ['tools', '{"name":"a","inputSchema":[]}', `{"name":"a",${schema}}`, /inputSchema is a list/],
    ['tools', '{"name":"a","inputSchema":{}}', `{"name":"a",${schema}}`, /inputSchema.type is missing/],
    [
      'tools',
      '{"name":"a","inputSchema":{"type":["object","null"]}}',
      `{"name":"a",${schema}}`,
      /inputSchema.type is a list/,
    ],
    ['tools', '{"name":"a","inputSchema":{"type":"OBJECT"}}', `{"name":"a",${schema}}`, /inputSchema.type is "OBJECT"/],
    [
      'tools',
      '{"name":"a","inputSchema":{"type":"object","properties":[]}}',
      '{"name":"a","inputSchema":{"type":"object","properties":{}}}',
      /inputSchema.properties is a list/,
    ],
    [
      'tools',
      '{"name":"a","inputSchema":{"type":"object","properties":null,"required":null}}',
      `{"name":"a",${schema}}`,
      /inputSchema.required is null/,
    ],
    [
      'tools',
      '{"name":"a","inputSchema":{"type":"object","required":"x"}}',
      '{"name":"a","inputSchema":{"type":"object","required":["x"]}}',
      /inputSchema.required is "x"/,
    ],
    [
      'tools',
      '{"name":"a","inputSchema":{"type":"object","required":["x",1]}}',
      '{"name":"a","inputSchema":{"type":"object","required":["x"]}}',
      /inputSchema.required\[1\] is a number/,
    ],
    [
      'tools',
      '{"name":"a","inputSchema":{"type":"object","properties":{"x":null,"y":"text","z":{"items":null,"properties":[]}}}}',
      '{"name":"a","inputSchema":{"type":"object","properties":{"x":{},"y":{},"z":{"properties":{}}}}}',
      /inputSchema.properties.z.items is null/,
    ],
    [
      'tools',
      `{"name":"a","annotations":{"readOnlyHint":"yes","title":"t"},${schema}}`,
      `{"name":"a","annotations":{"title":"t"},${schema}}`,
      /annotations.readOnlyHint is "yes"/,
    ],
    [
      'tools',
      `{"name":"a","description":"first","description":"last",${schema}}`,
      `{"name":"a","description":"last",${schema}}`,
      /description stands twice/,
    ],
    [
      'tools',
      `{"name":"a","description":"half \\ud83d","x":"\\\\ud83d",${schema}}`,
      `{"name":"a","description":"half \\ufffd","x":"\\\\ud83d",${schema}}`,
      /half a character/,
    ],
    ['prompts', '{"name":"a","arguments":null}', '{"name":"a"}', /arguments is null/],
    [
      'prompts',
      '{"name":"a","arguments":[{"name":"x","description":null,"required":null},{"name":null},"y"]}',
      '{"name":"a","arguments":[{"name":"x"}]}',
      /arguments\[0\].description is null/,
    ],
    [
      'resources',
      '{"uri":"doc:a","size":null,"mimeType":null,"annotations":{"audience":["user","robot"],"priority":7,"lastModified":"yesterday"}}',
      '{"name":"doc:a","uri":"doc:a","annotations":{"audience":["user"]}}',
      /annotations.priority is a number/,
    ],
    ['resources', '{"uri":"doc:a","name":null,"size":1e999}', '', /too large/],
    [
      'templates',
      '{"uriTemplate":"doc:{a}","name":null}',
      '{"name":"doc:{a}","uriTemplate":"doc:{a}"}',
      /name is null/,
    ],
  ];
  for (const [kind, given, wanted, why] of repaired) {
    it(`of ${kind} is repaired: ${given.slice(0, 90)}`, async () => {
      const entry = tidy(kind, given);
      if (wanted === '') return assert.match(String(entry), why);
      assert.ok(typeof entry !== 'string', String(entry));
      assert.equal(entry.text, wanted);
      assert.ok(
        entry.faults.some((fault) => why.test(fault)),
        entry.faults.join('\n'),
      );
      await areTaken(kind, [entry.legacyText ?? entry.text]);
    });
  }

  it('that cannot be repaired is left out, with a reason', () => {
    const nested = `{"name":"a","inputSchema":${'{"not":'.repeat(200)}{}${'}'.repeat(200)}}`;
    for (const [kind, given, why] of [
      ['tools', 'null', /an entry is null/],
      ['tools', '[]', /an entry is a list/],
      ['tools', `{${schema}}`, /an entry whose name is missing/],
      ['tools', `{"name":7,${schema}}`, /an entry whose name is no text/],
      ['tools', `{"name":"",${schema}}`, /an entry whose name is empty/],
      ['tools', `{"name":"\\ud800",${schema}}`, /no text that can be passed on/],
      ['tools', '{"name":"a","inputSchema":{"type":"string"}}', /inputSchema/],
      ['tools', '{"name":"a","inputSchema":{"properties":["x"]}}', /inputSchema/],
      ['tools', '{"name":"a","inputSchema":"{}"}', /inputSchema is "\{\}"/],
      ['tools', nested, /nested deeper than 100 levels/],
      ['tools', `{"name":"a","description":"${'x'.repeat(300_000)}",${schema}}`, /longer than 256 KiB/],
      ['resources', '{"name":"a"}', /an entry whose uri is missing/],
      ['prompts', '"a"', /an entry is "a"/],
    ] as const) {
      const entry = tidy(kind, given);
      assert.ok(typeof entry === 'string', `${given.slice(0, 100)} was kept`);
      assert.match(entry, why);
    }
  });

  it('has another text for clients up to 2025-11-25 only where these cannot take it', async () => {
    for (const [outputSchema, wanted] of [
      ['{"type":"array","items":{}}', undefined],
      ['{"type":"object","properties":{"a":{"pattern":"(?i)x"}}}', undefined],
      ['{"type":"object","$ref":"#/nowhere"}', undefined],
      ['{"type":"object","properties":{"a":true}}', '{"type":"object","properties":{"a":{}}}'],
      ['{"properties":{"a":{"type":"string"}}}', '{"type":"object","properties":{"a":{"type":"string"}}}'],
    ] as const) {
      const given = `{"name":"a",${schema},"outputSchema":${outputSchema}}`;
      const entry = tidy('tools', given);
      assert.ok(typeof entry !== 'string');
      assert.equal(entry.text, given);
      assert.equal(
        entry.legacyText,
        `{"name":"a",${schema}${wanted === undefined ? '' : `,"outputSchema":${wanted}`}}`,
      );
      await areTaken('tools', [entry.legacyText ?? '']);
    }
  });
});

/** Mostly what may stand there, with something else in it. */
const value: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(
    null,
    true,
    false,
    '',
    'text',
    'object',
    7,
    -1,
    1e300,
    [],
    {},
    [null],
    { type: 'object' },
    ['object', 'null'],
    '__proto__',
  ),
  fc.jsonValue({ maxDepth: 3 }),
);
const schemas = fc.letrec((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small' },
    value,
    fc.dictionary(
      fc.constantFrom(
        'type',
        'properties',
        'required',
        'items',
        'anyOf',
        '$defs',
        '$ref',
        '$id',
        'enum',
        'pattern',
        'format',
        'not',
        'additionalProperties',
        'minimum',
        'x',
        '__proto__',
        'const',
        'default',
      ),
      fc.oneof(
        value,
        tie('schema'),
        fc.dictionary(fc.string(), tie('schema'), { maxKeys: 3 }),
        fc.array(tie('schema'), { maxLength: 3 }),
        fc.constantFrom('object', 'string', '#', '#/$defs/a', '(?i)a', 'a+', 'uint32', 'date-time'),
      ),
      { maxKeys: 6 },
    ),
  ),
})).schema;
const MEMBERS = [
  'title',
  'description',
  'annotations',
  'icons',
  '_meta',
  'execution',
  'arguments',
  'mimeType',
  'size',
  'uri',
  'name',
  'uriTemplate',
  '__proto__',
];
const garbage = fc.oneof(
  value,
  fc
    .tuple(
      fc.constantFrom('good', 'odd', 'a b', '🦊'),
      fc.dictionary(
        fc.constantFrom(...MEMBERS),
        fc.oneof(
          value,
          fc.dictionary(
            fc.constantFrom('title', 'readOnlyHint', 'src', 'sizes', 'audience', 'priority', 'taskSupport'),
            value,
          ),
        ),
        { maxKeys: 6 },
      ),
      fc.dictionary(fc.constantFrom('inputSchema', 'outputSchema'), schemas),
      fc.boolean(),
    )
    .map(([key, members, own, isNamed]) => ({
      ...members,
      ...own,
      ...(isNamed && { name: key, uri: key, uriTemplate: key }),
    })),
);

describe('any entries at all', () => {
  for (const kind of KINDS) {
    it(`leave a list of ${kind} that both official SDKs take, with the good ones in it`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(garbage, { maxLength: 8 }), async (entries) => {
          const texts = [...entries.map((entry) => JSON.stringify(entry)), GOOD[kind]];
          const tidied = texts.map((text) => tidy(kind, text)).filter((entry) => typeof entry !== 'string');
          assert.equal(tidied.at(-1)?.text, GOOD[kind]);
          await areTaken(
            kind,
            tidied.map((entry) => entry.legacyText ?? entry.text),
          );
          for (const entry of tidied) {
            const again = tidy(kind, entry.text);
            assert.equal(typeof again === 'string' ? again : again.text, entry.text, 'nothing is left to repair');
          }
        }),
        { numRuns: 400 },
      );
    });
  }
});
