import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scanObject } from 'mcpgate-shared/mcp/json-span';
import { keptCapabilities, withoutNulls } from './null-members.ts';
import { readEnvelope } from './envelope.ts';

const read = (method: string, paramsText: string) => {
  const params = JSON.parse(paramsText) as Record<string, unknown>;
  const without = withoutNulls(method, { params, paramsSpan: scanObject(paramsText) });
  return { params: without.params, keys: without.paramsSpan?.members.map(({ key }) => key) };
};

describe('what a client sends as null', () => {
  it('counts as absent in every method of MCP, in the values and in the text alike', () => {
    for (const [method, text, kept] of [
      ['tools/list', '{"cursor":null}', {}],
      ['resources/read', '{"uri":"a:b","_meta":null}', { uri: 'a:b' }],
      [
        'completion/complete',
        '{"ref":{},"context":null,"argument":{"name":null}}',
        { ref: {}, argument: { name: null } },
      ],
      ['initialize', '{"clientInfo":null,"capabilities":{}}', { capabilities: {} }],
      ['tasks/get', '{"taskId":null}', {}],
    ] as const) {
      assert.deepEqual(read(method, text), { params: kept, keys: Object.keys(kept) }, method);
    }
  });

  it('stays in methods of others, and in what belongs to the tool', () => {
    for (const [method, text] of [
      ['vendor/set', '{"value":null}'],
      ['tools/call', '{"name":"x","arguments":{"value":null}}'],
    ] as const) {
      assert.deepEqual(read(method, text).params, JSON.parse(text));
    }
  });

  it('is no id of a notification, and is one of nothing else', () => {
    const kindOf = (text: string) => readEnvelope(text).kind;
    assert.equal(
      kindOf('{"jsonrpc":"2.0","id":null,"method":"notifications/initialized","params":null}'),
      'notification',
    );
    assert.equal(kindOf('{"jsonrpc":"2.0","id":null,"method":"tools/call","params":{"name":"x"}}'), 'invalid');
    assert.equal(kindOf('{"jsonrpc":"2.0","id":1,"method":"tools/list","params":null}'), 'request');
  });

  it('is no capability: servers are told of none, at any depth', () => {
    const text = '{"sampling":null,"elicitation":{"form":null},"roots":{"listChanged":true}}';
    assert.equal(
      keptCapabilities(text, JSON.parse(text) as Record<string, unknown>),
      '{"elicitation":{},"roots":{"listChanged":true}}',
    );
    assert.equal(keptCapabilities('{ "roots": {} }', {}), '{ "roots": {} }');
  });
});
