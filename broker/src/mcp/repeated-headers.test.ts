import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { headerParamsOf, headersFromArguments, headerValue } from './repeated-headers.ts';

const tool = (inputSchema: unknown) => JSON.stringify({ name: 't', inputSchema });
const property = (schema: unknown) => tool({ type: 'object', properties: { a: schema } });

describe('headerParamsOf', () => {
  it('finds them by their path, at any depth of properties', () => {
    const text = tool({
      type: 'object',
      properties: {
        region: { type: 'string', 'x-mcp-header': 'Region' },
        deep: { type: 'object', properties: { flag: { type: 'boolean', 'x-mcp-header': 'Flag' } } },
      },
    });
    assert.deepEqual(headerParamsOf(text), [
      { header: 'mcp-param-region', path: ['region'] },
      { header: 'mcp-param-flag', path: ['deep', 'flag'] },
    ]);
    assert.deepEqual(headerParamsOf(tool({ type: 'object' })), []);
  });

  it('refuses what the specification forbids', () => {
    const cases: [schema: string, why: RegExp][] = [
      [property({ type: 'number', 'x-mcp-header': 'A' }), /type/],
      [property({ 'x-mcp-header': 'A' }), /type/],
      [property({ type: 'string', 'x-mcp-header': '' }), /no header name/],
      [property({ type: 'string', 'x-mcp-header': 'a b' }), /no header name/],
      [property({ type: 'string', 'x-mcp-header': 'a\nb' }), /no header name/],
      [property({ type: 'string', 'x-mcp-header': 3 }), /no header name/],
      [property({ type: 'array', items: { type: 'string', 'x-mcp-header': 'A' } }), /no single argument/],
      [property({ anyOf: [{ type: 'string', 'x-mcp-header': 'A' }] }), /no single argument/],
      [tool({ type: 'string', 'x-mcp-header': 'A' }), /no single argument/],
      [tool({ $defs: { d: { type: 'string', 'x-mcp-header': 'A' } } }), /no single argument/],
      [
        tool({
          properties: { a: { type: 'string', 'x-mcp-header': 'A' }, b: { type: 'string', 'x-mcp-header': 'a' } },
        }),
        /twice/,
      ],
    ];
    for (const [text, why] of cases) {
      const found = headerParamsOf(text);
      assert.ok(typeof found === 'string', text);
      assert.match(found, why, text);
    }
  });

  it('takes a default or an example for data, and a property of that name for a property', () => {
    assert.deepEqual(headerParamsOf(property({ type: 'object', default: { 'x-mcp-header': 'no' } })), []);
    const named = tool({
      properties: { 'x-mcp-header': { type: 'string' }, default: { type: 'string', 'x-mcp-header': 'D' } },
    });
    assert.deepEqual(headerParamsOf(named), [{ header: 'mcp-param-d', path: ['default'] }]);
  });
});

describe('headersFromArguments', () => {
  const params = [
    { header: 'mcp-param-a', path: ['a'] },
    { header: 'mcp-param-b', path: ['o', 'b'] },
  ];
  it('copies what is there, as the specification writes it', () => {
    assert.deepEqual(headersFromArguments(params, { a: 42, o: { b: true } }), [
      'mcp-param-a',
      '42',
      'mcp-param-b',
      'true',
    ]);
    assert.deepEqual(headersFromArguments(params, { a: null, o: {} }), []);
    assert.deepEqual(headersFromArguments(params, { a: { no: 1 }, o: [] }), []);
    assert.deepEqual(headersFromArguments(params, undefined), []);
    assert.deepEqual(headersFromArguments([{ header: 'h', path: ['constructor'] }], {}), []);
  });
});

describe('headerValue', () => {
  it('is the text, or Base64 where a header could not hold it', () => {
    const cases = [
      ['us-west1', 'us-west1'],
      ['Hello, 世界', '=?base64?SGVsbG8sIOS4lueVjA==?='],
      [' padded ', '=?base64?IHBhZGRlZCA=?='],
      ['line1\nline2', '=?base64?bGluZTEKbGluZTI=?='],
      ['=?base64?literal?=', '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?='],
      ['', '=?base64??='],
    ] as const;
    for (const [text, header] of cases) assert.equal(headerValue(text), header);
  });
});
